import Energy
import Model
import Platform
import Serve
import Store
import Synchronization
import Views

/// The site at moments that have passed: the documents of the API made from what a source has of
/// them, by the code that makes them of the present. What is not there is absent, never the value
/// of now.
final class PastSite: Sendable {
    /// Questions that are answered at once; each has two threads and two readers.
    private static let maximumQuestions = 2
    /// Days whose figures are kept: one goes back and forth.
    private static let keptDays = 4
    /// A day that is not over is read again after this.
    private static let freshMilliseconds: Int64 = 60_000
    /// Points of one answer of `last`; live ones are not bounded, for they cost no reading.
    private static let maximumPoints = 5_000

    private let site: Site
    private let tariff: TariffTable?
    private let knowledge: any PointKnowledge
    private let sources: any MomentSources
    private let questions: PastQuestions
    private let liveEnergy: LiveEnergy
    private let builder: SiteViewBuilder
    private let state = Mutex(State())

    private struct State: Sendable {
        var running = 0
        var days: [(day: PastDay, read: Int64)] = []
        /// The builder as it was last used, and the points of each device that it knows.
        var bound: (builder: SiteViewBuilder, points: [[PointDefinition]])?
    }

    init(
        site: Site, tariff: TariffTable?, knowledge: any PointKnowledge,
        sources: any MomentSources
    ) {
        self.site = site
        self.tariff = tariff
        self.knowledge = knowledge
        self.sources = sources
        liveEnergy = LiveEnergy(site: site, tariff: tariff)
        builder = SiteViewBuilder(site: site)
        questions = PastQuestions(site: site, builder: builder)
    }

    // MARK: Questions

    /// The picture of now, of a site that is known only by what it has sent.
    func present(at now: Instant, sequence: Int64) async throws(APIRefusal) -> SiteView {
        var view = try await picture(at: now)
        view.past = nil
        view.sequence = sequence
        view.health.store = "remote"
        view.health.storeDetail = "readings as they were forwarded; alarms are at the site"
        return view
    }

    func picture(at time: Instant) async throws(APIRefusal) -> SiteView {
        let groups = await knowledge.unusualGroups()
        let view = try await ask(at: time) { past, reader, isCancelled throws(StoreError) in
            try past.snapshot(at: time, reader, groups: groups, isCancelled)
        }
        if let view { return view }
        throw APIRefusal(
            status: 404,
            message: "nothing of `\(site.name)` is known at \(text(time)); look for the name, and "
                + "whether the site forwards to this engine")
    }

    /// Nil where the site has no such device.
    func device(named name: String, at time: Instant) async throws(APIRefusal) -> DeviceView? {
        guard let index = site.devices.firstIndex(where: { $0.name == name }) else { return nil }
        let facts = await knowledge.facts(ofDevice: index)
        return try await ask(at: time) { past, reader, _ throws(StoreError) in
            let device = try reader.device(
                named: name, groups: facts.mapValues(\.group), at: time)
            return DeviceView(
                summary: past.builder.summary(ofDevice: index, device),
                points: device.points.indices.map {
                    device.view(
                        ofPoint: $0, device: name, origin: facts[device.points[$0].name]?.origin)
                })
        }
    }

    func last(matching glob: Glob, at time: Instant) async throws(APIRefusal) -> [PointView] {
        let groups = await knowledge.unusualGroups()
        let found = try await ask(at: time) { past, reader, isCancelled throws(StoreError) in
            try past.last(glob, time, reader, groups, isCancelled)
        }
        guard let found else {
            throw APIRefusal(
                status: 400,
                message: "more than \(Self.maximumPoints) points match; narrow the pattern")
        }
        return found
    }

    // MARK: Pictures

    /// Nil where a source that cannot say how far back it goes has nothing.
    private func snapshot(
        at time: Instant, _ reader: PastReader, groups: [Int: [String: PollGroup]],
        _ isCancelled: @escaping @Sendable () -> Bool
    ) throws(StoreError) -> SiteView? {
        let oldest = try reader.source.oldest() ?? time
        let work = MomentWork(
            at: time, devices: site.devices.count, pieceLength: reader.source.devicesAtOnce,
            groups: groups, isCancelled: isCancelled)
        let help = Pending { [self] () throws(StoreError) in
            _ = try sources.lendSourceIfFree { other throws(StoreError) in
                try PastReader(other, questions).share(in: work)
            }
        }
        let today = try day(of: time, reader)
        try reader.share(in: work)
        let alarms = try reader.source.alarms(at: time)
        let own = try reader.device(named: SiteSeries.device, groups: [:], at: time)
        try help.wait()
        let devices = work.devices
        guard devices.known > 0 || alarms != nil else { return nil }
        return compose(
            at: time, devices, alarms, today, own: own, oldest: oldest)
    }

