import Model

/// Alarms as one collector tells them to the other, in JSON.
struct PairAlarms: Codable, Sendable {
    struct Record: Codable, Sendable {
        var rule: String
        var device: String
        var point: String
        var state: String
        var priority: UInt8
        var episode: Int64
        var sequence: Int64
        var raisedMS: Int64
        var changedMS: Int64
        var acknowledgedBy: String?
        var comment: String?
        var valueText: String
    }
    struct Event: Codable, Sendable {
        var rule: String
        var device: String
        var point: String
        var episode: Int64
        var sequence: Int64
        var timeMS: Int64
        var state: String
        var previous: String
        var priority: UInt8
        var valueText: String
        var actor: String?
        var comment: String?
        var notice: String?
    }
    var events: [Event] = []
    /// As they stand after the events.
    var records: [Record] = []
    /// As they stood when this collector last gave up the lead: what it had come to alone.
    var resting: [Record]?
}

/// Keys of notices that no receiver has confirmed yet.
struct PairPending: Codable, Sendable {
    /// More are not told; they are then delivered twice by a takeover, with the same key.
    static let limit = 1_000
    var keys: [String] = []
}

extension PairAlarms.Record {
    init(_ record: AlarmRecord) {
        self.init(
            rule: record.key.rule, device: record.key.device, point: record.key.point,
            state: record.state.rawValue, priority: record.priority.rawValue,
            episode: record.episode, sequence: record.sequence,
            raisedMS: record.raisedAt.milliseconds, changedMS: record.changedAt.milliseconds,
            acknowledgedBy: record.acknowledgedBy, comment: record.comment,
            valueText: record.valueText)
    }

    /// Nil for what this version does not know.
    var record: AlarmRecord? {
        guard let state = AlarmState(rawValue: state),
            let priority = AlarmPriority(rawValue: priority), episode >= 0, sequence >= 0
        else { return nil }
        return AlarmRecord(
            key: AlarmKey(rule: rule, device: device, point: point), state: state,
            priority: priority, episode: episode, sequence: sequence,
            raisedAt: Instant(milliseconds: raisedMS), changedAt: Instant(milliseconds: changedMS),
            acknowledgedBy: acknowledgedBy, comment: comment, valueText: valueText)
    }
}

extension PairAlarms.Event {
    init(_ event: AlarmEvent) {
        self.init(
            rule: event.key.rule, device: event.key.device, point: event.key.point,
            episode: event.episode, sequence: event.sequence, timeMS: event.time.milliseconds,
            state: event.state.rawValue, previous: event.previous.rawValue,
            priority: event.priority.rawValue, valueText: event.valueText, actor: event.actor,
            comment: event.comment, notice: event.notice?.rawValue)
    }

    var event: AlarmEvent? {
        guard let state = AlarmState(rawValue: state),
            let previous = AlarmState(rawValue: previous),
            let priority = AlarmPriority(rawValue: priority), episode >= 0, sequence >= 0
        else { return nil }
        return AlarmEvent(
            key: AlarmKey(rule: rule, device: device, point: point), episode: episode,
            sequence: sequence, time: Instant(milliseconds: timeMS), state: state,
            previous: previous, priority: priority, valueText: valueText, actor: actor,
            comment: comment, notice: notice.flatMap(NoticeKind.init(rawValue:)))
    }
}
