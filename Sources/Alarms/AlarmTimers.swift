import Model

/// What runs by the clock beside the delays of conditions. Times are monotonic, in milliseconds,
/// but those of windows.
struct AlarmTimers: Sendable {
    /// Conditions that hold and are not announced yet, because another alarm may explain them.
    struct Hold: Sendable {
        var since: Int64
        var until: Int64
    }
    var held: [Int: Hold] = [:]
    var shelfEnds: [Int: Int64] = [:]
    var realarms: [Int: Int64] = [:]
    /// Devices in grace.
    var graces: Set<Int> = []
    /// Indices of maintenance windows that are open.
    var windows: Set<Int> = []
    /// Alarms that are more urgent than their rules say.
    var lifted: Set<Int> = []

    // MARK: The chatter guard

    /// Of an alarm that has been active lately, by key: it may not be bound yet.
    struct Guard: Sendable {
        /// The last activations, at most three.
        var times: [Int64] = []
        var lastAt: Int64
        /// How long its condition must be over in place of the rule's off-delay; 0 for that.
        var offDelay: Int64 = 0
    }
    var guards: [AlarmKey: Guard] = [:]
    /// Conditions that are over and wait for a longer off-delay.
    var clearings: [Int: (at: Int64, wait: Int64)] = [:]

    /// What cannot be trusted stops the time.
    mutating func freeze(_ index: Int, now: Int64) {
        if let clearing = clearings[index] { clearings[index]?.at = now + clearing.wait }
    }

    static let activations = 3
    static let chatterMilliseconds: Int64 = 60_000
    static let quietMilliseconds: Int64 = 3_600_000
    private static let shortestOffDelay: Int64 = 20_000
    private static let longestOffDelay: Int64 = 900_000

    /// An alarm has become active. Returns its new off-delay where it chatters: three times within
    /// a minute; twice the one before, 20 s to 15 min.
    mutating func noteActivation(_ key: AlarmKey, offDelay: Int64, now: Int64) -> Int64? {
        var entry = guards[key] ?? Guard(lastAt: now)
        entry.lastAt = now
        entry.times.append(now)
        if entry.times.count > Self.activations { entry.times.removeFirst() }
        defer { guards[key] = entry }
        guard entry.times.count == Self.activations,
            now - entry.times[0] <= Self.chatterMilliseconds
        else { return nil }
        entry.times = []
        let doubled = 2 * max(entry.offDelay, offDelay)
        entry.offDelay = max(
            offDelay, min(max(doubled, Self.shortestOffDelay), Self.longestOffDelay))
        return entry.offDelay
    }

    /// After a start: it chattered before.
    mutating func resume(_ key: AlarmKey, offDelay: Int64, now: Int64) {
        let longer = min(max(2 * offDelay, Self.shortestOffDelay), Self.longestOffDelay)
        guards[key] = Guard(lastAt: now, offDelay: max(offDelay, longer))
    }

    /// Forgets alarms that are quiet; returns those that had a longer off-delay.
    mutating func quiet(now: Int64) -> [AlarmKey] {
        var ended: [AlarmKey] = []
        for (key, entry) in guards {
            let silence = now - entry.lastAt
            if entry.offDelay == 0 {
                if silence > Self.chatterMilliseconds { guards[key] = nil }
            } else if silence >= Self.quietMilliseconds {
                guards[key] = nil
                ended.append(key)
            }
        }
        return ended.sorted { $0.description < $1.description }
    }
}