    private func compose(
        at time: Instant, _ devices: MomentWork.Devices, _ records: [PastAlarm]?, _ day: PastDay,
        own: LiveDevice, oldest: Instant
    ) -> SiteView {
        let builder = builder(boundTo: devices.live)
        var table = LiveTable(site: site)
        for (index, device) in devices.live.enumerated() { table[index] = device }
        let figures = liveEnergy.figures(at: time) { table.liveValue(of: $0) }
        let today = day.figures(site: site, tariff: tariff, at: time)
        let rules = Dictionary(site.alarmRules.map { ($0.name, $0) }) { first, _ in first }
        let all = (records ?? []).sorted { $0.record.isBefore($1.record) }.map { alarm in
            var view = AlarmView(
                alarm.record, rules[alarm.record.key.rule],
                place: table.index(ofDevice: alarm.record.key.device).flatMap {
                    site.devices[$0].place
                })
            view.hiding = alarm.hiding?.rawValue
            return view
        }
        let shown = all.filter { $0.hiding == nil }
        let header = HeaderFigures(
            figures: figures, pueToday: today.pue?.double,
            costTodayYuan: today.cost.map { Double($0.fen) / 100 },
            costIsPartial: today.costIsPartial, freeCoolingHours: day.freeCoolingHours(at: time),
            outdoor: site.outdoorTemperature.flatMap { table.liveValue(of: $0) },
            alarms: records == nil
                ? own.alarmPriorities : shown.compactMap { AlarmPriority(name: $0.priority) })
        var health = HealthView(
            version: Version.text, startedMS: nil, devicesTotal: site.devices.count,
            store: "unknown")
        health.devicesAnswering = devices.live.count { $0.isAnswering }
        health.readingsPerSecond = own.usableValue(of: "collector.readings.rate").map { $0 / 60 }
        var view = builder.build(
            SiteViewBuilder.Inputs(
                sequence: 0, time: time, header: header.view(site), alarms: shown,
                coolingModes: Dictionary(
                    figures.coolingUnits.map { ($0.name, $0.mode.rawValue) },
                    uniquingKeysWith: { first, _ in first }),
                health: health),
            table.devices)
        for index in view.devices.indices {
            view.devices[index].points = devices.pointCounts[index]
        }
        let hidden = all.filter { $0.hiding != nil }
        view.hiddenAlarms = Array(hidden.prefix(SiteView.hiddenLimit))
        view.past = PastView(
            oldestMS: oldest.milliseconds, devicesKnown: devices.known, damaged: devices.damaged)
        return view
    }

    /// Nil where too many points match.
    private func last(
        _ glob: Glob, _ time: Instant, _ reader: PastReader,
        _ groups: [Int: [String: PollGroup]], _ isCancelled: @escaping @Sendable () -> Bool
    ) throws(StoreError) -> [PointView]? {
        let found = try reader.source.points(matching: glob)
        guard found.count <= Self.maximumPoints else { return nil }
        let names = Dictionary(
            uniqueKeysWithValues: site.devices.enumerated().map { ($0.element.name, $0.offset) })
        let questions = Dictionary(grouping: found, by: \.device)
            .filter { names[$0.key] != nil || $0.key == SiteSeries.device }
            .sorted { (names[$0.key] ?? .max) < (names[$1.key] ?? .max) }
            .map { MomentQuestion(device: $0.key, points: $0.value.map(\.definition.name)) }
        let devices = try reader.devices(
            questions,
            groups: Dictionary(
                uniqueKeysWithValues: groups.map { (site.devices[$0.key].name, $0.value) }),
            at: time, isCancelled: isCancelled)
        return zip(questions, devices).flatMap { question, device in
            device.points.indices.map { device.view(ofPoint: $0, device: question.device) }
        }
    }

    // MARK: The day

    /// The day's figures as far as they are known now; of a day that is not over they are read
    /// again.
    private func day(of time: Instant, _ reader: PastReader) throws(StoreError) -> PastDay {
        let midnight = time.startOfDay(offsetMinutes: site.offsetMinutes)
        let now = Instant(milliseconds: Clocks.wallMilliseconds())
        let end = min(midnight.advanced(bySeconds: 86_400), now)
        let clock = Clocks.monotonicNanoseconds() / 1_000_000
        let known = state.withLock { state in
            state.days.first {
                $0.day.midnight == midnight
                    && (now.millisecondsSince($0.day.end) > 86_400_000
                        || clock - $0.read < Self.freshMilliseconds && $0.day.end >= time)
            }?.day
        }
        if let known { return known }
        let day = try reader.source.day(of: site, midnight: midnight, end: end)
        state.withLock { state in
            state.days.removeAll { $0.day.midnight == midnight }
            state.days.append((day, clock))
            if state.days.count > Self.keptDays { state.days.removeFirst() }
        }
        return day
    }

