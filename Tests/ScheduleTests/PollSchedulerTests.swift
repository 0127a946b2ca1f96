import Schedule
import TestSupport
import Testing

private let second: Int64 = 1_000_000_000

private func entries(_ count: Int, intervalMilliseconds: Int64 = 10_000) -> [PollScheduler.Entry] {
    (0..<count).map {
        PollScheduler.Entry(name: "pdu-\($0)", intervalMilliseconds: intervalMilliseconds)
    }
}

@Suite("Poll scheduler")
struct PollSchedulerTests {
    /// Runs `scheduler` at its own deadlines until `end`; every poll answers at once unless
    /// `succeeds` says no. The result is the times of the polls by device.
    private func run(
        _ scheduler: inout PollScheduler, from start: Int64, to end: Int64, count: Int,
        succeeds: (Int, Int64) -> Bool = { _, _ in true }
    ) -> [[Int64]] {
        var polls = [[Int64]](repeating: [], count: count)
        var now = start
        while let deadline = scheduler.nextDeadline, deadline < end {
            now = max(now, deadline)
            for number in scheduler.takeDue(monotonicNanoseconds: now).map(\.device) {
                polls[number].append(now)
                scheduler.finished(
                    number, succeeded: succeeds(number, now), monotonicNanoseconds: now)
            }
        }
        return polls
    }

    @Test("the hash has not changed since it was published")
    func stableHash() {
        // From another implementation: a change here moves every poll of every site.
        #expect(StableHash.hash("s", "ups-1") == 0x9546_eae8_442c_a7e9)
        #expect(StableHash.hash("a", "bc") != StableHash.hash("ab", "c"))
        #expect(StableHash.hash("a", "b") == StableHash.hash("a", "b"))
    }

    @Test("each device is polled once per interval, always at its own time of it")
    func oncePerInterval() {
        var scheduler = PollScheduler(
            entries: entries(50), seed: "s", monotonicNanoseconds: 5 * second,
            wallMilliseconds: 1_800_000_000_123)
        let polls = run(&scheduler, from: 5 * second, to: 105 * second, count: 50)
        for times in polls {
            #expect(times.count == 10)
            #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 == 10 * second })
            #expect(times[0] < 15 * second)
        }
        #expect(scheduler.counts.missedSlots == 0 && scheduler.counts.overrunSlots == 0)
    }

