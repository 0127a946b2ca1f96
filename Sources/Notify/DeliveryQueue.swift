package import Model

/// When which notice of one receiver goes out: pure, time comes in and decisions go out.
///
/// The order is kept for each alarm; between alarms the higher priority goes first. A message takes
/// one of the receiver's tokens; when more waits than tokens are there, many notices go into one
/// message. After a failure the receiver is left alone for a while that grows.
package struct DeliveryQueue: Sendable {
    package struct Limits: Hashable, Sendable {
        /// Messages in any minute.
        package var perMinute: Int
        /// At least this long between two, ms.
        package var spacing: Int64
        /// Notices in one message, at most.
        package var bundle: Int
        package init(perMinute: Int, spacing: Int64 = 0, bundle: Int) {
            self.perMinute = perMinute
            self.spacing = spacing
            self.bundle = bundle
        }
    }

    package enum Decision: Hashable, Sendable {
        /// These in one message, in this order; more than one is a digest.
        case send([NoticeHead])
        /// Nothing before this time, ms.
        case wait(until: Int64)
        case idle
    }

    package enum Outcome: Hashable, Sendable {
        /// The receiver has it, in its own words.
        case delivered(String)
        /// Later again. `isAnswer`: the receiver did answer, so it may be the notice's fault.
        case retry(String, afterMilliseconds: Int64? = nil, isAnswer: Bool = false)
        /// Never: this notice is not taken, however often it comes.
        case refused(String)
    }

    /// Beyond this many other than Critical a digest is easier to read.
    package static let singles = 5
    /// Failures one after the other after which the second channel is used.
    package static let openCircuitAfter = 3
    /// Every so many digests of Critical, others that have waited long get a turn.
    private static let fairAfter = 3
    private static let longWait: Int64 = 60_000
    /// Notices other than Critical that nobody took for so long are dead letters.
    package static let lifetime: Int64 = 7 * 86_400_000

    private let limits: Limits
    private let seed: UInt64
    /// By ascending number.
    private var waiting: [NoticeHead] = []
    private var bucket: TokenBucket
    private var lastSent: Int64 = .min / 2
    private var blockedUntil: Int64 = .min
    /// Alarms whose notice the receiver answered with an error: others get a turn meanwhile.
    private var setAside: [String: Int64] = [:]
    private var bundleLimit: Int
    private var criticalDigests = 0
    /// Failures since the last delivery.
    package private(set) var failures = 0
    package private(set) var lastError: String?

    package init(
        limits: Limits, seed: UInt64, lane: LaneState? = nil, now: Int64, wall: Instant
    ) {
        self.limits = limits
        self.seed = seed
        bundleLimit = limits.bundle
        bucket = TokenBucket(perMinute: limits.perMinute, lane: lane, now: now, wall: wall)
    }

    package var isCircuitOpen: Bool { failures >= Self.openCircuitAfter }
    package var count: Int { waiting.count }
    /// The highest number seen.
    package private(set) var lastID: Int64 = 0

    package mutating func add(_ heads: [NoticeHead]) {
        for head in heads where head.id > lastID {
            lastID = head.id
            waiting.append(head)
        }
    }

    /// Forgets what waits, to take it anew.
    package mutating func reset() {
        waiting = []
        lastID = 0
        blockedUntil = .min
        setAside = [:]
    }

    /// What the bucket holds after the next message.
    package mutating func take(now: Int64, wall: Instant) -> LaneState {
        lastSent = now
        return bucket.take(now: now, wall: wall)
    }

    /// What is not there any more.
    mutating func forget(_ heads: [NoticeHead]) { remove(heads) }

    // MARK: - Decisions

    /// Notices that may go at `now`, or when to ask again. `wall` tells how old notices are.
    package func next(now: Int64) -> Decision {
        guard !waiting.isEmpty else { return .idle }
        if now < blockedUntil { return .wait(until: blockedUntil) }
        let spaced = lastSent + limits.spacing
        if now < spaced { return .wait(until: spaced) }
        let tokens = bucket.whole(now: now)
        guard tokens > 0 else { return .wait(until: bucket.next(now: now)) }
        let (critical, others) = chains(now: now)
        if critical.isEmpty, others.isEmpty {
            return .wait(until: setAside.values.min() ?? now + 1_000)
        }
        // The last one is kept for a Critical that may come: it does not wait for the next.
        if critical.isEmpty, tokens == 1, bucket.holdsSeveral {
            return .wait(until: bucket.next(now: now, above: tokens))
        }
        let isOthersTurn =
            critical.isEmpty
            || criticalDigests >= Self.fairAfter && !others.isEmpty
        return .send(isOthersTurn ? bundle(others) : criticalBundle(critical, tokens))
    }

    /// Alarms that wait, by lane: their notices in order. The lane of an alarm is the highest
    /// priority that waits of it.
    private struct Chains {
        var isEmpty: Bool { order.isEmpty }
        /// Alarms by priority, then by age.
        var order: [String] = []
        var rows: [String: [NoticeHead]] = [:]
    }

    private func chains(now: Int64) -> (critical: Chains, others: Chains) {
        var all: [String: (lane: AlarmPriority, rows: [NoticeHead])] = [:]
        var order: [String] = []
        for head in waiting {
            if let until = setAside[head.alarm], now < until { continue }
            guard var chain = all.removeValue(forKey: head.alarm) else {
                order.append(head.alarm)
                all[head.alarm] = (head.priority, [head])
                continue
            }
            chain.rows.append(head)
            chain.lane = max(chain.lane, head.priority)
            all[head.alarm] = chain
        }
        var critical = Chains()
        var others: [AlarmPriority: [String]] = [:]
        var rest = Chains()
        for alarm in order {
            guard let chain = all[alarm] else { continue }
            if chain.lane == .critical {
                critical.order.append(alarm)
                critical.rows[alarm] = chain.rows
            } else {
                others[chain.lane, default: []].append(alarm)
                rest.rows[alarm] = chain.rows
            }
        }
        for lane in AlarmPriority.allCases.reversed() { rest.order += others[lane] ?? [] }
        return (critical, rest)
    }

    /// Singly while there are tokens for it; the last one is for all that is left.
    private func criticalBundle(_ chains: Chains, _ tokens: Int) -> [NoticeHead] {
        let isSingle = bundleLimit == 1 || chains.order.count <= tokens || tokens >= 2
        return isSingle ? first(chains) : digest(chains)
    }

    private func bundle(_ chains: Chains) -> [NoticeHead] {
        let isSingle = bundleLimit == 1 || chains.order.count <= Self.singles
        return isSingle ? first(chains) : digest(chains)
    }

    private func first(_ chains: Chains) -> [NoticeHead] {
        chains.order.first.flatMap { chains.rows[$0]?.first }.map { [$0] } ?? []
    }

    private func digest(_ chains: Chains) -> [NoticeHead] {
        var heads: [NoticeHead] = []
        for alarm in chains.order {
            heads += (chains.rows[alarm] ?? []).prefix(bundleLimit - heads.count)
            if heads.count == bundleLimit { break }
        }
        return heads
    }

    // MARK: - Outcomes

    /// What is to be noted of a try that has ended.
    package mutating func settle(
        _ sent: [NoticeHead], _ outcome: Outcome, now: Int64, wall: Instant
    ) -> [OutboxChange] {
        switch outcome {
        case .delivered(let answer):
            (failures, lastError, blockedUntil) = (0, nil, .min)
            bundleLimit = limits.bundle
            note(sent)
            remove(sent)
            for head in sent { setAside[head.alarm] = nil }
            return sent.map {
                .delivered(id: $0.id, isDigest: sent.count > 1, answer: answer, at: wall)
            }
        case .refused(let reason):
            // It does answer: what it does not take is the notice.
            (failures, lastError, blockedUntil) = (0, reason, .min)
            if sent.count > 1 {
                // One of them may be the reason for all.
                bundleLimit = max(1, sent.count / 2)
                return []
            }
            remove(sent)
            return sent.map { .dead(id: $0.id, reason: reason, at: wall) }
        case .retry(let reason, let after, let isAnswer):
            return fail(sent, reason, after, isAnswer, now: now, wall: wall)
        }
    }

    private mutating func note(_ sent: [NoticeHead]) {
        let isCritical = sent.contains { $0.priority == .critical }
        criticalDigests = isCritical && sent.count > 1 ? criticalDigests + 1 : 0
    }

    private mutating func fail(
        _ sent: [NoticeHead], _ reason: String, _ after: Int64?, _ isAnswer: Bool, now: Int64,
        wall: Instant
    ) -> [OutboxChange] {
        failures += 1
        lastError = reason
        guard let first = sent.first,
            let index = waiting.firstIndex(where: { $0.id == first.id })
        else { return [] }
        let pause = max(
            Backoff.milliseconds(
                afterAttempts: failures, seed: seed &+ UInt64(bitPattern: first.id)), after ?? 0)
        blockedUntil = now + pause
        waiting[index].attempts += 1
        if isAnswer, failures >= Self.openCircuitAfter {
            // Others get a turn before this one comes again.
            setAside[first.alarm] = now + 2 * pause
        }
        return [
            .failed(
                id: first.id, attempts: waiting[index].attempts,
                nextAttemptAt: wall.advanced(byMilliseconds: pause), error: reason)
        ]
    }

    /// What nobody took for a week, Critical excepted.
    package mutating func expire(wall: Instant) -> [OutboxChange] {
        let old = waiting.filter {
            $0.priority != .critical && wall.millisecondsSince($0.createdAt) > Self.lifetime
        }
        remove(old)
        let reason = "nobody took it for 7 days" + (lastError.map { ": " + $0 } ?? "")
        return old.map { .dead(id: $0.id, reason: reason, at: wall) }
    }

    private mutating func remove(_ heads: [NoticeHead]) {
        guard !heads.isEmpty else { return }
        if heads.count == 1, let index = waiting.firstIndex(where: { $0.id == heads[0].id }) {
            waiting.remove(at: index)
            return
        }
        let ids = Set(heads.map(\.id))
        waiting.removeAll { ids.contains($0.id) }
    }

    /// Urgent notices that wait while the receiver does not answer.
    package var urgent: [NoticeHead] { waiting.filter { $0.priority >= .high } }
}

