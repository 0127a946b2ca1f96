import Model

/// The conditions that look at more than one value: rates, deviations, formulas. For each it says
/// at every poll of one of its inputs whether it holds; what becomes of that is the engine's.
struct RuleConditions: Sendable {
    /// An alarm that somebody must make for a condition.
    struct Wanted {
        var condition: Int
        var rule: Int
        /// The name of the device or of the power node.
        var subject: String
        var point: PointDefinition?
    }

    struct Outcome {
        var condition: Int32
        var verdict: Verdict
    }

    /// Without references: it is looked at for every value.
    private enum Kind: Sendable {
        /// Its place in `rates`.
        case rate(Int32)
        case deviation(slot: Int32, other: Int32?, Threshold)
        case peers(slot: Int32, group: Int32, Threshold)
        /// Its place in `formulas`.
        case formula(Int32)
    }

    private struct Rate: Sendable {
        var slot: Int32
        /// 1 for what rises, -1 for what falls.
        var sign: Double
        var perMilliseconds: Int64
        var window: Int64
        var threshold: Threshold
        var seen = RateWindow()
        var last: Double = 0
    }

    private struct Formula: Sendable {
        /// Where its slots begin in `formulaSlots`; -1 there for those that are not known yet.
        var first: Int
        var count: Int
        /// Places in `programs`; -1 for none, and while slots are missing.
        var raise: Int32 = -1
        var clear: Int32 = -1
    }

    private struct DeviceInputs: Sendable {
        /// The slot of each point, -1 for those nobody looks at.
        var slots: [Int32] = []
        /// Conditions to look at when a slot of the device has a new value.
        var conditions: [[Int32]] = []
        /// Conditions that wait for a point of this name, by its place among their inputs.
        var awaited: [String: [(condition: Int32, input: Int)]] = [:]
    }

    let site: Site
    private let scopes: RuleScopes
    private var inputs = LiveInputs()
    private var devices: [DeviceInputs]
    private var kinds: [Kind] = []
    private var rates: [Rate] = []
    private var formulas: [Formula] = []
    private var formulaSlots: [Int32] = []
    /// As people read them: without the device where there is but one.
    private var formulaNames: [[String]] = []
    /// Of formulas that wait for slots: what they will compute.
    private var sources: [Int: AlarmFormula] = [:]
    /// Devices of one kind share what a rule computes.
    private var programs: [FormulaProgram] = []
    private var programPlaces: [ProgramKey: Int32] = [:]
    private var rules: [Int32] = []
    private var groups = PeerGroups()
    /// Which step a condition was last looked at in: once for all values of a poll.
    private var lookedAt: [Int64] = []
    private var step: Int64 = 0
    private var outcomes: [Outcome] = []

    init(site: Site, scopes: RuleScopes) {
        self.site = site
        self.scopes = scopes
        devices = Array(repeating: DeviceInputs(), count: site.devices.count + 1)
    }

    // MARK: Binding

    /// The conditions that are known before any point is: formulas, whose alarms belong to devices
    /// and nodes.
    mutating func begin() -> [Wanted] {
        var wanted: [Wanted] = []
        for (index, rule) in site.alarmRules.enumerated() {
            guard case .formula(let formula) = rule.condition else { continue }
            switch rule.subject {
            case .devices:
                let own = DeviceID(site.devices.count)
                for device in site.devices.indices.map({ DeviceID($0) }) + [own]
                where scopes.matches(rule, device) {
                    let name = scopes.name(of: device)
                    let id = expect(formula, of: index) { (device, $0) }
                    wanted.append(Wanted(condition: id, rule: index, subject: name, point: nil))
                }
            case .powerNodes:
                for node in scopes.nodes(of: rule) {
                    guard let whole = NodeFormula(formula, node: node, of: site) else { continue }
                    let id = expect(whole.formula, of: index) { [scopes] in scopes.point($0) }
                    wanted.append(
                        Wanted(condition: id, rule: index, subject: node.name, point: nil))
                }
            }
        }
        return wanted
    }

