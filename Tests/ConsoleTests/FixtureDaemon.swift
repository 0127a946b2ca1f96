import Console
import Model
import Screen
import Views

/// A daemon for tests: answers what the console asks, always the same.
enum FixtureDaemon {
    /// Presses keys and lets the daemon answer until nothing more is asked.
    static func press(_ model: inout ConsoleModel, _ keys: [Key]) throws {
        var commands: [ConsoleCommand] = []
        for key in keys { commands += update(&model, .key(key)) }
        try answer(&model, commands)
    }

    static func answer(_ model: inout ConsoleModel, _ asked: [ConsoleCommand]) throws {
        var commands = asked
        // A page asks for points, then for their history: three rounds are enough for any.
        for _ in 0..<5 {
            var next: [ConsoleCommand] = []
            for command in commands {
                for event in try answers(command, model) { next += update(&model, event) }
            }
            commands = next + update(&model, .tick(model.nowMS + 400))
        }
    }

    static func answers(
        _ command: ConsoleCommand, _ model: ConsoleModel
    ) throws -> [ConsoleEvent] {
        switch command {
        case .ofMoment(let at, let question):
            return try answers(question, model).map { .ofMoment(atMS: at, $0) }
        case .loadPast(let at): return [.past(atMS: at, past(model, at))]
        case .loadEnergyDay(let at): return [.energyDay(energyDay(at, model))]
        case .loadCoolingDay(let at): return [.coolingDay(coolingDay(at, model))]
        case .loadSeries(let tag, let points, let from, let to, let step):
            return [.series(tag: tag, series(points, from, to, step, model))]
        case .loadTotals(let from, let to, let step):
            return [.totals(series(["site/total.power"], from, to, step, model))]
        case .loadHistory(let point, let from, let to, let step):
            return [.history(point: point, series([point], from, to, step, model))]
        case .loadRack(let name): return rackLayout(name, model).map { [.rack($0)] } ?? []
        case .loadDevice(let name): return try device(name, model).map { [.device($0)] } ?? []
        case .loadPoints(let glob): return [.points(glob: glob, month(model))]
        case .loadAlarmHistory: return [.alarmHistory(history(model))]
        case .explain(let id): return [.explanation(id: id, explanation(id))]
        default: return []
        }
    }

    private static func past(_ model: ConsoleModel, _ at: Int64) -> SiteView {
        guard var view = model.snapshot else { preconditionFailure("BUG: nothing is shown yet") }
        view.timeMS = at
        view.sequence = 0
        view.header.totalWatts = view.header.totalWatts.map { $0 * 0.94 }
        view.health.store = "unknown"
        view.health.readingsStored = nil
        view.health.startedMS = nil
        view.health.outboxPending = nil
        view.past = PastView(
            oldestMS: at - 1_000_000_000, devicesKnown: view.devices.count, damaged: 0)
        for index in view.devices.indices {
            view.devices[index].polls = nil
            view.devices[index].failures = nil
            view.devices[index].latencyMS = nil
        }
        return view
    }

    // MARK: Series

    /// A day's hump around what the point is now, with a step every few minutes, and an hour before
    /// dawn in which nothing was stored.
    private static func series(
        _ points: [String], _ from: Int64, _ to: Int64, _ step: Int64, _ model: ConsoleModel
    ) -> SeriesView {
        let times = (0..<max(1, (to - from) / step)).map { from + $0 * step }
        let offset = Int64(model.snapshot?.offsetMinutes ?? 0) * 60_000
        let lines = points.map { point -> SeriesView.Line in
            let (base, swing, unit) = shape(point, model)
            let isKnown = model.snapshot?.header.totalWatts != nil || !point.hasPrefix("site/")
            let values = times.map { time -> Double? in
                let day = Double((time + offset) % 86_400_000) / 86_400_000
                if !isKnown || (0.2..<0.24).contains(day) { return nil }
                let hump = 1 - (2 * day - 1.2) * (2 * day - 1.2)
                let noise = Double((time / 60_000 * 7919 + Int64(point.utf8.count)) % 100) / 100
                return base + swing * hump + swing * 0.15 * noise
            }
            return SeriesView.Line(point: point, unit: unit, values: values)
        }
        return SeriesView(timesMS: times, lines: lines)
    }

