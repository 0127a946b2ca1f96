import Logging
import Model
import Platform
import Polling
import SNMPSecurity

/// The poller, which is made anew each time this collector begins to poll, and what it has learned
/// of SNMPv3 engines, which outlives it.
final class PollingSwitch: Sendable {
    typealias Maker = @Sendable (EngineBook) throws(PollingError) -> Poller

    private struct State {
        var poller: Poller?
        var isRunning = false
        /// Of the poller that was stopped last: figures since the start must not fall.
        var last = PollerStatistics()
        /// Why there is no poller though there should be one.
        var problem: String?
        var isEnded = false
        /// The polling thread has been asked for a sign of life, and has given none yet.
        var awaitsBeat = false
    }
    private let state = ConditionLock(State())
    private let make: Maker
    let engines: EngineKeeper
    private let logger: Logger

    init(engines: EngineKeeper, logger: Logger, make: @escaping Maker) {
        self.engines = engines
        self.logger = logger
        self.make = make
    }

    /// Makes what will poll, so that what cannot be opened is known at the start.
    func prepare() throws(PollingError) {
        let poller = try make(engines.book)
        state.update { $0.poller = poller }
    }

    /// Polls from now on. Where that cannot be it is logged once, and to be called again; where
    /// polling goes on already nothing happens. `start` and `stop` are called one after the other.
    func start() {
        guard state.withLock({ !$0.isRunning && !$0.isEnded }) else { return }
        do throws(PollingError) {
            var poller = state.withLock { $0.poller }
            if poller == nil { poller = try make(engines.book) }
            guard let poller else { return }
            let isEnded = state.update { state in
                state.problem = nil
                guard !state.isEnded else { return true }
                state.poller = poller
                state.isRunning = true
                return false
            }
            if isEnded { return poller.stop() }
            poller.start()
        } catch {
            let reason = "polling cannot begin: \(error)"
            let isNew = state.update { state in
                defer { state.problem = reason }
                return state.problem != reason
            }
            if isNew { logger.error("\(reason)") }
        }
    }

    /// No poll comes after it has returned.
    func stop() {
        let poller = state.update { state in
            defer {
                state.poller = nil
                state.isRunning = false
                state.problem = nil
                state.awaitsBeat = false
            }
            return state.poller
        }
        guard let poller else { return }
        let figures = poller.statistics
        poller.stop()
        state.update { $0.last = figures }
    }

    /// Whether the polling thread turns: it has answered since this was last asked. Where nothing
    /// polls nothing is stuck.
    func turns() -> Bool {
        let (turns, poller) = state.update { state -> (Bool, Poller?) in
            guard state.isRunning, let poller = state.poller else { return (true, nil) }
            if state.awaitsBeat { return (false, nil) }
            state.awaitsBeat = true
            return (true, poller)
        }
        poller?.beat { [state] in state.update { $0.awaitsBeat = false } }
        return turns
    }

    var problem: String? { state.withLock { $0.problem } }

    /// Stops for good.
    func end() {
        state.update { $0.isEnded = true }
        stop()
        engines.stop()
    }

    var statistics: PollerStatistics { state.withLock { $0.poller?.statistics ?? $0.last } }
}
