import Modbus
import Model

/// One poll of one unit on its way through its plan. Pure: it is told what requests came to and
/// says what is next.
///
/// What counts as an answer. Each span is one request, and its words are checked against it before
/// they come here; so every span that was answered holds true values of this poll, whatever became
/// of the others. A poll therefore fails only where no span was answered with words. Where one is
/// refused by an exception, its block carries the exception; where one is not answered at all, its
/// block is missing, and the spans behind it are not asked any more: the unit has just gone silent.
/// Points of both decode to `absent`, never to an old or a guessed number.
struct ModbusPoll {
    enum RequestOutcome: Hashable, Sendable {
        case words([UInt16])
        case exception(UInt8)
        case failed(PollFailure)
    }
    enum Step: Hashable {
        /// Ask `request` next.
        case proceed
        /// Ask `request` again, after others have had their turn.
        case yield
        case finished
    }

    let target: PollTarget
    let unit: UInt8
    let completion: (RawPoll) -> Void
    private let spans: [RegisterSpan]
    private var blocks: [RegisterBlock] = []
    private var attempts = 0
    private var failure: PollFailure?
    private(set) var requests = 0
    /// Monotonic nanoseconds of the first request; nil before it.
    private(set) var startedAt: Int64?
    /// A request lost with a connection that had worked is sent once more at no charge: devices
    /// close idle connections, and the close may cross the request.
    var mayResend = true
    /// Repetitions of one request. Fewer than the target's for a unit that was silent last time,
    /// where others wait behind it.
    var retries: Int

    init(_ target: PollTarget, unit: UInt8, completion: @escaping (RawPoll) -> Void) {
        self.target = target
        self.unit = unit
        self.completion = completion
        retries = target.retries
        if case .modbus(let plan) = target.plan { spans = plan.spans } else { spans = [] }
    }

    var isEmpty: Bool { spans.isEmpty }

    /// The request to send now.
    var request: ReadRequest {
        precondition(blocks.count < spans.count, "BUG: asked for a request after the last span")
        let span = spans[blocks.count]
        return ReadRequest(
            unit: unit, function: ModbusFunction(span.table), start: span.start, count: span.count)
    }

    mutating func sent(at now: Int64) {
        requests += 1
        if startedAt == nil { startedAt = now }
    }

    mutating func resume(_ outcome: RequestOutcome) -> Step {
        switch outcome {
        case .words(let words): return record(.words(words))
        // The gateway speaks here, not the device: its line is out of order, or the device silent
        // (MODBUS Application Protocol V1.1b3, section 7, codes 0A and 0B).
        case .exception(10): return repeated(.unreachable)
        case .exception(11): return repeated(.timeout)
        // Busy: the device asks to be asked again.
        case .exception(let code) where (5...6).contains(code) && attempts < retries:
            attempts += 1
            return .yield
        case .exception(let code): return record(.exception(code))
        case .failed(let failure): return repeated(failure)
        }
    }

    /// What the poll comes to, given why it ends early, if it does.
    func outcome(cancelledBy reason: PollFailure? = nil) -> RawPoll.Outcome {
        var firstException: UInt8?
        for block in blocks {
            switch block.content {
            case .words: return .frames(.registers(blocks))
            case .exception(let code): firstException = firstException ?? code
            }
        }
        if let failure = reason ?? failure { return .failure(failure) }
        if let firstException { return .failure(.deviceException(firstException)) }
        return .frames(.registers([]))
    }

    private mutating func record(_ content: RegisterBlock.Content) -> Step {
        blocks.append(RegisterBlock(span: spans[blocks.count], content: content))
        attempts = 0
        failure = nil
        return blocks.count == spans.count ? .finished : .proceed
    }

    private mutating func repeated(_ reason: PollFailure) -> Step {
        failure = reason
        attempts += 1
        return attempts <= retries ? .yield : .finished
    }
}

extension ModbusFunction {
    init(_ table: RegisterTable) {
        switch table {
        case .coils: self = .readCoils
        case .discrete: self = .readDiscreteInputs
        case .holding: self = .readHoldingRegisters
        case .input: self = .readInputRegisters
        }
    }
}
