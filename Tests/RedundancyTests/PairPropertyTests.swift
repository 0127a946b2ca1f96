import Model
import Testing

@testable import Redundancy

@Suite("two collectors under everything that happens to them")
struct PairPropertyTests {
    @Test(
        "started at once or one after the other, any clocks: the primary ends up leading alone",
        arguments: 0..<40)
    func start(seed: UInt64) {
        var pair = PairSimulation(seed: seed)
        let first = Int(pair.next() % 2)
        pair.start(first)
        if !pair.chance(3) { pair.run(Int64(pair.next() % 30_000)) }
        pair.start(1 - first)
        pair.run(60_000)
        #expect(pair.nodes[0].leads && !pair.nodes[1].leads)
        #expect(pair.takeovers <= 3)
        #expect(pair.longestLeaderless <= 20_000)
        // Nothing moves any more.
        let before = pair.takeovers
        pair.run(600_000)
        #expect(pair.takeovers == before)
    }

    @Test("either dies at any moment: the other leads within 20 s", arguments: 0..<40)
    func death(seed: UInt64) {
        var pair = PairSimulation(seed: seed)
        pair.start(0)
        pair.start(1)
        pair.run(60_000 + Int64(pair.next() % 4_000))
        let victim = Int(pair.next() % 2)
        if pair.chance(2) {
            pair.kill(victim)
        } else {
            pair.nodes[victim].hungUntil = .max
        }
        pair.run(20_000)
        #expect(pair.nodes[1 - victim].leads)
        #expect(pair.longestLeaderless <= 14_000)
    }

    @Test("a cut line: both collect; when it is whole, one within an interval", arguments: 0..<40)
    func partition(seed: UInt64) {
        var pair = PairSimulation(seed: seed)
        pair.start(0)
        pair.start(1)
        pair.run(60_000)
        pair.isCut = true
        pair.run(30_000 + Int64(pair.next() % 60_000))
        #expect(pair.nodes[0].leads && pair.nodes[1].leads)
        pair.isCut = false
        pair.run(30_000)
        #expect(pair.nodes[0].leads && !pair.nodes[1].leads)
        #expect(pair.longestBoth <= 4_200)
    }

    @Test("deaths, returns, hangs and cuts at random never leave the site alone", arguments: 0..<40)
    func chaos(seed: UInt64) {
        var pair = PairSimulation(seed: seed)
        pair.start(0)
        pair.start(1)
        pair.run(1_800_000) { pair in
            for index in 0..<2 {
                if pair.nodes[index].machine == nil {
                    if pair.chance(200) { pair.start(index) }
                } else if pair.chance(3_000) {
                    // The one that is left is given time to notice, as in the promise.
                    pair.kill(index)
                } else if pair.chance(5_000), pair.isWell(index) {
                    pair.nodes[index].hungUntil = pair.now + Int64(pair.next() % 60_000)
                }
            }
            if pair.chance(pair.isCut ? 300 : 1_500) { pair.isCut.toggle() }
            if (0..<2).allSatisfy({ pair.nodes[$0].machine == nil }) { pair.start(1) }
        }
        // A fresh start of the one that is left is a new wait: at most two of them in a row here.
        #expect(pair.longestLeaderless <= 20_000)
        #expect(pair.longestBoth <= 4_200)
        pair.isCut = false
        for index in 0..<2 {
            pair.start(index)
            pair.nodes[index].hungUntil = 0
        }
        pair.run(400_000)
        #expect(pair.nodes[0].leads && !pair.nodes[1].leads)
    }

    @Test("a primary that falls over every half minute is not handed the site each time")
    func flapping() {
        var pair = PairSimulation(seed: 7)
        pair.start(1)
        pair.run(20_000)
        let before = pair.takeovers
        pair.run(4 * 3_600_000) { pair in
            let phase = pair.now % 40_000
            if phase == 0 { pair.start(0) }
            if phase == 30_000 { pair.kill(0) }
        }
        // 360 rounds, two changes each: some ten changes each half hour are left.
        #expect(pair.takeovers - before <= 80)
        #expect(pair.longestLeaderless <= 20_000)
    }

    @Test("the changes of a flapping line are bounded by the time a standby waits")
    func flappingLine() {
        var pair = PairSimulation(seed: 3)
        pair.start(0)
        pair.start(1)
        pair.run(60_000)
        let before = pair.takeovers
        // Shorter than the wait: nothing happens.
        pair.run(600_000) { pair in pair.isCut = pair.now % 8_000 < 4_000 }
        #expect(pair.takeovers == before)
        pair.isCut = false
        pair.run(30_000)
        #expect(pair.nodes[0].leads && !pair.nodes[1].leads)
    }
}
