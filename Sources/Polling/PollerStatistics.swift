import Platform

/// What polling has done since it was made. Counters only rise.
package struct PollerStatistics: Hashable, Sendable {
    package var polls = 0
    package var failedPolls = 0
    /// Requests sent, repetitions included.
    package var requests = 0
    /// Modbus requests that were not answered in time.
    package var timeouts = 0
    /// Modbus answers whose transaction was no longer, or never, waited for.
    package var staleReplies = 0
    /// Bytes that are no Modbus frame, and frames that are no answer to their request.
    package var garbageReplies = 0
    /// Modbus connections made, the first of each host included.
    package var connections = 0
    /// Modbus connections lost or closed for cause.
    package var lostConnections = 0
    /// Sessions and lines that could not be opened.
    package var linkFailures = 0
    /// Slots not used because the device's last poll was still under way.
    package var overrunSlots = 0
    /// Slots not used because the program was held up.
    package var missedSlots = 0
    /// Why a session could not be opened last; nil while all could.
    package var lastLinkFailure: String?
    package init() {}
}

/// Counters of one poller, written by links, read by anyone.
final class PollCounters: Sendable {
    private let values = ConditionLock(PollerStatistics())
    var snapshot: PollerStatistics { values.withLock { $0 } }
    func update(_ change: (inout PollerStatistics) -> Void) { values.withLock { change(&$0) } }
}
