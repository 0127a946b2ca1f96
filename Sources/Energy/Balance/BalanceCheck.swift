package import Model

/// What a main meter measured against the sum of its children over a period, in quarter hours in
/// which all of them are known.
package struct BalanceCheck: Sendable {
    package enum Verdict: String, Sendable {
        /// Within the limits of the meters and the known losses.
        case closes
        case outside
        /// No quarter hour has all meters.
        case unknown

        package var chinese: String {
            switch self {
            case .closes: "平衡"
            case .outside: "超差"
            case .unknown: "未知"
            }
        }
    }

    package struct Child: Sendable, Hashable {
        package var name: String
        package var wattHours: Int64
    }

    package var balance: EnergyBalance
    package var main: Int64 = 0
    package var children: [Child] = []
    package var paired = 0
    package var expected = 0
    /// Root of the squared limits of all its meters, Wh; nil where a class is not known.
    package var tolerance: Int64?
    /// Meters whose accuracy class is not known.
    package var unclassed: [String] = []
    /// Of what is unaccounted, what may be: known losses widened by the tolerance, in Wh.
    package var allowed: ClosedRange<Int64>?
    package var verdict = Verdict.unknown
    /// What would explain a residual outside, with its numbers.
    package var candidates: [String] = []

    package var unaccounted: Int64 { children.reduce(main) { $0 &- $1.wattHours } }
    /// Percent of the main meter, four decimals; nil where it measured nothing.
    package var percent: FixedDecimal? {
        Estimates.Balance(main: main, subs: children.map(\.wattHours)).percent
    }

    package init(_ balance: EnergyBalance, _ tree: MeterTree) {
        self.balance = balance
        let names = [balance.main] + balance.children
        let all = names.map { tree.entries($0) ?? [] }
        expected = all.first?.count ?? 0
        var sums = Array(repeating: Int64(0), count: names.count)
        for index in 0..<expected {
            let values = all.map { entries -> Int64? in
                guard index < entries.count, entries[index].flag != .missing else { return nil }
                return entries[index].wattHours
            }
            guard values.allSatisfy({ $0 != nil }) else { continue }
            paired += 1
            for (slot, value) in values.enumerated() { sums[slot] &+= value ?? 0 }
        }
        main = sums[0]
        children = zip(balance.children, sums.dropFirst()).map { Child(name: $0, wattHours: $1) }
        guard paired > 0 else { return }
        setTolerance(names, sums, tree)
        judge()
    }

    /// Limits of classes by squares: errors of different meters are independent.
    private mutating func setTolerance(_ names: [String], _ sums: [Int64], _ tree: MeterTree) {
        var squares = 0.0
        for (name, sum) in zip(names, sums) {
            let parts = tree.meters(of: name)
            for part in parts {
                guard let accuracy = part.meter.accuracy else {
                    unclassed.append(part.meter.name)
                    continue
                }
                // Of a sum the parts' own energies count.
                let energy =
                    parts.count == 1
                    ? Double(sum)
                    : (tree.entries(part.meter.name) ?? []).reduce(0.0) {
                        $0 + Double($1.wattHours ?? 0)
                    } * part.factor
                let relative = Uncertainty.combined(accuracy.percents) / 100
                squares += energy * energy * relative * relative
            }
        }
        if unclassed.isEmpty { tolerance = Int64(squares.squareRoot().rounded()) }
    }

    private mutating func judge() {
        let losses = balance.losses ?? 0...0
        let below = Double(main) * losses.lowerBound / 100
        let above = Double(main) * losses.upperBound / 100
        let room: Double
        if let tolerance {
            room = Double(tolerance)
        } else {
            // Without classes what is plausible at any site decides.
            let soft = PlausibleRange.of(.unaccountedPercent).soft
            room = Double(main.magnitude) * max(-soft.lowerBound, soft.upperBound) / 100
        }
        guard abs(below) < 9e17, abs(above) < 9e17, room < 9e17 else { return }
        let range = Int64((below - room).rounded(.down))...Int64((above + room).rounded(.up))
        allowed = range
        verdict = range.contains(unaccounted) ? .closes : .outside
        if verdict == .outside { findCandidates(middle: Int64(((below + above) / 2).rounded())) }
    }

    /// Ratios of usual instrument transformers that are mistaken for each other.
    private static let ratios: [(numerator: Int64, denominator: Int64)] = [
        (4, 3), (3, 4), (3, 2), (2, 3), (5, 4), (4, 5), (2, 1), (1, 2), (5, 3), (3, 5), (10, 1),
        (1, 10), (100, 1), (1, 100),
    ]

    /// A residual that one mistake at one meter would explain, within the limits of the meters.
    private mutating func findCandidates(middle: Int64) {
        let residual = unaccounted &- middle
        func isNear(_ value: Int64) -> Bool {
            (residual &- value).magnitude
                <= max(UInt64(tolerance ?? 0), residual.magnitude / 50)
        }
        for child in children where child.wattHours != 0 {
            if isNear(child.wattHours &* 2) || isNear(child.wattHours &* -2) {
                candidates.append(
                    "swapped-polarity \(child.name): residual \(text(residual)) kWh is twice its "
                        + "\(text(child.wattHours)) kWh")
            }
            for ratio in Self.ratios {
                let wrong =
                    child.wattHours &* (ratio.numerator - ratio.denominator)
                    / ratio.denominator
                if isNear(wrong) {
                    candidates.append(
                        "wrong-multiplier \(child.name): \(ratio.numerator)/\(ratio.denominator) "
                            + "of its multiplier would bring \(text(wrong)) of "
                            + "\(text(residual)) kWh")
                }
            }
        }
        if residual > 0 {
            candidates.append(
                "missing-feeder: \(text(residual)) kWh flow to what has no meter in this balance")
        }
        if paired < expected {
            candidates.append("gaps: \(paired) of \(expected) quarter hours were compared")
        }
    }

    private func text(_ wattHours: Int64) -> String {
        FixedDecimal(mantissa: wattHours, scale: 3).description
    }

    /// What UPSs, transformers and lines of a data centre lose together, percent of what comes in.
    private static let usualLosses = 1.0...12.0

    /// The balance that roles make where the site file names none: all that came in against IT,
    /// cooling and other uses. What is unaccounted holds the losses between them.
    package static func byRoles(_ site: Site) -> (balance: EnergyBalance, site: Site)? {
        let boundary = PUEBoundary(site.meters)
        guard let category = boundary.category, !boundary.total.isEmpty else { return nil }
        var site = site
        let name = "total"
        guard !site.meters.contains(where: { $0.name == name }) else { return nil }
        site.virtualMeters.append(
            VirtualMeter(
                name: name, displayName: "总电量",
                terms: boundary.total.map {
                    .init(
                        meter: $0.meter.name,
                        factor: FixedDecimal(mantissa: $0.sign, scale: 0))
                }))
        let children =
            (boundary.it[category] ?? []).map(\.meter.name)
            + site.meters.filter { $0.role == .cooling || $0.role == .other }.map(\.name)
        return (
            EnergyBalance(
                name: "site", displayName: "全站", main: name, children: children,
                losses: usualLosses), site
        )
    }
}