    private static func shape(
        _ point: String, _ model: ConsoleModel
    ) -> (base: Double, swing: Double, unit: String) {
        let header = model.snapshot?.header
        switch point {
        case "site/pue": return (1.24, 0.06, "1")
        case "site/total.power": return ((header?.totalWatts ?? 0) * 0.9, 20_000, "W")
        case "site/it.power": return ((header?.itWatts ?? 0) * 0.95, 10_000, "W")
        case "site/cooling.power": return ((header?.coolingWatts ?? 0) * 0.8, 9_000, "W")
        case _ where point.contains(".rear.temperature"): return (31.5, 3, "°C")
        case _ where point.contains("temperature"): return (21.5, 2, "°C")
        default: return (2100, 350, "W")
        }
    }

    private static func month(_ model: ConsoleModel) -> [PointView] {
        guard let header = model.snapshot?.header, let it = header.itWatts,
            let total = header.totalWatts
        else { return [] }
        return [("month.total.energy", total), ("month.it.energy", it)].map { name, watts in
            PointView(
                device: "site", name: name, label: nil, kind: "gauge", text: nil,
                value: watts * 480, unit: "Wh", quality: "good", timeMS: model.serverNowMS)
        }
    }

    // MARK: Devices

    private static func device(_ name: String, _ model: ConsoleModel) throws -> DeviceView? {
        let recorded = try Fixture.device()
        if name == recorded.summary.name { return recorded }
        guard let summary = model.snapshot?.devices.first(where: { $0.name == name }) else {
            return nil
        }
        let isPDU = name.hasPrefix("pdu")
        let points = isPDU ? pduPoints(name, model) : airPoints(name, model)
        return DeviceView(summary: summary, points: points)
    }

    private static func point(
        _ device: String, _ name: String, _ value: Double, _ unit: String, _ model: ConsoleModel,
        label: String? = nil
    ) -> PointView {
        PointView(
            device: device, name: name, label: label, kind: "gauge", text: "\(value)",
            value: value, unit: unit, quality: "good", timeMS: model.serverNowMS - 4000,
            origin: "1.3.6.1.4.1.318.1.1.26.6.3.1.5")
    }

    private static func pduPoints(_ name: String, _ model: ConsoleModel) -> [PointView] {
        var points = [point(name, "input.power", 2240, "W", model)]
        for phase in 1...3 {
            let amperes = Double(25 + phase * 7) / 10
            points.append(point(name, "input.l\(phase).current", amperes, "A", model))
            points.append(
                point(
                    name, "input.l\(phase).load", (amperes / 16 * 1000).rounded() / 10, "%", model))
        }
        for outlet in 1...6 {
            points.append(
                point(
                    name, "outlet.\(outlet).power", Double(300 + outlet * 21), "W", model,
                    label: "服务器 \(outlet)"))
        }
        return points
    }

    private static func airPoints(_ name: String, _ model: ConsoleModel) -> [PointView] {
        let heights: [(place: String, celsius: Double)] = [
            ("top", 24.1), ("middle", 23.2), ("bottom", 22.4), ("rear", 33.8),
        ]
        return heights.map { height in
            point(
                name, "ambient.\(height.place).temperature", height.celsius, "°C", model,
                label: height.place)
        } + [point(name, "ambient.humidity", 44, "%", model)]
    }

    // MARK: Energy

    private static func midnight(_ at: Int64, _ model: ConsoleModel) -> Int64 {
        let offset = Int64(model.snapshot?.offsetMinutes ?? 0) * 60_000
        return (at + offset) / 86_400_000 * 86_400_000 - offset
    }