    /// Makes a formula whose inputs are not there yet.
    private mutating func expect(
        _ formula: AlarmFormula, of rule: Int, _ input: (String) -> (DeviceID, String)?
    ) -> Int {
        var names = formula.raise.points
        for name in formula.clear?.points ?? [] where !names.contains(name) { names.append(name) }
        let id = add(.formula(Int32(formulas.count)), rule)
        sources[formulas.count] = formula
        formulas.append(Formula(first: formulaSlots.count, count: names.count))
        formulaSlots += Array(repeating: -1, count: names.count)
        formulaNames.append(names)
        for (place, name) in names.enumerated() {
            guard let (device, point) = input(name) else { continue }
            devices[Int(device.index)].awaited[point, default: []].append((Int32(id), place))
        }
        return id
    }

    private mutating func add(_ kind: Kind, _ rule: Int) -> Int {
        kinds.append(kind)
        rules.append(Int32(rule))
        lookedAt.append(.min)
        return kinds.count - 1
    }

    /// Takes in points of `device` from place `first` on, which were not known before.
    ///
    /// - Parameter interval: the time between two polls of the point at a place.
    mutating func bind(
        _ device: DeviceID, points: [PointDefinition], from first: Int, interval: (Int) -> Int64
    ) -> [Wanted] {
        let index = Int(device.index)
        var wanted: [Wanted] = []
        let questions = questions(device)
        for place in first..<points.count {
            let point = points[place]
            devices[index].slots.append(-1)
            devices[index].conditions.append([])
            for question in questions where point.kind == .gauge {
                guard question.points.matches(point.name) else { continue }
                let slot = slot(device, place, point, interval(place))
                let id = make(question.condition, question.rule, device, slot, point)
                guard let id else { continue }
                wanted.append(
                    Wanted(
                        condition: id, rule: question.rule, subject: scopes.name(of: device),
                        point: point))
            }
            for (condition, input) in devices[index].awaited.removeValue(forKey: point.name) ?? [] {
                let slot = slot(device, place, point, interval(place))
                fill(Int(condition), input, slot)
                devices[index].conditions[place].append(condition)
            }
        }
        return wanted
    }

    private struct Question {
        var rule: Int
        var points: Glob
        var condition: AlarmRule.Condition
    }

    /// What rules ask of several values of the points of a device.
    private func questions(_ device: DeviceID) -> [Question] {
        site.alarmRules.indices.compactMap { index in
            let rule = site.alarmRules[index]
            switch rule.condition {
            case .above, .below, .state, .noData, .formula: return nil
            case .rate, .deviation:
                return scopes.matches(rule, device)
                    ? Question(
                        rule: index, points: Glob(rule.point), condition: rule.condition)
                    : nil
            }
        }
    }

    private mutating func slot(
        _ device: DeviceID, _ place: Int, _ point: PointDefinition, _ interval: Int64
    ) -> Int32 {
        let index = Int(device.index)
        if devices[index].slots[place] < 0 {
            devices[index].slots[place] = inputs.add(point, interval: interval)
        }
        return devices[index].slots[place]
    }

    private mutating func make(
        _ condition: AlarmRule.Condition, _ rule: Int, _ device: DeviceID, _ slot: Int32,
        _ point: PointDefinition
    ) -> Int? {
        let index = Int(device.index)
        let place = devices[index].slots.count - 1
        let id: Int
        switch condition {
        case .rate(let limit):
            id = add(.rate(Int32(rates.count)), rule)
            rates.append(
                Rate(
                    slot: slot, sign: limit.direction == .rises ? 1 : -1,
                    perMilliseconds: limit.perMilliseconds, window: limit.windowMilliseconds,
                    threshold: Threshold(limit: limit.limit, deadband: limit.deadband)))
        case .deviation(let limit):
            let threshold = Threshold(limit: limit.limit, deadband: limit.deadband)
            guard limit.reference != .partner else {
                return pair(threshold, rule, device, slot, point)
            }
            guard
                let group = groups.join(
                    slot, rule: rule, place: scopes.place(of: device, limit.reference))
            else { return nil }
            id = add(.peers(slot: slot, group: group, threshold), rule)
        case .above, .below, .state, .noData, .formula: return nil
        }
        devices[index].conditions[place].append(Int32(id))
        return id
    }

