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

    private enum Kind: Sendable {
        case rate(Rate)
        case deviation(slot: Int32, other: Int32?, Threshold)
        case peers(slot: Int32, group: Int32, Threshold)
        case formula(Formula)
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
        var inputs: [Int32?]
        /// As people read them: without the device where there is but one.
        var names: [String]
        var raise: FormulaProgram?
        var clear: FormulaProgram?
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
        let id = add(
            .formula(
                Formula(inputs: Array(repeating: nil, count: names.count), names: names)), rule)
        for (place, name) in names.enumerated() {
            guard let (device, point) = input(name) else { continue }
            devices[Int(device.index)].awaited[point, default: []].append((Int32(id), place))
        }
        formulas[id] = formula
        return id
    }

    /// Those that wait for inputs, with what they will compute.
    private var formulas: [Int: AlarmFormula] = [:]

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
        for place in first..<points.count {
            let point = points[place]
            devices[index].slots.append(-1)
            devices[index].conditions.append([])
            for rule in site.alarmRules.indices {
                guard let kind = kind(rule, device, point) else { continue }
                let slot = slot(device, place, point, interval(place))
                let id = make(kind, rule, device, slot, point)
                guard let id else { continue }
                wanted.append(
                    Wanted(
                        condition: id, rule: rule, subject: scopes.name(of: device), point: point))
            }
            for (condition, input) in devices[index].awaited.removeValue(forKey: point.name) ?? [] {
                let slot = slot(device, place, point, interval(place))
                fill(Int(condition), input, slot)
                devices[index].conditions[place].append(condition)
            }
        }
        return wanted
    }

    /// What a rule asks of a point; nil where it asks nothing of several values.
    private func kind(
        _ rule: Int, _ device: DeviceID, _ point: PointDefinition
    ) -> AlarmRule.Condition? {
        let rule = site.alarmRules[rule]
        switch rule.condition {
        case .above, .below, .state, .noData, .formula: return nil
        case .rate, .deviation: break
        }
        guard case .gauge = point.kind, scopes.matches(rule, device),
            Glob(rule.point).matches(point.name)
        else { return nil }
        return rule.condition
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
            id = add(
                .rate(
                    Rate(
                        slot: slot, sign: limit.direction == .rises ? 1 : -1,
                        perMilliseconds: limit.perMilliseconds,
                        window: limit.windowMilliseconds,
                        threshold: Threshold(limit: limit.limit, deadband: limit.deadband))), rule)
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

    private mutating func fill(_ condition: Int, _ input: Int, _ slot: Int32) {
        guard case .formula(var formula) = kinds[condition] else { return }
        formula.inputs[input] = slot
        if !formula.inputs.contains(nil), let source = formulas.removeValue(forKey: condition) {
            let slots = formula.inputs
            let names = formula.names
            func codes(_ point: String, _ state: String) -> [Int64] {
                guard let place = names.firstIndex(of: point), let slot = slots[place],
                    case .state(let labels) = inputs.definitions[Int(slot)].kind
                else { return [] }
                return labels.filter { $0.name == state }.map(\.code)
            }
            formula.raise = FormulaProgram(source.raise, inputs: names, codes: codes)
            formula.clear = source.clear.map {
                FormulaProgram($0, inputs: names, codes: codes)
            }
        }
        kinds[condition] = .formula(formula)
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
        case .rate(var rate):
            let slot = Int(rate.slot)
            guard inputs.isUsable(slot, now: now) else { return .frozen }
            let change = rate.seen.add(
                inputs.values[slot], at: now, window: rate.window,
                longestGap: max(rate.window, inputs.longestSilence(slot)))
            defer { kinds[condition] = .rate(rate) }
            guard let change else { return .frozen }
            rate.last = change * Double(rate.perMilliseconds)
            return rate.threshold.verdict(rate.sign * rate.last)
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
        case .formula(let formula): return verdict(formula, now)
        }
    }

    private func verdict(_ formula: Formula, _ now: Int64) -> Verdict {
        guard let raise = formula.raise else { return .frozen }
        for slot in formula.inputs {
            guard let slot, inputs.isUsable(Int(slot), now: now) else { return .frozen }
        }
        func input(_ place: Int) -> Double {
            formula.inputs[place].map { inputs.values[Int($0)] } ?? .nan
        }
        guard let holds = raise.value(input) else { return .frozen }
        if holds != 0 { return .holds }
        guard let clear = formula.clear else { return .ends }
        guard let ends = clear.value(input) else { return .frozen }
        return ends != 0 ? .ends : .keeps
    }

    /// Forgets what readings have said.
    mutating func forget() {
        inputs.forget()
        groups.forget()
        for index in kinds.indices {
            if case .rate(var rate) = kinds[index] {
                rate.seen = RateWindow()
                kinds[index] = .rate(rate)
            }
        }
    }

    // MARK: Words

    /// What decided, as people read it.
    func text(of condition: Int) -> String {
        switch kinds[condition] {
        case .rate(let rate):
            let point = inputs.definitions[Int(rate.slot)]
            let unit = point.unit == .celsius ? "K" : point.unit.rawValue
            let change = LiveInputs.text(rate.last, digits: point.scale + 1, unit: .none)
            return inputs.text(Int(rate.slot)) + ", " + change + " " + unit
                + (rate.perMilliseconds == 60_000 ? "/min" : "/h")
        case .deviation(let slot, let other, _):
            guard let other else { return inputs.text(Int(slot)) }
            return inputs.text(Int(slot)) + " ≠ " + inputs.text(Int(other))
        case .peers(let slot, let group, _):
            let point = inputs.definitions[Int(slot)]
            guard let median = groups.lastMedian(Int(group)) else { return inputs.text(Int(slot)) }
            return inputs.text(Int(slot)) + " ≠ "
                + LiveInputs.text(median, digits: point.scale, unit: point.unit)
        case .formula(let formula):
            return zip(formula.names, formula.inputs).prefix(4).map { name, slot in
                name + " " + (slot.map { inputs.text(Int($0)) } ?? "?")
            }.joined(separator: ", ")
        }
    }
}
