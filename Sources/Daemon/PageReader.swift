import Energy
import Model
import Platform
import Serve
import Store
import Synchronization
import Views

/// What single pages of the console ask of the store, on a thread of its own.
final class PageReader: Sendable {
    /// Changes of alarms in one answer, the newest.
    private static let maximumEvents = 2_000

    private let configuration: LoadedConfiguration
    private var site: Site { configuration.site }
    private var tariff: TariffTable? { configuration.tariff }
    private let readers: ReaderPool<StoreReader>
    private let worker: WorkerThread
    /// Energy of the utility meters of the month before a day, by that day's midnight.
    private let month = Mutex<(day: Instant, energy: [QuarterHour: Int64?])?>(nil)

    init(
        _ configuration: LoadedConfiguration, _ readers: ReaderPool<StoreReader>
    ) throws(PlatformError) {
        self.configuration = configuration
        self.readers = readers
        worker = try WorkerThread(name: "api-pages")
    }

    func stop() { worker.stop() }

    /// The civil day that holds `time`, as far as it has passed at `now`.
    func energyDay(at time: Instant, now: Instant) async throws(APIRefusal) -> EnergyDayView {
        try await ask { [self] reader throws(StoreError) in
            try day(at: min(time, now), now: now, reader)
        }
    }

    func history(_ range: TimeRange) async throws(APIRefusal) -> [AlarmHistoryLine] {
        try await ask { reader throws(StoreError) in
            try reader.journal(range, limit: Self.maximumEvents).map { event in
                var line = AlarmHistoryLine(
                    timeMS: event.time.milliseconds, id: event.key.description,
                    state: event.hiding?.rawValue ?? event.state.rawValue,
                    priority: event.priority.name)
                line.valueText = event.valueText.isEmpty ? nil : event.valueText
                line.by = event.actor
                line.comment = event.comment
                line.input = event.input
                line.detail = event.detail
                return line
            }
        }
    }

    private func ask<Answer: Sendable>(
        _ question: @escaping @Sendable (StoreReader) throws(StoreError) -> Answer
    ) async throws(APIRefusal) -> Answer {
        let readers = readers
        let result: Result<Answer, StoreError>? = await withCheckedContinuation { continuation in
            let isTaken = worker.submit {
                continuation.resume(
                    returning: Result { () throws(StoreError) in try readers.lend(question) })
            }
            if !isTaken { continuation.resume(returning: nil) }
        }
        guard let result else {
            throw APIRefusal(
                status: 503, message: "too many questions are waiting; ask again in a second")
        }
        do throws(StoreError) {
            return try result.get()
        } catch {
            throw APIRefusal(status: 503, message: "\(error)")
        }
    }

    // MARK: A day

    private func day(
        at time: Instant, now: Instant, _ reader: StoreReader
    ) throws(StoreError) -> EnergyDayView {
        let midnight = time.startOfDay(offsetMinutes: site.offsetMinutes)
        let end = midnight.advanced(byMilliseconds: 86_400_000)
        let range = TimeRange(start: midnight, end: end)
        let bought = try sums(of: site.meters.filter { $0.role == .utility }, range, reader)
        var it: [QuarterHour: Int64?] = [:]
        let boundary = PUEBoundary(site.meters)
        if let category = boundary.category {
            it = try sums(of: (boundary.it[category] ?? []).map(\.meter), range, reader)
        }
        var view = EnergyDayView(
            startMS: midnight.milliseconds, offsetMinutes: site.offsetMinutes)
        var quarter = QuarterHour(containing: midnight)
        var energy: [(quarter: QuarterHour, wattHours: Int64?)] = []
        while quarter.start < end {
            var line = EnergyDayView.Quarter(startMS: quarter.start.milliseconds)
            line.energyWattHours = bought[quarter] ?? nil
            line.itWattHours = it[quarter] ?? nil
            setPrice(&line, quarter, &view)
            if quarter.next.start <= min(now, time.advanced(byMilliseconds: 1)) {
                energy.append((quarter, line.energyWattHours))
                if line.energyWattHours == nil, !bought.isEmpty { view.isPartial = true }
            }
            view.quarters.append(line)
            quarter = quarter.next
        }
        setSums(&view, energy)
        setTarget(&view, CivilTime(midnight, offsetMinutes: site.offsetMinutes))
        try setMonth(&view, midnight, energy, reader)
        return view
    }

    /// The year's support sheet says what price the support aims at, or else the one policy of the
    /// tariff table that is in force. Two policies without a sheet are no answer.
    private func setTarget(_ view: inout EnergyDayView, _ day: CivilTime) {
        let books = MonthBooks(configuration) { _, _ in [] }
        let path = books.supportPath(
            day.year, site.subsidiaries.count == 1 ? site.subsidiaries.first : nil)
        if let sheet = try? books.support(day.year, at: path) {
            view.targetYuanPerKWh = Double(sheet.rules.effectiveTarget.raw) / 100_000_000
            view.targetSource = sheet.policyTitle
            return
        }
        let policies = (tariff?.support ?? [:]).values.compactMap { dated in
            dated.last { $0.covers(day) }?.value
        }
        guard policies.count == 1, let policy = policies.first else { return }
        view.targetYuanPerKWh = Double(policy.rules.effectiveTarget.raw) / 100_000_000
        view.targetSource = policy.title
    }

