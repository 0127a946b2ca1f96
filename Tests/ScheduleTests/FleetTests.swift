import Model
import Schedule
import Testing

private let second: Int64 = 1_000_000_000

/// Devices that answer after a time, or not at all, and a program that needs a time for each start.
private struct Fleet {
    struct Poll {
        var device: Int
        var group: PollGroup
        var at: Int64
        var succeeded: Bool
    }
    var scheduler: PollScheduler
    var now: Int64 = 0
    /// Nanoseconds of the program for each start.
    var costOfStart: Int64 = 0
    var polls: [Poll] = []
    var mostInFlight = 0
    private var places: [[Int]]
    private var ends: [Int64: [(device: Int, succeeded: Bool)]] = [:]
    private var endTimes: [Int64] = []
    private var inFlight: Set<Int> = []

    init(_ entries: [PollScheduler.Entry], seed: String = "fleet") {
        scheduler = PollScheduler(
            entries: entries, seed: seed, monotonicNanoseconds: 0,
            wallMilliseconds: 1_800_000_000_000)
        places = Array(repeating: [], count: entries.count)
    }

    /// Goes on until `end`. `answer` gives the latency; nil for none, which takes six seconds.
    mutating func run(until end: Int64, answer: (Int, Int64) -> Int64?) {
        while now < end {
            let next = [scheduler.nextDeadline, endTimes.first].compactMap { $0 }.min()
            now = min(max(now, next ?? end), end)
            while let time = endTimes.first, time <= now {
                endTimes.removeFirst()
                for poll in ends.removeValue(forKey: time) ?? [] {
                    inFlight.remove(poll.device)
                    scheduler.finished(
                        poll.device, succeeded: poll.succeeded, monotonicNanoseconds: now)
                }
            }
            for due in scheduler.takeDue(monotonicNanoseconds: now) {
                begin(due, latency: answer(due.device, now))
            }
            mostInFlight = max(mostInFlight, inFlight.count)
        }
    }

    private mutating func begin(_ due: PollScheduler.Due, latency: Int64?) {
        if !inFlight.insert(due.device).inserted { Issue.record("two polls of one device at once") }
        if due.deadline <= now { Issue.record("a deadline that has passed") }
        places[due.device].append(polls.count)
        polls.append(
            Poll(device: due.device, group: due.group, at: now, succeeded: latency != nil))
        let time = now + (latency ?? 6 * second)
        if ends[time] == nil {
            // Mostly the last or one of the last.
            var place = endTimes.count
            while place > 0, endTimes[place - 1] > time { place -= 1 }
            endTimes.insert(time, at: place)
        }
        ends[time, default: []].append((due.device, latency != nil))
        now += costOfStart
    }

    func times(_ device: Int, _ group: PollGroup) -> [Int64] {
        places[device].map { polls[$0] }.filter { $0.group == group }.map(\.at)
    }

    /// The most polls that began within one span of this length.
    func densest(_ span: Int64, from start: Int64) -> Int {
        var counts: [Int64: Int] = [:]
        for poll in polls where poll.at >= start { counts[poll.at / span, default: 0] += 1 }
        return counts.values.max() ?? 0
    }
}

private func entries(
    _ count: Int, groups: [(group: PollGroup, intervalMilliseconds: Int64)] = [(.normal, 10_000)],
    importance: (Int) -> PollImportance = { _ in .normal }
) -> [PollScheduler.Entry] {
    (0..<count).map {
        PollScheduler.Entry(name: "pdu-\($0)", groups: groups, importance: importance($0))
    }
}

@Suite("Poll groups and fleets")
struct FleetTests {
    private static let three: [(group: PollGroup, intervalMilliseconds: Int64)] = [
        (.fast, 2_000), (.normal, 10_000), (.slow, 300_000),
    ]

    @Test("each group of a device keeps its own pace, and never two of its polls are under way")
    func paces() {
        var fleet = Fleet(entries(20, groups: Self.three))
        fleet.run(until: 600 * second) { _, _ in 40_000_000 }
        for device in 0..<20 {
            #expect(abs(fleet.times(device, .fast).count - 300) <= 1)
            #expect(abs(fleet.times(device, .normal).count - 60) <= 1)
            // Two slots, and one poll in the first minute so that nothing is unknown for long.
            #expect((2...3).contains(fleet.times(device, .slow).count))
            #expect(fleet.times(device, .slow).first.map { $0 <= 60 * second } == true)
        }
        #expect(fleet.scheduler.counts.overrunSlots == 0)
        #expect(fleet.scheduler.counts.lateStarts == 0)
    }

