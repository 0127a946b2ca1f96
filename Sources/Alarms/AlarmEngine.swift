package import Model

/// All alarms of a site: which rule watches which point, and the state of each.
///
/// Pure: readings and clocks come in, journal lines go out. The caller stores the lines, the
/// records and the notices in one transaction before anybody hears of them.
package struct AlarmEngine: Sendable {
    /// 2,000 points on each of 20,000 devices never all carry alarms; beyond this the rules are
    /// wrong, and further points go unwatched, counted.
    package static let maximumAlarms = 200_000

    private struct Alarm: Sendable {
        let key: AlarmKey
        let rule: Int
        var machine: AlarmStateMachine
        var filter: ConditionFilter
        var record: AlarmRecord
        let point: PointDefinition?
    }

    private struct DeviceBinding: Sendable {
        var boundPoints = 0
        /// Alarms by index of the point.
        var byPoint: [[Int32]] = []
        var noData: [Int] = []
        var missedPolls = 0
        var goodPolls = 0
    }

    /// Good polls in a row before "no data" ends.
    private static let goodPollsToClear = 2

    private let site: Site
    private let scopes: RuleScopes
    /// What looks at several values, and the alarm of each, -1 for none.
    private var conditions: RuleConditions
    private var conditionAlarms: [Int32] = []
    private var alarms: [Alarm] = []
    private var devices: [DeviceBinding]
    private var restored: [AlarmKey: AlarmRecord]
    private var indexByKey: [AlarmKey: Int] = [:]
    private var waiting: Set<Int> = []
    /// Points that no alarm could be made for because of `maximumAlarms`.
    package private(set) var unwatched = 0

    package init(site: Site, restored: [AlarmRecord]) {
        self.site = site
        let priorities = Dictionary(site.alarmRules.map { ($0.name, $0.priority) }) {
            first, _ in first
        }
        self.restored = Dictionary(
            restored.map { record in
                var record = record
                // The site file may have said otherwise when this was stored.
                record.priority = priorities[record.key.rule] ?? record.priority
                return (record.key, record)
            }, uniquingKeysWith: { first, _ in first })
        // One more: the site's own figures.
        devices = Array(repeating: DeviceBinding(), count: site.devices.count + 1)
        scopes = RuleScopes(site: site)
        conditions = RuleConditions(site: site, scopes: scopes)
        for index in site.devices.indices { bindNoData(DeviceID(index)) }
        follow(conditions.begin())
    }

    // MARK: Binding

    /// Makes alarms for points of `device` that were not known before. `groups` are those of the
    /// points; empty where all are of one.
    package mutating func bind(
        _ device: DeviceID, points: [PointDefinition], groups: [PollGroup] = []
    ) {
        let index = Int(device.index)
        guard devices[index].boundPoints < points.count else { return }
        for pointIndex in devices[index].boundPoints..<points.count {
            var found: [Int32] = []
            for rule in site.alarmRules.indices {
                guard matches(rule, device),
                    Glob(site.alarmRules[rule].point).matches(points[pointIndex].name),
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
        let rule = site.alarmRules[ruleIndex]
        guard alarms.count < Self.maximumAlarms else {
            unwatched += 1
            return nil
        }
        let key = AlarmKey(
            rule: rule.name, device: subject, point: point?.name ?? "")
        var record = restored.removeValue(forKey: key)
        // Of several rules of one name, each for its places, this is the one for this device.
        record?.priority = rule.priority
        let state = record?.state ?? .normal
        let live = state == .unacknowledged || state == .acknowledged
        alarms.append(
            Alarm(
                key: key, rule: ruleIndex,
                machine: AlarmStateMachine(state: state, latching: rule.latching),
                filter: ConditionFilter(
                    test: test, onDelay: rule.onDelayMilliseconds,
                    offDelay: rule.offDelayMilliseconds, isLive: live),
                record: record ?? .fresh(key, priority: rule.priority), point: point))
        indexByKey[key] = alarms.count - 1
        return alarms.count - 1
    }

    /// Ends restored alarms that no rule of the site file makes any more. Points of known devices
    /// may still turn up, so their alarms are kept, and shown.
    package mutating func retireOrphans(at time: Instant) -> [AlarmEvent] {
        var events: [AlarmEvent] = []
        for record in restored.values.sorted(by: { $0.key.description < $1.key.description })
        where rule(ofRestored: record.key) == nil {
            restored.removeValue(forKey: record.key)
            guard record.state != .normal else { continue }
            var ended = record
            ended.state = .normal
            ended.sequence += 1
            ended.changedAt = time
            retired.append(ended)
            events.append(
                AlarmEvent(
                    key: record.key, episode: record.episode, sequence: ended.sequence, time: time,
                    state: .normal, previous: record.state, priority: record.priority,
                    valueText: record.valueText, notice: .resolved))
        }
        return events
    }

    /// The rule that still asks for a restored alarm whose point has not been seen since the start.
    private func rule(ofRestored key: AlarmKey) -> AlarmRule? {
        guard
            let device = key.device == Site.ownSeriesDevice
                ? site.devices.count
                : site.devices.firstIndex(where: { $0.name == key.device }),
            !key.point.isEmpty
        else { return nil }
        return site.alarmRules.first {
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
                events += follow(input, alarm: index, time: batch.time)
            }
        }
        for outcome in conditions.step(batch, now: now) {
            let index = Int(conditionAlarms[Int(outcome.condition)])
            guard index >= 0 else { continue }
            let input = alarms[index].filter.take(outcome.verdict, now: now)
            if outcome.verdict != .frozen, isNoteworthy(index) {
                alarms[index].record.valueText = conditions.text(of: Int(outcome.condition))
            }
            events += follow(input, alarm: index, time: batch.time)
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
        var events: [AlarmEvent] = []
        for index in devices[device].noData {
            guard case .noData(let limit) = site.alarmRules[alarms[index].rule].condition else {
                continue
            }
            let missed = devices[device].missedPolls
            let wasLive = alarms[index].filter.isLive
            let lost = missed >= limit
            let stays = wasLive && devices[device].goodPolls < Self.goodPollsToClear
            if !answered { alarms[index].record.valueText = "\(missed) polls missed" }
            let input = alarms[index].filter.set(lost || stays, now: now)
            events += follow(input, alarm: index, time: time)
        }
        return events
    }

    /// Some delay runs, so that `tick` can change something.
    package var hasDelays: Bool { !waiting.isEmpty }

    /// Lets delays elapse; call about once a second.
    package mutating func tick(now: Int64, time: Instant) -> [AlarmEvent] {
        var events: [AlarmEvent] = []
        for index in waiting.sorted() {
            let input = alarms[index].filter.advance(now: now)
            events += follow(input, alarm: index, time: time)
        }
        return events
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

    private mutating func follow(
        _ input: AlarmInput?, alarm index: Int, time: Instant
    ) -> [AlarmEvent] {
        if alarms[index].filter.isWaiting {
            waiting.insert(index)
        } else {
            waiting.remove(index)
        }
        guard let input, case .moved(let previous, let notice?) = alarms[index].machine.apply(input)
        else { return [] }
        return [journal(index, previous: previous, notice: notice, time: time, actor: nil, nil)]
    }

    private mutating func journal(
        _ index: Int, previous: AlarmState, notice: NoticeKind, time: Instant, actor: String?,
        _ comment: String?
    ) -> AlarmEvent {
        Self.journal(
            &alarms[index].record, state: alarms[index].machine.state, previous: previous,
            notice: notice, time: time, actor: actor, comment)
    }

    private static func journal(
        _ record: inout AlarmRecord, state: AlarmState, previous: AlarmState, notice: NoticeKind,
        time: Instant, actor: String?, _ comment: String?
    ) -> AlarmEvent {
        record.state = state
        record.changedAt = time
        if notice == .active {
            record.episode += 1
            record.sequence = 0
            record.raisedAt = time
            record.acknowledgedBy = nil
            record.comment = nil
        }
        record.sequence += 1
        if let actor { record.acknowledgedBy = actor }
        if let comment { record.comment = comment }
        return AlarmEvent(
            key: record.key, episode: record.episode, sequence: record.sequence, time: time,
            state: record.state, previous: previous, priority: record.priority,
            valueText: record.valueText, actor: actor, comment: comment, notice: notice)
    }

    // MARK: People

    package enum Refusal: Error, Sendable, CustomStringConvertible {
        case unknown(String)
        case notAllowed(String)
        package var description: String {
            switch self {
            case .unknown(let id):
                "no alarm `\(id)`; `frostline alarms list` prints the ids"
            case .notAllowed(let reason): reason
            }
        }
    }

    /// What an acknowledgement is to the machine: of a latched alarm that was acknowledged and has
    /// returned it is the reset, which ends it.
    private static func input(_ machine: AlarmStateMachine) -> AlarmInput {
        machine.state == .latchedAcknowledged ? .reset : .acknowledge
    }

    /// Repeating the acknowledgement of an active alarm changes nothing and is no error.
    package mutating func acknowledge(
        id: String, by actor: String, comment: String?, at time: Instant
    ) throws(Refusal) -> [AlarmEvent] {
        guard let index = alarms.firstIndex(where: { $0.key.description == id }) else {
            return try acknowledgeRestored(id: id, by: actor, comment: comment, at: time)
        }
        switch alarms[index].machine.apply(Self.input(alarms[index].machine)) {
        case .moved(let previous, let notice?):
            return [
                journal(
                    index, previous: previous, notice: notice, time: time, actor: actor, comment)
            ]
        case .moved(_, nil), .unchanged: return []
        case .refused(let reason): throw .notAllowed(reason)
        }
    }

    /// As above, for an alarm whose device has not answered since the start.
    private mutating func acknowledgeRestored(
        id: String, by actor: String, comment: String?, at time: Instant
    ) throws(Refusal) -> [AlarmEvent] {
        guard var record = restored.values.first(where: { $0.key.description == id }),
            let rule = rule(ofRestored: record.key)
        else { throw .unknown(id) }
        var machine = AlarmStateMachine(state: record.state, latching: rule.latching)
        switch machine.apply(Self.input(machine)) {
        case .moved(let previous, let notice?):
            let event = Self.journal(
                &record, state: machine.state, previous: previous, notice: notice, time: time,
                actor: actor, comment)
            restored[record.key] = record
            return [event]
        case .moved(_, nil), .unchanged: return []
        case .refused(let reason): throw .notAllowed(reason)
        }
    }

    // MARK: Views

    /// Alarms that are not normal, most urgent first, then newest: also those of before the start
    /// whose device has not answered since.
    package var active: [(record: AlarmRecord, rule: AlarmRule)] {
        let unseen = restored.values.filter { $0.state != .normal }
            .compactMap { record in rule(ofRestored: record.key).map { (record, $0) } }
        let seen = alarms.filter { $0.machine.state != .normal }
            .map { ($0.record, site.alarmRules[$0.rule]) }
        return (seen + unseen)
            .sorted {
                ($0.0.priority, $0.0.raisedAt, $0.0.key.description)
                    > ($1.0.priority, $1.0.raisedAt, $1.0.key.description)
            }
    }

    /// Every alarm that has ever been raised, as it stands.
    package var records: [AlarmRecord] {
        alarms.lazy.map(\.record).filter { $0.episode > 0 } + Array(restored.values)
    }

    // MARK: The other collector

    /// Takes over what another collector that watches the same site has made of an alarm: its
    /// state, and that it is announced already. Nothing is journalled.
    package mutating func adopt(_ record: AlarmRecord) {
        guard let index = indexByKey[record.key] else {
            restored[record.key] = record
            return
        }
        alarms[index].record = record
        reset(index)
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
        }
    }

    private mutating func reset(_ index: Int) {
        let rule = site.alarmRules[alarms[index].rule]
        let state = alarms[index].record.state
        alarms[index].machine = AlarmStateMachine(state: state, latching: rule.latching)
        alarms[index].filter = alarms[index].filter.fresh(
            isLive: state == .unacknowledged || state == .acknowledged)
        waiting.remove(index)
    }

    package func record(_ key: AlarmKey) -> AlarmRecord? {
        indexByKey[key].map { alarms[$0].record } ?? restored[key]
            ?? retired.last { $0.key == key }
    }
}

extension AlarmRecord {
    fileprivate static func fresh(_ key: AlarmKey, priority: AlarmPriority) -> AlarmRecord {
        let never = Instant(milliseconds: 0)
        return AlarmRecord(
            key: key, state: .normal, priority: priority, episode: 0, sequence: 0, raisedAt: never,
            changedAt: never, valueText: "")
    }
}
