package import Energy
package import Interchange
package import Model

/// Energy of many sites over whole civil months, from what each site's own ledger says.
package struct FleetEnergy: Sendable {
    package struct Row: Sendable, Equatable {
        package var name: String
        package var displayName: String
        package var isListed: Bool
        package var category: PUECategory?
        /// Months of which the engine knows nothing.
        package var monthsMissing = 0
        package var energy = PairedEnergy()
    }

    /// A month is asked for in short first: nearly every site has said it within the hour. What
    /// did not is looked for over all the time in which it could.
    private static let shortSeconds: Int64 = 3_600
    /// Sites to the east are in the next month earlier than the offset here says.
    private static let easternMilliseconds: Int64 = 14 * 3_600_000
    /// Ten years.
    package static let maximumMonths = 120

    private struct Ask: Sendable {
        var month: FleetMonth
        var isShort: Bool
    }

    private let file: FleetFile
    private let now: Instant
    private let months: [FleetMonth]
    private var asks: [Ask]
    private var found: [FleetMonth: [String: (PUECategory?, PairedEnergy)]] = [:]

    /// - Parameter months: ascending, none after the one that `now` lies in.
    package init(_ file: FleetFile, months: [FleetMonth], at now: Instant) {
        self.file = file
        self.now = now
        self.months = months
        asks = months.flatMap { [Ask(month: $0, isShort: true), Ask(month: $0, isShort: false)] }
    }

    /// While a month lasts, a site tells it as `month`; while the next lasts, as `previous`.
    private func isRunning(_ month: FleetMonth) -> Bool {
        month == FleetMonth(containing: now, offsetMinutes: file.offsetMinutes)
    }

    /// The next question; nil where all is asked.
    package var next: FleetQuery? {
        guard let ask = asks.first else { return nil }
        let isRunning = isRunning(ask.month)
        let teller = isRunning ? ask.month : ask.month.next
        let range = teller.range(offsetMinutes: file.offsetMinutes)
        let end = min(now, range.end.advanced(byMilliseconds: -Self.easternMilliseconds))
        let time = isRunning ? now : max(end, range.start)
        let seconds =
            ask.isShort ? Self.shortSeconds : max(1, time.millisecondsSince(range.start) / 1000)
        return FleetQuery(
            text: FleetQuestion.last(
                isRunning ? FleetQuestion.monthPoints : FleetQuestion.previousPoints,
                seconds: seconds, except: Array((found[ask.month] ?? [:]).keys)),
            time: time)
    }

    package mutating func take(_ body: [UInt8]) throws(RemoteAnswerProblem) {
        let ask = asks.removeFirst()
        let isRunning = isRunning(ask.month)
        let teller = isRunning ? ask.month : ask.month.next
        let prefix = isRunning ? "month" : "previous"
        for (site, samples) in try FleetAnswer(body).sites {
            func value(_ point: String) -> Int64? {
                samples[point]?.value.rescaled(to: 0)?.mantissa
            }
            // Said in another month, it is of another month.
            guard value("month.number") == teller.number,
                let total = value(prefix + ".total.energy"), let it = value(prefix + ".it.energy"),
                let quarters = value(prefix + ".quarters")
            else { continue }
            let expected = ask.month.quarters(until: now, offsetMinutes: file.offsetMinutes)
            found[ask.month, default: [:]][site] = (
                value("pue.category").flatMap { PUECategory(rawValue: Int(clamping: $0)) },
                PairedEnergy(
                    totalWattHours: total, itWattHours: it, paired: Int(clamping: quarters),
                    expected: expected)
            )
        }
    }

    /// One row a site, by name: those that are listed, and those that the engine knows.
    package var rows: [Row] {
        let listed = Dictionary(
            file.sites.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let names = Set(listed.keys).union(found.values.flatMap(\.keys))
        return names.sorted().map { name in
            var row = Row(
                name: name, displayName: listed[name]?.displayName ?? name,
                isListed: file.sites.isEmpty || listed[name] != nil)
            for month in months {
                let expected = month.quarters(until: now, offsetMinutes: file.offsetMinutes)
                guard let (category, energy) = found[month]?[name] else {
                    row.monthsMissing += 1
                    row.energy.expected += expected
                    continue
                }
                row.category = category ?? row.category
                row.energy.merge(energy)
            }
            return row
        }
    }

    /// Sums of the sites of each category, the highest first; never means of ratios.
    package static func totals(
        _ rows: [Row]
    ) -> [(category: PUECategory, sites: Int, energy: PairedEnergy)] {
        PUECategory.allCases.reversed().compactMap { category in
            let rows = rows.filter { $0.category == category }
            guard !rows.isEmpty else { return nil }
            return (category, rows.count, rows.reduce(into: PairedEnergy()) { $0.merge($1.energy) })
        }
    }
}