    private static func energyDay(_ at: Int64, _ model: ConsoleModel) -> EnergyDayView {
        let start = midnight(at, model)
        var day = EnergyDayView(
            startMS: start, offsetMinutes: model.snapshot?.offsetMinutes ?? 0)
        let watts = model.snapshot?.header.totalWatts ?? 0
        for index in 0..<96 {
            var quarter = EnergyDayView.Quarter(startMS: start + Int64(index) * 900_000)
            let hour = index / 4
            quarter.period =
                hour < 7 ? "valley" : (8..<11).contains(hour) || hour >= 18 ? "peak" : "flat"
            quarter.yuanPerKWh =
                quarter.period == "valley" ? 0.3011 : quarter.period == "peak" ? 0.5514 : 0.4187
            if quarter.startMS + 900_000 <= at, watts > 0 {
                let hump = 1 - Double((index - 56) * (index - 56)) / 40_000
                quarter.energyWattHours = Int64(watts / 4 * hump)
                quarter.itWattHours = Int64(watts / 4 * hump / 1.25)
                quarter.costYuan = watts / 4000 * hump * (quarter.yuanPerKWh ?? 0)
            }
            day.quarters.append(quarter)
        }
        let energy = day.quarters.compactMap(\.energyWattHours).reduce(0, +)
        guard energy > 0 else {
            day.priceReason = "the site file chooses no tariff"
            for index in day.quarters.indices {
                day.quarters[index].yuanPerKWh = nil
                day.quarters[index].period = nil
            }
            return day
        }
        let cost = day.quarters.compactMap(\.costYuan).reduce(0, +)
        day.energyWattHours = energy
        day.costYuan = cost
        day.meanYuanPerKWh = cost / (Double(energy) / 1000)
        day.contractYuanPerKWh = 0.3128
        day.tableCostYuan = cost * 1.04
        day.monthCostYuan = cost * 29.4
        day.monthYuanPerKWh = 0.4127
        day.targetYuanPerKWh = 0.35
        day.targetSource = "吕梁市数据中心电价补贴"
        return day
    }

    private static func coolingDay(_ at: Int64, _ model: ConsoleModel) -> CoolingDayView {
        var day = CoolingDayView(startMS: midnight(at, model), endMS: at / 900_000 * 900_000)
        let names = (model.snapshot?.cooling ?? []).map(\.name)
        for (index, name) in names.enumerated() {
            var missed = CoolingDayView.Missed(hours: index == 3 ? 2.5 : 0, unvaluedHours: 0)
            missed.energyKWh = index == 3 ? 31.4 : 0
            missed.amountYuan = index == 3 ? 14.62 : 0
            var unit = CoolingDayView.Unit(name: name, missed: missed)
            unit.possibleHours = 14.25
            unit.cause = index == 3 ? "manual" : nil
            day.units.append(unit)
        }
        day.missed = day.units.first { $0.missed.hours > 0 }?.missed
        if day.missed == nil, !names.isEmpty { day.missed = day.units.first?.missed }
        return day
    }

    // MARK: Alarms and explanations

    private static func history(_ model: ConsoleModel) -> [AlarmHistoryLine] {
        let now = model.serverNowMS
        var line = AlarmHistoryLine(
            timeMS: now - 600_000, id: "inlet-hot:env-h1-r01-k04/ambient.temperature",
            state: "UNACK", priority: "critical")
        line.valueText = "31.6 C"
        var other = line
        other.timeMS = now - 300_000
        other.state = "ACKED"
        other.by = "wang"
        other.comment = "电工已到现场"
        return [line, other]
    }

    private static func explanation(_ id: String) -> ExplanationView {
        var view = ExplanationView(
            id: id, title: "PUE of the day", unit: "1", formula: "energy of the site / IT energy",
            source: "ISO/IEC 30134-2, category 2")
        view.value = "1.2417"
        view.check = "agrees"
        view.inputs = [
            .init(
                name: "energy of the site", value: "4112.306", unit: "kWh", quality: "measured",
                id: id.replacing("energy.pue", with: "energy.pue.total")),
            .init(
                name: "IT energy", value: "3311.8", unit: "kWh", quality: "measured",
                id: id.replacing("energy.pue", with: "energy.pue.it")),
        ]
        view.notes = ["quarter hours in which a meter is missing are in neither"]
        return view
    }
}
