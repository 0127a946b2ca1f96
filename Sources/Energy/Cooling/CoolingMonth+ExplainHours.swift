import Model

/// Hours measured, hours that the weather allowed, equivalent hours: by days and quarter hours.
extension CoolingMonth {
    /// Words of ids: the mode in lower case.
    private static func mode(_ word: String) -> FreeCoolingMode? {
        FreeCoolingMode(rawValue: word.uppercased())
    }

    private func spans(_ time: FigureTime) -> [(time: FigureTime, quarters: [QuarterHour])] {
        time.parts(offsetMinutes: offsetMinutes).compactMap { part in
            let span = part.range(offsetMinutes: offsetMinutes)
            guard span.start < range.end, span.end > range.start else { return nil }
            let clipped = TimeRange(
                start: max(span.start, range.start), end: min(span.end, range.end))
            return (part, Self.quarters(clipped))
        }
    }

    /// As commands print them: hours with two decimals.
    package static func hoursText(_ milliseconds: Int64) -> String {
        (ExactRatio(milliseconds, 3_600_000)?.decimal(2)).map { "\($0)" } ?? ""
    }

    func hours(_ id: FigureID, _ word: String, _ time: FigureTime) -> Explanation? {
        guard let mode = Self.mode(word), let name = id.subject, let unit = unit(named: name) else {
            return nil
        }
        let total = milliseconds(unit, mode, range(of: time))
        return Explanation(
            id: id, title: "hours of \(name) in mode \(mode.rawValue)",
            value: Self.hoursText(total), unit: "h", formula: "seconds / 3600",
            source: "docs/COOLING.md", combination: .quotient(decimals: 2),
            inputs: [
                .init(
                    "time", Self.seconds(total), unit: "s",
                    id: self.id("time." + word, of: name, at: time)),
                .init("an hour", "3600", unit: "s"),
            ])
    }

    private static func seconds(_ milliseconds: Int64) -> String {
        FixedDecimal(mantissa: milliseconds, scale: 3).trimmed.description
    }

    private func range(of time: FigureTime) -> TimeRange {
        let span = time.range(offsetMinutes: offsetMinutes)
        let start = min(max(span.start, range.start), range.end)
        return TimeRange(start: start, end: max(start, min(span.end, range.end)))
    }

    private func milliseconds(
        _ unit: Unit, _ mode: FreeCoolingMode, _ range: TimeRange
    ) -> Int64 {
        Self.quarters(range).reduce(0) { sum, quarter in
            let modes = unit.history.quarters[quarter]?.modes ?? ModeDurations()
            let rest = mode == .unknown ? max(0, QuarterHour.milliseconds - modes.all) : 0
            return sum + modes[mode] + rest
        }
    }

    func time(_ id: FigureID, _ word: String, _ time: FigureTime) -> Explanation? {
        guard let mode = Self.mode(word), let name = id.subject, let unit = unit(named: name) else {
            return nil
        }
        let total = milliseconds(unit, mode, range(of: time))
        let source =
            "the unit's status points; where it tells no mode, its compressors' power and "
            + "temperatures, or its compressors, fan and economiser"
        if let quarter = time.quarterHour(offsetMinutes: offsetMinutes) {
            let known = unit.history.quarters[quarter]
            return Explanation(
                id: id, title: "time of \(name) in mode \(mode.rawValue)",
                value: Self.seconds(total), unit: "s",
                formula:
                    "an observation holds until the next, at most 15 min; one alone between two "
                    + "equal ones is a bounce",
                source: source, quality: known?.isInferred ?? false ? "inferred" : "measured",
                inputs: [
                    .init(
                        "mode", known?.mode.rawValue,
                        id: FigureID(Self.modeFigure, of: name, at: time), counts: false)
                ])
        }
        let parts = spans(time).map { part in
            (
                part.time,
                part.quarters.first.map { first in
                    milliseconds(
                        unit, mode,
                        TimeRange(start: first.start, end: part.quarters.last?.end ?? first.end))
                } ?? 0
            )
        }
        return Explanation(
            id: id, title: "time of \(name) in mode \(mode.rawValue)",
            value: Self.seconds(total), unit: "s", formula: "sum of the parts", source: source,
            combination: .sum(decimals: nil),
            inputs: parts.filter { $0.1 > 0 }.map { part, milliseconds in
                .init(
                    "\(part)", Self.seconds(milliseconds), unit: "s",
                    id: self.id("time." + word, of: name, at: part))
            })
    }

    // MARK: - The weather

    func potential(_ id: FigureID, _ time: FigureTime) -> Explanation? {
        guard let name = id.subject, let unit = unit(named: name) else { return nil }
        if let quarter = time.quarterHour(offsetMinutes: offsetMinutes) {
            return potential(id, unit, quarter)
        }
        func full(_ quarters: [QuarterHour]) -> Int64 {
            Int64(
                quarters.count { quarter in
                    unit.unit.economiser.flatMap { weather[quarter]?.potential($0) }?.isFull
                        ?? false
                })
        }
        func hours(_ quarters: Int64) -> String {
            FixedDecimal(mantissa: quarters * 25, scale: 2).trimmed.description
        }
        let parts = spans(time).map { ($0.time, full($0.quarters)) }
        return Explanation(
            id: id, title: "hours in which \(name) could have cooled without compressors",
            value: hours(parts.reduce(0) { $0 + $1.1 }), unit: "h", formula: "sum of the parts",
            source: "the weather and `economiser` of the site file",
            combination: .sum(decimals: nil),
            inputs: parts.filter { $0.1 > 0 }.map { part, count in
                .init(
                    "\(part)", hours(count), unit: "h",
                    id: self.id("potential", of: name, at: part))
            })
    }

