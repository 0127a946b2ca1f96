package import Model

/// All alarms of a site: which rule watches which point, and the state of each.
///
/// Pure: readings and clocks come in, journal lines go out. The caller stores the lines, the
/// records and the notices in one transaction before anybody hears of them.
package struct AlarmEngine: Sendable {
    /// 2,000 points on each of 20,000 devices never all carry alarms; beyond this the rules are
    /// wrong, and further points go unwatched, counted.
    package static let maximumAlarms = 200_000

    struct Alarm: Sendable {
        let key: AlarmKey
        /// Index in `rules`.
        var rule: Int
        var machine: AlarmStateMachine
        var filter: ConditionFilter
        var record: AlarmRecord
        var point: PointDefinition?
        /// False for one of before the start whose point has not been seen since.
        var isBound = true
    }

    struct DeviceBinding: Sendable {
        var boundPoints = 0
        /// Alarms by index of the point.
        var byPoint: [[Int32]] = []
        var noData: [Int] = []
        var missedPolls = 0
        var goodPolls = 0
        /// Its way is whole again: until then (monotonic, ms) its silence is that of before, or
        /// until it has missed two more polls.
        var grace: (cause: AlarmKey, until: Int64, misses: Int)?
    }

    /// Good polls in a row before "no data" ends.
    private static let goodPollsToClear = 2

    let site: Site
    /// Those of the site file, then those of our own.
    private(set) var rules: [AlarmRule]
    private let scopes: RuleScopes
    let deviceNumbers: [String: Int]
    let parentPlaces: [String: String]
    /// What looks at several values, and the alarm of each, -1 for none.
    private var conditions: RuleConditions
    private var conditionAlarms: [Int32] = []
    var alarms: [Alarm] = []
    var devices: [DeviceBinding]
    /// Of before the start, without anything that has to be followed: normal, and not hidden.
    var restored: [AlarmKey: AlarmRecord]
    var indexByKey: [AlarmKey: Int] = [:]
    private var waiting: Set<Int> = []
    var causes: CauseWatch
    var timers = AlarmTimers()
    /// Indices in `rules` of those for chatter, low and high; nil where the site file has one of
    /// that name.
    var chatterRules: [Int?] = []
    /// Index in `rules` of the one for receivers, and its alarms.
    var deliveryRuleIndex: Int?
    var deliveryAlarms: Set<Int> = []
    /// Points that no alarm could be made for because of `maximumAlarms`.
    package private(set) var unwatched = 0

    package init(site: Site, restored: [AlarmRecord]) {
        self.site = site
        rules = site.alarmRules
        self.restored = Dictionary(
            restored.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        deviceNumbers = Dictionary(
            site.devices.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { a, _ in a })
        parentPlaces = Dictionary(
            site.places.compactMap { place in place.parent.map { (place.name, $0) } },
            uniquingKeysWith: { a, _ in a })
        causes = CauseWatch(site: site)
        // One more: the site's own figures.
        devices = Array(repeating: DeviceBinding(), count: site.devices.count + 1)
        scopes = RuleScopes(site: site)
        conditions = RuleConditions(site: site, scopes: scopes)
        for index in site.devices.indices { bindNoData(DeviceID(index)) }
        follow(conditions.begin())
        addOwnRules()
        let followed = self.restored.values.filter {
            $0.state != .normal || !$0.reasons.isEmpty
        }
        for record in followed.sorted(by: Self.isBefore) { keepUnseen(record) }
    }

    // MARK: Binding

    /// Makes alarms for points of `device` that were not known before. `groups` are those of the
    /// points; empty where all are of one.
    package mutating func bind(
        _ device: DeviceID, points: [PointDefinition], groups: [PollGroup] = []
    ) {
        let index = Int(device.index)
        guard devices[index].boundPoints < points.count else { return }
        let candidates = site.alarmRules.indices.filter { matches($0, device) }
            .map { (rule: $0, glob: Glob(site.alarmRules[$0].point)) }
        for pointIndex in devices[index].boundPoints..<points.count {
            var found: [Int32] = []
            for (rule, glob) in candidates {
                guard glob.matches(points[pointIndex].name),
                    let test = ConditionFilter.Test(
                        site.alarmRules[rule].condition, for: points[pointIndex]),
                    let alarm = add(
                        rule, scopes.name(of: device), points[pointIndex], test: test)
                else { continue }
                found.append(Int32(alarm))
            }
            devices[index].byPoint.append(found)
        }
        let spec = index < site.devices.count ? site.devices[index] : nil
        follow(
            conditions.bind(device, points: points, from: devices[index].boundPoints) { place in
                spec?.intervalMilliseconds(of: place < groups.count ? groups[place] : .normal)
                    ?? OwnSeries.stepMilliseconds
            })
        devices[index].boundPoints = points.count
    }

    /// Makes the alarms of conditions that look at several values.
    private mutating func follow(_ wanted: [RuleConditions.Wanted]) {
        for condition in wanted {
            let alarm = add(condition.rule, condition.subject, condition.point, test: .external)
            while conditionAlarms.count <= condition.condition { conditionAlarms.append(-1) }
            conditionAlarms[condition.condition] = Int32(alarm ?? -1)
        }
    }

    /// The number under which the site's own figures are stepped and bound.
    package var ownSeries: DeviceID { DeviceID(site.devices.count) }

    private mutating func bindNoData(_ device: DeviceID) {
        for rule in site.alarmRules.indices {
            guard case .noData = site.alarmRules[rule].condition, matches(rule, device) else {
                continue
            }
            if let alarm = add(rule, scopes.name(of: device), nil, test: .external) {
                devices[Int(device.index)].noData.append(alarm)
            }
        }
    }

    private func matches(_ rule: Int, _ device: DeviceID) -> Bool {
        scopes.matches(site.alarmRules[rule], device)
    }

    private mutating func add(
        _ ruleIndex: Int, _ subject: String, _ point: PointDefinition?, test: ConditionFilter.Test
    ) -> Int? {
        add(
            ruleIndex,
            AlarmKey(
                rule: rules[ruleIndex].name, device: subject, point: point?.name ?? ""), point,
            test: test)
    }

    /// Makes an alarm, as it was stored where it was; nil where there are too many.
    mutating func add(
        _ ruleIndex: Int, _ key: AlarmKey, _ point: PointDefinition?, test: ConditionFilter.Test,
        isBound: Bool = true
    ) -> Int? {
        let rule = rules[ruleIndex]
        var record = restored.removeValue(forKey: key) ?? .fresh(key, priority: rule.priority)
        if let known = indexByKey[key] {
            // One of before the start has been seen; or two rules of one name meet at one point.
            guard !alarms[known].isBound else { return nil }
            record = alarms[known].record
        }
        guard alarms.count < Self.maximumAlarms else {
            unwatched += 1
            return nil
        }
        // The site file may have said otherwise when this was stored.
        record.priority = rule.priority.raised(by: record.raisedLevels)
        let machine = Self.machine(record, rule)
        let alarm = Alarm(
            key: key, rule: ruleIndex, machine: machine,
            filter: ConditionFilter(
                test: test, onDelay: rule.onDelayMilliseconds,
                offDelay: rule.offDelayMilliseconds, isLive: machine.isLive),
            record: record, point: point, isBound: isBound)
        guard let known = indexByKey[key] else {
            alarms.append(alarm)
            indexByKey[key] = alarms.count - 1
            if ruleIndex == deliveryRuleIndex { deliveryAlarms.insert(alarms.count - 1) }
            if rule.losesPower { causes.power.add(alarm: alarms.count - 1, device: key.device) }
            return alarms.count - 1
        }
        alarms[known] = alarm
        return known
    }

    /// Makes the alarm of a record whose point has not been seen since the start, so that persons,
    /// windows and timers find it; one that is normal waits for its point.
    mutating func keepUnseen(_ record: AlarmRecord) {
        guard record.state != .normal || !record.reasons.isEmpty,
            let rule = rule(ofRestored: record.key)
        else { return }
        _ = add(rule, record.key, nil, test: .external, isBound: false)
    }

    private static func isBefore(_ a: AlarmRecord, _ b: AlarmRecord) -> Bool {
        (a.key.rule, a.key.device, a.key.point) < (b.key.rule, b.key.device, b.key.point)
    }

    /// Nobody has to acknowledge a stand-in: the alarm it stands for is there again.
    private static func machine(_ record: AlarmRecord, _ rule: AlarmRule) -> AlarmStateMachine {
        AlarmStateMachine(
            record, latching: rule.latching,
            requiresAcknowledgement: rule.name != pathRule || record.key.point != standInPoint)
    }

    mutating func append(_ rule: AlarmRule) -> Int {
        rules.append(rule)
        return rules.count - 1
    }

    /// Ends restored alarms that no rule of the site file makes any more. Points of known devices
    /// may still turn up, so their alarms are kept, and shown.
    package mutating func retireOrphans(at time: Instant) -> [AlarmEvent] {
        var events: [AlarmEvent] = []
        for record in restored.values.sorted(by: Self.isBefore)
        where rule(ofRestored: record.key) == nil {
            restored.removeValue(forKey: record.key)
            var machine = AlarmStateMachine(record, latching: false)
            guard case .moved(let previous, let notice) = machine.apply(.retire) else { continue }
            var ended = record
            ended.reasons = []
            let event = journal(
                &ended, machine, previous: previous,
                Change(input: .retire, notice: notice, detail: words.ruleIsGone),
                time: time)
            retired.append(ended)
            events += event
        }
        return events
    }

    /// The rule that still asks for a restored alarm whose point has not been seen since the start.
    private func rule(ofRestored key: AlarmKey) -> Int? {
        if let own = ownRule(for: key) { return own }
        guard
            let device = key.device == Site.ownSeriesDevice
                ? site.devices.count : deviceNumbers[key.device],
            !key.point.isEmpty
        else { return nil }
        return site.alarmRules.firstIndex {
            $0.name == key.rule && scopes.matches($0, DeviceID(device))
                && Glob($0.point).matches(key.point)
        }
    }

    /// Records that `retireOrphans` ended, for storing.
    package private(set) var retired: [AlarmRecord] = []

    // MARK: Steps

    /// Takes one poll's readings. `answered` is false for a failed poll. `now` is monotonic (ms).
    package mutating func step(
        _ batch: ReadingBatch, answered: Bool, now: Int64
    ) -> [AlarmEvent] {
        var events = stepNoData(batch.device, answered: answered, now: now, time: batch.time)
        let device = Int(batch.device.index)
        for value in batch.values {
            let pointIndex = Int(value.index)
            guard pointIndex < devices[device].byPoint.count else { continue }
            for alarm in devices[device].byPoint[pointIndex] {
                let sample: ConditionFilter.Sample =
                    value.quality.isUsable ? .value(value.mantissa) : .untrusted
                let index = Int(alarm)
                let input = alarms[index].filter.take(sample, now: now)
                if value.quality.isUsable { note(value.mantissa, for: index) }
                if !value.quality.isUsable { timers.freeze(index, now: now) }
                events += follow(input, alarm: index, now: now, time: batch.time)
            }
        }
        for outcome in conditions.step(batch, now: now) {
            let index = Int(conditionAlarms[Int(outcome.condition)])
            guard index >= 0 else { continue }
            let input = alarms[index].filter.take(outcome.verdict, now: now)
            if outcome.verdict != .frozen, isNoteworthy(index) {
                alarms[index].record.valueText = conditions.text(of: Int(outcome.condition))
            }
            events += follow(input, alarm: index, now: now, time: batch.time)
        }
        return events
    }

    private mutating func stepNoData(
        _ id: DeviceID, answered: Bool, now: Int64, time: Instant
    ) -> [AlarmEvent] {
        let device = Int(id.index)
        if answered {
            devices[device].missedPolls = 0
            devices[device].goodPolls = min(devices[device].goodPolls + 1, 1_000)
        } else {
            devices[device].goodPolls = 0
            devices[device].missedPolls = min(devices[device].missedPolls + 1, 1_000_000)
        }
        var events = followPaths(device, answered: answered, now: now, time: time)
        for index in devices[device].noData {
            guard case .noData(let limit) = rules[alarms[index].rule].condition else { continue }
            let missed = devices[device].missedPolls
            let wasLive = alarms[index].filter.isLive
            let lost = missed >= limit
            let stays = wasLive && devices[device].goodPolls < Self.goodPollsToClear
            if !answered { alarms[index].record.valueText = words.missedPolls(missed) }
            let input = alarms[index].filter.set(lost || stays, now: now)
            events += follow(input, alarm: index, now: now, time: time)
        }
        return events + settleGrace(device, now: now, time: time)
    }

    /// Something runs by the second, so that `tick` can change something before the next minute.
    package var hasDelays: Bool {
        !waiting.isEmpty || !timers.held.isEmpty || !timers.clearings.isEmpty
            || !timers.realarms.isEmpty || !timers.graces.isEmpty || !timers.shelfEnds.isEmpty
    }

    /// Lets delays elapse; call about once a second.
    package mutating func tick(now: Int64, time: Instant) -> [AlarmEvent] {
        var events: [AlarmEvent] = []
        for index in waiting.sorted() {
            let input = alarms[index].filter.advance(now: now)
            events += follow(input, alarm: index, now: now, time: time)
        }
        return events + settle(now: now, time: time)
    }

    private mutating func note(_ mantissa: Int64, for index: Int) {
        guard let point = alarms[index].point, isNoteworthy(index) else { return }
        alarms[index].record.valueText = Self.text(mantissa, of: point)
    }

    /// Somebody may read its value.
    private func isNoteworthy(_ index: Int) -> Bool {
        alarms[index].machine.state != .normal || alarms[index].filter.isWaiting
            || alarms[index].filter.isLive
    }

    private static func text(_ mantissa: Int64, of point: PointDefinition) -> String {
        if let name = point.stateName(mantissa) { return name }
        let unit = point.unit.rawValue
        return point.decimal(mantissa).description + (unit.isEmpty ? "" : " " + unit)
    }

    mutating func follow(
        _ input: AlarmInput?, alarm index: Int, now: Int64, time: Instant
    ) -> [AlarmEvent] {
        if alarms[index].filter.isWaiting {
            waiting.insert(index)
        } else {
            waiting.remove(index)
        }
        guard let input else { return [] }
        return input == .raise
            ? raise(index, now: now, time: time) : clear(index, now: now, time: time)
    }

    /// Forgets what readings have said: delays, and polls missed in a row. After a time in which
    /// another collector has watched, a delay begins anew.
    package mutating func rest() {
        waiting = []
        conditions.forget()
        for index in alarms.indices { reset(index) }
        for index in devices.indices {
            devices[index].missedPolls = 0
            devices[index].goodPolls = 0
            devices[index].grace = nil
        }
        timers = AlarmTimers()
        causes.paths.forget()
    }

    mutating func reset(_ index: Int) {
        let rule = rules[alarms[index].rule]
        alarms[index].machine = Self.machine(alarms[index].record, rule)
        alarms[index].filter = alarms[index].filter.fresh(isLive: alarms[index].machine.isLive)
        waiting.remove(index)
    }
}

extension AlarmRecord {
    static func fresh(_ key: AlarmKey, priority: AlarmPriority) -> AlarmRecord {
        let never = Instant(milliseconds: 0)
        return AlarmRecord(
            key: key, state: .normal, priority: priority, episode: 0, sequence: 0, raisedAt: never,
            changedAt: never, valueText: "")
    }
}
