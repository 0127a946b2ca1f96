import Modbus
import Model
import Testing

@testable import Polling

/// A unit as a table of what it has; polls run against it without time.
private struct Unit {
    /// Registers that are not there.
    var missing: Set<UInt16> = []
    /// Registers that cannot be read together with the one before.
    var borders: Set<UInt16> = []
    var limit: UInt16 = 125
    /// What it says to more registers than its limit; nil: nothing.
    var limitException: UInt8? = 3
    var missingException: UInt8 = 2

    func answer(_ request: RegisterSpan) -> ModbusPoll.RequestOutcome {
        let registers = request.start..<request.start + request.count
        if request.count > limit {
            return limitException.map { .exception($0) } ?? .failed(.timeout)
        }
        if registers.contains(where: missing.contains)
            || registers.dropFirst().contains(where: borders.contains)
        {
            return .exception(missingException)
        }
        return .words(registers.map { $0 })
    }

    /// One poll: its requests and the registers it brought.
    func poll(
        _ learned: LearnedPlan, at now: Int64 = 0
    ) -> (requests: Int, got: Set<UInt16>, spans: [RegisterSpan]) {
        let target = PollTarget(
            device: DeviceID(1), name: "d",
            transport: .modbusTCP(ModbusTCPTransport(host: "127.0.0.1")),
            plan: .modbus(learned.plan), intervalMilliseconds: 10_000, retries: 2)
        let poll = ModbusPoll(target, unit: 1, learned: learned, at: now) { _ in }
        var requests = 0
        var step = ModbusPoll.Step.proceed
        while step != .finished, requests < 1000 {
            requests += 1
            let request = poll.request
            let span = RegisterSpan(table: .holding, start: request.start, count: request.count)
            step = poll.resume(answer(span), at: now)
        }
        guard case .frames(.registers(let blocks)) = poll.outcome() else {
            return (requests, [], [])
        }
        var got: Set<UInt16> = []
        var spans: [RegisterSpan] = []
        for block in blocks {
            guard case .words(let words) = block.content else { continue }
            got.formUnion(words)
            spans.append(block.span)
            #expect(words == Array(block.span.start..<block.span.start + block.span.count))
        }
        return (requests, got, spans)
    }
}

@Suite("What a unit teaches")
struct LearnedPlanTests {
    private static let blocks = [
        2999..<3011, 3019..<3029, 3053..<3061, 3077..<3087, 3109..<3113,
    ]
    private static let fields = blocks.flatMap { $0 }.filter { $0 % 2 == 1 }.map { UInt16($0) }

    /// One span of 114 registers with fields of one or two registers in five blocks.
    private func plan(withFields: Bool = true) -> LearnedPlan {
        let fields = Self.blocks.flatMap { block in
            stride(from: block.lowerBound, to: block.upperBound, by: 2).map {
                RegisterSpan(table: .holding, start: UInt16($0), count: 2)
            }
        }
        return LearnedPlan(
            ModbusRequestPlan(
                spans: [RegisterSpan(table: .holding, start: 2999, count: 114)],
                fields: withFields ? fields : []))
    }
    private static let wanted = Set(blocks.flatMap { $0 }.map { UInt16($0) })

    @Test("a unit that has everything is asked once")
    func whole() {
        let learned = plan()
        #expect(Unit().poll(learned).requests == 1)
        #expect(Unit().poll(learned).requests == 1)
    }

