import Console
import Daemon
import Energy
import Fleet
import Model

/// `frostline energy pue --fleet`: whole months, from what each site's ledger says.
struct FleetPUE {
    var file: FleetFile
    var months: [FleetMonth]
    var json: Bool

    private struct Answer: Encodable {
        struct Figure: Encodable {
            var pue: String?
            /// Left out where no quarter hour has both sides.
            var totalKilowattHours: String?
            var itKilowattHours: String?
            var quarterHours: Int
            var pairedQuarterHours: Int
            var coverage: Double
            init(_ energy: PairedEnergy) {
                pue = energy.pue?.decimal(4).description
                if energy.paired > 0 {
                    totalKilowattHours = FleetPUE.kilowattHours(energy.totalWattHours)
                    itKilowattHours = FleetPUE.kilowattHours(energy.itWattHours)
                }
                quarterHours = energy.expected
                pairedQuarterHours = energy.paired
                coverage = energy.coverage
            }
        }
        struct Site: Encodable {
            var site: String
            var displayName: String
            var listed: Bool
            /// Now; left out for months that are over.
            var state: String?
            var category: Int?
            var monthsMissing: Int
            var figure: Figure
        }
        struct Total: Encodable {
            var label: String
            var category: Int
            var sites: Int
            var figure: Figure
        }
        var months: [String]
        var sites: [Site]
        var totals: [Total]
    }

    func run() throws {
        let now = currentInstant()
        var reader = FleetReader(file)
        let (energy, picture) = try asking { () throws(RemoteReadError) in
            (try reader.energy(of: months, at: now), try reader.picture(at: now))
        }
        let rows = energy.rows
        let isRunning = months.last?.range(offsetMinutes: file.offsetMinutes).contains(now) == true
        let states = Dictionary(
            picture.sites.map { ($0.name, Self.text($0)) }, uniquingKeysWith: { first, _ in first })
        let totals = FleetEnergy.totals(rows)
        if json {
            try Output.json(
                Answer(
                    months: months.map(\.description),
                    sites: rows.map {
                        Answer.Site(
                            site: $0.name, displayName: $0.displayName, listed: $0.isListed,
                            state: isRunning ? states[$0.name] : nil,
                            category: $0.category?.rawValue, monthsMissing: $0.monthsMissing,
                            figure: Answer.Figure($0.energy))
                    },
                    totals: totals.map {
                        Answer.Total(
                            label: label($0.category), category: $0.category.rawValue,
                            sites: $0.sites, figure: Answer.Figure($0.energy))
                    }))
        } else {
            write(rows, states: isRunning ? states : [:])
            for total in totals { write(total.category, total.sites, total.energy) }
        }
        guard totals.contains(where: { $0.energy.pue != nil }) else {
            throw CommandFailure(.no, "the engine knows no PUE of any site in \(span)")
        }
    }

    private func write(_ rows: [FleetEnergy.Row], states: [String: String]) {
        var table = TextTable([
            ("SITE", .left), ("STATE NOW", .left), ("PUE", .right), ("CAT", .right),
            ("TOTAL KWH", .right), ("IT KWH", .right), ("OF THE TIME", .right),
        ])
        for row in rows {
            table.add([
                row.isListed ? row.name : row.name + " (unlisted)", states[row.name] ?? "",
                row.energy.pue?.decimal(4).description ?? "unknown",
                row.category.map { "\($0.rawValue)" } ?? "–",
                Self.kilowattHours(row.energy.totalWattHours),
                Self.kilowattHours(row.energy.itWattHours),
                decimal(row.energy.coverage * 100, 1) + " %",
            ])
        }
        table.write()
    }

    private func write(_ category: PUECategory, _ sites: Int, _ energy: PairedEnergy) {
        let note =
            energy.paired == energy.expected
            ? "" : ", from \(decimal(energy.coverage * 100, 1)) % of the time"
        Output.line(
            "\(label(category)) of \(sites) sites = "
                + "\(energy.pue?.decimal(4).description ?? "unknown")\(note)")
        Output.line(
            "total \(Self.kilowattHours(energy.totalWattHours)) kWh / IT "
                + "\(Self.kilowattHours(energy.itWattHours)) kWh, \(energy.paired) of "
                + "\(energy.expected) quarter hours in which both are known")
    }

    /// `live`, `silent 3 h 05`, `missing`.
    private static func text(_ site: FleetSite) -> String {
        let word = FleetView.word(for: site.state)
        guard site.state == .silent, let age = site.ageMS else { return word }
        return word + " " + NumberText.age(age)
    }

    private var span: String {
        guard let first = months.first, let last = months.last, first != last else {
            return months.first?.description ?? ""
        }
        return "\(first)..\(last)"
    }

    /// Below twelve months the figure is an interim one.
    private func label(_ category: PUECategory) -> String {
        (months.count >= 12 ? "PUE" : "iPUE") + "\(category.rawValue)(\(span))"
    }

    private static func kilowattHours(_ wattHours: Int64) -> String {
        FixedDecimal(mantissa: wattHours, scale: 3).description
    }
}
