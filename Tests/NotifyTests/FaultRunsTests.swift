import Glibc
import Model
import Notify
import Synchronization
import TestSupport
import Testing

/// Runs of hours in virtual time, in which the receiver is away, lies, forgets to answer and
/// counts our messages, and the process is killed between any two of its steps.
struct FaultRun {
    /// What the receiver has got, in the order in which it got it.
    struct Heard {
        var keys: [String] = []
        var order: [String: [Int64]] = [:]
        var times: [Int64] = []
    }

    var dice: SplitMix
    let outbox = MemoryOutbox()
    let hook: Hook
    var heard = Heard()
    var now: Int64 = 1_000_000
    var written: [Notice] = []
    var kills = 0
    var refused: Set<String> = []

    init(seed: UInt64, kind: Hook.Kind) {
        dice = SplitMix(seed)
        hook = Hook(
            name: "hook", kind: kind, target: .web(WebTarget(url: Secret("http://127.0.0.1:1/"))))
    }

    /// Alarms come and go for half an hour, then there is time until all is told.
    mutating func play() -> String? {
        var sequences: [Int: Int64] = [:]
        var lane = Lane(hook: hook, outbox: outbox, now: now, wall: Instant(milliseconds: now))
        let start = now
        let burst = Int.random(in: 1...60, using: &dice)
        let awayFrom = start + Int64.random(in: 0...900_000, using: &dice)
        let awayTo = awayFrom + Int64.random(in: 0...7_200_000, using: &dice)
        var steps = 0
        while true {
            steps += 1
            guard steps < 200_000 else { return "no end after \(steps) steps" }
            if now - start < 1_800_000, Int.random(in: 0..<20, using: &dice) == 0 {
                for _ in 0..<Int.random(in: 1...burst, using: &dice) {
                    let alarm = Int.random(in: 0..<40, using: &dice)
                    sequences[alarm, default: 0] += 1
                    let kind: NoticeKind =
                        sequences[alarm, default: 0] % 2 == 1 ? .active : .resolved
                    let priority = AlarmPriority.allCases.randomElement(using: &dice) ?? .low
                    let notice = sample(
                        alarm, sequences[alarm, default: 0], priority, kind, at: now)
                    written.append(notice)
                    outbox.add(notice)
                }
            }
            // A kill lets so many more writes through, then the process begins anew.
            if outbox.state.withLock({ $0.budget == .max }),
                Int.random(in: 0..<15, using: &dice) == 0
            {
                let left = Int.random(in: 1...4, using: &dice)
                outbox.state.withLock { $0.budget = left }
            }
            let isAway = now >= awayFrom && now < awayTo
            var isCopied = false
            let next = lane.step(
                now: now, wall: Instant(milliseconds: now), isCopied: &isCopied
            ) { receive($0, isAway: isAway) }
            if outbox.state.withLock({ $0.isDead }) {
                kills += 1
                outbox.state.withLock { $0.budget = .max }
                now += Int64.random(in: 0...5_000, using: &dice)
                lane = Lane(hook: hook, outbox: outbox, now: now, wall: Instant(milliseconds: now))
                continue
            }
            switch next {
            case .again: now += 1
            case .at(let time): now = max(now + 1, min(time, now + 60_000))
            case .idle:
                if now - start >= 1_800_000, outbox.state.withLock({ $0.rows.isEmpty }) {
                    return verdict()
                }
                now += 10_000
            }
        }
    }

    private mutating func receive(_ message: Message, isAway: Bool) -> DeliveryQueue.Outcome {
        // Killed before it was sent.
        guard outbox.state.withLock({ $0.spend() }) else { return .retry("dead") }
        if isAway { return .retry("unreachable") }
        let die = Int.random(in: 0..<100, using: &dice)
        if die < 5 { return .retry("503", isAnswer: true) }
        if die < 8 { return .retry("errcode 130101", afterMilliseconds: 60_000) }
        if die < 9 {
            if message.notices.count == 1 { refused.insert(message.key) }
            return .refused("400")
        }
        heard.times.append(now)
        for notice in message.notices {
            heard.keys.append(notice.idempotencyKey(receiver: hook.name))
            heard.order[notice.key.description, default: []].append(notice.sequence)
        }
        // It has it, and its answer is lost.
        if die < 15 { return .retry("broken: the connection ended") }
        return .delivered("ok")
    }

