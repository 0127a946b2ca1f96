import Energy
import Logging
import Model
import Platform
import Store

/// PUE's energy of the civil month before today, and of the month before that: what the ledger
/// holds, computed aside, for a month of a large site is some million rows.
final class MonthKeeper: Sendable {
    struct Months: Sendable, Equatable {
        /// From the month's start to local midnight of `day`.
        var month = PairedEnergy()
        var previous = PairedEnergy()
    }

    /// Quarter hours that come late come together, meter by meter: they are looked at once.
    private static let settleNanoseconds: Int64 = 60_000_000_000

    private struct State: Sendable {
        var day: Instant?
        var late: LateQuarters?
        var months: Months?
        /// The start of the month that `months` is of.
        var start: Instant?
        var isBusy = false
        var computed: Int64 = 0
    }

    private let site: Site
    private let boundary: PUEBoundary
    private let directory: String
    private let logger: Logger
    private let worker: WorkerThread
    private let state = ConditionLock(State())

    init(site: Site, directory: String, logger: Logger) throws(PlatformError) {
        self.site = site
        self.directory = directory
        self.logger = logger
        boundary = PUEBoundary(site.meters)
        worker = try WorkerThread(name: "months")
    }

    func stop() { worker.stop() }

    /// What is known before `day`, a local midnight; nil where there is no meter of IT energy, and
    /// until it is computed. Never waits.
    ///
    /// - Parameter late: what has come of the days before `day` since the start.
    func months(before day: Instant, late: LateQuarters) -> Months? {
        guard let category = boundary.category else { return nil }
        let now = Clocks.monotonicNanoseconds()
        let (months, isDue) = state.withLock { state -> (Months?, Bool) in
            let isOther = state.day != day
            let isLate = state.late != late && now - state.computed > Self.settleNanoseconds
            let isDue = !state.isBusy && (isOther || isLate)
            if isDue { state.isBusy = true }
            return (isOther ? nil : state.months, isDue)
        }
        if isDue, !worker.submit({ [self] in compute(category, day, late) }) {
            state.withLock { $0.isBusy = false }
        }
        return months
    }

    private func compute(_ category: PUECategory, _ day: Instant, _ late: LateQuarters) {
        let civil = CivilTime(day, offsetMinutes: site.offsetMinutes)
        func start(_ month: Int) -> Instant {
            CivilTime(year: civil.year, month: month, day: 1)
                .instant(offsetMinutes: site.offsetMinutes)
        }
        let this = start(civil.month)
        // A month that is over changes only by what comes late.
        var known = state.withLock { $0.start == this ? $0.months?.previous : nil }
        if let earliest = late.earliest, earliest.start < this { known = nil }
        var months: Months?
        do throws(StoreError) {
            let reader = try StoreReader(directory: directory)
            func paired(_ range: TimeRange) throws(StoreError) -> PairedEnergy {
                try boundary.paired(category, in: range) { meter throws(StoreError) in
                    try reader.ledger(meter: meter.name, range)
                }
            }
            var found = Months(month: try paired(TimeRange(start: this, end: day)))
            if let known {
                found.previous = known
            } else {
                found.previous = try paired(TimeRange(start: start(civil.month - 1), end: this))
            }
            months = found
        } catch {
            logger.warning("the month's energy is not known: \(error)")
        }
        let now = Clocks.monotonicNanoseconds()
        state.withLock { state in
            state.isBusy = false
            state.computed = now
            // What failed is tried again after the same pause.
            state.late = months == nil ? nil : late
            state.day = day
            state.start = this
            state.months = months
        }
    }
}
