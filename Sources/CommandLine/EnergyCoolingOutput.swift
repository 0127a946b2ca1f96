import Energy
import Model

/// A month's cooling as JSON: hours, energies and amounts as decimal texts.
struct CoolingAnswer: Encodable {
    struct Missed: Encodable {
        /// Nil, as energy and amount, where mode, weather or plant are not known of any hour.
        var hours: String?
        var kilowattHours: String?
        var yuan: String?
        /// Hours that are in no energy and no amount.
        var unvaluedHours: String?
        var id: String

        init(_ part: MissedFreeCooling.Part, _ id: FigureID, isKnown: Bool = true) {
            self.id = "\(id)"
            guard isKnown else { return }
            hours = CoolingMonth.hoursText(part.milliseconds)
            kilowattHours = part.energy.decimal.trimmed.description
            yuan = part.cost.rounded.description
            unvaluedHours = CoolingMonth.hoursText(part.unvaluedMilliseconds)
        }
    }
    struct Unit: Encodable {
        var name: String
        var displayName: String
        var economiser: String?
        /// By mode.
        var measured: [String: String]
        var inferredHours: String
        /// By what the weather allowed; nil where the plant or the weather is not known.
        var potential: [String: String]?
        var potentialHours: String?
        var missed: Missed
        /// Share of the time in which the mode is known, 0…1.
        var coverage: Double
        var potentialCoverage: Double
        var ids: [String: String]
    }
    struct Cause: Encodable {
        var cause: String
        var missed: Missed
    }
    struct Day: Encodable {
        var day: String
        var equivalentHours: String?
        var missed: Missed
    }
    struct Run: Encodable {
        var unit: String
        var start: String
        var end: String
        var cause: String
        var missed: Missed
    }
    struct Site: Encodable {
        var equivalentHours: String
        var equivalentID: String
        /// Hours in which the work of at least one unit is known.
        var knownHours: String
        var units: Int
        var missed: Missed
    }
    struct Coverage: Encodable {
        /// Of all units together, 0…1.
        var measured: Double
        var potential: Double
        var quarterHours: Int
    }
    struct Prices: Encodable {
        /// Missed quarter hours by what they were valued at.
        var realTime: Int
        var tariff: Int
    }

    var month: String
    var from: String
    var to: String
    var weather: String?
    var prices: Prices
    var site: Site
    var units: [Unit]
    var causes: [Cause]
    var days: [Day]
    var runs: [Run]
    var coverage: Coverage

    init(
        _ month: CoolingMonth, site: Model.Site, time: FigureTime, unit: String?, weather: String?
    ) {
        let offset = month.offsetMinutes
        let span = month.range.end.millisecondsSince(month.range.start)
        self.month = "\(time)"
        from = month.range.start.iso8601(offsetMinutes: offset)
        to = month.range.end.iso8601(offsetMinutes: offset)
        self.weather = weather
        prices = Prices(
            realTime: month.bases[.realTime] ?? 0, tariff: month.bases[.tariff] ?? 0)
        let chosen = month.units.filter { (unit ?? $0.unit.name) == $0.unit.name }
        let hours = month.hours(in: month.range)
        let amount = "missed.amount"
        self.site = Site(
            equivalentHours: month.equivalentText,
            equivalentID:
                "\(month.id("equivalent", at: time))",
            knownHours: CoolingMonth.hoursText(hours.knownMilliseconds), units: month.units.count,
            missed: Missed(
                month.missed, month.id(amount, at: time),
                isKnown: month.units.contains(where: Self.isKnown)))
        units = chosen.map { Self.unit($0, month, time, span) }
        let runs = month.runs.filter { (unit ?? $0.unit.name) == $0.unit.name }
        causes = MissedFreeCooling.byCause(runs.map(\.run)).map { cause, part in
            Cause(
                cause: cause.rawValue,
                missed: Missed(
                    part, month.id(amount + "." + cause.rawValue, of: unit, at: time)))
        }
        days = time.parts(offsetMinutes: offset).compactMap { day in
            Self.day(day, month, unit, chosen.contains(where: Self.isKnown))
        }
        self.runs = runs.map { owner, run in
            let span = FigureTime(
                TimeRange(start: run.start, end: run.end), offsetMinutes: offset)
            return Run(
                unit: owner.name, start: run.start.iso8601(offsetMinutes: offset),
                end: run.end.iso8601(offsetMinutes: offset), cause: run.cause.rawValue,
                missed: Missed(run.part, month.id(amount, of: owner.name, at: span)))
        }
        func share(_ known: (CoolingMonth.Unit) -> Int64) -> Double {
            let all = Double(span) * Double(chosen.count)
            return all > 0 ? Double(chosen.reduce(0) { $0 + known($1) }) / all : 0
        }
        coverage = Coverage(
            measured: share(\.measured.known), potential: share(\.potentialKnown),
            quarterHours: CoolingMonth.quarters(month.range).count)
    }

    /// Whether anything can be said of what a unit missed.
    private static func isKnown(_ unit: CoolingMonth.Unit) -> Bool {
        unit.unit.economiser != nil && unit.potentialKnown > 0 && unit.measured.known > 0
    }

