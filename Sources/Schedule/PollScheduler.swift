/// Decides when each device is polled. Pure: time comes in, decisions go out.
///
/// A device has one slot per interval, at `hash(seed, name) mod interval` of absolute time. So load
/// spreads evenly, a restart does not bunch the polls, and two servers with different seeds do not
/// ask a device at the same moment. The slots are pinned to the wall clock once, when the scheduler
/// is made, and run on the monotonic clock from then on: a step of the wall clock neither skips nor
/// repeats a poll.
///
///     wall    0        10 s       20 s       30 s
///             |          |          |          |
///     a       |--x-------|--x-------|--x-------|      offset 2 s
///     b       |-------x--|-------x--|-------x--|      offset 7 s
///
/// A slot that cannot be used is skipped, never made up for: while the last poll is still under
/// way, and after a pause of the program. A device that fails is asked at fewer and fewer slots.
package struct PollScheduler: Sendable {
    /// What is to be polled; its place in the list given to `init` is its number.
    package struct Entry: Sendable {
        package var name: String
        package var intervalMilliseconds: Int64
        package init(name: String, intervalMilliseconds: Int64) {
            self.name = name
            self.intervalMilliseconds = intervalMilliseconds
        }
    }

    /// For so long a failing device is asked at every slot: a device that restarts (a minute, for
    /// most management cards) is back within one interval of being ready.
    package static let patienceNanoseconds: Int64 = 60_000_000_000
    /// The longest pause between two attempts at a dead device, unless its interval is longer: what
    /// a person waits for who has just switched it on again.
    package static let backOffLimitNanoseconds: Int64 = 300_000_000_000
    /// The longest interval, a day; bounds the arithmetic.
    package static let intervalLimitMilliseconds: Int64 = 86_400_000

    private struct Device {
        var interval: Int64
        /// The next slot, in monotonic nanoseconds.
        var slot: Int64
        var inFlight = false
        var wanted = false
        /// When the first of an unbroken run of failures ended; nil while polls succeed.
        var failingSince: Int64?
        /// Intervals to the next attempt; 1, then doubling.
        var step: Int64 = 1
        /// No slot before this is used.
        var notBefore = Int64.min
    }
    private struct Slot {
        var time: Int64
        var device: Int32
    }

    private var devices: [Device]
    /// A binary heap by time: exactly one slot of each device.
    private var heap: [Slot] = []
    /// Devices that were asked for out of turn.
    private var wanted: [Int] = []
    /// Slots that were not used because the poll before was still under way.
    package private(set) var overrunSlots = 0
    /// Slots that were not used because the program was held up.
    package private(set) var missedSlots = 0

    package init(
        entries: [Entry], seed: String, monotonicNanoseconds now: Int64,
        wallMilliseconds wall: Int64
    ) {
        devices = []
        devices.reserveCapacity(entries.count)
        for entry in entries {
            precondition(
                (1...Self.intervalLimitMilliseconds).contains(entry.intervalMilliseconds),
                "BUG: poll interval out of range; got \(entry.intervalMilliseconds)")
            let interval = entry.intervalMilliseconds * 1_000_000
            let wait = Self.untilSlot(entry, seed: seed, wallMilliseconds: wall)
            devices.append(Device(interval: interval, slot: now + wait))
        }
        heap = devices.indices.map { Slot(time: devices[$0].slot, device: Int32($0)) }
        // A sorted array is a heap.
        heap.sort { $0.time < $1.time }
    }

    /// Nanoseconds from `wall` to the entry's next slot: 0 up to, not including, its interval.
    package static func untilSlot(
        _ entry: Entry, seed: String, wallMilliseconds wall: Int64
    ) -> Int64 {
        // Reduced first: 64-bit nanoseconds of wall time would do, any Int64 of milliseconds not.
        let interval = entry.intervalMilliseconds * 1_000_000
        let offset = Int64(StableHash.hash(seed, entry.name) % UInt64(interval))
        var phase = wall % entry.intervalMilliseconds
        if phase < 0 { phase += entry.intervalMilliseconds }
        let wait = offset - phase * 1_000_000
        return wait < 0 ? wait + interval : wait
    }

    /// The devices to poll now, by number. Each counts as under way until `finished`.
    package mutating func takeDue(monotonicNanoseconds now: Int64) -> [Int] {
        var due: [Int] = []
        while let slot = heap.first, slot.time <= now {
            if useSlot(slot, at: now) { due.append(Int(slot.device)) }
        }
        for number in wanted where devices[number].wanted && !devices[number].inFlight {
            devices[number].wanted = false
            devices[number].inFlight = true
            due.append(number)
        }
        wanted.removeAll { !devices[$0].wanted }
        return due
    }

    /// When `takeDue` will next have something to do; nil without devices.
    package var nextDeadline: Int64? {
        if wanted.contains(where: { !devices[$0].inFlight }) { return .min }
        return heap.first?.time
    }

    /// A poll has ended.
    package mutating func finished(
        _ number: Int, succeeded: Bool, monotonicNanoseconds now: Int64
    ) {
        precondition(devices[number].inFlight, "BUG: a poll ended that was not under way")
        devices[number].inFlight = false
        if succeeded {
            devices[number].failingSince = nil
            devices[number].step = 1
            devices[number].notBefore = .min
            return
        }
        guard let since = devices[number].failingSince else {
            devices[number].failingSince = now
            return
        }
        guard now - since >= Self.patienceNanoseconds else { return }
        let interval = devices[number].interval
        devices[number].step = Swift.min(devices[number].step * 2, 1 << 20)
        let (product, overflow) = interval.multipliedReportingOverflow(by: devices[number].step)
        let limit = Swift.max(Self.backOffLimitNanoseconds, interval)
        let delay = overflow ? limit : Swift.min(product, limit)
        // The slot that is nearest to the end of the pause, so that it is not lengthened by up to
        // an interval for a few milliseconds.
        devices[number].notBefore = now + delay - interval / 2
    }

    /// Polls a device out of turn, once, as soon as no poll of it is under way. Its slots stay.
    package mutating func pollNow(_ number: Int) {
        guard !devices[number].wanted else { return }
        devices[number].wanted = true
        wanted.append(number)
    }

    /// How late a slot may be used: longer than a busy moment of the program, short enough that
    /// only a small part of all devices is due at once after a pause.
    private static func tolerance(interval: Int64) -> Int64 {
        Swift.max(250_000_000, Swift.min(interval / 10, 1_000_000_000))
    }

    /// Moves the device to its first slot after `now`; true when the slot given is to be used.
    private mutating func useSlot(_ slot: Slot, at now: Int64) -> Bool {
        let number = Int(slot.device)
        let interval = devices[number].interval
        let passed = (now - slot.time) / interval
        devices[number].slot = slot.time + (passed + 1) * interval
        replaceFirst(Slot(time: devices[number].slot, device: slot.device))
        // The last slot that has passed decides; those before it are gone.
        let lateness = now - slot.time - passed * interval
        missedSlots += Int(passed)
        if devices[number].inFlight {
            overrunSlots += 1
            return false
        }
        if slot.time + passed * interval < devices[number].notBefore { return false }
        guard lateness <= Self.tolerance(interval: interval) else {
            missedSlots += 1
            return false
        }
        devices[number].inFlight = true
        devices[number].wanted = false
        return true
    }

    private mutating func replaceFirst(_ slot: Slot) {
        heap[0] = slot
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].time < heap[smallest].time {
                smallest = child
            }
            if smallest == parent { return }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
