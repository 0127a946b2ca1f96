package import Model

/// The figures of a month's cooling by their names: `energy.cooling.missed.amount@2026-10` and
/// those below it. What quarter hours rest on, readings and prices, has names of its own.
extension CoolingMonth {
    package static let figures = "energy.cooling"
    private static let missed = figures + ".missed"
    /// Of mean power of a unit, of its expected power, of prices: explained beside this.
    package static let powerFigure = figures + ".power"
    package static let expectedFigure = figures + ".expected"
    package static let modeFigure = figures + ".mode"
    package static let outdoorFigure = figures + ".outdoor"
    package static let priceFigure = "energy.price.marginal"

    package func id(_ what: String, of unit: String? = nil, at time: FigureTime) -> FigureID {
        FigureID(Self.figures + "." + what, of: unit, at: time)
    }

    package func time(_ quarter: QuarterHour) -> FigureTime {
        FigureTime(quarter, offsetMinutes: offsetMinutes)
    }

    /// Nil for a figure of another kind, a unit the site has not, or another time.
    package func explain(_ id: FigureID) -> Explanation? {
        guard let time = id.time, id.isBelow(Self.figures) else { return nil }
        if let name = id.subject, unit(named: name) == nil { return nil }
        let words = id.name.dropFirst(Self.figures.count + 1).split(separator: ".").map(String.init)
        switch (words.first, words.count) {
        case ("missed", 2), ("missed", 3): return missed(id, words, time)
        case ("hours", 2): return hours(id, words[1], time)
        case ("time", 2): return self.time(id, words[1], time)
        case ("potential", 1): return potential(id, time)
        case ("equivalent", 1): return equivalent(id, time)
        case ("expected", 1): return expected(id, time)
        default: return nil
        }
    }

    // MARK: - What was missed

    private enum Measure: String {
        case hours, energy, amount, exact
        var unit: String {
            switch self {
            case .hours: "h"
            case .energy: "kWh"
            case .amount, .exact: "yuan"
            }
        }
        /// What its parts are named: amounts are rounded once, so their parts are not.
        var part: Measure { self == .amount ? .exact : self }
        var decimals: Int? { self == .amount ? 2 : nil }

        func text(_ part: MissedFreeCooling.Part) -> String {
            switch self {
            case .hours: Measure.hours(part.milliseconds)
            case .energy: part.energy.decimal.trimmed.description
            case .amount: part.cost.rounded.description
            case .exact: part.cost.text
            }
        }
        static func hours(_ milliseconds: Int64) -> String {
            // Whole quarter hours: two decimals are exact.
            FixedDecimal(mantissa: milliseconds / 36_000, scale: 2).trimmed.description
        }
    }

    private struct Missed {
        var unit: String
        var run: MissedFreeCooling.Run
    }

    private func missed(_ id: FigureID, _ words: [String], _ time: FigureTime) -> Explanation? {
        guard let measure = Measure(rawValue: words[1]) else { return nil }
        let cause = words.count > 2 ? MissedFreeCooling.Cause(rawValue: words[2]) : nil
        guard words.count == 2 || cause != nil else { return nil }
        if let quarter = time.quarterHour(offsetMinutes: offsetMinutes) {
            return id.subject.flatMap { missed(id, measure, $0, quarter) }
        }
        let span = time.range(offsetMinutes: offsetMinutes)
        var runs: [Missed] = []
        for (unit, run) in self.runs
        where (id.subject ?? unit.name) == unit.name && (cause ?? run.cause) == run.cause {
            runs.append(Missed(unit: unit.name, run: run))
        }
        switch time {
        case .month: return missed(id, measure, runs: runs, time)
        case .day, .span, .year:
            let items = runs.flatMap { missed in
                missed.run.items.filter { span.contains($0.interval.start) }
                    .map { (unit: missed.unit, item: $0) }
            }
            var total = MissedFreeCooling.Part()
            for (_, item) in items { total.add(item) }
            return explanation(
                id, measure, total,
                inputs: items.map { unit, item in
                    input(measure, unit, QuarterHour(containing: item.interval.start), item)
                })
        }
    }