    @Test("groups of one device do not beat in step: their offsets differ from device to device")
    func offsets() {
        var same = 0
        for number in 0..<500 {
            let normal = PollScheduler.untilSlot(
                name: "d\(number)", group: .normal, intervalMilliseconds: 10_000, seed: "s",
                wallMilliseconds: 0)
            let slow = PollScheduler.untilSlot(
                name: "d\(number)", group: .slow, intervalMilliseconds: 300_000, seed: "s",
                wallMilliseconds: 0)
            if abs(slow % (10 * second) - normal) < second / 10 { same += 1 }
        }
        #expect(same < 30)
    }

    @Test("a lost poll of a slow group is repeated once within the interval, not at its next slot")
    func retry() {
        var fleet = Fleet(entries(1, groups: [(.normal, 300_000)]))
        var lost = 0
        fleet.run(until: 1_000 * second) { _, now in
            guard lost == 0, now > 300 * second else { return 1_000_000 }
            lost += 1
            return nil
        }
        let times = fleet.polls.map(\.at)
        let failed = fleet.polls.firstIndex { !$0.succeeded } ?? 0
        let pause = times[failed + 1] - times[failed] - 6 * second
        #expect(pause >= 7 * second && pause <= 15 * second)
        #expect(times[failed + 2] - times[failed] == 300 * second)
        #expect(fleet.scheduler.counts.extraPolls == 1)
    }

    @Test(
        "three thousand devices behind a switch that restarts: no flood, all are back in time",
        arguments: ["a", "b", "c"])
    func switchRestarts(seed: String) {
        var fleet = Fleet(entries(3_000), seed: seed)
        let (down, up) = (100 * second, 400 * second)
        fleet.run(until: 800 * second) { device, now in
            device < 1_000 && now >= down && now < up ? nil : 20_000_000
        }
        // The two thousand others did not notice.
        let interval = 10 * second
        for device in stride(from: 1_000, to: 3_000, by: 97) {
            let times = fleet.times(device, .normal)
            #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 == interval })
        }
        // In back-off the silent ones cost little: fewer polls than one in a minute each.
        let probes = fleet.polls.count { !$0.succeeded && $0.at > 200 * second }
        #expect(probes < 1_000 * 200 / 60)
        // 300 polls a second are usual; a tenth of a second must never see three times its share.
        #expect(fleet.densest(second / 10, from: 0) < 90)
        for device in 0..<1_000 {
            let after = fleet.times(device, .normal).filter { $0 >= up }
            let first = after.first ?? .max
            #expect(first <= up + 300 * second)
            // At their own offsets again.
            if let before = fleet.times(device, .normal).first {
                #expect(after.allSatisfy { ($0 - before) % interval == 0 })
            }
        }
    }

    @Test("while a device is silent only its quickest group asks; slow points follow its return")
    func silentGroups() {
        var fleet = Fleet(
            entries(50, groups: [(.normal, 10_000), (.slow, 3_600_000)]))
        let (down, up) = (100 * second, 4_000 * second)
        fleet.run(until: 4_400 * second) { _, now in now >= down && now < up ? nil : 1_000_000 }
        #expect(!fleet.polls.contains { $0.group == .slow && $0.at > 200 * second && $0.at < up })
        for device in 0..<50 {
            let back = fleet.times(device, .normal).first { $0 >= up } ?? .max
            let missed = !fleet.times(device, .slow).contains { $0 > 100 * second && $0 < down }
            let slow = fleet.times(device, .slow).first { $0 >= up }
            // Only those whose hour passed meanwhile have something to make up for.
            if missed, let slow { #expect(slow >= back) }
        }
        let caughtUp = (0..<50).count { device in
            fleet.times(device, .slow).contains { $0 >= up }
        }
        #expect(caughtUp >= 48)
        let burst = fleet.polls.filter { $0.group == .slow && $0.at >= up }
        #expect(Set(burst.map { $0.at / second }).count > 20)
    }

    @Test("dead devices have their own bound: they take no place of those that answer")
    func deadDevices() {
        var fleet = Fleet(entries(3_000, groups: [(.normal, 2_000)]))
        fleet.run(until: 60 * second) { device, _ in device < 2_900 ? nil : 5_000_000 }
        #expect(
            fleet.mostInFlight
                <= PollScheduler.maximumProbes + PollScheduler.maximumInFlight)
        // From the moment their first failures are known.
        for device in 2_900..<3_000 {
            let times = fleet.times(device, .normal).filter { $0 > 10 * second }
            #expect(times.count == 25)
        }
    }

