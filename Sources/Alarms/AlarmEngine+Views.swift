package import Model

/// What others see of the alarms.
extension AlarmEngine {
    package struct Standing: Sendable {
        package var record: AlarmRecord
        package var rule: AlarmRule
        /// The alarm that explains it; its id.
        package var cause: String?
        /// Of a node of the network that is down: how many devices are silent behind it.
        package var childrenCount: Int?
        package var children: [String]
    }

    /// Alarms that are not normal and not hidden, most urgent first, then newest: also those of
    /// before the start whose device has not answered since.
    package var active: [Standing] { standings { $0 == nil } }

    /// Those that are hidden: what is not normal, and what a person has put aside.
    package var hidden: [Standing] { standings { $0 != nil } }

    /// Priorities of the active ones, in no order: to count them.
    package var activePriorities: [AlarmPriority] {
        indices { $0 == nil }.map { alarms[$0].record.priority }
    }

    private func indices(_ isWanted: (HiddenState?) -> Bool) -> [Int] {
        // Most are normal: those are not even copied.
        alarms.indices.filter { index in
            (alarms[index].record.state != .normal || !alarms[index].record.reasons.isEmpty)
                && isWanted(alarms[index].record.hidden)
        }
    }

    private func standings(_ isWanted: (HiddenState?) -> Bool) -> [Standing] {
        indices(isWanted).sorted { isBefore($0, $1) }.map { standing($0) }
    }

    /// In a storm this is asked a hundred thousand times a second: names are looked at last.
    private func isBefore(_ a: Int, _ b: Int) -> Bool {
        let (first, second) = (alarms[a].record.priority, alarms[b].record.priority)
        if first != second { return first > second }
        let (began, other) = (alarms[a].record.raisedAt, alarms[b].record.raisedAt)
        return began == other
            ? alarms[a].key.description > alarms[b].key.description : began > other
    }

    private func standing(_ index: Int) -> Standing {
        let record = alarms[index].record
        let node = record.state == .normal ? nil : causes.nodeOfRoot[index]
        let isDown = node.map { causes.paths.isDown($0) } ?? false
        return Standing(
            record: record, rule: rules[alarms[index].rule],
            cause: record.reasons.first { $0.kind == .cause }?.name,
            childrenCount: isDown ? node.map { causes.paths.silentCount($0) } : nil,
            children: isDown ? node.map { silentDevices(behind: $0) } ?? [] : [])
    }

    /// The rule that makes an alarm.
    package func rule(of key: AlarmKey) -> AlarmRule? {
        indexByKey[key].map { rules[alarms[$0].rule] }
            ?? site.alarmRules.first { $0.name == key.rule }
    }

    /// Every alarm that has ever been raised, or hidden by somebody, as it stands.
    package var records: [AlarmRecord] {
        alarms.lazy.map(\.record).filter { $0.sequence > 0 } + Array(restored.values)
    }

    package func record(_ key: AlarmKey) -> AlarmRecord? {
        indexByKey[key].map { alarms[$0].record } ?? restored[key]
            ?? retired.last { $0.key == key }
    }

    // MARK: The other collector

    /// Takes over what another collector that watches the same site has made of an alarm: its
    /// state, and that it is announced already. Nothing is journalled.
    package mutating func adopt(_ record: AlarmRecord) {
        guard let index = indexByKey[record.key] else {
            restored[record.key] = record
            keepUnseen(record)
            return
        }
        alarms[index].record = record
        reset(index)
    }
}