    /// A month's: of the site by units, of a unit or a cause by runs.
    private func missed(
        _ id: FigureID, _ measure: Measure, runs: [Missed], _ time: FigureTime
    ) -> Explanation {
        let isSite =
            id.subject == nil
            && !MissedFreeCooling.Cause.allCases
                .contains { id.name.hasSuffix("." + $0.rawValue) }
        let part = measure.part
        let name = "missed." + part.rawValue
        var inputs: [Explanation.Input] = []
        if isSite {
            for unit in units where !unit.missed.runs.isEmpty {
                inputs.append(
                    .init(
                        unit.unit.name, part.text(unit.missed.total), unit: part.unit,
                        id: self.id(name, of: unit.unit.name, at: time)))
            }
        } else {
            inputs = runs.map { missed in
                let span = FigureTime(
                    TimeRange(start: missed.run.start, end: missed.run.end),
                    offsetMinutes: offsetMinutes)
                return .init(
                    "\(missed.unit), \(span), \(missed.run.cause.rawValue)",
                    part.text(missed.run.part), unit: part.unit,
                    id: self.id(name, of: missed.unit, at: span))
            }
        }
        return explanation(
            id, measure, MissedFreeCooling.sum(runs.lazy.map(\.run)), inputs: inputs)
    }

    private func explanation(
        _ id: FigureID, _ measure: Measure, _ total: MissedFreeCooling.Part,
        inputs: [Explanation.Input]
    ) -> Explanation {
        var notes: [String] = []
        if total.unvaluedMilliseconds > 0, measure != .hours {
            notes.append(
                Measure.hours(total.unvaluedMilliseconds)
                    + " h are in no sum: the unit's power, what it would have drawn, or the price "
                    + "is not known")
        }
        return Explanation(
            id: id, title: "missed free cooling" + (id.subject.map { " of \($0)" } ?? ""),
            value: measure.text(total), unit: measure.unit,
            formula: measure == .amount
                ? "sum of the parts, rounded once to 0.01 yuan" : "sum of the parts",
            source: "quarter hours in which the weather allowed full free cooling, the unit ran "
                + "its compressors alone and nothing forbade it, two or more in a row",
            combination: .sum(decimals: measure.decimals), inputs: inputs, notes: notes)
    }

    private func input(
        _ measure: Measure, _ unit: String, _ quarter: QuarterHour, _ item: MissedFreeCooling.Item
    ) -> Explanation.Input {
        var part = MissedFreeCooling.Part()
        part.add(item)
        let id = id("missed." + measure.part.rawValue, of: unit, at: time(quarter))
        return .init(
            "\(unit), \(time(quarter))", measure.part.text(part), unit: measure.unit, id: id)
    }

