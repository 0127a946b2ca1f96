import Glibc
package import Logging
import Model
import Notify
import Platform
import Polling
import Profiles
package import Serve
package import Store
import Synchronization
package import Views

/// Everything a running site consists of, started and stopped in order.
package final class SiteDaemon: Sendable {
    package struct Options: Sendable {
        package var configuration: LoadedConfiguration
        package var dataDirectory: String
        package var addresses: [APIAddress]
        package var logger: Logger
        /// How this collector is one of two; nil for one that is alone.
        package var pair: PairSettings?
        /// Runs after the store is open and before anything is read from it.
        package var prepare: @Sendable (SiteStore) throws -> Void
        package init(
            configuration: LoadedConfiguration, dataDirectory: String, addresses: [APIAddress],
            logger: Logger, pair: PairSettings? = nil,
            prepare: @escaping @Sendable (SiteStore) throws -> Void = { _ in }
        ) {
            self.pair = pair
            self.prepare = prepare
            self.configuration = configuration
            self.dataDirectory = dataDirectory
            self.addresses = addresses
            self.logger = logger
        }
    }

    /// Batches of polls that may wait for the collector: a minute of a large site. When it is
    /// that far behind, the oldest are the ones to lose.
    private static let maximumWaitingBatches = 4096

    private let options: Options
    package let store: SiteStore
    private let collector: Collector
    private let dispatcher: Dispatcher
    private let heartbeat: HeartbeatSender
    private let outbox: OutboxAdapter
    private let polling: PollingSwitch
    private let pages: PageReader
    private let figures: FigureDesk
    private let pair: PairKeeper?
    private let forwarders: [Forwarder]
    private let broadcast: EventBroadcast
    private let past: PastSite
    private let readers: ReaderPool<StoreReader>
    private let polls: AsyncStream<[RawPoll]>
    private let pollsContinuation: AsyncStream<[RawPoll]>.Continuation
    private let tasks = Mutex<[Task<Void, Never>]>([])
    private let servers = Mutex<[APIServer]>([])
    /// Those of `tasks` that end when they are told to.
    private let tickers = Mutex<[Task<Void, Never>]>([])

    /// Opens the store and builds all parts; nothing runs before `start`.
    package init(_ options: Options) throws {
        self.options = options
        let site = options.configuration.site
        let logger = options.logger
        var storeOptions = StoreOptions()
        storeOptions.offsetMinutes = site.offsetMinutes
        storeOptions.retention = site.retention
        store = try SiteStore.open(
            directory: options.dataDirectory, siteName: site.name, options: storeOptions)
        try options.prepare(store)
        let now = Instant(milliseconds: Clocks.wallMilliseconds())
        let restored = try RestoredState(store: store, site: site, now: now)
        try store.keepReceivers(site.hooks.map(\.name), now: now)
        let outbox = try OutboxAdapter(
            store: store, logger: logger, isOpen: options.pair == nil)
        self.outbox = outbox
        let dispatcher = try Dispatcher(hooks: site.hooks, outbox: outbox)
        self.dispatcher = dispatcher
        broadcast = EventBroadcast()
        let engines = EngineKeeper(directory: options.dataDirectory, site: site, logger: logger)
        let pair = options.pair.map { PairKeeper(settings: $0, site: site, logger: logger) }
        self.pair = pair
        try store.keepForwards(site.forwards.map(\.name))
        let forwarders = site.forwards.map { [store] in
            Forwarder($0, site: site, store: store, logger: logger)
        }
        self.forwarders = forwarders
        // The collector asks the poller how it is, and the poller is made after it.
        let statistics = LateStatistics(nil)
        collector = try Collector(
            configuration: options.configuration, store: store, restored: restored,
            broadcast: broadcast, logger: logger, wakeNotifier: { dispatcher.wake() },
            outboxPending: { dispatcher.waiting },
            deliveryState: { DeliveryState(lanes: dispatcher.status, dead: outbox.deadLetters) },
            pollerStatistics: { statistics.withLock { $0?() ?? PollerStatistics() } },
            feed: pair?.feed, pairView: { pair?.view() }, deviceNotes: { engines.notes },
            forwardViews: { forwarders.map(\.view) })
        let directory = options.dataDirectory
        readers = ReaderPool { () throws(StoreError) in try StoreReader(directory: directory) }
        pages = try PageReader(options.configuration, readers)
        figures = try FigureDesk(options.configuration, directory: directory)
        past = PastSite(
            site: site, tariff: options.configuration.tariff, knowledge: collector,
            sources: readers)
        let (stream, continuation) = AsyncStream.makeStream(
            of: [RawPoll].self, bufferingPolicy: .bufferingNewest(Self.maximumWaitingBatches))
        polls = stream
        pollsContinuation = continuation
        let targets = Self.targets(options.configuration)
        polling = PollingSwitch(engines: engines, logger: logger) { book throws(PollingError) in
            try Poller(targets: targets, seed: site.name, traps: site.traps, engines: book) {
                if case .dropped = continuation.yield($0) {
                    logger.error("polls are dropped: the collector is behind")
                }
            }
        }
        // One of two makes its poller when it leads: the other may hold ports and lines until then.
        if pair == nil { try polling.prepare() }
        heartbeat = try HeartbeatSender(
            site.heartbeat, site: site.name, isAlive: { [collector] in collector.isBeating }
        ) { logger.warning("\($0)") }
        let polling = polling
        statistics.withLock { $0 = { polling.statistics } }
    }

    private typealias LateStatistics = ConditionLock<(@Sendable () -> PollerStatistics)?>

    /// One target for each group of points of each device.
    private static func targets(_ configuration: LoadedConfiguration) -> [PollTarget] {
        let site = configuration.site
        let metered = Set(site.meters.map(\.energy.device))
        return site.devices.enumerated().flatMap { index, spec in
            let profile = configuration.profile(of: spec)
            return profile.groups.map { group in
                let interval = spec.intervalMilliseconds(of: group)
                var target = PollTarget(
                    device: DeviceID(index), name: spec.name, group: group,
                    transport: spec.transport, plan: profile.requestPlan(of: group),
                    intervalMilliseconds: interval,
                    timeoutMilliseconds: min(spec.timeoutMilliseconds, interval),
                    retries: spec.retries)
                // Energy of record is worth more than what is only looked at.
                target.importance = metered.contains(spec.name) ? .high : spec.importance
                return target
            }
        }
    }

    // MARK: Lifetime

    /// Starts collecting and serving; returns when the API accepts connections.
    package func start() throws {
        let listening = ConditionLock(Listening())
        let expected = options.addresses.count
        var running: [Task<Void, Never>] = []
        var started: [APIServer] = []
        for address in options.addresses {
            let server = makeServer(address) { listening.update { $0.count += 1 } }
            started.append(server)
            running.append(
                serve(server, on: address) { reason in
                    listening.update { $0.failure = $0.failure ?? reason }
                })
        }
        servers.withLock { $0 = started }
        let collector = collector
        let polls = polls
        running.append(
            Task {
                for await batch in polls { await collector.apply(batch) }
            })
        let ticking = Task { [pair, polling] in await Self.tick(collector, polling, pair) }
        let waking = Task { [past, broadcast] in
            await past.stayAwake { broadcast.isFollowed }
        }
        tickers.withLock { $0 = [ticking, waking] }
        running += [ticking, waking]
        tasks.withLock { $0 = running }
        let outcome: Listening? = listening.wait(forMilliseconds: 10_000) {
            $0.failure != nil || $0.count >= expected ? $0 : nil
        }
        guard let outcome else {
            throw StartError(description: "the API did not start listening within 10 s")
        }
        if let failure = outcome.failure { throw StartError(description: failure) }
        for forwarder in forwarders { try forwarder.start() }
        // Devices are asked only once everything else stands.
        if let pair {
            try pair.start(
                PairKeeper.Parts(
                    collector: collector, polling: polling, store: store, outbox: outbox))
        } else {
            polling.start()
        }
        try polling.engines.start()
    }

    /// How far the servers are.
    private struct Listening: Sendable {
        var count = 0
        var failure: String?
    }

    /// Members of the service's group may use the console; nobody else.
    private static func openSocketToGroup(_ path: String) { chmod(path, 0o660) }

    private struct StartError: Error, CustomStringConvertible {
        var description: String
    }

    private func serve(
        _ server: APIServer, on address: APIAddress,
        onFailure: @escaping @Sendable (String) -> Void
    ) -> Task<Void, Never> {
        let logger = options.logger
        return Task {
            do {
                try await server.run()
            } catch {
                let reason = "the API on \(address) ended: \(error)"
                logger.error("\(reason)")
                onFailure(reason)
            }
        }
    }

    private func makeServer(
        _ address: APIAddress, onRunning: @escaping @Sendable () -> Void
    ) -> APIServer {
        let backend = LiveBackend(
            collector: collector, broadcast: broadcast,
            readers: readers, past: past,
            pages: pages, figures: figures,
            sealer: MonthSealer(
                configuration: options.configuration, directory: options.dataDirectory),
            pair: pair.map { PairAnswers(keeper: $0, collector: collector, store: store) },
            outbox: OutboxDesk(store: store, outbox: outbox, dispatcher: dispatcher),
            labels: options.configuration.labels,
            layouts: RackLayouts(site: options.configuration.site))
        var logger = options.logger
        // The server tells of every connection at info; its warnings are enough.
        logger.logLevel = max(logger.logLevel, .warning)
        return APIServer(backend: backend, address: address, logger: logger) {
            if case .unixSocket(let path) = address { Self.openSocketToGroup(path) }
            onRunning()
        }
    }

    /// Once a second: delays of alarms, the snapshot, systemd's watchdog. A daemon whose polling
    /// thread is stuck collects nothing, however well it answers: it says so by its silence.
    private static func tick(
        _ collector: Collector, _ polling: PollingSwitch, _ pair: PairKeeper?
    ) async {
        let clock = ContinuousClock()
        var next = clock.now
        while !Task.isCancelled {
            let begun = clock.now
            await collector.tick()
            if polling.turns() {
                pair?.noteTick()
                ServiceManager.notify("WATCHDOG=1")
            }
            // With thousands of alarms a tick may take long. Polls get as much time again: one turn
            // between two ticks is not enough for them.
            let end = clock.now
            let rest = min(begun.duration(to: end), .seconds(5))
            next = max(next.advanced(by: .seconds(1)), end.advanced(by: rest))
            try? await clock.sleep(until: next)
        }
    }

    /// Stops in the order in which data flows, so that nothing taken is lost.
    package func stop() async {
        await stopPolling()
        pollsContinuation.finish()
        let running = tasks.withLock { tasks in
            defer { tasks = [] }
            return tasks
        }
        broadcast.finish()
        for server in servers.withLock({ $0 }) { await server.stop() }
        for ticker in tickers.withLock({ $0 }) { ticker.cancel() }
        for task in running { await task.value }
        await collector.finish()
        collector.stop()
        heartbeat.stop()
        dispatcher.stop()
        pages.stop()
        figures.stop()
        do {
            try store.close()
        } catch {
            options.logger.error("the store did not close cleanly: \(error)")
        }
    }

    /// Threads end here, and Swift's pool must not wait for them.
    private func stopPolling() async {
        await withCheckedContinuation { continuation in
            let end: @Sendable () -> Void = { [pair, polling, forwarders] in
                pair?.stop()
                polling.end()
                for forwarder in forwarders { forwarder.stop() }
                continuation.resume()
            }
            do {
                try NativeThread(name: "stop", end).detach()
            } catch {
                end()
            }
        }
    }

    // MARK: Rules and receivers

    /// Puts rules, windows, receivers and people of another reading of the site file in force, and
    /// nothing else of it. Returns what there is now, in words; throws where the two are not of one
    /// site.
    package func reload(_ loaded: LoadedConfiguration) async throws(RulesRefusal) -> String {
        if let part = RulesRefusal.difference(options.configuration.site, loaded.site) {
            throw RulesRefusal(part: part)
        }
        let site = loaded.site
        let rules = await collector.replaceWatch(site)
        outbox.forgetDead()
        heartbeat.replace(site.heartbeat)
        do {
            try dispatcher.replace(site.hooks)
        } catch {
            options.logger.error("not every receiver is served: \(error)")
        }
        return "\(rules) alarm rules are in force, \(site.hooks.count) receivers, "
            + "\(site.escalations.count) escalations, \(site.maintenance.count) windows"
    }

    // MARK: Questions

    package struct Tally: Sendable {
        package var readings: Int64
        /// Changes of alarms that are worth a notice, whether or not a hook wanted them.
        package var alarmChanges: Int64
        /// Changes that were hidden because their cause was announced already.
        package var suppressed: Int64
        package var view: SiteView?
    }

    package func tally() async -> Tally { await collector.tally() }
}
