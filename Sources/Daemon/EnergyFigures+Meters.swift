package import Energy
import Model
import Store

/// Energy of meters and PUE, down to the readings of registers.
extension EnergyFigures {
    func kilowattHours(_ wattHours: Int64) -> String {
        FixedDecimal(mantissa: wattHours, scale: 3).trimmed.description
    }

    func clipped(_ time: FigureTime) -> TimeRange {
        let range = time.range(offsetMinutes: offset)
        let end = max(range.start, min(range.end, QuarterHour(containing: now).start))
        return TimeRange(start: range.start, end: end)
    }

    func meter(_ id: FigureID) throws -> Explanation? {
        guard let time = id.time, let meter = site.meters.first(where: { $0.name == id.subject })
        else { return nil }
        if let quarter = time.quarterHour(offsetMinutes: offset) {
            return try MeterQuarter(meter, quarter, offset).explain(id, self)
        }
        let entries = try ledger(meter, clipped(time))
        let parts = time.parts(offsetMinutes: offset).map { part in
            let range = part.range(offsetMinutes: offset)
            let inside = entries.filter { range.contains($0.interval.start) }
            return (part, inside)
        }.filter { !$0.1.isEmpty }
        let state = Completeness(entries)
        return Explanation(
            id: id, title: "energy of meter \(meter.name)",
            value: state.covered == 0 ? nil : kilowattHours(state.wattHours), unit: "kWh",
            formula: "sum of the parts", source: "the ledger of quarter hours",
            quality: "measured \(state.measured), interpolated \(state.interpolated), estimated "
                + "\(state.estimated), substituted \(state.substituted), missing \(state.missing)",
            combination: .sum(decimals: nil),
            inputs: parts.map { part, inside in
                let known = Completeness(inside)
                return .init(
                    "\(part)", known.covered == 0 ? nil : kilowattHours(known.wattHours),
                    unit: "kWh",
                    quality: inside.map(\.flag).max { $0.badness < $1.badness }?.rawValue,
                    id: FigureID("energy.meter", of: meter.name, at: part))
            })
    }

    /// `energy.pue`, `energy.pue.total`, `energy.pue.it`; of the category that PUE is printed of.
    func pue(_ id: FigureID) throws -> Explanation? {
        let boundary = PUEBoundary(site.meters)
        guard let time = id.time, let category = boundary.category else { return nil }
        let side: [PUEBoundary.Term]
        switch id.name {
        case "energy.pue": return try ratio(id, time, category)
        case "energy.pue.total": side = boundary.total
        case "energy.pue.it": side = boundary.it[category] ?? []
        default: return nil
        }
        if let quarter = time.quarterHour(offsetMinutes: offset) {
            let range = TimeRange(start: quarter.start, end: quarter.end)
            let inputs = try side.map { term in
                let entry = try ledger(term.meter, range).first
                return Explanation.Input(
                    term.meter.name, entry?.wattHours.map { kilowattHours($0 * term.sign) },
                    unit: "kWh", quality: entry?.flag.rawValue,
                    id: FigureID("energy.meter", of: term.meter.name, at: time))
            }
            let pair = try paired(range).values.first
            let value = pair.map { id.name == "energy.pue.it" ? $0.itWattHours : $0.totalWattHours }
            return Explanation(
                id: id, title: "energy of one side of PUE in a quarter hour",
                value: value.map(kilowattHours), unit: "kWh",
                formula:
                    "sum of the meters; energy that is no part of the data centre is taken off",
                source: "roles of the meters in the site file", combination: .sum(decimals: nil),
                inputs: inputs,
                notes: value == nil ? ["a meter is missing: the quarter hour is in no sum"] : [])
        }
        return try pueSide(id, time)
    }

    private func pueSide(_ id: FigureID, _ time: FigureTime) throws -> Explanation {
        let all = try paired(clipped(time))
        func sum(_ range: TimeRange) -> Int64 {
            all.reduce(0) { sum, pair in
                guard range.contains(pair.key.start) else { return sum }
                return sum
                    + (id.name == "energy.pue.it"
                        ? pair.value.itWattHours : pair.value.totalWattHours)
            }
        }
        return Explanation(
            id: id, title: "energy of one side of PUE",
            value: all.isEmpty ? nil : kilowattHours(sum(time.range(offsetMinutes: offset))),
            unit: "kWh",
            formula: "sum of the parts, of quarter hours in which both sides are known",
            source: "ISO/IEC 30134-2", combination: .sum(decimals: nil),
            inputs: time.parts(offsetMinutes: offset).compactMap { part in
                let range = part.range(offsetMinutes: offset)
                guard all.keys.contains(where: { range.contains($0.start) }) else { return nil }
                return .init(
                    "\(part)", kilowattHours(sum(range)), unit: "kWh",
                    id: FigureID(id.name, at: part))
            })
    }