    /// Nil where nothing is lost, the order is kept, and the limit too.
    private func verdict() -> String? {
        let got = Set(heard.keys)
        let dead = Set(outbox.state.withLock { $0.dead.map(\.item.idempotencyKey) })
        for notice in written {
            let key = notice.idempotencyKey(receiver: hook.name)
            if !got.contains(key), !dead.contains(key) { return "lost: \(key)" }
        }
        if !dead.isSubset(of: refused) { return "given up without a refusal" }
        for (alarm, sequences) in heard.order {
            var highest: Int64 = 0
            for sequence in sequences {
                // A repeat may come, a step back to what was never heard may not.
                if sequence > highest { highest = sequence } else { continue }
            }
            var first: [Int64] = []
            for sequence in sequences where !first.contains(sequence) { first.append(sequence) }
            if first != first.sorted() { return "out of order: \(alarm) \(first)" }
        }
        for (index, time) in heard.times.enumerated() {
            let within = heard.times[index...].prefix { $0 < time + 60_000 }.count
            if within > hook.limitPerMinute { return "\(within) messages in a minute" }
        }
        return nil
    }
}

@Suite("delivery under faults")
struct FaultRunsTests {
    /// Runs of the short tests; `make soak` sets FROSTLINE_SOAK_RUNS.
    private static var runs: Int {
        getenv("FROSTLINE_SOAK_RUNS").flatMap { Int(String(cString: $0)) } ?? 200
    }

    @Test(
        "receivers away, lying or limited, answers lost, and kills between any two writes: nothing is lost and the order is kept",
        arguments: [Hook.Kind.dingtalk, .feishu, .webhook])
    func runs(kind: Hook.Kind) {
        var kills = 0
        var notices = 0
        for seed in 0..<Self.runs / 3 + 1 {
            var run = FaultRun(seed: UInt64(seed) &* 7_919 &+ 1, kind: kind)
            let problem = run.play()
            kills += run.kills
            notices += run.written.count
            #expect(problem == nil, "seed \(seed): \(problem ?? "")")
        }
        #expect(kills > Self.runs / 3 && notices > Self.runs)
    }
}

@Suite("floods and long absences")
struct FloodTests {
    private func robot() -> Hook {
        Hook(
            name: "hook", kind: .dingtalk,
            target: .web(WebTarget(url: Secret("http://127.0.0.1:1/"))))
    }

    @Test(
        "10,000 alarms in a minute: 18 messages a minute, the first Critical at once, all told")
    func flood() {
        let outbox = MemoryOutbox()
        var dice = SplitMix(42)
        var now: Int64 = 0
        var lane = Lane(hook: robot(), outbox: outbox, now: 0, wall: Instant(milliseconds: 0))
        var sent: [(time: Int64, message: Message)] = []
        // The first Critical comes when the lane has been busy with others for half a minute.
        var added = 0
        var firstCritical: Int64?
        while now < 180_000 {
            while added < 10_000, Int64(added) * 6 <= now {
                let isCritical = now >= 30_000 && added % 50 == 0
                if isCritical, firstCritical == nil { firstCritical = now }
                let level: AlarmPriority =
                    isCritical ? .critical : Bool.random(using: &dice) ? .medium : .high
                outbox.add(sample(added, 1, level, .active, at: now))
                added += 1
            }
            var isCopied = false
            let next = lane.step(
                now: now, wall: Instant(milliseconds: now), isCopied: &isCopied
            ) { message in
                sent.append((now, message))
                return .delivered("ok")
            }
            // Every commit wakes the lane.
            if case .again = next { continue }
            now += 500
        }
        #expect(outbox.state.withLock { $0.rows.isEmpty })
        let told = sent.flatMap { $0.message.notices.map(\.device) }
        #expect(told.count == 10_000 && Set(told).count == 10_000)
        for (index, entry) in sent.enumerated() {
            let within = sent[index...].prefix { $0.time < entry.time + 60_000 }.count
            #expect(within <= 18)
        }
        let critical = sent.first { $0.message.notices.contains { $0.level == .critical } }
        // One message is kept for it, so that it goes with the next step.
        #expect((critical?.time ?? .max) - (firstCritical ?? 0) <= 500)
    }