    @Test("a restart keeps every device's time of the interval; another seed does not")
    func restart() {
        let wall: Int64 = 1_800_000_000_000
        let before = PollScheduler.untilSlot(
            name: "ups-1", intervalMilliseconds: 10_000, seed: "s", wallMilliseconds: wall)
        let after = PollScheduler.untilSlot(
            name: "ups-1", intervalMilliseconds: 10_000, seed: "s", wallMilliseconds: wall + 123_456
        )
        let moved = (before - 123_456 * 1_000_000) % (10 * second)
        #expect((moved + 10 * second) % (10 * second) == after)
        #expect(
            PollScheduler.untilSlot(
                name: "ups-1", intervalMilliseconds: 10_000, seed: "t", wallMilliseconds: wall)
                != before)
        // Before 1970, as on a board whose clock has no battery.
        let early = PollScheduler.untilSlot(
            name: "ups-1", intervalMilliseconds: 10_000, seed: "s", wallMilliseconds: -1)
        #expect((0..<10 * second).contains(early))
    }

    @Test("devices spread over the interval: no second holds twice its share")
    func spread() {
        var perSecond = [Int](repeating: 0, count: 10)
        for entry in entries(5000) {
            let wait = PollScheduler.untilSlot(
                name: entry.name, intervalMilliseconds: 10_000, seed: "site", wallMilliseconds: 0)
            perSecond[Int(wait / second)] += 1
        }
        #expect(perSecond.allSatisfy { $0 > 400 && $0 < 600 })
    }

    @Test("a poll that outlasts its interval keeps the next one away, and no poll is made up for")
    func oneInFlight() throws {
        var scheduler = PollScheduler(
            entries: entries(1), seed: "s", monotonicNanoseconds: 0, wallMilliseconds: 0)
        let first = try #require(scheduler.nextDeadline)
        #expect(scheduler.takeDue(monotonicNanoseconds: first).map(\.device) == [0])
        #expect(scheduler.takeDue(monotonicNanoseconds: first + 10 * second).map(\.device) == [])
        #expect(scheduler.takeDue(monotonicNanoseconds: first + 20 * second).map(\.device) == [])
        scheduler.finished(0, succeeded: true, monotonicNanoseconds: first + 25 * second)
        #expect(scheduler.takeDue(monotonicNanoseconds: first + 25 * second).map(\.device) == [])
        #expect(scheduler.takeDue(monotonicNanoseconds: first + 30 * second).map(\.device) == [0])
        #expect(scheduler.counts.overrunSlots == 2)
    }

    @Test("after a pause of any length at most a small part of the devices is due at once")
    func noBurst() {
        let count = 1000
        for pause in [11, 60, 3600, 86_400].map({ Int64($0) * second }) {
            var scheduler = PollScheduler(
                entries: entries(count), seed: "s", monotonicNanoseconds: 0, wallMilliseconds: 0)
            let burst = scheduler.takeDue(monotonicNanoseconds: pause).map(\.device)
            #expect(burst.count < count * 15 / 100)
            for number in burst {
                scheduler.finished(number, succeeded: true, monotonicNanoseconds: pause)
            }
            let polls = run(&scheduler, from: pause, to: pause + 10 * second, count: count)
            #expect(polls.allSatisfy { $0.count <= 1 })
            #expect(polls.count { $0.isEmpty } <= burst.count)
            #expect(scheduler.counts.missedSlots > 0)
        }
    }

    @Test("a dead device is asked at each interval for a minute, then less, down to five minutes")
    func backOff() {
        var scheduler = PollScheduler(
            entries: entries(1), seed: "s", monotonicNanoseconds: 0, wallMilliseconds: 0)
        let times = run(
            &scheduler, from: 0, to: 7200 * second, count: 1, succeeds: { _, _ in false })[0]
        let gaps = zip(times, times.dropFirst()).map { ($1 - $0) / second }
        #expect(gaps.prefix(6).allSatisfy { $0 == 10 })
        #expect(Array(gaps.dropFirst(6).prefix(6)) == [20, 40, 80, 160, 300, 300])
        #expect(gaps.suffix(5).allSatisfy { $0 == 300 })
    }

    @Test("a device that comes back within a minute is read within two intervals, then as before")
    func recovery() {
        var scheduler = PollScheduler(
            entries: entries(1), seed: "s", monotonicNanoseconds: 0, wallMilliseconds: 0)
        let back = 55 * second
        let times = run(
            &scheduler, from: 0, to: 300 * second, count: 1, succeeds: { _, now in now >= back })[0]
        let firstGood = times.first { $0 >= back } ?? .max
        #expect(firstGood - back <= 20 * second)
        #expect(times.count == 30)
    }

    @Test("after a long outage one success brings the full rate back")
    func recoveryAfterLongOutage() {
        var scheduler = PollScheduler(
            entries: entries(1), seed: "s", monotonicNanoseconds: 0, wallMilliseconds: 0)
        let back = 3600 * second
        let times = run(
            &scheduler, from: 0, to: 4600 * second, count: 1,
            succeeds: { _, now in now >= back })[0]
        let good = times.filter { $0 >= back }
        #expect((good.first ?? .max) - back <= 300 * second)
        #expect(zip(good, good.dropFirst()).allSatisfy { $1 - $0 == 10 * second })
    }

    @Test("an interval longer than the back-off limit is kept by a dead device too")
    func longInterval() {
        var scheduler = PollScheduler(
            entries: entries(1, intervalMilliseconds: 900_000), seed: "s", monotonicNanoseconds: 0,
            wallMilliseconds: 0)
        let times = run(
            &scheduler, from: 0, to: 9000 * second, count: 1, succeeds: { _, _ in false })[0]
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 == 900 * second })
        #expect(times.count == 10)
    }

    @Test("a device asked for out of turn is polled at once, once, and its slots stay")
    func pollNow() throws {
        var scheduler = PollScheduler(
            entries: entries(2), seed: "s", monotonicNanoseconds: 0, wallMilliseconds: 0)
        let slot = try #require(scheduler.nextDeadline)
        #expect(slot > 0)
        scheduler.pollNow(0)
        scheduler.pollNow(0)
        #expect(scheduler.nextDeadline == .min)
        #expect(scheduler.takeDue(monotonicNanoseconds: 0).map(\.device) == [0])
        #expect(scheduler.nextDeadline == slot)
        // While it is under way a second wish waits for its end.
        scheduler.pollNow(0)
        #expect(scheduler.takeDue(monotonicNanoseconds: 1).map(\.device) == [])
        scheduler.finished(0, succeeded: true, monotonicNanoseconds: 2)
        #expect(scheduler.takeDue(monotonicNanoseconds: 3).map(\.device) == [0])
        scheduler.finished(0, succeeded: true, monotonicNanoseconds: 4)
        let polls = run(&scheduler, from: 5, to: 10 * second, count: 2)
        #expect(polls[0].count == 1 && polls[1].count == 1)
        #expect(min(polls[0][0], polls[1][0]) == slot)
    }

    @Test("whatever the order of events, no device is ever polled twice at once or too often")
    func properties() {
        for seed in 1...30 {
            var numbers = SplitMix(UInt64(seed))
            let list = (0..<20).map {
                PollScheduler.Entry(
                    name: "d\($0)",
                    intervalMilliseconds: Int64.random(in: 100...30_000, using: &numbers))
            }
            var now: Int64 = 0
            var scheduler = PollScheduler(
                entries: list, seed: "\(seed)", monotonicNanoseconds: now,
                wallMilliseconds: Int64.random(in: 0...2_000_000_000_000, using: &numbers))
            var underWay: Set<Int> = []
            var polls = [Int](repeating: 0, count: 20)
            for _ in 0..<2000 {
                now += Int64.random(in: 0...(second / 2), using: &numbers)
                if Int.random(in: 0..<200, using: &numbers) == 0 { now += 100 * second }
                for number in scheduler.takeDue(monotonicNanoseconds: now).map(\.device) {
                    #expect(underWay.insert(number).inserted, "seed \(seed)")
                    polls[number] += 1
                }
                for number in underWay where Bool.random(using: &numbers) {
                    underWay.remove(number)
                    scheduler.finished(
                        number, succeeded: Bool.random(using: &numbers), monotonicNanoseconds: now)
                }
            }
            for (number, entry) in list.enumerated() {
                let most = now / (entry.groups[0].intervalMilliseconds * 1_000_000) + 1
                #expect(polls[number] <= Int(most), "seed \(seed)")
            }
        }
    }

    @Test("no devices, no deadline")
    func empty() {
        var scheduler = PollScheduler(
            entries: [], seed: "s", monotonicNanoseconds: 0, wallMilliseconds: 0)
        #expect(scheduler.nextDeadline == nil)
        #expect(scheduler.takeDue(monotonicNanoseconds: .max / 2).map(\.device) == [])
    }
}