    private func ratio(
        _ id: FigureID, _ time: FigureTime, _ category: PUECategory
    ) throws -> Explanation {
        let pairs = try paired(clipped(time))
        guard !pairs.isEmpty else {
            throw ExplanationError("\(id) is unknown: no quarter hour of \(time) has both sides")
        }
        let sum = pairs.values.reduce(into: PairedEnergy()) { $0.merge($1) }
        return Explanation(
            id: id, title: "PUE of category \(category.rawValue)",
            value: sum.pue?.decimal(4).description, unit: "1",
            formula: "total energy / IT energy of the same quarter hours",
            source: "ISO/IEC 30134-2; below twelve months an interim figure",
            quality:
                "\(pairs.count) of \(CoolingMonth.quarters(clipped(time)).count) quarter hours",
            combination: .quotient(decimals: 4),
            inputs: [
                .init(
                    "total", kilowattHours(sum.totalWattHours), unit: "kWh",
                    id: FigureID("energy.pue.total", at: time)),
                .init(
                    "IT", kilowattHours(sum.itWattHours), unit: "kWh",
                    id: FigureID("energy.pue.it", at: time)),
            ])
    }

    /// Energy of both sides of PUE over a time.
    package func pairedEnergy(of time: FigureTime) throws -> PairedEnergy {
        try paired(clipped(time)).values.reduce(into: PairedEnergy()) { $0.merge($1) }
    }

    /// Quarter hours in which both sides are known.
    private func paired(_ range: TimeRange) throws -> [QuarterHour: PairedEnergy] {
        let boundary = PUEBoundary(site.meters)
        guard let category = boundary.category else { return [:] }
        let sides = try boundary.sums(category, in: range) { meter throws(StoreError) in
            try ledger(meter, range)
        }
        var result: [QuarterHour: PairedEnergy] = [:]
        for index in 0..<sides.total.count {
            guard let total = sides.total[index], let it = sides.it[index] else { continue }
            result[sides.total.quarter(index)] = PairedEnergy(
                totalWattHours: total, itWattHours: it)
        }
        return result
    }
}

/// One quarter hour of one meter, from its register.
private struct MeterQuarter {
    let meter: Meter
    let quarter: QuarterHour
    let offset: Int
    /// Readings before and behind the quarter hour, that its ends lie between.
    private static let marginMilliseconds: Int64 = 3_600_000

    init(_ meter: Meter, _ quarter: QuarterHour, _ offset: Int) {
        self.meter = meter
        self.quarter = quarter
        self.offset = offset
    }

    func explain(_ id: FigureID, _ figures: EnergyFigures) throws -> Explanation {
        let entry = try figures.ledger(
            meter, TimeRange(start: quarter.start, end: quarter.end)
        ).first
        let wide = TimeRange(
            start: quarter.start.advanced(byMilliseconds: -Self.marginMilliseconds),
            end: quarter.end.advanced(byMilliseconds: Self.marginMilliseconds))
        let known = try figures.readings(meter.energy, wide)
        let usable = known.samples.filter(\.quality.isUsable)
        let first = usable.lastIndex { $0.time <= quarter.start } ?? 0
        let last = usable.firstIndex { $0.time >= quarter.end } ?? usable.count - 1
        let shown = usable.isEmpty || first > last ? [] : Array(usable[first...last])
        let register = known.definition
        let change = meter.changes.first { quarter.start < $0.time && $0.time < quarter.end }
        let multiplier = meter.multiplierText(at: quarter.start)
        return Explanation(
            id: id, title: "energy of meter \(meter.name) in a quarter hour",
            value: entry?.wattHours.map { "\(FixedDecimal(mantissa: $0, scale: 3).trimmed)" },
            unit: "kWh",
            formula: "(register at the end − register at the start) × \(multiplier); between two "
                + "readings in a straight line, in whole Wh whose running sum is exact",
            source: "register \(meter.energy)", quality: entry?.flag.rawValue,
            inputs: shown.map { sample in
                .init(
                    "register at \(sample.time.iso8601(offsetMinutes: offset))",
                    "\(register.decimal(sample.mantissa))", unit: register.unit.rawValue,
                    quality: sample.quality.name,
                    id: FigureID(
                        "reading", of: "\(meter.energy)",
                        at: FigureTime(sample.time, minutes: 1, offsetMinutes: offset)),
                    counts: false)
            },
            notes: (entry == nil ? ["the ledger has no entry for it"] : [])
                + (change.map {
                    let time = $0.time.iso8601(offsetMinutes: offset)
                    return ["from \(time) on × \(meter.multiplierText(at: $0.time))"]
                } ?? []))
    }
}
