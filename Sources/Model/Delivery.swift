/// A waiting notice without its text: what decides about its turn.
package struct NoticeHead: Hashable, Sendable {
    package var id: Int64
    package var alarm: String
    package var priority: AlarmPriority
    package var createdAt: Instant
    /// Tries that failed so far.
    package var attempts: Int
    /// Wall clock; not before this.
    package var nextAttemptAt: Instant
    package init(
        id: Int64, alarm: String, priority: AlarmPriority, createdAt: Instant, attempts: Int,
        nextAttemptAt: Instant
    ) {
        self.id = id
        self.alarm = alarm
        self.priority = priority
        self.createdAt = createdAt
        self.attempts = attempts
        self.nextAttemptAt = nextAttemptAt
    }
}

/// What became of one notice at one receiver.
package struct Receipt: Hashable, Sendable {
    package enum Outcome: String, Sendable, CaseIterable {
        case delivered
        /// Delivered as one of several in one message.
        case digest
        /// Given up: it is kept as a dead letter.
        case dead
        /// Thrown away because the outbox was full.
        case dropped
    }
    package var time: Instant
    package var receiver: String
    package var key: String
    package var alarm: String
    package var outcome: Outcome
    /// Tries, the last one included.
    package var attempts: Int
    package var createdAt: Instant
    /// The receiver's own words, or why there was no delivery.
    package var answer: String
    package init(
        time: Instant, receiver: String, key: String, alarm: String, outcome: Outcome,
        attempts: Int, createdAt: Instant, answer: String
    ) {
        self.time = time
        self.receiver = receiver
        self.key = key
        self.alarm = alarm
        self.outcome = outcome
        self.attempts = attempts
        self.createdAt = createdAt
        self.answer = answer
    }
}

/// What is noted of notices after a try, all in one transaction.
package enum OutboxChange: Sendable {
    case delivered(id: Int64, isDigest: Bool, answer: String, at: Instant)
    case failed(id: Int64, attempts: Int, nextAttemptAt: Instant, error: String)
    /// Given up; it waits for somebody to send it again or to throw it away.
    case dead(id: Int64, reason: String, at: Instant)
    /// The same notice for another receiver too.
    case copy(OutboxItem)
    /// What the receiver takes for open now; nil: this alarm no longer.
    case outside(alarm: String, payload: [UInt8]?)
}

/// What survives a restart of one receiver's lane.
package struct LaneState: Hashable, Sendable {
    /// Messages that may be sent at once, in thousandths.
    package var tokens: Int64
    /// When that was so, by the wall clock.
    package var time: Instant
    package init(tokens: Int64, time: Instant) {
        self.tokens = tokens
        self.time = time
    }
}

/// How far one alarm's escalation is.
package struct EscalationMark: Hashable, Sendable {
    package var alarm: String
    package var episode: Int64
    /// Steps that were taken, repeats included.
    package var done: Int
    /// Hooks that were told.
    package var told: [String]
    package init(alarm: String, episode: Int64, done: Int, told: [String]) {
        self.alarm = alarm
        self.episode = episode
        self.done = done
        self.told = told
    }
}
