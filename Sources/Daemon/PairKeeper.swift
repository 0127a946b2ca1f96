import Logging
package import Model
import Platform
import Redundancy
import Store
import Views

/// How this collector is one of two.
package struct PairSettings: Sendable {
    package var role: PairRole
    /// `https://HOST/…`, or the path of a Unix socket.
    package var peer: Secret
    package var authority: String?
    package init(role: PairRole, peer: Secret, authority: String? = nil) {
        self.role = role
        self.peer = peer
        self.authority = authority
    }
}

/// One of two collectors: looks at the other every 2 s, leads or follows as `RoleMachine` decides,
/// and copies what the other has and this one lacks (`PairCopier`).
final class PairKeeper: Sendable {
    private static let lookMilliseconds: Int64 = 2_000
    /// Clocks that differ by more make readings of the two hard to compare.
    private static let largestClockDifference: Int64 = 2_000

    struct State: Sendable {
        var machine: RoleMachine
        /// The last answer of the other; nil while it is silent.
        var report: PairReport?
        var seenMS: Int64?
        var sinceMS: Int64
        /// Rises with each change of state: work begun before it is void.
        var turn = 0
        /// All that the other has collected is here; while following.
        var isCaughtUp = false
        /// The other may have something that this one lacks; while leading.
        var mustMerge = true
        var problem: String?
        var copyProblem: String?
        var clockDifference: Int64 = 0
        var isStopping = false
    }

    let settings: PairSettings
    let site: Site
    let instance: String
    let client: PairClient
    let feed: PollFeed
    let logger: Logger
    let devicesHash: String
    let state: ConditionLock<State>
    /// Decision and deed are one step; on native threads only, for it is held while a poller ends.
    private let deciding = ConditionLock(())
    private let tickedAt: ConditionLock<Int64>
    private let parts = ConditionLock<Parts?>(nil)
    private let threads = ConditionLock<[NativeThread]>([])

    struct Parts: Sendable {
        var collector: Collector
        var polling: PollingSwitch
        var store: SiteStore
        var outbox: OutboxAdapter
    }

    init(settings: PairSettings, site: Site, logger: Logger) {
        self.settings = settings
        self.site = site
        self.logger = logger
        let now = Clocks.monotonicNanoseconds()
        // Told apart from every earlier start and from the other machine.
        var generator = SystemRandomNumberGenerator()
        instance = String(generator.next(), radix: 16)
        client = PairClient(address: settings.peer, authority: settings.authority)
        feed = PollFeed(instance: instance)
        devicesHash = Self.hash(site)
        tickedAt = ConditionLock(now)
        state = ConditionLock(
            State(
                machine: RoleMachine(
                    role: settings.role, site: site.name, instance: instance,
                    now: now / 1_000_000),
                sinceMS: Clocks.wallMilliseconds()))
    }

