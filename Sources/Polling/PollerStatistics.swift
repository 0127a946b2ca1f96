import Platform
import Schedule

/// What polling has done since it was made. Counters only rise, where nothing else is said.
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
    /// Slots not used because the program was held up or the budget was taken.
    package var missedSlots = 0
    /// Polls that began well after their slot.
    package var lateStarts = 0
    /// Slots left out on purpose because the program could not keep up.
    package var shedSlots = 0
    /// How much is left out now: 0 for nothing, up to 3. No counter.
    package var shedLevel = 0
    /// Polls between slots, after a failure or a return.
    package var extraPolls = 0
    /// Polls out of turn that traps have caused.
    package var trapPolls = 0
    /// What became of traps; nil where none are listened for.
    package var traps: TrapStatistics?
    /// Polls under way and polls that wait for a place, now. No counters.
    package var inFlight = 0
    package var waiting = 0
    /// The most polls that may be under way.
    package let inFlightLimit = PollScheduler.maximumInFlight
    /// Processor time of the poller's thread.
    package var busyNanoseconds: Int64 = 0
    /// Why a session could not be opened last; nil while all could.
    package var lastLinkFailure: String?
    package init() {}
}

/// Traps and informs heard. Counters only rise.
package struct TrapStatistics: Hashable, Sendable {
    /// Datagrams that came in.
    package var received = 0
    /// Of an address that no device of the site has.
    package var unknownSenders = 0
    package var wrongCommunities = 0
    /// No trap of version 1 or 2c, or none that could be read.
    package var unreadable = 0
    /// Of version 3: only a hint that something happened, as nothing proves who sent them.
    package var unproven = 0
    /// More than a device, or the site, is polled for.
    package var tooMany = 0
    /// Informs that were answered.
    package var answered = 0
    package var ignored: Int { unknownSenders + wrongCommunities + unreadable + tooMany }
    package init() {}
}

/// Counters of one poller, written by links, read by anyone.
final class PollCounters: Sendable {
    private let values = ConditionLock(PollerStatistics())
    var snapshot: PollerStatistics { values.withLock { $0 } }
    func update(_ change: (inout PollerStatistics) -> Void) { values.withLock { change(&$0) } }
}
