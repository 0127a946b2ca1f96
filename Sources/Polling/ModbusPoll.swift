import Modbus
import Model

/// One poll of one unit on its way through its plan. It is told what requests came to and says what
/// is next; it asks for no time of its own.
///
/// What counts as an answer. Each request's words are checked against it before they come here; so
/// every span that was answered holds true values of this poll, whatever became of the others. A
/// poll therefore fails only where no span was answered with words. Where one is refused by an
/// exception, its block carries the exception; where one is not answered at all, its block is
/// missing, and what is behind it is not asked any more: the unit has just gone silent. Points of
/// both decode to `absent`, never to an old or a guessed number.
///
/// What exceptions mean (MODBUS Application Protocol V1.1b3, section 7):
///
///     1        no such function: this table is refused
///     2, 3     no such register, or too many of them: see `LearnedPlan`
///     4, 7, 8  the device has failed in this: refused now, asked for again by the next poll
///     5, 6     busy: asked again, with pauses, until the time-out has passed
///     10, 11   the gateway speaks: its line is out of order, or the unit behind it silent
// Used on the reactor's thread only. An object: it goes from hand to hand with every request.
final class ModbusPoll {
    enum RequestOutcome: Hashable, Sendable {
        case words([UInt16])
        case exception(UInt8)
        case failed(PollFailure)
    }
    enum Step: Hashable {
        /// Ask `request` next.
        case proceed
        /// Ask `request` again, not before `notBefore`, after others have had their turn.
        case pause
        /// Ask `request` again, after everyone who answers: this unit did not.
        case yield
        case finished
    }

    /// Nanoseconds that a busy device is first left alone, doubled each time.
    static let firstBusyPause: Int64 = 50_000_000
    static let longestBusyPause: Int64 = 1_000_000_000

    let target: PollTarget
    let unit: UInt8
    let completion: (RawPoll) -> Void
    private let learned: LearnedPlan
    // Checked for overlapping accesses these would cost more than what is done with them; nothing
    // that is called while they change comes back here.
    @exclusivity(unchecked) private var planned: [PlannedRequest] = []
    private var next = 0
    @exclusivity(unchecked) private var blocks: [RegisterBlock] = []
    /// Those of the blocks that hold words.
    private var answeredBlocks = 0
    private var attempts = 0
    private var busyPause = firstBusyPause
    private var busySince: Int64?
    private var hasWords = false
    private var mayRepeat = true
    private var failure: PollFailure?
    private(set) var requests = 0
    private(set) var timeouts = 0
    private(set) var repetitions = 0
    /// Monotonic nanoseconds of the first request; nil before it.
    private(set) var startedAt: Int64?
    /// A request lost with a connection that had worked is sent once more at no charge: devices
    /// close idle connections, and the close may cross the request.
    var mayResend = true
    /// Repetitions of one request. Fewer than the target's for a unit that was silent last time,
    /// where others wait behind it.
    var retries: Int
    /// Monotonic nanoseconds before which `request` is not sent.
    var notBefore = Int64.min

    init(
        _ target: PollTarget, unit: UInt8, learned: LearnedPlan? = nil, at now: Int64 = 0,
        completion: @escaping (RawPoll) -> Void
    ) {
        self.target = target
        self.unit = unit
        self.completion = completion
        retries = target.retries
        self.learned = learned ?? LearnedPlan(target.modbusPlan)
        planned = self.learned.begin(at: now)
        blocks.reserveCapacity(planned.count)
    }

    var isEmpty: Bool { planned.isEmpty }

    /// The request to send now.
    var request: ReadRequest {
        precondition(next < planned.count, "BUG: asked for a request after the last")
        let span = planned[next].span
        return ReadRequest(
            unit: unit, function: ModbusFunction(span.table), start: span.start, count: span.count)
    }

    func sent(at now: Int64) {
        requests += 1
        if startedAt == nil { startedAt = now }
    }

    func resume(_ outcome: RequestOutcome, at now: Int64 = 0) -> Step {
        switch outcome {
        case .words(let words):
            learned.answered(planned[next])
            hasWords = true
            answeredBlocks += 1
            return record(.words(words), at: now)
        case .exception(10): return repeated(.unreachable, at: now)
        case .exception(11): return repeated(.timeout, at: now)
        case .exception(let code) where (5...6).contains(code):
            if let step = pause(at: now) { return step }
            return record(.exception(code), at: now)
        case .exception(let code) where (2...3).contains(code):
            guard let halves = learned.refused(planned[next], exception: code) else {
                return record(.exception(code), at: now)
            }
            planned.replaceSubrange(next...next, with: halves)
            attempts = 0
            return .proceed
        case .exception(let code): return record(.exception(code), at: now)
        case .failed(let failure): return repeated(failure, at: now)
        }
    }