    private func potential(
        _ id: FigureID, _ unit: Unit, _ quarter: QuarterHour
    ) -> Explanation {
        let air = weather[quarter]
        let potential = unit.unit.economiser.flatMap { air?.potential($0) }
        func degrees(_ value: Double?) -> String? {
            value.flatMap { FixedDecimal(nearest: $0, digits: 2) }.map { "\($0)" }
        }
        let outdoor = FigureID(Self.outdoorFigure, at: time(quarter))
        var inputs: [Explanation.Input] = [
            .init("dry bulb", degrees(air?.dryBulb), unit: "°C", id: outdoor, counts: false)
        ]
        if unit.unit.economiser?.needsHumidity ?? false {
            inputs += [
                .init("wet bulb", degrees(air?.wetBulb), unit: "°C", id: outdoor, counts: false),
                .init("dew point", degrees(air?.dewPoint), unit: "°C", id: outdoor, counts: false),
            ]
        }
        for (name, value, measure) in unit.unit.economiser?.limits ?? [] {
            inputs.append(
                .init(name, degrees(value), unit: measure, quality: "configured", counts: false))
        }
        let full = potential?.isFull ?? false
        return Explanation(
            id: id, title: "what \(unit.unit.name) could have done in this weather",
            value: potential.map { _ in full ? "0.25" : "0" }, unit: "h",
            formula: (potential.map { "\($0.rawValue): " } ?? "")
                + (unit.unit.economiser?.rule ?? "the unit has no `economiser` in the site file"),
            source: "ASHRAE Handbook Fundamentals, chapter 1; `economiser` of the site file",
            inputs: inputs,
            notes: potential == nil ? ["the weather or the plant is not known"] : [])
    }

    // MARK: - The site

    /// Hours with two decimals, from millionths of quarter hours.
    private static func equivalentText(_ micro: Int64) -> String {
        FixedDecimal(mantissa: micro * 25, scale: 8).rescaled(to: 2)?.description ?? ""
    }

    /// Of the whole span.
    package var equivalentText: String {
        Self.equivalentText(hours(in: range).equivalentMicro / QuarterHour.milliseconds)
    }

    func equivalent(_ id: FigureID, _ time: FigureTime) -> Explanation? {
        guard id.subject == nil else { return nil }
        func hours(_ micro: Int64) -> String {
            FixedDecimal(mantissa: micro * 25, scale: 8).trimmed.description
        }
        func micro(_ quarters: [QuarterHour]) -> Int64 {
            quarters.reduce(0) {
                $0 + (freeShare($1).map { Int64(($0 * 1_000_000).rounded()) } ?? 0)
            }
        }
        if let quarter = time.quarterHour(offsetMinutes: offsetMinutes) {
            return Explanation(
                id: id, title: "equivalent free-cooling hours of the site in a quarter hour",
                value: freeShare(quarter) == nil ? nil : hours(micro([quarter])), unit: "h",
                formula: "Σ(capacity · load · free share) / Σ(capacity · load) × 0.25 h",
                source: "docs/COOLING.md",
                inputs: units.map { unit in
                    let known = unit.history.quarters[quarter]
                    return .init(
                        unit.unit.name, known?.mode.rawValue,
                        id: FigureID(Self.modeFigure, of: unit.unit.name, at: time), counts: false)
                })
        }
        let parts = spans(time).map { ($0.time, micro($0.quarters)) }
        let isMonth = if case .month = time { true } else { false }
        let total = parts.reduce(0) { $0 + $1.1 }
        return Explanation(
            id: id, title: "equivalent free-cooling hours of the site",
            value: isMonth ? Self.equivalentText(total) : hours(total),
            unit: "h", formula: "sum of the parts", source: "docs/COOLING.md",
            combination: .sum(decimals: isMonth ? 2 : nil),
            inputs: parts.filter { $0.1 > 0 }.map { part, micro in
                .init("\(part)", hours(micro), unit: "h", id: self.id("equivalent", at: part))
            })
    }
}

extension EconomiserPlant {
    /// The rule in words.
    var rule: String {
        switch self {
        case .water: "full where the wet bulb ≤ supply − tower − exchanger − margin"
        case .dryCooler: "full where the dry bulb ≤ supply − approach − margin"
        case .directAir:
            "full where the dry bulb ≤ supply − fan heat and the dew point ≤ its maximum"
        case .indirectAir:
            "full where the dry (wetted: the wet) bulb ≤ return − (return − supply) / efficiency"
        case .dryBulb: "full where the dry bulb ≤ full"
        }
    }

    /// What the site file gives, by its keys.
    var limits: [(name: String, value: Double, unit: String)] {
        switch self {
        case .water(let supply, let back, let tower, let exchanger, let margin):
            [
                ("supply", supply, "°C"), ("return", back, "°C"), ("tower", tower, "K"),
                ("exchanger", exchanger, "K"), ("margin", margin, "K"),
            ]
        case .dryCooler(let supply, let back, let approach, let margin):
            [
                ("supply", supply, "°C"), ("return", back, "°C"), ("approach", approach, "K"),
                ("margin", margin, "K"),
            ]
        case .directAir(let supply, let back, let fanHeat, let dewMaximum, let dewMinimum):
            [
                ("supply", supply, "°C"), ("return", back, "°C"), ("fanHeat", fanHeat, "K"),
                ("dewMinimum", dewMinimum, "°C"), ("dewMaximum", dewMaximum, "°C"),
            ]
        case .indirectAir(let supply, let back, let dry, let wet):
            [
                ("supply", supply, "°C"), ("return", back, "°C"), ("dry", dry * 100, "%"),
                ("wet", wet * 100, "%"),
            ]
        case .dryBulb(let full, let partial):
            [("full", full, "°C"), ("partial", partial, "°C")]
        }
    }
}