    @Test("a program that cannot keep up sheds slow points first, then unimportant devices")
    func shedding() {
        var fleet = Fleet(
            entries(
                2_000, groups: [(.normal, 10_000), (.slow, 20_000)],
                importance: { $0 < 500 ? .low : $0 < 600 ? .high : .normal }))
        // 300 starts a second of 4 ms each: more than there is time for.
        fleet.costOfStart = 4_000_000
        fleet.run(until: 300 * second) { _, _ in 1_000_000 }
        #expect(fleet.scheduler.shedLevel >= 1)
        #expect(fleet.scheduler.counts.shedSlots > 1_000)
        func rate(_ devices: Range<Int>, _ group: PollGroup, _ interval: Int64) -> Double {
            let polls = fleet.polls.count {
                devices.contains($0.device) && $0.group == group && $0.at > 100 * second
            }
            return Double(polls) / Double(devices.count) / (200 / Double(interval))
        }
        // Slow points pay first and most, and are not forgotten.
        #expect(rate(0..<2_000, .slow, 20) < 0.5)
        #expect(rate(0..<2_000, .slow, 20) > 0.03)
        #expect(rate(500..<600, .normal, 10) > 0.9)
        #expect(rate(500..<600, .normal, 10) >= rate(0..<500, .normal, 10) - 0.01)
        // When there is time again everything is polled as it should be.
        fleet.costOfStart = 0
        fleet.run(until: 500 * second) { _, _ in 1_000_000 }
        #expect(fleet.scheduler.shedLevel == 0)
        let late = fleet.scheduler.counts
        fleet.run(until: 600 * second) { _, _ in 1_000_000 }
        #expect(fleet.scheduler.counts.lateStarts == late.lateStarts)
        #expect(fleet.scheduler.counts.shedSlots == late.shedSlots)
    }

    @Test("what is shed grows with the level, spares high importance, and is never everything")
    func strides() {
        for level in 0...LoadGovernor.highestLevel {
            for group in PollGroup.allCases {
                for importance in PollImportance.allCases {
                    let stride = LoadGovernor.stride(
                        level: level, group: group, importance: importance)
                    #expect((1...16).contains(stride))
                    if importance == .high, group != .slow { #expect(stride == 1) }
                    if level > 0 {
                        let before = LoadGovernor.stride(
                            level: level - 1, group: group, importance: importance)
                        #expect(stride >= before)
                    }
                }
            }
        }
        #expect(LoadGovernor.stride(level: 1, group: .slow, importance: .high) == 4)
        #expect(LoadGovernor.stride(level: 1, group: .normal, importance: .low) == 1)
        #expect(LoadGovernor.stride(level: 2, group: .normal, importance: .low) == 2)
        #expect(LoadGovernor.stride(level: 3, group: .normal, importance: .normal) == 2)
    }

    @Test("one pause of the program sheds nothing")
    func onePause() {
        var scheduler = PollScheduler(
            entries: entries(1_000), seed: "s", monotonicNanoseconds: 0, wallMilliseconds: 0)
        var now: Int64 = 0
        while let deadline = scheduler.nextDeadline, now < 100 * second {
            now = max(now, deadline)
            if now > 50 * second, now < 53 * second { now = 53 * second }
            for due in scheduler.takeDue(monotonicNanoseconds: now) {
                scheduler.finished(due.device, succeeded: true, monotonicNanoseconds: now)
            }
        }
        #expect(scheduler.counts.missedSlots > 0)
        #expect(scheduler.counts.shedSlots == 0 && scheduler.shedLevel == 0)
    }

    @Test("asking now asks for all but the slow points, once")
    func pollNow() {
        var scheduler = PollScheduler(
            entries: entries(1, groups: Self.three), seed: "s", monotonicNanoseconds: 0,
            wallMilliseconds: 1)
        scheduler.pollNow(0)
        scheduler.pollNow(0)
        var groups: [PollGroup] = []
        for step in 0..<5 {
            for due in scheduler.takeDue(monotonicNanoseconds: Int64(step)) {
                groups.append(due.group)
                scheduler.finished(0, succeeded: true, monotonicNanoseconds: Int64(step))
            }
        }
        #expect(groups.sorted() == [.fast, .normal])
    }

    @Test("the pause until a silent device is asked again is the one that then passes")
    func backOff() {
        var fleet = Fleet(entries(10))
        fleet.run(until: 500 * second) { _, _ in nil }
        let now = fleet.now
        let pauses = (0..<10).map {
            fleet.scheduler.backOffNanoseconds($0, monotonicNanoseconds: now)
        }
        let before = fleet.polls.count
        fleet.run(until: 900 * second) { _, _ in nil }
        for device in 0..<10 where pauses[device] > 0 {
            let next = fleet.polls.dropFirst(before).first { $0.device == device }
            #expect(next?.at == now + pauses[device])
        }
        #expect(pauses.contains { $0 > 60 * second })
    }
}
