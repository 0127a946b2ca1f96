package import Model

/// Which of two collectors polls. A pure function of time and of what is seen of the other; both
/// run one, and neither needs the other's consent to lead: better both for a while than none.
///
/// Time is one machine's own monotonic clock, in milliseconds; the other's clock is never compared.
package struct RoleMachine: Sendable {
    /// A standby leads when nobody was seen to lead for so long. With a question every 2 s that
    /// waits at most 2 s, it leads within 12 s of the other's death.
    package static let takeoverMilliseconds: Int64 = 8_000
    /// A primary leads when the other is silent for so long.
    package static let returnMilliseconds: Int64 = 5_000
    /// A primary is given the lead when it has been well for so long; doubled with each takeover of
    /// the last half hour, so that one that keeps falling over is not handed the site each time.
    package static let firstHold: Int64 = 5_000
    package static let longestHold: Int64 = 300_000
    package static let takeoverMemory: Int64 = 1_800_000
    /// A primary whose question for the lead is not answered, though the other is there, takes it.
    package static let unansweredYieldMilliseconds: Int64 = 10_000

    package enum Action: Sendable, Hashable {
        case stay
        case lead
        case follow
        /// Ask the other to stop polling; the answer goes to `yieldAnswered`.
        case askForLead
    }

    /// What is seen of the other.
    package enum Sight: Sendable, Hashable {
        case report(PairReport)
        /// No answer in time, or none that could be used.
        case silence
    }

    package let role: PairRole
    package let site: String
    package let instance: String
    package private(set) var state = PairState.following
    /// The other was started with the same role: the smaller instance is taken for the primary.
    package private(set) var roleIsShared = false

    private var healthyAt: Int64
    private var leaderAt: Int64
    private var peer: (instance: String, healthySince: Int64)?
    private var isPrimaryNow: Bool
    private var takeovers: [Int64] = []
    private var mayAskAt: Int64 = .min
    private var unansweredSince: Int64?

    package init(role: PairRole, site: String, instance: String, now: Int64) {
        self.role = role
        self.site = site
        self.instance = instance
        healthyAt = now
        leaderAt = now
        isPrimaryNow = role == .primary
    }

    /// - Parameter caughtUp: all that the other has collected is here.
    package mutating func see(_ sight: Sight, caughtUp: Bool, now: Int64) -> Action {
        let report = healthyReport(sight)
        note(report, now)
        return state == .leading ? whileLeading(report) : whileFollowing(report, caughtUp, now)
    }

    private func healthyReport(_ sight: Sight) -> PairReport? {
        guard case .report(let report) = sight, report.isHealthy, report.site == site,
            report.instance != instance, report.role != nil
        else { return nil }
        return report
    }

    private mutating func note(_ report: PairReport?, _ now: Int64) {
        guard let report else {
            peer = nil
            return
        }
        healthyAt = now
        if report.state == .leading { leaderAt = now }
        if peer?.instance != report.instance { peer = (report.instance, now) }
        roleIsShared = report.role == role
        isPrimaryNow = roleIsShared ? instance < report.instance : role == .primary
    }

    private mutating func whileLeading(_ report: PairReport?) -> Action {
        guard let report, report.state == .leading, !isPrimaryNow else { return .stay }
        return step(to: .following)
    }

    private mutating func whileFollowing(
        _ report: PairReport?, _ caughtUp: Bool, _ now: Int64
    ) -> Action {
        guard isPrimaryNow else {
            guard now - leaderAt >= Self.takeoverMilliseconds else { return .stay }
            takeovers = takeovers.suffix(15).filter { now - $0 < Self.takeoverMemory } + [now]
            return step(to: .leading)
        }
        guard let report else {
            return now - healthyAt >= Self.returnMilliseconds ? step(to: .leading) : .stay
        }
        if report.state == .following { return step(to: .leading) }
        if let since = unansweredSince, now - since >= Self.unansweredYieldMilliseconds {
            return step(to: .leading)
        }
        return caughtUp && now >= mayAskAt ? .askForLead : .stay
    }

    private mutating func step(to next: PairState) -> Action {
        state = next
        unansweredSince = nil
        return next == .leading ? .lead : .follow
    }

    /// What the other said to `askForLead`; nil for nothing.
    package mutating func yieldAnswered(_ answer: YieldAnswer?, now: Int64) -> Action {
        guard state == .following else { return .stay }
        guard let answer else {
            unansweredSince = unansweredSince ?? now
            return .stay
        }
        unansweredSince = nil
        if answer.granted { return step(to: .leading) }
        mayAskAt = now + min(max(answer.waitMS, 0), Self.longestHold)
        return .stay
    }

    /// The other asks for the lead. Where the answer grants it, polling has to stop before the
    /// answer is sent.
    package mutating func askedToYield(
        _ request: YieldRequest, now: Int64
    ) -> (answer: YieldAnswer, action: Action) {
        guard request.site == site, request.instance != instance else {
            return (YieldAnswer(granted: false, waitMS: Self.longestHold), .stay)
        }
        guard state == .leading else { return (YieldAnswer(granted: true), .stay) }
        guard let peer, peer.instance == request.instance, !isPrimaryNow else {
            // Not seen yet, or it takes itself for what we are: the next look decides.
            return (YieldAnswer(granted: false, waitMS: Self.firstHold), .stay)
        }
        let wait = peer.healthySince + hold(now) - now
        guard wait <= 0 else { return (YieldAnswer(granted: false, waitMS: wait), .stay) }
        leaderAt = now
        return (YieldAnswer(granted: true), step(to: .following))
    }

    private func hold(_ now: Int64) -> Int64 {
        let recent = takeovers.count { now - $0 < Self.takeoverMemory }
        return min(Self.firstHold << Int64(min(max(recent - 1, 0), 10)), Self.longestHold)
    }
}
