package import Model

/// Decides when each device is polled. Pure: time comes in, decisions go out.
///
/// A device has one slot per interval, at `hash(seed, name) mod interval` of absolute time. So load
/// spreads evenly, a restart does not bunch the polls, and two servers with different seeds do not
/// ask a device at the same moment. The slots are pinned to the wall clock once, when the scheduler
/// is made, and run on the monotonic clock from then on: a step of the wall clock neither skips nor
/// repeats a poll. A device whose points are of several groups has such a series of slots for each.
///
///     wall    0        10 s       20 s       30 s
///             |          |          |          |
///     a       |--x-------|--x-------|--x-------|      offset 2 s
///     b       |-------x--|-------x--|-------x--|      offset 7 s
///     b slow  |--------------x-----------------|      one in 30 s
///
/// A slot that cannot be used is skipped, never made up for: while the last poll of the group is
/// under way, after a pause of the program, and when load is shed. One poll of a device is under
/// way at a time: what another group is due for waits for its end. A device that fails is asked at
/// fewer and fewer slots, with its quickest group only.
package struct PollScheduler: Sendable {
    /// What is to be polled; its place in the list given to `init` is its number.
    package struct Entry: Sendable {
        package var name: String
        package var groups: [(group: PollGroup, intervalMilliseconds: Int64)]
        package var importance: PollImportance

        package init(
            name: String, groups: [(group: PollGroup, intervalMilliseconds: Int64)],
            importance: PollImportance = .normal
        ) {
            self.name = name
            self.groups = groups
            self.importance = importance
        }

        package init(name: String, intervalMilliseconds: Int64) {
            self.init(name: name, groups: [(.normal, intervalMilliseconds)])
        }
    }

    /// A poll to start now.
    package struct Due: Hashable, Sendable {
        package var device: Int
        package var group: PollGroup
        /// When it should have ended, monotonic nanoseconds.
        package var deadline: Int64
    }

    /// What became of slots. Counters only rise.
    package struct Counts: Hashable, Sendable {
        /// Not used because the poll before was still under way.
        package var overrunSlots = 0
        /// Not used because the program was held up, or the budget was taken.
        package var missedSlots = 0
        /// Used well after their moment.
        package var lateStarts = 0
        /// Left out on purpose, to shed load.
        package var shedSlots = 0
        /// Polls between slots, after a failure or a return.
        package var extraPolls = 0
        package init() {}
    }

    /// Polls under way at once: a whole site of 3,000 devices whose network just went away,
    /// waiting for its time-outs. Slots keep what answers far below: 300 polls a second of 20 ms
    /// are six.
    package static let maximumInFlight = 4_096
    /// Beside these, polls of devices that are known to fail: each takes all its time-outs, and
    /// must not take the place of those that answer.
    package static let maximumProbes = 1_024
    /// For so long a failing device is asked at every slot: a device that restarts (a minute, for
    /// most management cards) is back within one interval of being ready.
    package static let patienceNanoseconds: Int64 = 60_000_000_000
    /// The longest pause between two attempts at a dead device, unless its interval is longer: what
    /// a person waits for who has just switched it on again.
    package static let backOffLimitNanoseconds: Int64 = 300_000_000_000
    /// The longest interval, a day; bounds the arithmetic.
    package static let intervalLimitMilliseconds: Int64 = 86_400_000
    /// A failed poll is repeated before its next slot where that is at least this far away.
    package static let retryIntervalNanoseconds: Int64 = 30_000_000_000
    /// Within this the first poll of slow points falls, and their first after a return.
    package static let catchUpNanoseconds: Int64 = 60_000_000_000

    struct Device {
        /// The first of its series; they lie together, the quickest first.
        var first: Int
        var count: Int
        var importance: PollImportance
        /// The series whose poll is under way.
        var inFlight: Int?
        /// Whether that poll was taken from the budget of failing devices.
        var isProbe = false
        /// When the first of an unbroken run of failures ended; nil while polls succeed.
        var failingSince: Int64?
        /// Intervals to the next attempt; 1, then doubling.
        var step: Int64 = 1
        /// No slot before this is used.
        var notBefore = Int64.min
    }
    struct Series {
        let device: Int
        let group: PollGroup
        /// Nanoseconds.
        let interval: Int64
        /// From the names, for pauses that differ from device to device.
        let hash: UInt64
        /// The next slot, in monotonic nanoseconds.
        var slot: Int64
        /// The slot it waits for a place with; nil when it does not.
        var waitingSince: Int64?
        /// It waited for its own device, which is nobody's lateness.
        var waitedForDevice = false
        var isWanted = false
        /// Slots left out in a row, to shed load.
        var shed = 0
        /// It has a moment between slots in the heap.
        var hasExtra = false
        var failed = false
        /// Its last poll was answered.
        var answered = false
        /// Slots passed while the device was silent.
        var isOverdue = false
    }
    struct Slot {
        var time: Int64
        var series: Int32
        var isExtra = false
    }

    var devices: [Device] = []
    var series: [Series] = []
    /// A binary heap by time: one slot of each series, and at most one extra moment.
    var heap = SlotHeap()
    /// Series that are due and could not be started yet, in the order of their slots.
    private var waiting: [Int] = []
    package internal(set) var counts = Counts()
    private var governor: LoadGovernor
    private var inFlight = 0
    private var probes = 0
    private let inFlightLimit: Int
    private let probeLimit: Int

    package init(
        entries: [Entry], seed: String, monotonicNanoseconds now: Int64,
        wallMilliseconds wall: Int64, maximumInFlight: Int = Self.maximumInFlight,
        maximumProbes: Int = Self.maximumProbes
    ) {
        governor = LoadGovernor(monotonicNanoseconds: now)
        inFlightLimit = maximumInFlight
        probeLimit = maximumProbes
        devices.reserveCapacity(entries.count)
        for entry in entries {
            precondition(!entry.groups.isEmpty, "BUG: \(entry.name) has nothing to be polled")
            devices.append(
                Device(
                    first: series.count, count: entry.groups.count, importance: entry.importance))
            for (group, milliseconds) in entry.groups.sorted(by: {
                ($0.intervalMilliseconds, $0.group) < ($1.intervalMilliseconds, $1.group)
            }) {
                add(entry, group, milliseconds, seed, now, wall)
            }
        }
        var slots = series.indices.map { Slot(time: series[$0].slot, series: Int32($0)) }
        for index in series.indices where series[index].hasExtra {
            let pause = Self.pause(series[index].hash, within: Self.catchUpNanoseconds)
            slots.append(Slot(time: now + pause, series: Int32(index), isExtra: true))
        }
        heap = SlotHeap(slots)
    }

    private mutating func add(
        _ entry: Entry, _ group: PollGroup, _ milliseconds: Int64, _ seed: String, _ now: Int64,
        _ wall: Int64
    ) {
        precondition(
            (1...Self.intervalLimitMilliseconds).contains(milliseconds),
            "BUG: poll interval out of range; got \(milliseconds)")
        let wait = Self.untilSlot(
            name: entry.name, group: group, intervalMilliseconds: milliseconds, seed: seed,
            wallMilliseconds: wall)
        var one = Series(
            device: devices.count - 1, group: group, interval: milliseconds * 1_000_000,
            hash: StableHash.hash(seed, entry.name, "pause", group.rawValue), slot: now + wait)
        // What is asked for once an hour must not be unknown for the first hour.
        one.hasExtra = group == .slow && entry.groups.count > 1 && wait > Self.catchUpNanoseconds
        series.append(one)
    }

    /// Nanoseconds from `wall` to the next slot: 0 up to, not including, the interval.
    package static func untilSlot(
        name: String, group: PollGroup = .normal, intervalMilliseconds: Int64, seed: String,
        wallMilliseconds wall: Int64
    ) -> Int64 {
        // Reduced first: 64-bit nanoseconds of wall time would do, any Int64 of milliseconds not.
        let interval = intervalMilliseconds * 1_000_000
        let hash =
            group == .normal
            ? StableHash.hash(seed, name) : StableHash.hash(seed, name, group.rawValue)
        let offset = Int64(hash % UInt64(interval))
        var phase = wall % intervalMilliseconds
        if phase < 0 { phase += intervalMilliseconds }
        let wait = offset - phase * 1_000_000
        return wait < 0 ? wait + interval : wait
    }

    /// Somewhere in the second half of a span, or in all of a minute: another place for each hash.
    static func pause(_ hash: UInt64, within span: Int64) -> Int64 {
        Int64(hash % UInt64(max(1, span)))
    }

    // MARK: Starting

    /// The polls to start now. Each counts as under way until `finished`.
    package mutating func takeDue(monotonicNanoseconds now: Int64) -> [Due] {
        governor.turn(to: now)
        while let slot = heap.first, slot.time <= now {
            if slot.isExtra {
                heap.removeFirst()
                useExtra(Int(slot.series), at: now)
            } else {
                useSlot(slot, at: now)
            }
        }
        var due: [Due] = []
        var rest: [Int] = []
        for number in waiting {
            if series[number].waitingSince == nil, !series[number].isWanted { continue }
            if let poll = start(number, at: now) { due.append(poll) } else { rest.append(number) }
        }
        waiting = rest
        return due
    }

    /// When `takeDue` will next have something to do; nil without devices.
    package var nextDeadline: Int64? {
        let canStart = waiting.contains {
            let device = devices[series[$0].device]
            return device.inFlight == nil && hasRoom(for: device)
        }
        return canStart ? .min : heap.first?.time
    }

    /// Polls the device out of turn, once, as soon as no poll of it is under way: all its points
    /// but the slow ones. Its slots stay.
    package mutating func pollNow(_ number: Int) {
        let all = devices[number].first..<devices[number].first + devices[number].count
        let wanted = all.filter { series[$0].group != .slow }
        for index in wanted.isEmpty ? Array(all) : wanted where !series[index].isWanted {
            series[index].isWanted = true
            if series[index].waitingSince == nil { waiting.append(index) }
        }
    }

    private func hasRoom(for device: Device) -> Bool {
        device.failingSince == nil ? inFlight < inFlightLimit : probes < probeLimit
    }

    private mutating func start(_ number: Int, at now: Int64) -> Due? {
        let device = series[number].device
        guard devices[device].inFlight == nil else {
            series[number].waitedForDevice = true
            return nil
        }
        guard hasRoom(for: devices[device]) else { return nil }
        if let since = series[number].waitingSince {
            let isLate =
                !series[number].waitedForDevice
                && now - since > Self.tolerance(interval: series[number].interval)
            if isLate { counts.lateStarts += 1 }
            governor.note(isLate: isLate)
        }
        series[number].waitingSince = nil
        series[number].waitedForDevice = false
        series[number].isWanted = false
        devices[device].inFlight = number
        devices[device].isProbe = devices[device].failingSince != nil
        if devices[device].isProbe { probes += 1 } else { inFlight += 1 }
        return Due(
            device: device, group: series[number].group,
            deadline: max(series[number].slot, now + series[number].interval / 2))
    }

    // MARK: Ending

    /// A poll of the device has ended.
    package mutating func finished(
        _ number: Int, succeeded: Bool, monotonicNanoseconds now: Int64
    ) {
        guard let index = devices[number].inFlight else {
            preconditionFailure("BUG: a poll ended that was not under way")
        }
        devices[number].inFlight = nil
        if devices[number].isProbe { probes -= 1 } else { inFlight -= 1 }
        let hadAnswered = series[index].answered
        series[index].failed = !succeeded
        series[index].answered = succeeded
        if succeeded {
            devices[number].failingSince = nil
            devices[number].step = 1
            devices[number].notBefore = .min
            series[index].isOverdue = false
            catchUp(number, at: now)
            return
        }
        guard let since = devices[number].failingSince else {
            devices[number].failingSince = now
            if hadAnswered { retry(index, at: now) }
            return
        }
        guard now - since >= Self.patienceNanoseconds else { return }
        let interval = series[devices[number].first].interval
        devices[number].step = Swift.min(devices[number].step * 2, 1 << 20)
        let (product, overflow) = interval.multipliedReportingOverflow(by: devices[number].step)
        let limit = Swift.max(Self.backOffLimitNanoseconds, interval)
        let delay = overflow ? limit : Swift.min(product, limit)
        // The slot that is nearest to the end of the pause, so that it is not lengthened by up to
        // an interval for a few milliseconds.
        devices[number].notBefore = now + delay - interval / 2
    }

    /// Where the next slot is far, one lost poll must not cost all the time until then: it is
    /// repeated once, a tenth to a fifth of the interval later, at most 15 s.
    private mutating func retry(_ index: Int, at now: Int64) {
        let interval = series[index].interval
        guard interval >= Self.retryIntervalNanoseconds, !series[index].hasExtra else { return }
        let half = Swift.min(interval / 10, 7_500_000_000)
        let time = now + half + Self.pause(series[index].hash, within: half)
        guard time < series[index].slot - interval / 10 else { return }
        addExtra(index, at: time)
    }

    /// Points whose slots passed while the device was silent, or whose poll failed meanwhile, are
    /// read before their next slot when that is far: at another moment for each device.
    private mutating func catchUp(_ number: Int, at now: Int64) {
        let all = devices[number].first..<devices[number].first + devices[number].count
        for index in all where series[index].isOverdue || series[index].failed {
            series[index].isOverdue = false
            guard !series[index].hasExtra,
                series[index].slot - now > Self.catchUpNanoseconds
            else { continue }
            let pause = Self.pause(series[index].hash, within: Self.catchUpNanoseconds)
            addExtra(index, at: now + pause)
        }
    }

    private mutating func addExtra(_ index: Int, at time: Int64) {
        series[index].hasExtra = true
        heap.insert(Slot(time: time, series: Int32(index), isExtra: true))
    }

    // MARK: Slots

    /// How late a slot may be used: longer than a busy moment of the program, short enough that
    /// only a small part of all devices is due at once after a pause.
    private static func tolerance(interval: Int64) -> Int64 {
        Swift.max(250_000_000, Swift.min(interval / 10, 1_000_000_000))
    }

    private mutating func useExtra(_ index: Int, at now: Int64) {
        series[index].hasExtra = false
        let device = devices[series[index].device]
        // Its own slot has brought what this was for, or is about to, or the device is silent.
        guard device.inFlight != index, series[index].waitingSince == nil,
            !series[index].isWanted, now >= device.notBefore
        else { return }
        counts.extraPolls += 1
        series[index].isWanted = true
        waiting.append(index)
    }

    /// Moves the series to its first slot after `now`, and queues it when the slot is to be used.
    private mutating func useSlot(_ slot: Slot, at now: Int64) {
        let number = Int(slot.series)
        let interval = series[number].interval
        let passed = (now - slot.time) / interval
        series[number].slot = slot.time + (passed + 1) * interval
        heap.replaceFirst(Slot(time: series[number].slot, series: slot.series))
        // The last slot that has passed decides; those before it are gone.
        let time = slot.time + passed * interval
        counts.missedSlots += Int(passed)
        let device = devices[series[number].device]
        if device.inFlight == number {
            counts.overrunSlots += 1
            return
        }
        if isSilent(number, device, at: time) { return }
        guard now - time <= Self.tolerance(interval: interval) else {
            counts.missedSlots += 1
            governor.note(isLate: true)
            return
        }
        if isShed(number, device) { return }
        if series[number].waitingSince != nil {
            // It has waited for a whole interval.
            counts.missedSlots += 1
            governor.note(isLate: true)
        } else if device.failingSince != nil, !hasRoom(for: device) {
            // Not queued: when a thousand devices return, a queue of them would be a burst.
            counts.missedSlots += 1
            return
        } else if !series[number].isWanted {
            waiting.append(number)
        }
        series[number].waitingSince = time
    }

    /// Whether the device has been without an answer for so long that this slot is not for it.
    private mutating func isSilent(_ number: Int, _ device: Device, at time: Int64) -> Bool {
        if time < device.notBefore {
            series[number].isOverdue = true
            return true
        }
        // One question is enough to see that it is there again.
        guard number != device.first, device.notBefore > .min else { return false }
        series[number].isOverdue = true
        return true
    }

    private mutating func isShed(_ number: Int, _ device: Device) -> Bool {
        let stride = LoadGovernor.stride(
            level: governor.level, group: series[number].group, importance: device.importance)
        guard series[number].shed + 1 < stride else {
            series[number].shed = 0
            return false
        }
        series[number].shed += 1
        counts.shedSlots += 1
        return true
    }
}

extension PollScheduler {
    /// 0 while all slots are used; up to `LoadGovernor.highestLevel`.
    package var shedLevel: Int { governor.level }
    package var pollsInFlight: Int { inFlight + probes }
    package var pollsWaiting: Int { waiting.count }

    /// Nanoseconds until a silent device is asked again; 0 for others.
    package func backOffNanoseconds(_ number: Int, monotonicNanoseconds now: Int64) -> Int64 {
        let device = devices[number]
        guard device.notBefore > now else { return 0 }
        // The first slot that is not before.
        let next = series[device.first]
        guard next.slot < device.notBefore else { return next.slot - now }
        let steps = (device.notBefore - next.slot + next.interval - 1) / next.interval
        return next.slot + steps * next.interval - now
    }
}