    /// The two of a pair have one alarm, which is called after the device of feed A.
    private mutating func pair(
        _ threshold: Threshold, _ rule: Int, _ device: DeviceID, _ slot: Int32,
        _ point: PointDefinition
    ) -> Int? {
        guard let other = scopes.partner(of: device) else { return nil }
        let place = devices[Int(device.index)].slots.count - 1
        let isFirst = site.devices[Int(device.index)].feed == .a
        let key = PairKey(
            rule: rule, device: isFirst ? device : other, point: point.name)
        if let id = pairs[key] {
            // The partner was here before: both are known now.
            guard case .deviation(let own, _, let threshold) = kinds[id] else { return nil }
            kinds[id] = .deviation(slot: own, other: slot, threshold)
            devices[Int(device.index)].conditions[place].append(Int32(id))
            return isFirst ? id : nil
        }
        let id = add(.deviation(slot: slot, other: nil, threshold), rule)
        pairs[key] = id
        devices[Int(device.index)].conditions[place].append(Int32(id))
        return isFirst ? id : nil
    }

    private struct PairKey: Hashable {
        var rule: Int
        var device: DeviceID
        var point: String
    }
    private var pairs: [PairKey: Int] = [:]

    private struct ProgramKey: Hashable {
        var expression: AlarmExpression
        var inputs: [String]
        /// Of the states that it names, what the device calls them.
        var codes: [[Int64]]
    }

    private mutating func fill(_ condition: Int, _ input: Int, _ slot: Int32) {
        guard case .formula(let place) = kinds[condition] else { return }
        let index = Int(place)
        let first = formulas[index].first
        formulaSlots[first + input] = slot
        let slots = Array(formulaSlots[first..<(first + formulas[index].count)])
        guard !slots.contains(-1), let source = sources.removeValue(forKey: index) else { return }
        let names = formulaNames[index]
        formulas[index].raise = program(source.raise, names, slots)
        if let clear = source.clear { formulas[index].clear = program(clear, names, slots) }
    }

    private mutating func program(
        _ expression: AlarmExpression, _ names: [String], _ slots: [Int32]
    ) -> Int32 {
        func codes(_ point: String, _ state: String) -> [Int64] {
            guard let place = names.firstIndex(of: point),
                case .state(let labels) = inputs.definitions[Int(slots[place])].kind
            else { return [] }
            return labels.filter { $0.name == state }.map(\.code)
        }
        let made = FormulaProgram(expression, inputs: names, codes: codes)
        let key = ProgramKey(
            expression: expression, inputs: names, codes: expression.states.map { codes($0, $1) })
        if let known = programPlaces[key] { return known }
        programs.append(made)
        programPlaces[key] = Int32(programs.count - 1)
        return Int32(programs.count - 1)
    }

    // MARK: Steps

    /// Takes the values of a poll, in whatever order, and says of each condition that looks at one
    /// of them what it says now.
    mutating func step(_ batch: ReadingBatch, now: Int64) -> [Outcome] {
        let device = Int(batch.device.index)
        outcomes.removeAll(keepingCapacity: true)
        let count = devices[device].slots.count
        for value in batch.values where Int(value.index) < count {
            let slot = Int(devices[device].slots[Int(value.index)])
            if slot >= 0 { inputs.take(value, slot: slot, now: now) }
        }
        step &+= 1
        for value in batch.values where Int(value.index) < count {
            for condition in devices[device].conditions[Int(value.index)] {
                guard lookedAt[Int(condition)] != step else { continue }
                lookedAt[Int(condition)] = step
                outcomes.append(
                    Outcome(condition: condition, verdict: verdict(Int(condition), now)))
            }
        }
        return outcomes
    }

