package import Model

/// All that the indicators of a period are computed from.
package struct KPIInput {
    /// The hourly means of one sensor at the inlets of racks, °C; nil where there was none.
    package struct Inlet {
        package var place: String
        package var point: String
        package var celsius: [Double?]
        package init(place: String, point: String, celsius: [Double?]) {
            self.place = place
            self.point = point
            self.celsius = celsius
        }
    }

    package var site: Site
    package var year: Int
    /// Nil for the whole year.
    package var month: Int?
    package var now: Instant
    /// Entries of a meter that start in a range; what is not there is missing.
    package var ledger: (Meter, TimeRange) -> [LedgerEntry]
    /// What the sheets of the period's months say, in order; nil where there is none.
    package var resources: [(month: String, resources: SettlementSheet.Resources?)]
    package var emission: Dated<FixedDecimal>?
    package var inlets: [Inlet]

    package init(
        site: Site, year: Int, month: Int?, now: Instant,
        ledger: @escaping (Meter, TimeRange) -> [LedgerEntry],
        resources: [(month: String, resources: SettlementSheet.Resources?)],
        emission: Dated<FixedDecimal>?, inlets: [Inlet]
    ) {
        self.site = site
        self.year = year
        self.month = month
        self.now = now
        self.ledger = ledger
        self.resources = resources
        self.emission = emission
        self.inlets = inlets
    }

    package var range: TimeRange {
        let offset = site.offsetMinutes
        if let month { return .month(year: year, month: month, offsetMinutes: offset) }
        return TimeRange(
            start: CivilTime(year: year, month: 1, day: 1).instant(offsetMinutes: offset),
            end: CivilTime(year: year + 1, month: 1, day: 1).instant(offsetMinutes: offset))
    }
}

