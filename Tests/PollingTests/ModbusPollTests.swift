import Modbus
import Model
@testable import Polling
import Testing

private func target(
    _ number: Int, unit: UInt8 = 1, spans: Int = 2, retries: Int = 1
) -> PollTarget {
    PollTarget(
        device: DeviceID(number), name: "d\(number)",
        transport: .modbusTCP(ModbusTCPTransport(host: "127.0.0.1", port: 1, unit: unit)),
        plan: .modbus(
            ModbusRequestPlan(
                spans: (0..<spans).map {
                    RegisterSpan(table: .holding, start: UInt16($0 * 100), count: 2)
                })),
        intervalMilliseconds: 10_000, timeoutMilliseconds: 100, retries: retries)
}

private func poll(_ target: PollTarget, unit: UInt8 = 1) -> ModbusPoll {
    ModbusPoll(target, unit: unit) { _ in }
}

/// The contents of a poll's blocks, by start; nil where it failed.
private func contents(_ outcome: RawPoll.Outcome) -> [UInt16: RegisterBlock.Content]? {
    guard case .frames(.registers(let blocks)) = outcome else { return nil }
    return Dictionary(uniqueKeysWithValues: blocks.map { ($0.span.start, $0.content) })
}

private func failure(_ outcome: RawPoll.Outcome) -> PollFailure? {
    if case .failure(let failure) = outcome { return failure }
    return nil
}

@Suite("Modbus poll")
struct ModbusPollTests {
    @Test("all spans answered: all blocks, in order")
    func answered() {
        let poll = poll(target(1))
        #expect(poll.request.start == 0)
        #expect(poll.resume(.words([1, 2])) == .proceed)
        #expect(poll.request.start == 100)
        #expect(poll.resume(.words([3, 4])) == .finished)
        #expect(contents(poll.outcome()) == [0: .words([1, 2]), 100: .words([3, 4])])
    }

    @Test("an exception belongs to its span alone")
    func exception() {
        let poll = poll(target(1))
        #expect(poll.resume(.exception(4)) == .proceed)
        #expect(poll.resume(.words([3, 4])) == .finished)
        #expect(contents(poll.outcome()) == [0: .exception(4), 100: .words([3, 4])])
    }

    @Test("exceptions to all spans are the device's refusal of the poll")
    func allExceptions() {
        let poll = poll(target(1))
        #expect(poll.resume(.exception(1)) == .proceed)
        #expect(poll.resume(.exception(4)) == .finished)
        #expect(failure(poll.outcome()) == .deviceException(1))
    }

    @Test("a span that is never answered is missing; what was answered before it is kept")
    func partial() {
        let poll = poll(target(1, spans: 3))
        #expect(poll.resume(.words([1, 2])) == .proceed)
        #expect(poll.resume(.failed(.timeout)) == .yield)
        #expect(poll.request.start == 100)
        #expect(poll.resume(.failed(.timeout)) == .finished)
        #expect(contents(poll.outcome()) == [0: .words([1, 2])])
    }

    @Test("no span answered is a failure, whose reason is the last one")
    func unanswered() {
        let poll = poll(target(1))
        #expect(poll.resume(.failed(.timeout)) == .yield)
        #expect(poll.resume(.failed(.badReply("x"))) == .finished)
        #expect(failure(poll.outcome()) == .badReply("x"))
    }

    @Test("each span has its own repetitions")
    func repetitions() {
        let poll = poll(target(1))
        #expect(poll.resume(.failed(.timeout)) == .yield)
        #expect(poll.resume(.words([1, 2])) == .proceed)
        #expect(poll.resume(.failed(.timeout)) == .yield)
        #expect(poll.resume(.words([3, 4])) == .finished)
        #expect(contents(poll.outcome())?.count == 2)
    }

    @Test("nothing is asked again after the poll's deadline")
    func deadline() {
        var late = target(1, retries: 5)
        late.deadlineNanoseconds = 100
        let silent = poll(late)
        #expect(silent.resume(.failed(.timeout), at: 99) == .yield)
        #expect(silent.resume(.failed(.timeout), at: 100) == .finished)
        let busy = poll(late)
        #expect(busy.resume(.exception(6), at: 99) == .proceed)
        #expect(busy.timeouts == 0)
    }

