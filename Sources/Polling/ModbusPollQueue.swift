import Modbus
import Model

/// The polls of all units behind one connection or line, one request at a time. Pure.
///
/// Gateways pass requests on one by one, and a line is one by nature; so a silent unit costs its
/// neighbours its time-out. To bound that: a unit whose request was not answered goes to the end of
/// a second queue, which is served only while nobody waits in the first, and at the latest after
/// `patientTurns` polls; and a unit that was silent last time gets no repetitions. So a neighbour
/// waits for one time-out of one silent unit at most, however many there are.
///
/// A unit may have to be left alone for a while: it is busy, or its late answer may still come.
/// Meanwhile the others have their turns.
struct ModbusPollQueue {
    /// Polls of answering units after which a silent one gets its turn in any case.
    static let patientTurns = 16

    private var answering: [ModbusPoll] = []
    private var silent: [ModbusPoll] = []
    private var turns = 0
    private var silentUnits: Set<UInt8> = []
    private var firstUnit: UInt8?
    private var hasSeveralUnits = false
    /// Monotonic nanoseconds before which a unit is left alone.
    private var restingUntil: [UInt8: Int64] = [:]
    /// The poll whose request is under way or next.
    private(set) var current: ModbusPoll?

    var isEmpty: Bool { current == nil && answering.isEmpty && silent.isEmpty }

    mutating func add(_ poll: ModbusPoll) {
        if let firstUnit {
            if firstUnit != poll.unit { hasSeveralUnits = true }
        } else {
            firstUnit = poll.unit
        }
        if !restingUntil.isEmpty, let rest = restingUntil[poll.unit] { poll.notBefore = rest }
        guard !silentUnits.isEmpty, silentUnits.contains(poll.unit) else {
            // Most links are to one unit, which nobody else waits for.
            guard isEmpty, poll.notBefore == .min else { return answering.append(poll) }
            turns += 1
            current = poll
            return
        }
        if hasSeveralUnits { poll.retries = 0 }
        silent.append(poll)
    }

    /// Makes the next poll the current one, unless one is; false where none waits, or none may be
    /// asked at `now` already.
    mutating func advance(at now: Int64 = .max) -> Bool {
        if current != nil { return true }
        if answering.isEmpty, silent.isEmpty { return false }
        let first = answering.firstIndex { $0.notBefore <= now }
        let second = silent.firstIndex { $0.notBefore <= now }
        if let first, second == nil || turns < Self.patientTurns {
            turns += 1
            current = answering.remove(at: first)
        } else if let second {
            turns = 0
            current = silent.remove(at: second)
        }
        return current != nil
    }

    /// When the first of those may be asked that have to wait; nil where nobody waits.
    var nextMoment: Int64? {
        var moment: Int64?
        for poll in answering { moment = min(moment ?? .max, poll.notBefore) }
        for poll in silent { moment = min(moment ?? .max, poll.notBefore) }
        return moment
    }

    /// The current poll's request has been sent.
    mutating func sent(at now: Int64) { current?.sent(at: now) }

    /// The current request came to `outcome`; the poll, if that ended it. A unit that did not
    /// answer is left alone for `rest` nanoseconds.
    mutating func resume(
        _ outcome: ModbusPoll.RequestOutcome, at now: Int64 = 0, rest: Int64 = 0
    ) -> ModbusPoll? {
        guard let poll = current else { return nil }
        let step = poll.resume(outcome, at: now)
        if step == .proceed { return nil }
        let unit = poll.unit
        current = nil
        if case .failed = outcome, rest > 0 {
            restingUntil[unit] = now + rest
            poll.notBefore = now + rest
        } else if !restingUntil.isEmpty {
            restingUntil[unit] = nil
        }
        switch step {
        case .proceed: break
        case .pause: answering.append(poll)
        case .yield: silent.append(poll)
        case .finished:
            if let failure = poll.failure(), failure.meansSilence {
                silentUnits.insert(poll.unit)
            } else if !silentUnits.isEmpty {
                silentUnits.remove(poll.unit)
            }
            return poll
        }
        return nil
    }

    /// Puts the current request back, to be sent again at no charge; false where it was once.
    mutating func resend() -> Bool {
        guard current?.mayResend == true else { return false }
        current?.mayResend = false
        return true
    }

    /// All polls, which will not be asked any more.
    mutating func removeAll() -> [ModbusPoll] {
        defer {
            current = nil
            answering = []
            silent = []
        }
        return (current.map { [$0] } ?? []) + answering + silent
    }
}

extension PollFailure {
    /// True where the device may well be gone; false where it, or something in its place, spoke.
    var meansSilence: Bool {
        switch self {
        case .timeout, .unreachable, .refused: true
        case .badReply, .deviceException, .authentication, .cancelled: false
        }
    }
}

extension ModbusPoll {
    /// Tells who asked. `reason` is why the poll was given up, where it was.
    func complete(cancelledBy reason: PollFailure? = nil, monotonic now: Int64, wall: Int64) {
        var raw = RawPoll(
            device: target.device, time: Instant(milliseconds: wall),
            latencyMicroseconds: startedAt.map { (now - $0) / 1000 } ?? 0, requests: requests,
            outcome: outcome(cancelledBy: reason))
        raw.retries = repetitions
        raw.timeouts = timeouts
        completion(raw)
    }
}