/// The indicators of a period, each with formula, inputs and coverage. Where an input is missing
/// there is no number, and the reason names the input. Pure.
package struct KPIStatement {
    package internal(set) var figures: [Explanation] = []

    let input: KPIInput
    let boundary: PUEBoundary
    /// `2026-11` or `2026`.
    package let period: String
    private var known: [String: [LedgerEntry]] = [:]

    package init(_ input: KPIInput) {
        self.input = input
        boundary = PUEBoundary(input.site.meters)
        period =
            padded(input.year, 4) + (input.month.map { "-" + padded($0, 2) } ?? "")
        for meter in input.site.meters where meter.role != .information {
            known[meter.name] = input.ledger(meter, input.range)
        }
        addPUE()
        addTwelveMonths()
        addParts()
        addIndicators()
        addUtilisation()
        addThermal()
    }

    func id(_ name: String, _ subject: String? = nil) -> FigureID {
        FigureID(
            "energy.kpi." + name, of: subject,
            at: input.month.map { .month(year: input.year, month: $0) } ?? .year(input.year))
    }

    func entries(_ meter: Meter) -> [LedgerEntry] { known[meter.name] ?? [] }

    // MARK: - Energies

    /// The energy of meters over the whole period; or which meter lacks how much of it.
    func whole(_ terms: [PUEBoundary.Term], _ none: String) -> Known<EnergyQuantity> {
        guard !terms.isEmpty else { return .missing(none) }
        var sum = EnergyQuantity.zero
        let expected = input.range.quarterHours.count
        for term in terms {
            let values = entries(term.meter).compactMap { $0.flag == .missing ? nil : $0.wattHours }
            guard values.count == expected else {
                return .missing(
                    "\(expected - values.count) of \(expected) quarter hours of meter "
                        + "\(term.meter.name)")
            }
            for value in values { sum += EnergyQuantity(wattHours: term.sign &* value) }
        }
        return .known(sum)
    }

    func whole(_ role: Meter.Role, _ none: String) -> Known<EnergyQuantity> {
        whole(
            input.site.meters.filter { $0.role == role }.map {
                PUEBoundary.Term(meter: $0, sign: 1)
            }, none)
    }

    var total: Known<EnergyQuantity> { whole(boundary.total, "a meter at the utility hand-over") }

    var it: Known<EnergyQuantity> {
        whole(boundary.category.flatMap { boundary.it[$0] } ?? [], "a meter of IT energy")
    }

    // MARK: - PUE

    private mutating func addPUE() {
        for category in PUECategory.allCases {
            guard let terms = boundary.it[category], !boundary.total.isEmpty else {
                figures.append(
                    Explanation(
                        id: id("pue-\(category.rawValue)"), "PUE\(category.rawValue)", "PUE",
                        value: nil, formula: Self.pueFormula,
                        reason: boundary.total.isEmpty
                            ? "a meter at the utility hand-over is missing"
                            : "a meter with the role \(category.role.rawValue) is missing"))
                continue
            }
            let pair = boundary.paired(category, in: input.range, ledger: entries)
            let isWhole = input.month == nil && pair.paired == pair.expected
            figures.append(
                pue(
                    id("pue-\(category.rawValue)"),
                    (isWhole ? "PUE" : "iPUE") + "\(category.rawValue)(\(period))",
                    isWhole ? "PUE of twelve months" : "interim PUE", pair))
            addUncertainty(category, terms, pair)
        }
        addSelfTest()
    }

    /// A figure with the meters behind it, which are explained further down to their registers.
    package func explained(_ wanted: FigureID) -> Explanation? {
        guard var figure = figures.first(where: { $0.id == wanted }) else { return nil }
        for category in PUECategory.allCases where wanted == id("pue-\(category.rawValue)") {
            figure.inputs += (boundary.total + (boundary.it[category] ?? [])).map { term in
                let energy = entries(term.meter).reduce(Int64(0)) { $0 &+ ($1.wattHours ?? 0) }
                return Explanation.Input(
                    (term.sign < 0 ? "− " : "") + term.meter.name,
                    kilowattHours(energy).description, unit: "kWh",
                    id: FigureID("energy.meter", of: term.meter.name, at: wanted.time),
                    counts: false)
            }
        }
        return figure
    }

    private static let pueFormula = "ΣE_DC ÷ ΣE_IT，任一侧缺失的时段同时退出两侧"

    /// With coverage among its inputs; a ratio below one is no PUE.
    private func pue(
        _ id: FigureID, _ chinese: String, _ english: String, _ pair: PairedEnergy
    ) -> Explanation {
        let isPossible = pair.pue.map { $0.numerator >= $0.denominator } ?? false
        let coverage = ExactRatio(Int64(pair.paired) * 100, Int64(max(1, pair.expected)))
        var reason: String?
        if pair.pue == nil {
            reason = "quarter hours in which both sides are known are missing"
        } else if !isPossible {
            reason = "the ratio is below 1: meters, multipliers or roles are wrong"
        }
        var figure = Explanation(
            id: id, chinese, english,
            value: isPossible ? pair.pue?.decimal(4).description : nil, formula: Self.pueFormula,
            inputs: [
                .init("E_DC kWh", kilowattHours(pair.totalWattHours).description),
                .init("E_IT kWh", kilowattHours(pair.itWattHours).description),
                .init("quarter hours", "\(pair.paired) of \(pair.expected)"),
                .init("coverage %", coverage?.decimal(2).description ?? "0"),
            ], source: "ISO/IEC 30134-2", reason: reason)
        if figure.value != nil {
            figure.notes = ["coverage \(coverage?.decimal(2).description ?? "0") %"]
        }
        return figure
    }

    private mutating func addUncertainty(
        _ category: PUECategory, _ terms: [PUEBoundary.Term], _ pair: PairedEnergy
    ) {
        let sides = [boundary.total, terms].map(limit)
        let name = "PUE\(category.rawValue) 不确定度"
        var figure = Explanation(
            id: id("pue-\(category.rawValue)-uncertainty"), name, "uncertainty", value: nil,
            formula: "PUE × √(u_DC² + u_IT²)，u 为表计与互感器准确度等级限值的方和根",
            source: "准确度等级限值 (limits of the classes)")
        for side in sides {
            if case .missing(let what) = side, figure.reason == nil {
                figure.reason = what + " is missing"
            }
        }
        if case .known(let total) = sides[0], case .known(let it) = sides[1],
            let ratio = pair.pue?.double
        {
            let independent = Uncertainty.ofRatio(
                pue: ratio, total: total.independent, it: it.independent)
            let systematic = Uncertainty.ofRatio(
                pue: ratio, total: total.systematic, it: it.systematic)
            figure.value = "±" + Self.decimal(independent, 4)
            figure.inputs = [
                .init("u_DC %", Self.decimal(total.independent * 100, 3)),
                .init("u_IT %", Self.decimal(it.independent * 100, 3)),
                .init("all errors alike", "±" + Self.decimal(systematic, 4)),
            ]
        } else if figure.reason == nil {
            figure.reason = "a PUE is missing"
        }
        figures.append(figure)
    }

    /// Relative limit of a sum of meters: independent errors by squares, alike ones added.
    private func limit(
        _ terms: [PUEBoundary.Term]
    ) -> Known<(independent: Double, systematic: Double)> {
        var squares = 0.0
        var linear = 0.0
        var sum = 0.0
        for term in terms {
            guard let accuracy = term.meter.accuracy else {
                return .missing("the accuracy class of meter \(term.meter.name)")
            }
            let energy = entries(term.meter).reduce(0.0) { $0 + Double($1.wattHours ?? 0) }
            let relative = Uncertainty.combined(accuracy.percents.map { $0 / 100 })
            squares += energy * energy * relative * relative
            linear += energy * relative
            sum += Double(term.sign) * energy
        }
        guard sum > 0 else { return .missing("energy") }
        return .known((squares.squareRoot() / sum, linear / sum))
    }

    /// The higher the category, the more losses are overhead.
    private mutating func addSelfTest() {
        let values = PUECategory.allCases.compactMap { category in
            boundary.it[category] == nil
                ? nil
                : boundary.paired(category, in: input.range, ledger: entries).pue?.double
        }
        guard values.count > 1 else { return }
        let isOrdered = zip(values, values.dropFirst()).allSatisfy { $0 <= $1 }
        figures.append(
            Explanation(
                id: id("pue-order"), "自检", "self-test", value: isOrdered ? "通过 passed" : nil,
                formula: "PUE1 ≤ PUE2 ≤ PUE3",
                inputs: values.map { .init("PUE", Self.decimal($0, 4)) },
                reason: isOrdered ? nil : "meters, multipliers or roles are wrong"))
    }

    /// The twelve months that end with the period's last one, and the grade that goes by them.
    private mutating func addTwelveMonths() {
        guard let category = boundary.category, !boundary.total.isEmpty else { return }
        let twelve = TwelveMonths(
            endingWith: input.year, input.month ?? 12, boundary, category,
            offsetMinutes: input.site.offsetMinutes, ledger: input.ledger)
        var figure = pue(
            id("pue-twelve-months"), "PUE\(category.rawValue)(\(twelve.span))", "twelve months",
            twelve.energy)
        if let missing = twelve.missing {
            figure.value = nil
            figure.reason = missing
        }
        figures.append(figure)
        var grade: String?
        if figure.value != nil, let ratio = twelve.energy.pue {
            grade = GB40879Grade(ratio).chinese
        }
        figures.append(
            Explanation(
                id: id("gb40879-grade"), "GB 40879-2021 等级", "grade", value: grade,
                formula: "未修约的 12 个月 PUE 与 1.20 / 1.30 / 1.50 比较（全数值比较法）",
                inputs: [.init("PUE", figure.value ?? "–")], source: "GB 40879-2021",
                reason: grade == nil ? "a PUE of twelve months is missing" : nil))
    }

    // MARK: - Parts

    /// What each part of the overhead adds: (E_IT + part) ÷ E_IT.
    private mutating func addParts() {
        let cooling = whole(.cooling, "a meter with the role cooling")
        let hasOther = input.site.meters.contains { $0.role == .other }
        let other = hasOther ? whole(.other, "") : Known.known(EnergyQuantity.zero)
        var losses = Known<EnergyQuantity>.missing("")
        if case .known(let total) = total, case .known(let it) = it,
            case .known(let cooling) = cooling, case .known(let other) = other
        {
            losses = .known(total - it - cooling - other)
        } else {
            losses = .missing(
                [total, it, cooling, other].lazy.compactMap(\.missing).first ?? "an energy")
        }
        addPart("cooling", "制冷", cooling)
        addPart("power", "供配电损耗", losses)
        if hasOther { addPart("other", "其他", other) }
    }

    private mutating func addPart(
        _ name: String, _ chinese: String, _ part: Known<EnergyQuantity>
    ) {
        var figure = Explanation(
            id: id("ppue", name), "pPUE(\(chinese))", "partial PUE, \(name)", value: nil,
            formula: "(E_IT + \(chinese)) ÷ E_IT", source: "ISO/IEC 30134-2")
        if case .known(let energy) = part, case .known(let it) = it {
            figure.value =
                PUEIndicators.partial(it: it.wattHours, part: energy.wattHours)?
                .decimal(4).description
            figure.inputs = [
                .init("E_IT kWh", "\(it)"), .init("\(name) kWh", "\(energy)"),
            ]
            if figure.value == nil { figure.reason = "IT energy is missing" }
        } else {
            figure.reason = (part.missing ?? it.missing ?? "an energy") + " is missing"
        }
        figures.append(figure)
    }

    static func decimal(_ value: Double, _ digits: Int8) -> String {
        guard value.isFinite, value.magnitude < 1e9,
            let power = Int64.powerOfTen(Int(digits))
        else { return "–" }
        let mantissa = Int64((value * Double(power)).rounded(.toNearestOrAwayFromZero))
        return FixedDecimal(mantissa: mantissa, scale: digits).description
    }
}

/// A value, or what it lacks.
enum Known<Value> {
    case known(Value)
    /// What is missing, as a noun.
    case missing(String)

    var missing: String? {
        if case .missing(let what) = self { return what }
        return nil
    }
    var value: Value? {
        if case .known(let value) = self { return value }
        return nil
    }
}