/// Tokens that fill up with time: in any minute at most `perMinute` are taken. A third of them may
/// be taken at once, so that the next comes soon however many were taken before.
package struct TokenBucket: Hashable, Sendable {
    private static let token: Int64 = 1_000

    private let capacity: Int64
    /// Thousandths of a token a minute.
    private let refill: Int64
    private var tokens: Int64
    private var time: Int64

    init(perMinute: Int, lane: LaneState?, now: Int64, wall: Instant) {
        let limit = Int64(min(max(1, perMinute), 1_000_000))
        capacity = max(1, limit / 3) * Self.token
        refill = max(limit * Self.token - capacity, Self.token / 2)
        time = now
        guard let lane else {
            tokens = capacity
            return
        }
        // A clock that was set back gives no tokens.
        let elapsed = max(0, wall.millisecondsSince(lane.time))
        let gained = min(elapsed, 120_000) * refill / 60_000
        tokens = min(capacity, max(0, lane.tokens) + gained)
    }

    private func level(_ now: Int64) -> Int64 {
        min(capacity, tokens + min(max(0, now - time), 120_000) * refill / 60_000)
    }

    func whole(now: Int64) -> Int { Int(level(now) / Self.token) }

    var holdsSeveral: Bool { capacity > Self.token }

    /// When there will be a token, or one more than so many.
    func next(now: Int64, above count: Int = 0) -> Int64 {
        let missing = Int64(count + 1) * Self.token - level(now)
        return now + max(1, (missing * 60_000 + refill - 1) / refill)
    }

    mutating func take(now: Int64, wall: Instant) -> LaneState {
        tokens = max(0, level(now) - Self.token)
        time = now
        return LaneState(tokens: tokens, time: wall)
    }
}