    private static func unit(
        _ unit: CoolingMonth.Unit, _ month: CoolingMonth, _ time: FigureTime, _ span: Int64
    ) -> Unit {
        let name = unit.unit.name
        let whole = Double(max(1, span))
        var ids = [
            "potential": "\(month.id("potential", of: name, at: time))",
            "missedHours": "\(month.id("missed.hours", of: name, at: time))",
            "missedEnergy": "\(month.id("missed.energy", of: name, at: time))",
        ]
        var measured: [String: String] = [:]
        for mode in FreeCoolingMode.allCases {
            measured[mode.rawValue] = CoolingMonth.hoursText(unit.measured[mode])
            let word = mode.rawValue.lowercased()
            ids[mode.rawValue] = "\(month.id("hours." + word, of: name, at: time))"
        }
        let isKnown = unit.unit.economiser != nil && unit.potentialKnown > 0
        var potential: [String: String] = [:]
        for (kind, milliseconds) in unit.potential {
            potential[kind.rawValue] = CoolingMonth.hoursText(milliseconds)
        }
        return Unit(
            name: name, displayName: unit.unit.displayName,
            economiser: unit.unit.economiser?.kind.rawValue, measured: measured,
            inferredHours: CoolingMonth.hoursText(unit.inferredMilliseconds),
            potential: isKnown ? potential : nil,
            potentialHours: isKnown ? CoolingMonth.hoursText(unit.potentialFull) : nil,
            missed: Missed(
                unit.missed.total, month.id("missed.amount", of: name, at: time),
                isKnown: Self.isKnown(unit)),
            coverage: Double(unit.measured.known) / whole,
            potentialCoverage: Double(unit.potentialKnown) / whole, ids: ids)
    }

    private static func day(
        _ day: FigureTime, _ month: CoolingMonth, _ unit: String?, _ isKnown: Bool
    ) -> Day? {
        let range = day.range(offsetMinutes: month.offsetMinutes)
        guard range.start < month.range.end else { return nil }
        let inside = TimeRange(start: range.start, end: min(range.end, month.range.end))
        let part = month.missed(in: inside, unit: unit)
        let equivalent = month.hours(in: inside)
        return Day(
            day: "\(day)",
            equivalentHours: equivalent.knownMilliseconds > 0
                ? FixedDecimal(nearest: equivalent.equivalentHours, digits: 2)?.description : nil,
            missed: Missed(
                part, month.id("missed.amount", of: unit, at: day),
                isKnown: isKnown && equivalent.knownMilliseconds > 0))
    }
}

/// The same for people.
enum CoolingText {
    static func write(_ answer: CoolingAnswer, verbose: Bool) {
        Output.line("free cooling \(answer.from) … \(answer.to)")
        var table = TextTable([
            ("UNIT", .left), ("FULL h", .right), ("PARTIAL h", .right), ("MECH h", .right),
            ("OFF h", .right), ("UNKNOWN h", .right), ("POSSIBLE h", .right),
            ("MISSED h", .right), ("kWh", .right), ("YUAN", .right),
        ])
        for unit in answer.units {
            let modes = FreeCoolingMode.allCases.map { unit.measured[$0.rawValue] ?? "" }
            table.add(
                [unit.name] + modes + [
                    unit.potentialHours ?? "unknown", unit.missed.hours ?? "–",
                    unit.missed.kilowattHours ?? "–", unit.missed.yuan ?? "–",
                ])
        }
        table.write()
        if answer.units.count == answer.site.units {
            Output.line(
                "site: \(answer.site.equivalentHours) equivalent free-cooling hours of "
                    + "\(answer.site.knownHours) known, \(answer.site.units) units by capacity and "
                    + "load")
            total("missed", answer.site.missed)
        }
        for cause in answer.causes { total("  \(cause.cause)", cause.missed) }
        valued(answer)
        let share = { (value: Double) in decimal(value * 100, 2) + " %" }
        Output.line(
            "known: mode \(share(answer.coverage.measured)), weather and plant "
                + "\(share(answer.coverage.potential)) of \(answer.coverage.quarterHours) quarter "
                + "hours; weather: \(answer.weather ?? "none (give --weather FILE)")")
        days(answer)
        guard verbose else { return }
        for run in answer.runs {
            Output.line(
                "\(run.unit) \(run.start) … \(run.end) \(run.cause): \(amounts(run.missed))  "
                    + run.missed.id)
        }
        for unit in answer.units {
            for id in ([unit.missed.id] + unit.ids.values).sorted() { Output.line(id) }
        }
        Output.line(answer.site.equivalentID)
    }

    private static func total(_ name: String, _ missed: CoolingAnswer.Missed) {
        let open = missed.unvaluedHours.map {
            $0 == "0.00" ? "" : ", \($0) h of it in no amount"
        }
        Output.line("\(name): \(amounts(missed))\(open ?? "")  \(missed.id)")
    }

    private static func amounts(_ missed: CoolingAnswer.Missed) -> String {
        guard let hours = missed.hours, let energy = missed.kilowattHours, let yuan = missed.yuan
        else { return "unknown" }
        return "\(hours) h, \(energy) kWh, \(yuan) yuan"
    }

    private static func valued(_ answer: CoolingAnswer) {
        var parts: [String] = []
        if answer.prices.realTime > 0 {
            parts.append(
                "\(answer.prices.realTime) quarter hours at the real-time price and adders")
        }
        if answer.prices.tariff > 0 {
            parts.append(
                "\(answer.prices.tariff) quarter hours at the tariff's price (no settlement sheet "
                    + "with market prices)")
        }
        if !parts.isEmpty { Output.line("valued: " + parts.joined(separator: ", ")) }
    }

    private static func days(_ answer: CoolingAnswer) {
        var table = TextTable([
            ("DAY", .left), ("EQUIVALENT h", .right), ("MISSED h", .right), ("kWh", .right),
            ("YUAN", .right),
        ])
        for day in answer.days {
            table.add([
                day.day, day.equivalentHours ?? "unknown", day.missed.hours ?? "–",
                day.missed.kilowattHours ?? "–", day.missed.yuan ?? "–",
            ])
        }
        table.write()
    }
}