    /// One quarter hour of one unit.
    private func missed(
        _ id: FigureID, _ measure: Measure, _ name: String, _ quarter: QuarterHour
    ) -> Explanation? {
        guard let unit = unit(named: name) else { return nil }
        let item = unit.missed.runs.lazy.flatMap(\.items)
            .first { $0.interval.start == quarter.start }
        let interval = item?.interval ?? self.interval(unit.history, quarter)
        var part = MissedFreeCooling.Part()
        if let item { part.add(item) }
        let at = time(quarter)
        let watts: (Int64) -> String = { FixedDecimal(mantissa: $0, scale: 3).trimmed.description }
        var inputs: [Explanation.Input] = []
        let energyID = self.id("missed.energy", of: name, at: at)
        var combination = Explanation.Combination.rule
        switch measure {
        case .hours: break
        case .energy:
            inputs = [
                .init(
                    "power", interval.watts.map(watts), unit: "kW", quality: "measured",
                    id: FigureID(Self.powerFigure, of: name, at: at), counts: false),
                .init(
                    "power without compressors", interval.expectedWatts.map(watts), unit: "kW",
                    id: FigureID(Self.expectedFigure, of: name, at: at), counts: false),
            ]
        case .amount, .exact:
            combination = .product(decimals: measure.decimals)
            inputs = [
                .init(
                    "energy", item?.energy?.decimal.trimmed.description, unit: "kWh", id: energyID),
                .init(
                    "price", interval.price.map { "\($0.decimal.trimmed)" }, unit: "yuan/kWh",
                    id: FigureID(Self.priceFigure, at: at)),
            ]
        }
        inputs += decisive(unit, quarter, interval)
        let formulas: [Measure: String] = [
            .hours:
                "a quarter hour, where mode is MECH and potential full, as in one beside it",
            .energy:
                "(power − power without compressors) × 0.25 h, in whole Wh whose running sum "
                + "over the run is exact",
            .amount: "energy × marginal price", .exact: "energy × marginal price",
        ]
        return Explanation(
            id: id, title: "missed free cooling of \(name) in a quarter hour",
            value: item == nil ? nil : measure.text(part), unit: measure.unit,
            formula: formulas[measure] ?? "",
            source: "docs/COOLING.md", combination: combination, inputs: inputs,
            notes: item == nil ? ["this quarter hour is in no run of missed free cooling"] : [])
    }

    /// What decided that a quarter hour was missed.
    private func decisive(
        _ unit: Unit, _ quarter: QuarterHour, _ interval: CoolingInterval
    ) -> [Explanation.Input] {
        let known = unit.history.quarters[quarter]
        let at = time(quarter)
        return [
            .init(
                "mode", interval.mode.rawValue,
                quality: known?.isInferred ?? false ? "inferred" : "measured",
                id: FigureID(Self.modeFigure, of: unit.unit.name, at: at), counts: false),
            .init(
                "potential", interval.potential?.rawValue,
                id: id("potential", of: unit.unit.name, at: at), counts: false),
            .init("likely cause", interval.cause.rawValue, counts: false),
        ]
    }

    private func expected(_ id: FigureID, _ time: FigureTime) -> Explanation? {
        guard let unit = id.subject.flatMap({ unit(named: $0) }),
            let quarter = time.quarterHour(offsetMinutes: offsetMinutes)
        else { return nil }
        let load = unit.history.load[quarter]
        let value = expected.value(unit.unit, load: load)
        let loadText = load.flatMap { FixedDecimal(nearest: $0, digits: 1)?.description }
        func kilowatts(_ watts: Int64) -> String {
            FixedDecimal(mantissa: watts, scale: 3).trimmed.description
        }
        let source =
            switch value?.basis {
            case .own: "the unit's own quarter hours without compressors, at a like load"
            case .alike: "quarter hours without compressors of units of its size, at a like load"
            case .configured: "`economiser.power` of the site file"
            case nil: "no quarter hour without compressors at a like load, and none configured"
            }
        return Explanation(
            id: id, title: "power of \(unit.unit.name) without compressors",
            value: value.map { kilowatts($0.watts) }, unit: "kW",
            formula: value?.basis == .configured ? "as configured" : "mean of their powers, in W",
            source: source, quality: value?.basis == .configured ? "configured" : "estimated",
            combination: value?.samples.isEmpty ?? true ? .given : .mean(decimals: 3),
            inputs: [.init("load", loadText, unit: "%", counts: false)]
                + (value?.samples ?? []).map { sample in
                    .init(
                        "\(sample.unit), \(self.time(sample.quarter))", kilowatts(sample.watts),
                        unit: "kW", quality: "measured",
                        id: FigureID(
                            Self.powerFigure, of: sample.unit, at: self.time(sample.quarter)))
                })
    }
}

extension MissedFreeCooling.Part {
    mutating func add(_ item: MissedFreeCooling.Item) {
        milliseconds += item.interval.milliseconds
        if let energy = item.energy, let cost = item.cost {
            self.energy += energy
            self.cost += cost
        } else {
            unvaluedMilliseconds += item.interval.milliseconds
        }
    }
}