    @Test("after two hours without the receiver all comes, in order, within ten minutes")
    func absence() {
        let outbox = MemoryOutbox()
        var now: Int64 = 0
        var lane = Lane(hook: robot(), outbox: outbox, now: 0, wall: Instant(milliseconds: 0))
        var tries = 0
        var heard: [Notice] = []
        var lastAt: Int64 = 0
        while now < 9_000_000 {
            if now % 60_000 == 0, now < 7_200_000 {
                let number = now / 60_000
                outbox.add(
                    sample(
                        Int(number / 2), number % 2 + 1, .high,
                        number % 2 == 0 ? .active : .resolved,
                        at: now))
            }
            var isCopied = false
            let next = lane.step(
                now: now, wall: Instant(milliseconds: now), isCopied: &isCopied
            ) { message in
                tries += 1
                guard now >= 7_200_000 else { return .retry("unreachable") }
                heard += message.notices
                lastAt = now
                return .delivered("ok")
            }
            if case .again = next { continue }
            now += 1_000
        }
        #expect(heard.count == 120)
        #expect(lastAt - 7_200_000 <= 600_000)
        // Some 30 tries in two hours, not thousands.
        #expect(tries < 80)
        for alarm in Set(heard.map(\.device)) {
            #expect(heard.filter { $0.device == alarm }.map(\.sequence) == [1, 2])
        }
    }

    @Test("urgent notices go to the second channel after three failures, others wait")
    func secondChannel() {
        let outbox = MemoryOutbox()
        var hook = robot()
        hook.fallback = "mail"
        outbox.add(sample(1, 1, .critical))
        outbox.add(sample(2, 1, .low))
        var now: Int64 = 0
        var lane = Lane(hook: hook, outbox: outbox, now: 0, wall: Instant(milliseconds: 0))
        var copiedAfter: Int?
        var tries = 0
        while now < 60_000 {
            var isCopied = false
            let next = lane.step(
                now: now, wall: Instant(milliseconds: now), isCopied: &isCopied
            ) { _ in
                tries += 1
                return .retry("unreachable")
            }
            if isCopied, copiedAfter == nil { copiedAfter = tries }
            if case .again = next { continue }
            now += 100
        }
        #expect(copiedAfter == 3)
        let copies = outbox.state.withLock { $0.rows.filter { $0.receiver == "mail" } }
        #expect(copies.map(\.alarm) == ["hot:probe-1/t"])
        #expect(copies.first.flatMap { Notice($0.payload) }?.insteadOf == "hook")
        // The first receiver hears of it all the same, when it is back.
        #expect(outbox.state.withLock { $0.rows.count { $0.receiver == "hook" } } == 2)
    }

    @Test("what a receiver will never take does not hold back the rest")
    func refused() {
        let outbox = MemoryOutbox()
        for number in 1...4 { outbox.add(sample(number)) }
        var lane = Lane(
            hook: Hook(
                name: "hook", kind: .webhook,
                target: .web(WebTarget(url: Secret("http://127.0.0.1:1/")))), outbox: outbox,
            now: 0, wall: Instant(milliseconds: 0))
        var heard: [String] = []
        for step in 0..<50 {
            var isCopied = false
            _ = lane.step(
                now: Int64(step), wall: Instant(milliseconds: 0), isCopied: &isCopied
            ) { message in
                if message.notices.contains(where: { $0.device == "probe-2" }) {
                    return .refused("422")
                }
                heard += message.notices.map(\.device)
                return .delivered("ok")
            }
        }
        #expect(heard.sorted() == ["probe-1", "probe-3", "probe-4"])
        let dead = outbox.state.withLock { $0.dead.map { ($0.item.alarm, $0.reason) } }
        #expect(dead.map(\.0) == ["hot:probe-2/t"] && dead.map(\.1) == ["422"])
    }

    @Test("a receiver's limit outlives a restart")
    func limitAfterRestart() {
        let outbox = MemoryOutbox()
        for number in 0..<200 { outbox.add(sample(number, 1, .critical)) }
        var times: [Int64] = []
        var now: Int64 = 0
        // Killed after each message, and started at once.
        while now < 60_000 {
            var lane = Lane(
                hook: robot(), outbox: outbox, now: now, wall: Instant(milliseconds: now))
            var isCopied = false
            _ = lane.step(
                now: now, wall: Instant(milliseconds: now), isCopied: &isCopied
            ) { _ in
                times.append(now)
                outbox.state.withLock { $0.budget = 0 }
                return .delivered("ok")
            }
            outbox.state.withLock { $0.budget = .max }
            now += 20
        }
        #expect((12...18).contains(times.count), "\(times.count)")
    }
}
