import Model
import Redundancy

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
        /// Nil from a version that hides nothing.
        var wasShown: Bool?
        var isOpenOutside: Bool?
        var outsideEpisode: Int64?
        var raisedLevels: UInt8?
        var reasons: [HidingReason]?
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
        var input: String?
        var detail: String?
        var hiding: String?
    }
    var events: [Event] = []
    /// As they stand after the events.
    var records: [Record] = []
    /// As they stood when this collector last gave up the lead: what it had come to alone.
    var resting: [Record]?
    /// Notices that no receiver has confirmed yet.
    var pending: [Notice] = []

    /// Leaves out what came at `time` or later and is newer than the records: the feed brings it
    /// with its record.
    mutating func dropNewerEvents(since time: Int64) {
        let standing = Dictionary(
            records.map { ([$0.rule, $0.device, $0.point], ($0.episode, $0.sequence)) }
        ) { first, _ in first }
        events.removeAll { event in
            guard event.timeMS >= time else { return false }
            return standing[[event.rule, event.device, event.point]].map {
                (event.episode, event.sequence) > $0
            } ?? true
        }
    }

    struct Notice: Codable, Sendable {
        var receiver: String
        var key: String
        var payload: String
        var createdMS: Int64
        /// Nil from a collector of before lanes.
        var alarm: String?
        var priority: UInt8?
    }
}

/// Keys of notices that no receiver has confirmed yet.
struct PairPending: Codable, Sendable {
    static let limit = 1_000
    var keys: [String] = []
    /// There are no more than these.
    var isWhole: Bool { keys.count < Self.limit }
}

/// The alarm engine counts on from what it adopts.
private func isPlausible(_ episode: Int64, _ sequence: Int64, _ times: Int64...) -> Bool {
    episode >= 0 && sequence >= 0
        && ([episode, sequence] + times).allSatisfy(Plausible.range.contains)
}

extension PairAlarms.Record {
    init(_ record: AlarmRecord) {
        self.init(
            rule: record.key.rule, device: record.key.device, point: record.key.point,
            state: record.state.rawValue, priority: record.priority.rawValue,
            episode: record.episode, sequence: record.sequence,
            raisedMS: record.raisedAt.milliseconds, changedMS: record.changedAt.milliseconds,
            acknowledgedBy: record.acknowledgedBy, comment: record.comment,
            valueText: record.valueText, wasShown: record.wasShown,
            isOpenOutside: record.isOpenOutside, outsideEpisode: record.outsideEpisode,
            raisedLevels: record.raisedLevels, reasons: record.reasons)
    }

    /// Nil for what this version does not know.
    var record: AlarmRecord? {
        guard let state = AlarmState(rawValue: state),
            let priority = AlarmPriority(rawValue: priority),
            isPlausible(episode, sequence, raisedMS, changedMS),
            (reasons ?? []).count <= AlarmRecord.maximumReasons,
            (reasons ?? []).allSatisfy({
                Plausible.range.contains($0.since.milliseconds)
                    && Plausible.range.contains($0.until?.milliseconds ?? 0)
            })
        else { return nil }
        var record = AlarmRecord(
            key: AlarmKey(rule: rule, device: device, point: point), state: state,
            priority: priority, episode: episode, sequence: sequence,
            raisedAt: Instant(milliseconds: raisedMS), changedAt: Instant(milliseconds: changedMS),
            acknowledgedBy: acknowledgedBy, comment: comment, valueText: valueText,
            wasShown: wasShown, isOpenOutside: isOpenOutside,
            raisedLevels: min(raisedLevels ?? 0, AlarmPriority.critical.rawValue),
            reasons: reasons ?? [])
        if let outsideEpisode, Plausible.range.contains(outsideEpisode) {
            record.outsideEpisode = max(0, outsideEpisode)
        }
        return record
    }
}

extension PairAlarms.Event {
    init(_ event: AlarmEvent) {
        self.init(
            rule: event.key.rule, device: event.key.device, point: event.key.point,
            episode: event.episode, sequence: event.sequence, timeMS: event.time.milliseconds,
            state: event.state.rawValue, previous: event.previous.rawValue,
            priority: event.priority.rawValue, valueText: event.valueText, actor: event.actor,
            comment: event.comment, notice: event.notice?.rawValue, input: event.input,
            detail: event.detail, hiding: event.hiding?.rawValue)
    }

    /// Nil for what this version does not know.
    var event: AlarmEvent? {
        guard let state = AlarmState(rawValue: state),
            let previous = AlarmState(rawValue: previous),
            let priority = AlarmPriority(rawValue: priority),
            isPlausible(episode, sequence, timeMS)
        else { return nil }
        return AlarmEvent(
            key: AlarmKey(rule: rule, device: device, point: point), episode: episode,
            sequence: sequence, time: Instant(milliseconds: timeMS), state: state,
            previous: previous, priority: priority, valueText: valueText, actor: actor,
            comment: comment, notice: notice.flatMap(NoticeKind.init(rawValue:)), input: input,
            detail: detail, hiding: hiding.flatMap(HiddenState.init(rawValue:)))
    }
}

extension PairAlarms.Notice {
    init(_ item: OutboxItem) {
        self.init(
            receiver: item.receiver, key: item.idempotencyKey,
            payload: String(decoding: item.payload, as: UTF8.self),
            createdMS: item.createdAt.milliseconds, alarm: item.alarm,
            priority: item.priority.rawValue)
    }

    var item: OutboxItem? {
        guard Plausible.range.contains(createdMS) else { return nil }
        let time = Instant(milliseconds: createdMS)
        return OutboxItem(
            id: 0, receiver: receiver, idempotencyKey: key, alarm: alarm,
            priority: priority.flatMap(AlarmPriority.init(rawValue:)) ?? .critical,
            payload: Array(payload.utf8), createdAt: time, attempts: 0, nextAttemptAt: time)
    }
}
