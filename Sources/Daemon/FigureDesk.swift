import Energy
import Model
import Platform
import Serve
import Store
import Synchronization
import Views

/// Figures that are made from a month of readings: explanations, and what free cooling has missed.
/// A large site takes seconds for them, so they have a thread of their own, and what was made is
/// kept until the next quarter hour is over.
final class FigureDesk: Sendable {
    private let configuration: LoadedConfiguration
    private let directory: String
    private let worker: WorkerThread
    /// Days that have been computed, by the quarter hour that they go to.
    private let days = Mutex<[Int64: CoolingDayView]>([:])
    private let underWay = Mutex<Set<Int64>>([])
    private let shelf = Shelf()

    /// Days that somebody looks at while travelling through time.
    private static let maximumDays = 64

    init(
        _ configuration: LoadedConfiguration, directory: String
    ) throws(PlatformError) {
        self.configuration = configuration
        self.directory = directory
        worker = try WorkerThread(name: "api-figures")
    }

    func stop() { worker.stop() }

    /// What was opened last. Only the worker thread touches it.
    // Confined to the thread of `worker`: nothing else has a reference.
    private final class Shelf: @unchecked Sendable {
        var quarter: QuarterHour?
        var figures: EnergyFigures?
    }

    /// On the worker thread.
    private func figures(now: Instant) throws -> EnergyFigures {
        let quarter = QuarterHour(containing: now)
        if shelf.quarter == quarter, let figures = shelf.figures { return figures }
        let reader = try StoreReader(directory: directory)
        let site = configuration.site
        let source = LedgerSource(reader: reader, site: site, now: now)
        let books = MonthBooks(configuration) { meter, range throws(MonthBookError) in
            do throws(StoreError) {
                return try source.entries(meter, range)
            } catch {
                throw .ledger("\(error)")
            }
        }
        let made = EnergyFigures(
            reader: reader, configuration: configuration, books: books, typical: nil, now: now)
        shelf.figures = made
        shelf.quarter = quarter
        return made
    }

    // MARK: Explanations

    func explain(_ text: String) async throws(APIRefusal) -> ExplanationView {
        guard let id = FigureID(text) else {
            throw APIRefusal(
                status: 400,
                message: "`\(text)` is no id of a figure, as energy.cooling.missed.amount@2026-11")
        }
        let now = Instant(milliseconds: Clocks.wallMilliseconds())
        let answer: Result<Explanation?, any Error>? = await withCheckedContinuation { asked in
            let isTaken = worker.submit { [self] in
                asked.resume(returning: Result { try figures(now: now).explain(id) })
            }
            if !isTaken { asked.resume(returning: nil) }
        }
        switch answer {
        case nil:
            throw APIRefusal(
                status: 503, message: "too many questions are waiting; ask again in a second")
        case .failure(let error): throw APIRefusal(status: 503, message: "\(error)")
        case .success(nil):
            throw APIRefusal(
                status: 404,
                message: "no figure `\(text)` here; `frostline explain` knows those of claims too")
        case .success(let found?): return ExplanationView(found)
        }
    }

    // MARK: Free cooling

    /// The day of `time` up to the last quarter hour that was over then: as it was computed, or a
    /// view that says that it is being computed.
    func coolingDay(at time: Instant, now: Instant) -> CoolingDayView {
        let end = QuarterHour(containing: min(time, now)).start
        let midnight = end.startOfDay(offsetMinutes: configuration.site.offsetMinutes)
        let key = end.milliseconds
        if let known = days.withLock({ $0[key] }) { return known }
        var view = CoolingDayView(startMS: midnight.milliseconds, endMS: key)
        let before = days.withLock { days in
            days.values.filter { $0.startMS == view.startMS && $0.endMS < key }
                .max { $0.endMS < $1.endMS }
        }
        if let before { view = before }
        view.isComputing = true
        guard underWay.withLock({ $0.insert(key).inserted }) else { return view }
        let isTaken = worker.submit { [self] in
            let made = made(TimeRange(start: midnight, end: end), now: now)
            days.withLock { days in
                if days.count >= Self.maximumDays, let oldest = days.keys.min() {
                    days[oldest] = nil
                }
                days[key] = made
            }
            _ = underWay.withLock { $0.remove(key) }
        }
        if !isTaken { _ = underWay.withLock { $0.remove(key) } }
        return view
    }

    /// On the worker thread.
    private func made(_ range: TimeRange, now: Instant) -> CoolingDayView {
        var view = CoolingDayView(
            startMS: range.start.milliseconds, endMS: range.end.milliseconds)
        let civil = CivilTime(range.start, offsetMinutes: configuration.site.offsetMinutes)
        do {
            let month = try figures(now: now).coolingMonth(
                of: .month(year: civil.year, month: civil.month))
            view.missed = CoolingDayView.Missed(month.missed(in: range))
            view.units = month.units.map { unit in
                var line = CoolingDayView.Unit(
                    name: unit.unit.name,
                    missed: .init(month.missed(in: range, unit: unit.unit.name)))
                let possible = CoolingMonth.quarters(range).map {
                    month.interval(unit.history, $0).potential
                }
                if possible.contains(where: { $0 != nil }) {
                    line.possibleHours = Double(possible.count { $0?.isFull == true }) / 4
                }
                line.cause = unit.missed.runs.last { range.contains($0.start) }?.cause.rawValue
                return line
            }
        } catch {
            view.problem = "\(error)"
        }
        return view
    }
}

extension LiveBackend {
    func coolingDay(at time: Instant?) async throws(APIRefusal) -> CoolingDayView {
        let now = Instant(milliseconds: Clocks.wallMilliseconds())
        return figures.coolingDay(at: time ?? now, now: now)
    }

    func explain(_ id: String) async throws(APIRefusal) -> ExplanationView {
        try await figures.explain(id)
    }
}

extension CoolingDayView.Missed {
    init(_ part: MissedFreeCooling.Part) {
        let unvalued = Double(part.unvaluedMilliseconds) / 3_600_000
        self.init(hours: part.hours, unvaluedHours: unvalued)
        guard part.unvaluedMilliseconds < part.milliseconds || part.milliseconds == 0 else {
            return
        }
        energyKWh = Double(part.energy.wattHours) / 1000
        amountYuan = Double(part.cost.rounded.fen) / 100
    }
}

extension ExplanationView {
    init(_ explanation: Explanation) {
        self.init(
            id: "\(explanation.id)", title: explanation.title, unit: explanation.unit,
            formula: explanation.formula, source: explanation.source)
        value = explanation.value
        quality = explanation.quality
        switch explanation.check {
        case .agrees: check = "agrees"
        case .differs: check = "differs"
        case .none: break
        }
        notes = explanation.notes
        inputsLeftOut = max(0, explanation.inputs.count - Self.maximumInputs)
        inputs = explanation.inputs.prefix(Self.maximumInputs).map {
            Input(
                name: $0.name, value: $0.value, unit: $0.unit, quality: $0.quality,
                id: $0.id.map { "\($0)" })
        }
    }
}
