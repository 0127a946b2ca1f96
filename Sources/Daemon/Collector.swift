import Alarms
import Energy
import Logging
import Model
import Notify
import Platform
import Polling
import Profiles
import Redundancy
import Serve
import Store
import Views

/// The one place where readings are applied: decode, store, alarms, ledger, and once a second the
/// snapshot that everybody sees. One step per poll, on a thread of its own.
actor Collector {
    private nonisolated let executor: ThreadExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    let site: Site
    let store: SiteStore
    let logger: Logger
    private nonisolated let broadcast: EventBroadcast
    let wakeNotifier: @Sendable () -> Void
    private let outboxPending: @Sendable () -> Int
    private let liveEnergy: LiveEnergy

    var decoders: DeviceDecoders
    private var handles: [DeviceHandle]
    var live: LiveTable
    private let siteHandle: DeviceHandle
    /// The site's own figures as if the site were a device.
    private(set) var own = LiveDevice()
    private var meter: CollectorMeter
    private let pollerStatistics: @Sendable () -> PollerStatistics
    private var siteSeriesAt: Int64 = .min
    var alarms: AlarmEngine
    var energy: EnergyKeeper
    private let months: MonthKeeper
    private var cooling: FreeCoolingClock
    private var views: SiteViewBuilder

    private let startedAt: Instant
    private var sequence: Int64 = 0
    private var readings: Int64 = 0
    /// What each group of each device answered last, as it came: an engineer compares it with the
    /// manual.
    private var answers: [[RawFrames?]]
    /// Of a raw value as a person sees it: some are texts of the device.
    private static let longestRaw = 80
    /// Monotonic nanoseconds and readings so far, at each tick of the last minute: polls come
    /// seconds apart, and a rate of one second would be nothing most of the time.
    private var ticks: [(time: Int64, readings: Int64)]
    private static let rateSpan: Int64 = 60_000_000_000
    private var clock = ClockWatch()
    /// Alarm changes of the present step, before they are handed to the store.
    var unsaved: [AlarmEvent] = []
    /// Quarter hours finished since the last tick.
    var finished: [EnergyKeeper.Progress] = []
    private var coolingToday = 0.0
    private var alarmChanges: Int64 = 0
    /// Alarms that began while another explained them, or a window covered them.
    private var explained: Int64 = 0

    /// Where another collector watches the site too: what it copies; nil for one that is alone.
    let feed: PollFeed?
    private let pairView: @Sendable () -> PairView?
    private let deviceNotes: @Sendable () -> [String: String]
    private let forwardViews: @Sendable () -> [ForwardView]
    /// Who is told of alarms.
    var hooks: [Hook]
    private let deliveryState: @Sendable () -> DeliveryState
    private var deliveries = DeliveryWatch()
    /// Of texts about receivers.
    var language: NoticeLanguage
    /// Who is told until somebody acknowledges.
    var escalations: EscalationBook
    /// When the last tick ended, monotonic ms; 0 while there is nothing to be proud of.
    nonisolated let beat = ConditionLock<Int64>(0)
    /// What is known of escalations from before the start, until the first tick.
    var savedMarks: [EscalationMark]?
    /// False while the other raises alarms.
    var isLeading: Bool
    /// Alarms as they stood when this collector last gave up the lead.
    var resting: [AlarmRecord]?
    /// Notices of the other that no receiver has confirmed yet, by key.
    var unconfirmed: [String: OutboxItem] = [:]
    /// The last answered poll of each group of each device that was asked from here.
    var lastOwn: [[Int64]]
    /// Times of polls that were copied from history, by device.
    var copiedTimes: [Int: Set<Int64>] = [:]

    init(
        configuration: LoadedConfiguration, store: SiteStore, restored: RestoredState,
        broadcast: EventBroadcast, logger: Logger, wakeNotifier: @escaping @Sendable () -> Void,
        outboxPending: @escaping @Sendable () -> Int,
        deliveryState: @escaping @Sendable () -> DeliveryState = { DeliveryState() },
        pollerStatistics: @escaping @Sendable () -> PollerStatistics,
        feed: PollFeed? = nil, pairView: @escaping @Sendable () -> PairView? = { nil },
        deviceNotes: @escaping @Sendable () -> [String: String] = { [:] },
        forwardViews: @escaping @Sendable () -> [ForwardView] = { [] }
    ) throws {
        executor = try ThreadExecutor(name: "collector")
        var site = configuration.site
        site.alarmRules += DiskRoom.rules(
            besides: site.alarmRules, language: site.language)
        self.site = site
        self.store = store
        self.broadcast = broadcast
        self.logger = logger
        self.wakeNotifier = wakeNotifier
        self.outboxPending = outboxPending
        self.deliveryState = deliveryState
        self.pollerStatistics = pollerStatistics
        meter = CollectorMeter()
        self.feed = feed
        self.pairView = pairView
        self.deviceNotes = deviceNotes
        self.forwardViews = forwardViews
        isLeading = feed == nil
        hooks = site.hooks
        language = site.language
        escalations = EscalationBook(configuration.site)
        savedMarks = restored.escalations
        lastOwn = Array(
            repeating: Array(repeating: .min, count: PollGroup.allCases.count),
            count: configuration.site.devices.count)
        let now = Instant(milliseconds: Clocks.wallMilliseconds())
        startedAt = now
        ticks = [(Clocks.monotonicNanoseconds(), 0)]
        liveEnergy = LiveEnergy(site: site, tariff: configuration.tariff)
        decoders = DeviceDecoders(configuration)
        answers = Array(
            repeating: Array(repeating: nil, count: PollGroup.allCases.count),
            count: configuration.site.devices.count)
        handles = site.devices.map { store.register(device: $0.name, points: []) }
        live = LiveTable(site: site)
        siteHandle = store.register(device: SiteSeries.device, points: SiteSeries.points)
        alarms = AlarmEngine(site: site, restored: restored.alarms)
        alarms.bind(alarms.ownSeries, points: SiteSeries.points)
        energy = EnergyKeeper(
            site: site, tariff: configuration.tariff, savedStates: restored.ledgerStates,
            entriesOfToday: restored.ledgerToday, now: now)
        months = try MonthKeeper(
            site: configuration.site, directory: store.directory, logger: logger)
        cooling = restored.cooling
        views = SiteViewBuilder(site: site)
        if isLeading {
            unsaved = alarms.begin(now: Clocks.monotonicNanoseconds() / 1_000_000, time: now)
        }
    }

    /// Ends the collector's thread; nothing may be asked of it afterwards.
    nonisolated func stop() {
        executor.stop()
        months.stop()
    }

    // MARK: Polls

    func apply(_ polls: [RawPoll]) {
        for poll in polls { apply(poll) }
        saveAlarms()
    }

    /// - Parameter isOwn: false for what the other collector has polled.
    func apply(_ poll: RawPoll, isOwn: Bool = true) {
        // Broken off because the daemon stops: that says nothing about the device.
        if case .failure(.cancelled) = poll.outcome { return }
        let device = Int(poll.device.index)
        live[device].note(poll)
        let batch: ReadingBatch
        let answered: Bool
        switch poll.outcome {
        case .frames(let frames):
            let values = decoders.decode(device, frames, group: poll.group)
            answers[device][poll.group.place] = frames
            batch = ReadingBatch(device: poll.device, time: poll.time, values: values)
            answered = true
            bindNewPoints(of: poll.device)
            live[device].take(
                batch, group: poll.group, definitions: decoders[device].points)
        case .failure:
            let spec = site.devices[device]
            batch = live[device].staleBatch(
                device: poll.device, group: poll.group, at: poll.time,
                interval: { spec.intervalMilliseconds(of: $0) })
            for value in batch.values { live[device].values[Int(value.index)] = value }
            answered = false
        }
        readings += Int64(batch.values.count)
        if !batch.values.isEmpty { store.append(handles[device], batch) }
        if isOwn, let feed {
            feed.append(.poll(PollCodec.encode(poll, device: site.devices[device].name)[...]))
            if answered { lastOwn[device][poll.group.place] = poll.time.milliseconds }
        }
        if isLeading {
            let now = Clocks.monotonicNanoseconds() / 1_000_000
            unsaved += alarms.step(batch, answered: answered, now: now)
        }
        guard answered else { return }
        finished += energy.observe(batch, points: live[device].points)
    }

    private func bindNewPoints(of id: DeviceID) {
        let device = Int(id.index)
        let points = decoders[device].points
        guard points.count != live[device].points.count else { return }
        handles[device] = store.register(device: site.devices[device].name, points: points)
        live[device].groups = decoders[device].groups
        alarms.bind(id, points: points, groups: live[device].groups)
        energy.bind(id, points: points, groups: live[device].groups)
        views.bind(id, points: points)
    }

    // MARK: Alarms

    /// Journal, records and notices in one transaction. The store keeps what the disk does not
    /// take now and writes it, in order, when it can; receivers are told after the commit.
    ///
    /// `completion` is called once, after the commit or the first failure; also when there was
    /// nothing to save.
    func saveAlarms(completion: @escaping @Sendable (StoreError?) -> Void = { _ in }) {
        guard !unsaved.isEmpty else { return completion(nil) }
        let outbox = unsaved.flatMap { outboxItems(for: $0) }
        var seen = Set<AlarmKey>()
        let records = unsaved.reversed().compactMap { event in
            seen.insert(event.key).inserted ? alarms.record(event.key) : nil
        }
        alarmChanges += Int64(unsaved.count { $0.notice != nil })
        explained += Int64(
            unsaved.count { $0.input == AlarmInput.raise.rawValue && $0.hiding == .suppressed })
        // The other is told after the commit: then it sees among those that wait what is not
        // delivered yet.
        let told = feed == nil ? nil : Self.feedBytes(unsaved, records)
        store.enqueue(events: unsaved, records: records, outbox: outbox) {
            [wakeNotifier, logger, feed] in
            if let error = $0 { logger.warning("alarm changes wait for the store: \(error)") }
            if let told { feed?.append(.alarms(told[...])) }
            wakeNotifier()
            completion($0)
        }
        followEscalations(unsaved)
        unsaved.removeAll()
    }

    private func saveLedger() {
        guard !finished.isEmpty else { return }
        do {
            try store.putLedger(
                finished.map { (meter: $0.meter, entries: $0.entries, state: $0.state) })
        } catch {
            logger.warning("ledger entries wait for the store: \(error)")
        }
        finished.removeAll()
    }

    // MARK: Once a second

    func tick() {
        let monotonic = Clocks.monotonicNanoseconds()
        let now = Instant(milliseconds: Clocks.wallMilliseconds())
        if let step = clock.step(wall: now.milliseconds, monotonic: monotonic / 1_000_000) {
            logger.warning("\(ClockWatch.text(step))")
            let records = alarms.clockStepped(byMilliseconds: step)
            if !records.isEmpty { store.enqueue(events: [], records: records, outbox: []) { _ in } }
        }
        unsaved += alarms.tick(now: monotonic / 1_000_000, time: now)
        watchDeliveries(now: monotonic / 1_000_000, time: now)
        saveAlarms()
        escalate(at: now)
        energy.turn(to: now)
        saveLedger()
        publish(at: now)
        ticks.append((monotonic, readings))
        if monotonic - ticks[0].time > Self.rateSpan { ticks.removeFirst() }
        noteBeat()
    }

    private func watchDeliveries(now: Int64, time: Instant) {
        guard isLeading else { return }
        let failing = deliveries.failing(
            deliveryState(), now: now, language: language)
        unsaved += alarms.setDelivery(failing, now: now, time: time)
    }

    func publish(at now: Instant) {
        sequence += 1
        let figures = liveEnergy.figures(at: now) { live.liveValue(of: $0) }
        store(figures, at: now)
        cooling.sample(at: now, units: figures.coolingUnits)
        coolingToday = cooling.today(at: now).equivalentHours
        var view = views.build(
            SiteViewBuilder.Inputs(
                sequence: sequence, time: now, header: header(figures), alarms: alarmViews(),
                coolingModes: Dictionary(
                    figures.coolingUnits.map { ($0.name, $0.mode.rawValue) },
                    uniquingKeysWith: { first, _ in first }),
                health: health()),
            live.devices)
        let notes = deviceNotes()
        if !notes.isEmpty {
            for index in view.devices.indices {
                view.devices[index].note = notes[view.devices[index].name]
            }
        }
        let hidden = hiddenAlarmViews()
        view.hiddenAlarms = hidden.list
        view.hiddenCounts = hidden.counts
        broadcast.publish(view)
    }

    /// The site's own figures go the way of every reading: store, live values, alarms.
    private func store(_ figures: LiveFigures, at now: Instant) {
        let slot = now.milliseconds / SiteSeries.stepMilliseconds
        guard slot != siteSeriesAt else { return }
        siteSeriesAt = slot
        let batch = ReadingBatch(
            device: alarms.ownSeries, time: now,
            values: judgedValues(figures) + fleetValues(figures, at: now)
                + meter.step(load(), at: now) + [SiteSeries.redundancy(pairView())])
        store.append(siteHandle, batch)
        own.take(batch, definitions: SiteSeries.points)
        guard isLeading else { return }
        let monotonic = Clocks.monotonicNanoseconds() / 1_000_000
        unsaved += alarms.step(batch, answered: true, now: monotonic)
    }

    /// None of the one that does not lead.
    private func fleetValues(_ figures: LiveFigures, at now: Instant) -> [PointValue] {
        guard isLeading else { return [] }
        var standing = SiteSeries.Standing()
        standing.devices = site.devices.count
        standing.answering = live.devices.count { $0.isAnswering }
        for priority in alarms.activePriorities { standing.alarms[3 - Int(priority.rawValue)] += 1 }
        standing.category = figures.category
        let months = months.months(before: energy.startOfDay, late: energy.late)
        if let months, var month = energy.pairedToday {
            month.merge(months.month)
            standing.month = month
            standing.previous = months.previous
        }
        return SiteSeries.values(standing, at: now, offsetMinutes: site.offsetMinutes)
    }

    private func load() -> CollectorLoad {
        CollectorLoad(
            polling: pollerStatistics(), readings: readings,
            silentDevices: live.devices.count { $0.missedPolls >= 3 },
            lastCommitMS: store.statistics.lastCommitMS,
            monotonicNanoseconds: Clocks.monotonicNanoseconds(),
            processorNanoseconds: Clocks.processProcessorNanoseconds(),
            residentBytes: ProcessMemory.residentBytes(), disk: DiskRoom(of: store.directory),
            forwards: forwardViews())
    }

    private func header(_ figures: LiveFigures) -> HeaderView {
        HeaderFigures(
            figures: figures, pueToday: energy.pueToday, costTodayYuan: energy.costTodayYuan,
            costIsPartial: energy.costIsPartial, freeCoolingHours: coolingToday,
            outdoor: site.outdoorTemperature.flatMap { live.liveValue(of: $0) },
            alarms: alarms.activePriorities
        ).view(site)
    }

    private func health() -> HealthView {
        var health = HealthView(
            version: Version.text, startedMS: startedAt.milliseconds,
            devicesTotal: site.devices.count, store: "ok")
        health.devicesAnswering = live.devices.count { $0.isAnswering }
        health.readingsStored = readings
        let seconds = Double(Clocks.monotonicNanoseconds() - ticks[0].time) / 1e9
        if seconds > 0.1 {
            health.readingsPerSecond = Double(readings - ticks[0].readings) / seconds
        }
        let status = store.health
        health.store = status.name
        let room = DiskRoom(of: store.directory)
        health.diskFreeBytes = room?.freeBytes
        health.diskTotalBytes = room?.totalBytes
        let path = SiteStore.databasePath(in: store.directory)
        let logBytes = FileIO.size(path + "-wal") ?? 0
        if case .ok = status {
            health.storeDetail = room?.warning ?? DiskRoom.warning(logBytes: logBytes)
        } else {
            health.storeDetail = status.description
        }
        health.storeBytes = FileIO.size(path).map { $0 + logBytes }
        health.lastCommitMS = store.statistics.lastCommitMS
        health.outboxPending = outboxPending()
        health.polling = meter.view(load())
        health.pair = pairView()
        let forwards = forwardViews()
        health.forwards = forwards.isEmpty ? nil : forwards
        return health
    }

    // MARK: Questions

    /// What is known of the points of a device beside their readings: the group whose polls bring
    /// each, and where it is read from.
    func facts(ofDevice index: Int) -> [String: PointFacts] {
        let points = live[index].points
        var facts: [String: PointFacts] = [:]
        for place in points.indices {
            facts[points[place].name] = PointFacts(
                group: live[index].groups.isEmpty ? .normal : live[index].groups[place],
                origin: decoders[index].origin(of: place))
        }
        return facts
    }

    /// Points of other groups than the normal one, by device: mostly few.
    func unusualGroups() -> [Int: [String: PollGroup]] {
        var groups: [Int: [String: PollGroup]] = [:]
        for (index, device) in live.devices.enumerated() {
            for (place, group) in device.groups.enumerated() where group != .normal {
                groups[index, default: [:]][device.points[place].name] = group
            }
        }
        return groups
    }

    func device(named name: String) -> DeviceView? {
        guard let index = live.index(ofDevice: name) else { return nil }
        let raws = decoders[index].raws { answers[index][$0.place] }
        return DeviceView(
            summary: views.summary(ofDevice: index, live[index]),
            points: live[index].points.indices.map { place in
                var view = pointView(index, place)
                view.raw = raws[place].map { String($0.prefix(Self.longestRaw)) }
                return view
            })
    }

    func last(matching glob: Glob) -> [PointView] {
        let glob = PointGlob(glob)
        var result: [PointView] = []
        for (index, spec) in site.devices.enumerated() where glob.mayMatch(device: spec.name) {
            for point in live[index].points.indices
            where glob.matches(live[index].points[point].name, of: spec.name) {
                result.append(pointView(index, point))
            }
        }
        guard glob.mayMatch(device: SiteSeries.device) else { return result }
        for point in own.points.indices
        where glob.matches(own.points[point].name, of: SiteSeries.device) {
            result.append(own.view(ofPoint: point, device: SiteSeries.device))
        }
        return result
    }

    private func pointView(_ device: Int, _ point: Int) -> PointView {
        live[device].view(
            ofPoint: point, device: site.devices[device].name,
            origin: decoders[device].origin(of: point))
    }

    /// The newest snapshot, and the devices as they stand; nil before the first.
    func picture() -> (view: SiteView, devices: [LiveDevice])? {
        broadcast.latest.map { ($0.view, live.devices) }
    }

    /// Healthy while the store takes what is collected and the steps go on.
    func healthReport() -> HealthReport {
        let status = store.health
        let answering = live.devices.count { $0.isAnswering }
        let text = "store \(status.name), \(answering) of \(live.devices.count) devices answering"
        if case .ok = status {
            let warning = DiskRoom(of: store.directory)?.warning.map { "; \($0)" } ?? ""
            return HealthReport(healthy: true, text: text + warning)
        }
        return HealthReport(healthy: false, text: text + ": " + status.description)
    }

    /// Hands over what the last step left, before the store closes.
    func finish() {
        saveAlarms()
        saveLedger()
    }

    /// Counts for the summary of a bounded run.
    func tally() -> SiteDaemon.Tally {
        SiteDaemon.Tally(
            readings: readings, alarmChanges: alarmChanges, suppressed: explained,
            view: broadcast.latest?.view)
    }
}

extension LiveTable {
    /// As the energy figures want it.
    mutating func liveValue(of name: PointName) -> LiveValue? {
        guard let (point, value) = value(of: name) else { return nil }
        return LiveValue(
            decimal: point.decimal(value.mantissa), unit: point.unit, quality: value.quality,
            stateName: point.stateName(value.mantissa))
    }
}