    /// What the poll comes to, given why it ends early, if it does.
    func outcome(cancelledBy reason: PollFailure? = nil) -> RawPoll.Outcome {
        if answeredBlocks > 0 { return .frames(.registers(blocks)) }
        if let failure = failure(cancelledBy: reason) { return .failure(failure) }
        return .frames(.registers([]))
    }

    /// Why the poll brought nothing; nil where it brought something or nothing was asked.
    func failure(cancelledBy reason: PollFailure? = nil) -> PollFailure? {
        if answeredBlocks > 0 { return nil }
        if let failure = reason ?? failure { return failure }
        for block in blocks {
            if case .exception(let code) = block.content { return .deviceException(code) }
        }
        return nil
    }

    private func record(_ content: RegisterBlock.Content, at now: Int64) -> Step {
        blocks.append(RegisterBlock(span: planned[next].span, content: content))
        next += 1
        attempts = 0
        busySince = nil
        failure = nil
        guard next == planned.count else { return .proceed }
        guard learned.end(heard: hasWords, at: now), mayRepeat else { return .finished }
        mayRepeat = false
        planned = learned.begin(at: now)
        forgetBlocks()
        return .proceed
    }

    private func forgetBlocks() {
        blocks.removeAll()
        answeredBlocks = 0
        next = 0
    }

    /// Nil when the time-out of the request has passed in waiting.
    private func pause(at now: Int64) -> Step? {
        let since = busySince ?? now
        if busySince == nil { busyPause = Self.firstBusyPause }
        busySince = since
        guard now + busyPause <= since + target.timeoutMilliseconds * 1_000_000,
            now + busyPause < target.deadlineNanoseconds ?? .max
        else { return nil }
        repetitions += 1
        notBefore = now + busyPause
        busyPause = min(2 * busyPause, Self.longestBusyPause)
        return .pause
    }

    private func repeated(_ reason: PollFailure, at now: Int64) -> Step {
        failure = reason
        attempts += 1
        if reason == .timeout { timeouts += 1 }
        // After the deadline there is no time left before the next poll.
        guard attempts <= retries, now < target.deadlineNanoseconds ?? .max else {
            _ = learned.end(heard: hasWords, at: now)
            return .finished
        }
        repetitions += 1
        guard reason.mayBeLength else { return .yield }
        switch learned.unanswered(planned[next]) {
        case .no: break
        case .halves(let halves): planned.replaceSubrange(next...next, with: halves)
        case .known(let requests):
            planned = requests
            forgetBlocks()
        }
        return .yield
    }
}

extension PollFailure {
    /// A request that was too long may have come to this.
    fileprivate var mayBeLength: Bool {
        switch self {
        case .timeout, .badReply: true
        case .refused, .unreachable, .deviceException, .authentication, .cancelled: false
        }
    }
}

extension PollTarget {
    /// Empty where the target is no Modbus device.
    var modbusPlan: ModbusRequestPlan {
        if case .modbus(let plan) = plan { plan } else { ModbusRequestPlan(spans: []) }
    }
}

/// What the units behind one link have taught, for as long as the link lives.
// Used on the reactor's thread only.
final class LearnedPlans {
    /// Plans of one device: one for each of its groups of points.
    private static let plansPerDevice = 16

    private let gap: Int
    private var plans: [DeviceID: [LearnedPlan]] = [:]
    /// The last that was asked for: most links are to one device with one group of points.
    private var last: (target: PollTarget, plan: LearnedPlan)?

    /// Holes wider than `gap` are not read along.
    init(gap: Int = 65_536) { self.gap = gap }

    func plan(of target: PollTarget) -> LearnedPlan {
        if let last, last.target.identity == target.identity { return last.plan }
        let plan = find(target)
        last = (target, plan)
        return plan
    }

    private func find(_ target: PollTarget) -> LearnedPlan {
        let plan = target.modbusPlan
        if let known = plans[target.device] {
            for candidate in known where candidate.plan == plan { return candidate }
        }
        let new = LearnedPlan(plan, gap: gap)
        let others = plans[target.device, default: []].suffix(Self.plansPerDevice - 1)
        plans[target.device] = others + [new]
        return new
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