    /// FNV-1a over names and profiles: a change of the list of devices, not an attack, is meant.
    private static func hash(_ site: Site) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for device in site.devices {
            for byte in (device.name + "=" + device.profile + ";").utf8 {
                hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
            }
        }
        return String(hash, radix: 16)
    }

    // MARK: Lifetime

    func start(_ parts: Parts) throws(PlatformError) {
        self.parts.update { $0 = parts }
        let copier = PairCopier(keeper: self, parts: parts)
        let looking = try NativeThread(name: "pair-look") { [self] in look(parts) }
        threads.update { $0.append(looking) }
        let copying = try NativeThread(name: "pair-copy") { copier.run() }
        threads.update { $0.append(copying) }
    }

    /// Ends both threads; one that waits for the other collector takes as long as its time-out.
    func stop() {
        state.update { $0.isStopping = true }
        let running = threads.update { threads in
            defer { threads = [] }
            return threads
        }
        for thread in running { thread.join() }
    }

    /// The collector has made its step: a collector that makes none is no leader.
    func noteTick() { tickedAt.update { $0 = Clocks.monotonicNanoseconds() } }

    // MARK: Looking

    private func look(_ parts: Parts) {
        while !state.withLock({ $0.isStopping }) {
            let began = Clocks.monotonicNanoseconds() / 1_000_000
            let sight: RoleMachine.Sight
            do throws(PairClient.Refusal) {
                sight = .report(try client.report())
                state.update { $0.problem = nil }
            } catch {
                sight = .silence
                state.update { $0.problem = error.description }
            }
            note(sight)
            decide(parts, sight)
            let now = Clocks.monotonicNanoseconds() / 1_000_000
            let pause = max(0, began + Self.lookMilliseconds - now)
            _ = state.wait(forMilliseconds: pause) { $0.isStopping ? true : nil }
        }
    }

    private func note(_ sight: RoleMachine.Sight) {
        let news = state.update { state -> String? in
            let before = state.report != nil
            guard case .report(let report) = sight else {
                state.report = nil
                state.mustMerge = true
                return before ? "the other collector is silent: \(state.problem ?? "")" : nil
            }
            // Another start, or a time in which it led, seen or not.
            if state.report?.instance != report.instance
                || state.report?.sinceMS != report.sinceMS || report.state == .leading
            {
                state.mustMerge = true
            }
            state.report = report
            state.seenMS = Clocks.wallMilliseconds()
            state.clockDifference = report.timeMS - Clocks.wallMilliseconds()
            return before ? nil : "the other collector answers: it is \(report.state.rawValue)"
        }
        if let news { logger.info("\(news)") }
    }

    private func decide(_ parts: Parts, _ sight: RoleMachine.Sight) {
        deciding.withLock { _ in
            let action = state.update {
                $0.machine.see(
                    sight, caughtUp: $0.isCaughtUp,
                    now: Clocks.monotonicNanoseconds() / 1_000_000)
            }
            guard action == .askForLead else {
                perform(action, parts)
                // Tries again what could not be opened before.
                if state.withLock({ $0.machine.state == .leading }) { parts.polling.start() }
                return
            }
            let answer: YieldAnswer?
            do throws(PairClient.Refusal) {
                answer = try client.yield(YieldRequest(site: site.name, instance: instance))
            } catch {
                logger.warning("the other collector did not say whether it stops: \(error)")
                answer = nil
            }
            let next = state.update {
                $0.machine.yieldAnswered(
                    answer, now: Clocks.monotonicNanoseconds() / 1_000_000)
            }
            perform(next, parts)
        }
    }

    private func perform(_ action: RoleMachine.Action, _ parts: Parts) {
        switch action {
        case .stay, .askForLead: return
        case .lead:
            waitForTask { await parts.collector.lead() }
            parts.outbox.open()
            parts.polling.start()
            logger.notice("this collector leads")
        case .follow:
            parts.polling.stop()
            waitForTask { await parts.collector.rest() }
            logger.notice("this collector follows the other")
        }
        state.update { state in
            state.turn += 1
            state.sinceMS = Clocks.wallMilliseconds()
            state.isCaughtUp = false
            state.mustMerge = true
        }
    }

    // MARK: Questions of the other

    func report() -> PairReport {
        let now = Clocks.monotonicNanoseconds()
        let tick = tickedAt.withLock { $0 }
        let committed = parts.withLock { $0 }?.store.statistics.lastCommitMS
        return state.withLock { state in
            PairReport(
                site: site.name, role: settings.role, state: state.machine.state,
                instance: instance, timeMS: Clocks.wallMilliseconds(), sinceMS: state.sinceMS,
                tickAgeMS: max(0, now - tick) / 1_000_000,
                committedMS: committed ?? 0, devicesHash: devicesHash, version: Version.text)
        }
    }

    /// Stops polling before it answers that it has. Blocks.
    func yield(_ request: YieldRequest) -> YieldAnswer {
        guard let parts = parts.withLock({ $0 }) else { return YieldAnswer(granted: false) }
        return deciding.withLock { _ in
            let (answer, action) = state.update {
                $0.machine.askedToYield(
                    request, now: Clocks.monotonicNanoseconds() / 1_000_000)
            }
            perform(action, parts)
            return answer
        }
    }

    // MARK: For people

    func view() -> PairView {
        let polling = parts.withLock { $0?.polling.problem }
        return state.withLock { state in
            let isLeading = state.machine.state == .leading
            let other = state.report.map { $0.isHealthy ? $0.state.rawValue : "silent" } ?? "silent"
            var view = PairView(
                role: settings.role.rawValue, state: state.machine.state.rawValue,
                sinceMS: state.sinceMS, other: other, otherSeenMS: state.seenMS,
                condition: "whole", note: nil)
            if let polling {
                view.condition = "broken"
                view.note = polling
            } else if let wrong = misconfiguration(state) {
                view.condition = "misconfigured"
                view.note = wrong
            } else if other == "silent" {
                view.condition = "broken"
                view.note =
                    state.problem ?? "the other collector answers, but its steps have stopped"
            } else if isLeading, other == PairState.leading.rawValue {
                view.condition = "broken"
                view.note = "both collect: the other does not hear this one"
            } else if isLeading ? state.mustMerge : !state.isCaughtUp {
                view.condition = "catching-up"
                view.note = state.copyProblem
            } else if abs(state.clockDifference) > Self.largestClockDifference {
                view.note =
                    "the clocks of the two differ by \(state.clockDifference) ms; set both by NTP"
            }
            return view
        }
    }

    private func misconfiguration(_ state: State) -> String? {
        guard let report = state.report else { return nil }
        if report.site != site.name {
            return "the other collector is of the site \(report.site); mend `redundancy`"
        }
        if report.role == nil {
            return "the other collector does not know of this one; give it `redundancy` too"
        }
        if report.instance == instance {
            return "the other's address leads back here; mend `redundancy`"
        }
        if report.role == settings.role {
            return "both were started as \(settings.role.rawValue); start one with --standby"
        }
        if report.devicesHash != devicesHash {
            return "the lists of devices differ; give both the same site file, and restart both"
        }
        return nil
    }
}

/// Only from native threads: Swift's pool must not wait.
@discardableResult
func waitForTask<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) -> Value {
    let result = ConditionLock<Value?>(nil)
    Task {
        let value = await body()
        result.update { $0 = value }
    }
    return result.wait { $0 }
}
