/// What alarms, the journal, the outbox and the views share.

/// One alarm: one rule on one point (or one device, for "no data").
package struct AlarmKey: Hashable, Sendable, CustomStringConvertible {
    package var rule: String
    package var device: String
    /// Empty for rules on the device itself.
    package var point: String
    package init(rule: String, device: String, point: String) {
        self.rule = rule
        self.device = device
        self.point = point
    }
    package var description: String {
        rule + ":" + device + (point.isEmpty ? "" : "/" + point)
    }
}

/// Base states of an alarm (ISA-18.2-2016, figure 6).
package enum AlarmState: String, Sendable, CaseIterable {
    case normal = "NORM"
    case unacknowledged = "UNACK"
    case acknowledged = "ACKED"
    case returnedUnacknowledged = "RTNUN"
    case latchedUnacknowledged = "LUNACK"
    case latchedAcknowledged = "LACKED"
}

/// What a receiver is told.
package enum NoticeKind: String, Sendable, CaseIterable {
    case active
    case returned = "return"
    case resolved
    case acknowledged = "acked"
    case escalated
}

/// One line of the journal: a change of state of one alarm. Append-only.
package struct AlarmEvent: Sendable {
    package var key: AlarmKey
    /// Numbers the lives of one alarm from 1.
    package var episode: Int64
    /// Numbers the events of one episode from 1.
    package var sequence: Int64
    package var time: Instant
    package var state: AlarmState
    package var previous: AlarmState
    package var priority: AlarmPriority
    /// The value that decided, as text with its unit; empty where there is none.
    package var valueText: String
    /// Who acknowledged, and what they wrote.
    package var actor: String?
    package var comment: String?
    /// What receivers are to be told; nil for changes that only the journal keeps.
    package var notice: NoticeKind?
    /// What happened, as `raise`, `shelve`, `unsuppress`; nil in lines of before this was kept.
    package var input: String?
    /// More of it: until when, who approved, which alarm is the cause.
    package var detail: String?
    /// What the alarm looks like after it; nil for one that is shown.
    package var hiding: HiddenState?
    /// Devices that a notice speaks for, beside its own; not in the journal.
    package var children: [String] = []
    package init(
        key: AlarmKey, episode: Int64, sequence: Int64, time: Instant, state: AlarmState,
        previous: AlarmState, priority: AlarmPriority, valueText: String, actor: String? = nil,
        comment: String? = nil, notice: NoticeKind?, input: String? = nil, detail: String? = nil,
        hiding: HiddenState? = nil
    ) {
        self.key = key
        self.episode = episode
        self.sequence = sequence
        self.time = time
        self.state = state
        self.previous = previous
        self.priority = priority
        self.valueText = valueText
        self.actor = actor
        self.comment = comment
        self.notice = notice
        self.input = input
        self.detail = detail
        self.hiding = hiding
    }
}

/// An alarm as it stands now: what is stored to survive a restart.
package struct AlarmRecord: Sendable {
    package var key: AlarmKey
    package var state: AlarmState
    package var priority: AlarmPriority
    package var episode: Int64
    package var sequence: Int64
    package var raisedAt: Instant
    package var changedAt: Instant
    package var acknowledgedBy: String?
    package var comment: String?
    package var valueText: String
    /// Whether this episode was ever shown.
    package var wasShown: Bool
    /// Whether receivers last heard that it is active.
    package var isOpenOutside: Bool
    /// The episode they have heard of last; 0 for none.
    package var outsideEpisode: Int64
    /// By how much it is more urgent than its rule says.
    package var raisedLevels: UInt8
    /// At most `maximumReasons`.
    package var reasons: [HidingReason]
    /// Two of persons, some causes, and as many windows as may overlap.
    package static let maximumReasons = 64

    /// - Parameters:
    ///   - wasShown: nil for what follows from the state; likewise `isOpenOutside`.
    package init(
        key: AlarmKey, state: AlarmState, priority: AlarmPriority, episode: Int64, sequence: Int64,
        raisedAt: Instant, changedAt: Instant, acknowledgedBy: String? = nil,
        comment: String? = nil, valueText: String, wasShown: Bool? = nil,
        isOpenOutside: Bool? = nil, raisedLevels: UInt8 = 0, reasons: [HidingReason] = []
    ) {
        self.key = key
        self.state = state
        self.priority = priority
        self.episode = episode
        self.sequence = sequence
        self.raisedAt = raisedAt
        self.changedAt = changedAt
        self.acknowledgedBy = acknowledgedBy
        self.comment = comment
        self.valueText = valueText
        self.wasShown = wasShown ?? (state != .normal)
        self.isOpenOutside =
            isOpenOutside ?? (state != .normal && state != .returnedUnacknowledged)
        outsideEpisode = self.isOpenOutside ? episode : 0
        self.raisedLevels = raisedLevels
        self.reasons = reasons
    }

    /// What it looks like while it is not shown; nil for one that is.
    package var hidden: HiddenState? { HiddenState(reasons) }
}

/// A notice on its way to one receiver: written in the same transaction as the change it tells of,
/// removed only when the receiver has confirmed it.
package struct OutboxItem: Sendable {
    /// Ascending in the order in which receivers must hear; 0 before it is stored.
    package var id: Int64
    package var receiver: String
    /// `site/alarm/episode/sequence/receiver`: a receiver may drop repeats of it.
    package var idempotencyKey: String
    /// What one receiver must hear in order: the alarm's key as text.
    package var alarm: String
    package var priority: AlarmPriority
    package var payload: [UInt8]
    package var createdAt: Instant
    package var attempts: Int
    package var nextAttemptAt: Instant
    package var lastError: String?
    package init(
        id: Int64, receiver: String, idempotencyKey: String, alarm: String? = nil,
        priority: AlarmPriority = .critical, payload: [UInt8], createdAt: Instant, attempts: Int,
        nextAttemptAt: Instant, lastError: String? = nil
    ) {
        self.id = id
        self.receiver = receiver
        self.idempotencyKey = idempotencyKey
        self.alarm = alarm ?? idempotencyKey
        self.priority = priority
        self.payload = payload
        self.createdAt = createdAt
        self.attempts = attempts
        self.nextAttemptAt = nextAttemptAt
        self.lastError = lastError
    }
}
