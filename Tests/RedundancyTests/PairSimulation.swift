import Model

@testable import Redundancy

/// Two collectors and the line between them, in virtual time, from a seed.
struct PairSimulation {
    struct Node {
        var role: PairRole
        var machine: RoleMachine?
        /// Its monotonic clock is this far from the simulation's.
        var offset: Int64
        /// Parts per million that it runs fast.
        var drift: Int64 = 0
        var nextLook: Int64 = 0
        var started = 0
        var aliveSince: Int64?
        var hungUntil: Int64 = 0
        var caughtUpAt: Int64 = 0
        var leads: Bool { machine?.state == .leading }

        func clock(_ now: Int64) -> Int64 { now + offset + now * drift / 1_000_000 }
    }

    var nodes: [Node]
    var isCut = false
    var now: Int64 = 0
    var random: UInt64
    /// Changes from following to leading, of either.
    var takeovers = 0
    /// Since when none led though one was there all the time; and since when both did while they
    /// could see each other.
    var leaderless: Int64 = 0
    var bothSince: Int64 = 0
    var longestLeaderless: Int64 = 0
    var longestBoth: Int64 = 0

    init(seed: UInt64) {
        random = seed &* 2_862_933_555_777_941_757 &+ 3_037_000_493
        nodes = []
        for role in PairRole.allCases {
            let drift = Int64(next() % 400) - 200
            nodes.append(Node(role: role, offset: Int64(next() % 1_000_000_000), drift: drift))
        }
    }

    mutating func next() -> UInt64 {
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        return random >> 11
    }

    mutating func chance(_ oneIn: UInt64) -> Bool { next() % oneIn == 0 }

    mutating func start(_ index: Int) {
        guard nodes[index].machine == nil else { return }
        nodes[index].started += 1
        nodes[index].machine = RoleMachine(
            role: nodes[index].role, site: "s",
            instance: "\(nodes[index].role)-\(nodes[index].started)", now: nodes[index].clock(now))
        nodes[index].aliveSince = now
        nodes[index].nextLook = now
        nodes[index].caughtUpAt = now + Int64(next() % 8_000)
    }

    mutating func kill(_ index: Int) {
        nodes[index].machine = nil
        nodes[index].aliveSince = nil
    }

    func isWell(_ index: Int) -> Bool {
        nodes[index].machine != nil && nodes[index].hungUntil <= now
    }

    private func sight(of index: Int) -> RoleMachine.Sight {
        guard !isCut, isWell(index), let machine = nodes[index].machine else { return .silence }
        return .report(
            PairReport(
                site: "s", role: machine.role, state: machine.state, instance: machine.instance,
                timeMS: 0, sinceMS: 0, tickAgeMS: 100, committedMS: 0,
                devicesHash: "", version: ""))
    }

    private mutating func look(_ index: Int) {
        let other = 1 - index
        let sight = sight(of: other)
        let clock = nodes[index].clock(now)
        let caughtUp = now >= nodes[index].caughtUpAt
        let action = nodes[index].machine?.see(sight, caughtUp: caughtUp, now: clock)
        if action == .lead { takeovers += 1 }
        if action == .askForLead, let me = nodes[index].machine {
            var answer: YieldAnswer?
            if !isCut, isWell(other) {
                let clock = nodes[other].clock(now)
                answer =
                    nodes[other].machine?.askedToYield(
                        YieldRequest(site: "s", instance: me.instance), now: clock
                    ).answer
                // Now and then the answer is lost on its way.
                if chance(10) { answer = nil }
            }
            if nodes[index].machine?.yieldAnswered(answer, now: clock) == .lead { takeovers += 1 }
        }
        // A silent peer costs the whole time-out.
        nodes[index].nextLook = now + (sight == .silence ? 4_000 : 2_000)
    }

    /// 100 ms.
    mutating func step() {
        now += 100
        for index in nodes.indices where isWell(index) && nodes[index].nextLook <= now {
            look(index)
        }
        let anybodyThere = nodes.indices.contains {
            isWell($0) && now - (nodes[$0].aliveSince ?? now) >= 0
        }
        let someoneLeads = nodes.indices.contains { isWell($0) && nodes[$0].leads }
        if someoneLeads || !anybodyThere { leaderless = now }
        longestLeaderless = max(longestLeaderless, now - leaderless)
        let both = !isCut && nodes.indices.allSatisfy { isWell($0) && nodes[$0].leads }
        if !both { bothSince = now }
        longestBoth = max(longestBoth, now - bothSince)
    }

    mutating func run(_ milliseconds: Int64, each: (inout PairSimulation) -> Void = { _ in }) {
        let end = now + milliseconds
        while now < end {
            each(&self)
            step()
        }
    }
}