    /// Points change rarely, and to look what a rack shows of them takes as long as a picture.
    private func builder(boundTo live: [LiveDevice]) -> SiteViewBuilder {
        let known = state.withLock { $0.bound }
        if let known, known.points.elementsEqual(live.lazy.map(\.points)) { return known.builder }
        var builder = builder
        for (index, device) in live.enumerated() {
            builder.bind(DeviceID(index), points: device.points)
        }
        let bound = (builder, live.map(\.points))
        state.withLock { $0.bound = bound }
        return builder
    }

    // MARK: Threads

    /// Answers on a thread of its own; refuses what lies outside of what is stored, and more
    /// questions at once than there is room for.
    private func ask<Value: Sendable>(
        at time: Instant,
        _ body:
            @escaping @Sendable (
                PastSite, PastReader, @escaping @Sendable () -> Bool
            ) throws(StoreError) -> Value
    ) async throws(APIRefusal) -> Value {
        let now = Instant(milliseconds: Clocks.wallMilliseconds())
        guard time <= now else {
            throw APIRefusal(
                status: 400,
                message: "`at` lies in the future: it is \(text(now)); leave it out for the present"
            )
        }
        let isAdmitted = state.withLock { state -> Bool in
            guard state.running < Self.maximumQuestions else { return false }
            state.running += 1
            return true
        }
        guard isAdmitted else {
            throw APIRefusal(
                status: 503,
                message: "\(Self.maximumQuestions) questions for the past are under way; ask again "
                    + "when one has ended")
        }
        defer { state.withLock { $0.running -= 1 } }
        let cancelled = Flag()
        let outcome: Result<Value?, StoreError> = await withTaskCancellationHandler {
            await onThread { [self] () throws(StoreError) in
                try lend(at: time) { reader throws(StoreError) in
                    try body(self, reader) { cancelled.isSet }
                }
            }
        } onCancel: {
            cancelled.set()
        }
        do throws(StoreError) {
            if let value = try outcome.get() { return value }
        } catch {
            throw APIRefusal(status: 503, message: "\(error)")
        }
        throw APIRefusal(
            status: 404,
            message: "nothing is stored of \(text(time)): the first reading is newer; "
                + "`frostline store info` names it")
    }

    private func text(_ time: Instant) -> String {
        time.iso8601(offsetMinutes: site.offsetMinutes)
    }

    /// Nil where `time` lies before the first reading.
    private func lend<Value>(
        at time: Instant, _ body: (PastReader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        try sources.lendSource { source throws(StoreError) in
            guard let oldest = try source.oldest(), oldest <= time else { return nil }
            return try body(PastReader(source, questions))
        }
    }

    /// How often readers look what has come: it is read once in any case, and what comes in so
    /// short a time delays nobody.
    private static let wakeSeconds: Int64 = 2

    /// Keeps readers awake while somebody follows the present, who may turn to the past at any
    /// moment; ends with the task.
    func stayAwake(while isFollowed: @escaping @Sendable () -> Bool) async {
        var next: Int64 = 0
        while !Task.isCancelled {
            let seconds = Clocks.monotonicNanoseconds() / 1_000_000_000
            if isFollowed(), seconds >= next {
                next = seconds + Self.wakeSeconds
                // What cannot be read is told to who asks for it.
                _ = await onThread { [self] () throws(StoreError) in try sources.wake() }
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }

    /// Reading blocks: it must not hold a thread of Swift's pool.
    private func onThread<Value: Sendable>(
        _ body: @escaping @Sendable () throws(StoreError) -> Value
    ) async -> Result<Value, StoreError> {
        await withCheckedContinuation { continuation in
            do {
                try NativeThread(name: "api-past") {
                    continuation.resume(
                        returning: Result { () throws(StoreError) in try body() })
                }.detach()
            } catch {
                continuation.resume(returning: .failure(.system("\(error)")))
            }
        }
    }
}

/// Raised once, from any thread.
private final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}

extension LiveDevice {
    /// One for each alarm that is shown, by their numbers; of the site's own points.
    fileprivate var alarmPriorities: [AlarmPriority] {
        let named: [(String, AlarmPriority)] = [
            ("alarms.critical", .critical), ("alarms.high", .high), ("alarms.medium", .medium),
            ("alarms.low", .low),
        ]
        return named.flatMap { name, priority in
            // More than anybody counts means nothing.
            let count = Int(min(max(usableValue(of: name) ?? 0, 0), 100_000))
            return repeatElement(priority, count: count)
        }
    }
}

extension AlarmRecord {
    /// The most urgent first, then the newest, as `AlarmEngine.active`.
    fileprivate func isBefore(_ other: AlarmRecord) -> Bool {
        (priority, raisedAt, key.description)
            > (other.priority, other.raisedAt, other.key.description)
    }
}