    private mutating func verdict(_ condition: Int, _ now: Int64) -> Verdict {
        switch kinds[condition] {
        case .rate(let place): return verdict(ofRate: Int(place), now)
        case .deviation(let slot, let other, let threshold):
            guard let other, inputs.isUsable(Int(slot), now: now),
                inputs.isUsable(Int(other), now: now)
            else { return .frozen }
            let difference = inputs.values[Int(slot)].exactSum(-inputs.values[Int(other)])
            return threshold.verdict(abs(difference))
        case .peers(let slot, let group, let threshold):
            guard inputs.isUsable(Int(slot), now: now),
                let median = groups.median(Int(group), inputs, now: now)
            else { return .frozen }
            return threshold.verdict(abs(inputs.values[Int(slot)].exactSum(-median)))
        case .formula(let place): return verdict(ofFormula: Int(place), now)
        }
    }

    private mutating func verdict(ofRate place: Int, _ now: Int64) -> Verdict {
        let slot = Int(rates[place].slot)
        guard inputs.isUsable(slot, now: now) else { return .frozen }
        let window = rates[place].window
        let change = rates[place].seen.add(
            inputs.values[slot], at: now, window: window,
            longestGap: max(window, inputs.usualSilence(slot)))
        guard let change else { return .frozen }
        rates[place].last = change * Double(rates[place].perMilliseconds)
        return rates[place].threshold.verdict(rates[place].sign * rates[place].last)
    }

    private func verdict(ofFormula place: Int, _ now: Int64) -> Verdict {
        let formula = formulas[place]
        guard formula.raise >= 0 else { return .frozen }
        for index in formula.first..<(formula.first + formula.count) {
            guard inputs.isUsable(Int(formulaSlots[index]), now: now) else { return .frozen }
        }
        let holds = programs[Int(formula.raise)].value(inputs, formulaSlots, formula.first)
        guard let holds else { return .frozen }
        if holds != 0 { return .holds }
        guard formula.clear >= 0 else { return .ends }
        let ends = programs[Int(formula.clear)].value(inputs, formulaSlots, formula.first)
        guard let ends else { return .frozen }
        return ends != 0 ? .ends : .keeps
    }

    /// Forgets what readings have said.
    mutating func forget() {
        inputs.forget()
        groups.forget()
        for index in rates.indices { rates[index].seen = RateWindow() }
    }

    // MARK: Words

    /// As rules are written.
    private static func per(_ milliseconds: Int64) -> String {
        switch milliseconds {
        case 1_000: "/s"
        case 60_000: "/min"
        default: "/h"
        }
    }

    /// What decided, as people read it.
    func text(of condition: Int) -> String {
        switch kinds[condition] {
        case .rate(let place):
            let rate = rates[Int(place)]
            let point = inputs.definitions[Int(rate.slot)]
            let unit = point.unit == .celsius ? "K" : point.unit.rawValue
            let change = LiveInputs.text(rate.last, digits: point.scale + 1, unit: .none)
            return inputs.text(Int(rate.slot)) + ", " + change + " " + unit
                + Self.per(rate.perMilliseconds)
        case .deviation(let slot, let other, _):
            guard let other else { return inputs.text(Int(slot)) }
            return inputs.text(Int(slot)) + " ≠ " + inputs.text(Int(other))
        case .peers(let slot, let group, _):
            let point = inputs.definitions[Int(slot)]
            guard let median = groups.lastMedian(Int(group)) else { return inputs.text(Int(slot)) }
            return inputs.text(Int(slot)) + " ≠ "
                + LiveInputs.text(median, digits: point.scale, unit: point.unit)
        case .formula(let place):
            let first = formulas[Int(place)].first
            return formulaNames[Int(place)].prefix(4).enumerated().map { index, name in
                let slot = formulaSlots[first + index]
                return name + " " + (slot < 0 ? "?" : inputs.text(Int(slot)))
            }.joined(separator: ", ")
        }
    }
}