    /// Wh of the meters together in each quarter hour; nil where one of them has none.
    private func sums(
        of meters: [Meter], _ range: TimeRange, _ reader: StoreReader
    ) throws(StoreError) -> [QuarterHour: Int64?] {
        var sums = QuarterSums(range)
        for entries in try reader.ledgers(of: meters.map(\.name), range) { sums.add(entries) }
        return Dictionary(
            uniqueKeysWithValues: (0..<sums.count).map { (sums.quarter($0), sums[$0]) })
    }

    private func setPrice(
        _ line: inout EnergyDayView.Quarter, _ quarter: QuarterHour, _ view: inout EnergyDayView
    ) {
        guard let tariff, let choice = site.tariff else {
            view.priceReason = "the site file chooses no tariff"
            return
        }
        do throws(TariffError) {
            let civil = CivilTime(quarter.start, offsetMinutes: site.offsetMinutes)
            let price = try tariff.price(choice, at: civil)
            let yuan = Double(price.total.raw) / 100_000_000
            line.yuanPerKWh = yuan
            line.period = price.period.map { "\($0)" }
            line.costYuan = line.energyWattHours.map { Double($0) / 1000 * yuan }
        } catch {
            view.priceReason = error.description
        }
    }

    private func setSums(
        _ view: inout EnergyDayView, _ energy: [(quarter: QuarterHour, wattHours: Int64?)]
    ) {
        let known = energy.compactMap(\.wattHours)
        guard !known.isEmpty else { return }
        view.energyWattHours = known.reduce(0, &+)
        guard let tariff, let choice = site.tariff else { return }
        view.contractYuanPerKWh = choice.contractEnergyPrice.map { Double($0) / 100_000_000 }
        guard let cost = cost(energy, tariff, choice) else { return }
        view.costYuan = cost
        if let total = view.energyWattHours, total > 0 {
            view.meanYuanPerKWh = cost / (Double(total) / 1000)
        }
        guard choice.contractEnergyPrice != nil else { return }
        var table = choice
        table.contractEnergyPrice = nil
        view.tableCostYuan = self.cost(energy, tariff, table)
    }

    /// As the bill has it; nil where a quarter hour has no price.
    private func cost(
        _ energy: [(quarter: QuarterHour, wattHours: Int64?)], _ tariff: TariffTable,
        _ choice: TariffChoice
    ) -> Double? {
        let lines = CostLines(
            energy, table: tariff, choice: choice, offsetMinutes: site.offsetMinutes)
        return lines.reasons.isEmpty ? Double(lines.fee.fen) / 100 : nil
    }

    private func setMonth(
        _ view: inout EnergyDayView, _ midnight: Instant,
        _ today: [(quarter: QuarterHour, wattHours: Int64?)], _ reader: StoreReader
    ) throws(StoreError) {
        let meters = site.meters.filter { $0.role == .utility }
        guard let tariff, let choice = site.tariff, !meters.isEmpty else { return }
        let civil = CivilTime(midnight, offsetMinutes: site.offsetMinutes)
        let start = CivilTime(year: civil.year, month: civil.month, day: 1)
            .instant(offsetMinutes: site.offsetMinutes)
        let known = month.withLock { $0?.day == midnight ? $0?.energy : nil }
        let before: [QuarterHour: Int64?]
        if let known {
            before = known
        } else {
            before = try sums(of: meters, TimeRange(start: start, end: midnight), reader)
            month.withLock { $0 = (midnight, before) }
        }
        var energy: [(quarter: QuarterHour, wattHours: Int64?)] = []
        var quarter = QuarterHour(containing: start)
        while quarter.start < midnight {
            energy.append((quarter, before[quarter] ?? nil))
            quarter = quarter.next
        }
        energy += today
        let wattHours = energy.compactMap(\.wattHours)
        guard !wattHours.isEmpty, let cost = cost(energy, tariff, choice) else { return }
        view.monthCostYuan = cost
        view.isMonthPartial = wattHours.count < energy.count
        let total = wattHours.reduce(0, &+)
        if total > 0 { view.monthYuanPerKWh = cost / (Double(total) / 1000) }
    }
}

extension LiveBackend {
    func energyDay(at time: Instant?) async throws(APIRefusal) -> EnergyDayView {
        let now = Instant(milliseconds: Clocks.wallMilliseconds())
        return try await pages.energyDay(at: time ?? now, now: now)
    }

    func alarmHistory(_ range: TimeRange) async throws(APIRefusal) -> [AlarmHistoryLine] {
        try await pages.history(range)
    }

    func find(_ glob: Glob, limit: Int) async -> [PointView] {
        await collector.find(glob, limit: limit)
    }
}

extension Collector {
    /// The first points whose `device/point` fits: names to go to, for a person who searches, and
    /// values without their origin.
    func find(_ glob: Glob, limit: Int) -> [PointView] {
        let glob = PointGlob(glob)
        var result: [PointView] = []
        for (index, spec) in site.devices.enumerated() where glob.mayMatch(device: spec.name) {
            for place in live[index].points.indices
            where glob.matches(live[index].points[place].name, of: spec.name) {
                result.append(live[index].view(ofPoint: place, device: spec.name))
                if result.count >= limit { return result }
            }
        }
        guard glob.mayMatch(device: SiteSeries.device) else { return result }
        for place in own.points.indices
        where glob.matches(own.points[place].name, of: SiteSeries.device) {
            guard result.count < limit else { return result }
            result.append(own.view(ofPoint: place, device: SiteSeries.device))
        }
        return result
    }
}