    @Test("a gateway's exceptions speak of its line, not of the registers")
    func gateway() {
        let unreachable = poll(target(1, retries: 0))
        #expect(unreachable.resume(.exception(10)) == .finished)
        #expect(failure(unreachable.outcome()) == .unreachable)
        let silent = poll(target(1, retries: 0))
        #expect(silent.resume(.exception(11)) == .finished)
        #expect(failure(silent.outcome()) == .timeout)
    }

    @Test("a busy device is asked again, with pauses, for as long as its time-out, then believed")
    func busy() {
        for code: UInt8 in [5, 6] {
            let poll = poll(target(1, spans: 1, retries: 0))
            #expect(poll.resume(.exception(code), at: 0) == .pause)
            #expect(poll.notBefore == 50_000_000)
            #expect(poll.resume(.exception(code), at: 50_000_000) == .finished)
            #expect(failure(poll.outcome()) == .deviceException(code))
        }
        let patient = poll(target(1, spans: 1, retries: 0))
        #expect(patient.resume(.exception(6), at: 0) == .pause)
        #expect(patient.resume(.words([0, 7]), at: 60_000_000) == .finished)
        #expect(contents(patient.outcome()) == [0: .words([0, 7])])
    }

    @Test("exceptions 1, 4, 7 and 8 are told as they came, and asked for again by the next poll")
    func otherExceptions() {
        for code: UInt8 in [1, 4, 7, 8] {
            let target = target(1)
            let learned = LearnedPlan(target.modbusPlan)
            for _ in 0..<2 {
                let poll = ModbusPoll(target, unit: 1, learned: learned) { _ in }
                #expect(poll.resume(.exception(code)) == .proceed)
                #expect(poll.resume(.words([3, 4])) == .finished)
                #expect(contents(poll.outcome())?[0] == .exception(code))
            }
        }
    }
}

@Suite("Queue of one connection")
struct ModbusPollQueueTests {
    @Test("a silent unit waits behind its neighbours, and is not asked twice once it is known")
    func silentUnit() {
        var queue = ModbusPollQueue()
        queue.add(poll(target(1, unit: 1), unit: 1))
        queue.add(poll(target(2, unit: 2, spans: 1), unit: 2))
        queue.add(poll(target(3, unit: 3, spans: 1), unit: 3))
        #expect(queue.advance() == true)
        #expect(queue.current?.unit == 1)
        #expect(queue.resume(.failed(.timeout)) == nil)
        for unit: UInt8 in [2, 3] {
            #expect(queue.advance() == true)
            #expect(queue.current?.unit == unit)
            #expect(queue.resume(.words([0, 0]))?.unit == unit)
        }
        #expect(queue.advance() == true)
        #expect(queue.current?.unit == 1)
        #expect(queue.resume(.failed(.timeout))?.unit == 1)
        #expect(queue.isEmpty)
        // The next round: unit 1 last, once.
        queue.add(poll(target(1, unit: 1), unit: 1))
        queue.add(poll(target(2, unit: 2, spans: 1), unit: 2))
        #expect(queue.advance() == true)
        #expect(queue.current?.unit == 2)
        _ = queue.resume(.words([0, 0]))
        #expect(queue.advance() == true)
        #expect(queue.current?.unit == 1)
        let ended = queue.resume(.failed(.timeout))
        #expect(ended.flatMap { failure($0.outcome()) } == .timeout)
    }

    @Test("a silent unit gets its turn however busy its neighbours are")
    func noStarvation() {
        var queue = ModbusPollQueue()
        queue.add(poll(target(1, unit: 1), unit: 1))
        _ = queue.advance()
        _ = queue.resume(.failed(.timeout))
        var turns = 0
        while turns < 100 {
            queue.add(poll(target(2, unit: 2, spans: 1), unit: 2))
            _ = queue.advance()
            if queue.current?.unit == 1 { break }
            _ = queue.resume(.words([0, 0]))
            turns += 1
        }
        #expect(turns <= ModbusPollQueue.patientTurns)
    }

    @Test("a device alone behind its connection keeps its repetitions when it was silent")
    func alone() {
        var queue = ModbusPollQueue()
        for _ in 0..<2 {
            queue.add(poll(target(1, retries: 2)))
            for attempt in 1...3 {
                #expect(queue.advance() == true)
                let ended = queue.resume(.failed(.timeout))
                #expect((ended != nil) == (attempt == 3))
            }
        }
    }

    @Test("a request lost with its connection is sent again once at no charge")
    func resend() {
        var queue = ModbusPollQueue()
        queue.add(poll(target(1)))
        _ = queue.advance()
        #expect(queue.resend() == true)
        #expect(queue.resend() == false)
    }
}
