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
        /// Of the poller that was stopped last: figures since the start must not fall.
        var last = PollerStatistics()
        var isEnded = false
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
        isPrepared.update { $0 = true }
    }
    private let isPrepared = ConditionLock(false)

    func start() {
        let isReady = isPrepared.update { ready in
            defer { ready = false }
            return ready
        }
        if !isReady {
            do throws(PollingError) {
                let poller = try make(engines.book)
                let isEnded = state.update { state in
                    if !state.isEnded { state.poller = poller }
                    return state.isEnded
                }
                if isEnded { return poller.stop() }
            } catch {
                // Tried again with the next decision to lead.
                return logger.error("polling cannot begin: \(error)")
            }
        }
        state.withLock { $0.poller }?.start()
    }

    /// No poll comes after it has returned.
    func stop() {
        isPrepared.update { $0 = false }
        let poller = state.update { state in
            defer { state.poller = nil }
            return state.poller
        }
        guard let poller else { return }
        let figures = poller.statistics
        poller.stop()
        state.update { $0.last = figures }
    }

    /// Stops for good.
    func end() {
        state.update { $0.isEnded = true }
        stop()
        engines.stop()
    }

    var statistics: PollerStatistics { state.withLock { $0.poller?.statistics ?? $0.last } }
}