    @Test(
        "refused holes take nothing else away, and soon cost one request a block"
    )
    func holes() {
        let unit = Unit(missing: Set(2999..<3113).subtracting(Self.wanted))
        let learned = plan()
        let first = unit.poll(learned)
        #expect(first.got.isSuperset(of: Self.wanted))
        #expect(first.requests <= 9)
        // Neighbours that were searched apart are tried together once.
        for _ in 0..<3 { #expect(unit.poll(learned).got.isSuperset(of: Self.wanted)) }
        let settled = unit.poll(learned)
        #expect(settled.got == Self.wanted)
        #expect(settled.requests == Self.blocks.count)
    }

    @Test("only the hole that is refused is left out: the others are read along as before")
    func oneHole() {
        let unit = Unit(missing: [3065])
        let learned = plan()
        _ = unit.poll(learned)
        _ = unit.poll(learned)
        let settled = unit.poll(learned)
        #expect(settled.requests == 2)
        #expect(settled.got.isSuperset(of: Self.wanted))
    }

    @Test("a field that is not there is not asked for again, and no field is ever torn apart")
    func missingField() {
        let unit = Unit(missing: [3056], missingException: 3)
        let learned = plan()
        for number in 0..<3 {
            let poll = unit.poll(learned)
            #expect(Self.wanted.subtracting(poll.got) == [3055, 3056], "poll \(number)")
            if number == 2 { #expect(poll.requests == 2) }
            for span in poll.spans {
                for block in Self.blocks {
                    for field in stride(from: block.lowerBound, to: block.upperBound, by: 2) {
                        let has = (0..<2).map {
                            field + $0 >= Int(span.start)
                                && field + $0 < Int(span.start) + Int(span.count)
                        }
                        #expect(has[0] == has[1])
                    }
                }
            }
        }
    }

    @Test("a border within a block, where both sides can be read but not together, is found")
    func border() {
        let unit = Unit(borders: [3021])
        let learned = plan()
        for _ in 0..<3 { #expect(unit.poll(learned).got.isSuperset(of: Self.wanted)) }
        #expect(unit.poll(learned).requests == 2)
    }

    @Test("a limit that is refused with exception 3 is found at once, and kept to")
    func refusedLength() {
        for limit: UInt16 in [10, 30, 60, 100] {
            let unit = Unit(limit: limit)
            let learned = plan()
            #expect(unit.poll(learned).got.isSuperset(of: Self.wanted))
            _ = unit.poll(learned)
            let settled = unit.poll(learned)
            #expect(settled.got.isSuperset(of: Self.wanted))
            #expect(settled.spans.allSatisfy { $0.count <= limit })
            #expect(settled.requests == settled.spans.count, "asks for nothing in vain: \(limit)")
        }
    }

    @Test("a limit that is met with silence is found within a few polls, and kept to")
    func silentLength() {
        for limit: UInt16 in [16, 30, 60] {
            let unit = Unit(limit: limit, limitException: nil)
            let learned = plan()
            for _ in 0..<5 { _ = unit.poll(learned) }
            let settled = unit.poll(learned)
            #expect(settled.got.isSuperset(of: Self.wanted), "limit \(limit)")
            #expect(settled.requests == settled.spans.count, "limit \(limit)")
        }
    }

    @Test("a unit that was read whole is not asked for less after a lost answer")
    func lostAnswer() {
        let learned = plan()
        _ = Unit().poll(learned)
        #expect(Unit(limit: 0, limitException: nil).poll(learned).got.isEmpty)
        #expect(Unit().poll(learned).requests == 1)
    }

    @Test("what was refused is asked for again later; a restored register is then read")
    func relearning() {
        let poor = Unit(missing: [3065])
        let learned = plan()
        for _ in 0..<3 { _ = poor.poll(learned) }
        #expect(Unit().poll(learned, at: LearnedPlan.firstRelearn - 1).requests == 2)
        #expect(Unit().poll(learned, at: LearnedPlan.firstRelearn * 5).requests == 1)
        #expect(Unit().poll(learned, at: LearnedPlan.firstRelearn * 5).requests == 1)
    }

    @Test("learning anew where a long request meets silence falls back within the same poll")
    func relearningFails() {
        let unit = Unit(limit: 30, limitException: nil)
        let learned = plan()
        for _ in 0..<5 { _ = unit.poll(learned) }
        for round: Int64 in 1...4 {
            let poll = unit.poll(learned, at: round * LearnedPlan.lastRelearn * 2)
            #expect(poll.got.isSuperset(of: Self.wanted), "round \(round)")
        }
    }

    @Test("a unit that has nothing of the plan is still asked, and heard when it has")
    func nothing() {
        let none = Unit(missing: Set(2900...3200))
        let learned = plan()
        for _ in 0..<3 { #expect(none.poll(learned).got.isEmpty) }
        #expect(none.poll(learned).requests == 1)
        _ = Unit().poll(learned)
        #expect(Unit().poll(learned).got.isSuperset(of: Self.wanted))
    }

    @Test("where fields are not known, a poll that searched is asked once more in one piece")
    func withoutFields() {
        let unit = Unit(missing: Set(3080..<3200))
        let learned = plan(withFields: false)
        let first = unit.poll(learned)
        #expect(first.spans == [RegisterSpan(table: .holding, start: 2999, count: 81)])
        #expect(unit.poll(learned).requests == 1)
    }

    @Test("no search asks for more than its bound in one poll")
    func bounded() {
        let all = UInt16(0)..<125
        let plan = ModbusRequestPlan(
            spans: [RegisterSpan(table: .holding, start: 0, count: 125)],
            fields: all.map { RegisterSpan(table: .holding, start: $0, count: 1) })
        let unit = Unit(missing: Set(all.filter { $0 % 2 == 0 }))
        let learned = LearnedPlan(plan)
        for _ in 0..<12 {
            #expect(unit.poll(learned).requests <= LearnedPlan.searchLimit + 70)
        }
        #expect(unit.poll(learned).got == Set(all.filter { $0 % 2 == 1 }))
    }
}
