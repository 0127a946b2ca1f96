import Alarms
import Logging
import Model
import Notify
import Platform
import Store
import Views

/// What changes of alarms become for those who are to hear of them: notices, and escalations until
/// somebody acknowledges.
extension Collector {
    func notice(of event: AlarmEvent) -> Notice {
        let rule = alarms.rule(of: event.key)
        let place = live.index(ofDevice: event.key.device).flatMap { site.devices[$0].place }
        let raisedAt = alarms.record(event.key)?.raisedAt ?? event.time
        var notice = Notice(event, site: site, rule: rule, place: place, raisedAt: raisedAt)
        notice.details = Self.details(event)
        return notice
    }

    /// As many names as a person reads.
    private static let mostNames = 20

    private static func details(_ event: AlarmEvent) -> String? {
        guard !event.children.isEmpty else { return event.detail }
        let names = event.children.prefix(mostNames).joined(separator: ", ")
        let more = event.children.count - mostNames
        let list = "\(event.children.count): " + names + (more > 0 ? " … +\(more)" : "")
        return [event.detail, list].compactMap { $0 }.joined(separator: "; ")
    }

    /// Notices of one change: to all hooks that want its priority, and to those that an escalation
    /// has told of this alarm; never to the one that the alarm is about.
    func outboxItems(for event: AlarmEvent) -> [OutboxItem] {
        guard event.notice != nil else { return [] }
        let told = escalations.told(event.key)
        let failing = AlarmEngine.failingHook(event.key)
        let hooks = hooks.filter {
            !$0.onlyEscalated && $0.minimumPriority <= event.priority || told.contains($0.name)
        }.filter { $0.name != failing }
        guard !hooks.isEmpty else { return [] }
        let notice = notice(of: event)
        let payload = notice.encoded()
        return hooks.map { hook in
            OutboxItem(
                id: 0, receiver: hook.name,
                idempotencyKey: notice.idempotencyKey(receiver: hook.name),
                alarm: event.key.description, priority: event.priority, payload: payload,
                createdAt: event.time, attempts: 0, nextAttemptAt: event.time)
        }
    }

    // MARK: - Escalations

    /// After the changes of `events` were made, and their notices.
    func followEscalations(_ events: [AlarmEvent]) {
        guard !escalations.isEmpty, isLeading else { return }
        let now = Clocks.monotonicNanoseconds() / 1_000_000
        var ended: [String] = []
        for event in events {
            if let standing = standing(event.key) {
                escalations.begin(standing, now: now, wall: event.time)
            } else if escalations.mark(event.key) != nil {
                escalations.end(event.key)
                ended.append(event.key.description)
            }
        }
        guard !ended.isEmpty else { return }
        store.enqueue(notices: [], marks: [], ended: ended) { _ in }
    }

    /// An alarm that is shown and that nobody has acknowledged.
    func standing(_ key: AlarmKey) -> EscalationBook.Standing? {
        guard let record = alarms.record(key), record.hidden == nil else { return nil }
        switch record.state {
        case .unacknowledged, .returnedUnacknowledged, .latchedUnacknowledged:
            return EscalationBook.Standing(
                key: key, episode: record.episode, priority: record.priority,
                raisedAt: record.raisedAt)
        case .normal, .acknowledged, .latchedAcknowledged: return nil
        }
    }

    /// At the start, and when the lead comes: what stands open climbs on from where it was.
    private func restoreEscalations(at wall: Instant) {
        guard let marks = savedMarks else { return }
        savedMarks = nil
        let standing = alarms.records.compactMap { self.standing($0.key) }
        escalations.restore(
            marks, standing: standing, now: Clocks.monotonicNanoseconds() / 1_000_000, wall: wall)
        let open = Set(standing.map(\.key.description))
        let ended = marks.map(\.alarm).filter { !open.contains($0) }
        if !ended.isEmpty { store.enqueue(notices: [], marks: [], ended: ended) { _ in } }
    }

    /// Steps that are due, with their notices in one transaction.
    func escalate(at now: Instant) {
        guard !escalations.isEmpty, isLeading else { return }
        restoreEscalations(at: now)
        let calls = escalations.due(now: Clocks.monotonicNanoseconds() / 1_000_000, wall: now)
        guard !calls.isEmpty else { return }
        var items: [OutboxItem] = []
        var marks: [EscalationMark] = []
        for call in calls {
            marks += escalations.mark(call.key).map { [$0] } ?? []
            guard let record = alarms.record(call.key) else { continue }
            var event = AlarmEvent(
                key: call.key, episode: record.episode, sequence: record.sequence, time: now,
                state: record.state, previous: record.state, priority: record.priority,
                valueText: record.valueText, notice: .escalated)
            event.comment = record.comment
            var notice = notice(of: event)
            notice.step = call.step
            let failing = AlarmEngine.failingHook(call.key)
            items += call.hooks.filter { $0 != failing }.map { notice.item(for: $0, at: now) }
        }
        store.enqueue(notices: items, marks: marks, ended: []) { [wakeNotifier, logger] in
            if let error = $0 { logger.warning("an escalation waits for the store: \(error)") }
            wakeNotifier()
        }
    }

    // MARK: - The sign of life

    func noteBeat() {
        guard isLeading else { return }
        beat.withLock { $0 = Clocks.monotonicNanoseconds() / 1_000_000 }
    }

    /// It leads, and its last tick is not long ago.
    nonisolated var isBeating: Bool {
        let last = beat.withLock { $0 }
        return last > 0 && Clocks.monotonicNanoseconds() / 1_000_000 - last < 15_000
    }
}
