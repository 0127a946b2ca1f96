package import Model

/// Where notices wait. The store implements it; every method may block on the disk.
package protocol OutboxSource: Sendable {
    /// Waiting notices of one receiver with numbers above `id`, ascending. Nil: not now.
    func heads(receiver: String, after id: Int64, limit: Int) -> [NoticeHead]?
    /// Those of these that are still there, in the same order.
    func items(_ ids: [Int64]) -> [OutboxItem]
    func lane(receiver: String) -> LaneState?
    /// Before a message is sent to a receiver that counts them.
    func setLane(_ state: LaneState, receiver: String)
    /// What is noted is kept until the disk takes it; it is not told again.
    func settle(_ changes: [OutboxChange], receiver: String)
    /// What the receiver takes for open, by alarm.
    func outside(receiver: String) -> [String: [UInt8]]
}

/// How a receiver is doing.
package struct LaneStatus: Codable, Hashable, Sendable {
    package var receiver: String
    package var kind: String
    package var waiting: Int
    /// Failures since the last delivery.
    package var failures: Int
    package var lastError: String?
    /// It is left alone, and urgent notices go to its second channel.
    package var isOpen: Bool
    package init(
        receiver: String, kind: String, waiting: Int, failures: Int, lastError: String?,
        isOpen: Bool
    ) {
        self.receiver = receiver
        self.kind = kind
        self.waiting = waiting
        self.failures = failures
        self.lastError = lastError
        self.isOpen = isOpen
    }
}

/// All that one receiver's thread decides, step by step; time and the way to send are given.
package struct Lane {
    /// Notices taken from the outbox at once.
    private static let fetch = 5_000
    private static let expireEvery: Int64 = 60_000
    /// Alarms in one reminder.
    private static let reminderSize = 1_000

    package let hook: Hook
    private let outbox: any OutboxSource
    private var queue: DeliveryQueue
    private var copied: Set<Int64> = []
    /// What stands open at a receiver that has to be reminded of it.
    private var outside: [String: Notice] = [:]
    private var reminderAt: Int64
    private var expireAt: Int64

    package init(hook: Hook, outbox: any OutboxSource, now: Int64, wall: Instant) {
        self.hook = hook
        self.outbox = outbox
        queue = DeliveryQueue(
            limits: hook.limits, seed: fnv1a(hook.name),
            lane: hook.isCounted ? outbox.lane(receiver: hook.name) : nil, now: now, wall: wall)
        if hook.kind == .alertmanager {
            outside = outbox.outside(receiver: hook.name).compactMapValues { Notice($0) }
        }
        // Soon after a start: it may have taken longer than the receiver remembers.
        reminderAt = now + 1_000
        expireAt = now
    }

    package var status: LaneStatus {
        LaneStatus(
            receiver: hook.name, kind: hook.kind.rawValue, waiting: queue.count,
            failures: queue.failures, lastError: queue.lastError, isOpen: queue.isCircuitOpen)
    }

    package enum Next: Hashable, Sendable {
        /// There may be more to do at once.
        case again
        case at(Int64)
        /// Until something new waits.
        case idle
    }

    /// Does one thing. `isCopied` tells that another receiver has got something.
    package mutating func step(
        now: Int64, wall: Instant, isRevived: Bool = false, isCopied: inout Bool,
        send: (Message) -> DeliveryQueue.Outcome
    ) -> Next {
        if isRevived { queue.reset() }
        guard fetchNew() else { return .at(now + 1_000) }
        if now >= expireAt {
            expireAt = now + Self.expireEvery
            note(queue.expire(wall: wall), &isCopied)
        }
        if queue.isCircuitOpen { copyUrgent(&isCopied, wall) }
        if now >= reminderAt, remind(now: now, send: send) { return .again }
        switch queue.next(now: now) {
        case .idle: return outside.isEmpty ? .idle : .at(reminderAt)
        case .wait(let until): return .at(outside.isEmpty ? until : min(until, reminderAt))
        case .send(let heads):
            deliver(heads, now: now, wall: wall, &isCopied, send)
            return .again
        }
    }

    private mutating func fetchNew() -> Bool {
        while true {
            let heads = outbox.heads(
                receiver: hook.name, after: queue.lastID, limit: Self.fetch)
            guard let heads else { return false }
            queue.add(heads)
            if heads.count < Self.fetch { return true }
        }
    }

    private mutating func deliver(
        _ heads: [NoticeHead], now: Int64, wall: Instant, _ isCopied: inout Bool,
        _ send: (Message) -> DeliveryQueue.Outcome
    ) {
        let items = outbox.items(heads.map(\.id))
        let present = Set(items.map(\.id))
        // What is gone was thrown away because the outbox was full.
        queue.forget(heads.filter { !present.contains($0.id) })
        let heads = heads.filter { present.contains($0.id) }
        guard let first = items.first else { return }
        let notices = items.compactMap { Notice($0.payload) }
        var message = Message(notices: notices, key: first.idempotencyKey)
        if notices.isEmpty { message.document = first.payload }
        if items.count > 1 {
            message.key = Message.digestKey(
                items, receiver: hook.name, site: notices.first?.site ?? "")
        }
        if hook.kind == .alertmanager { message.superseded = superseded(notices) }
        let state = queue.take(now: now, wall: wall)
        if hook.isCounted { outbox.setLane(state, receiver: hook.name) }
        let outcome = send(message)
        var changes = queue.settle(heads, outcome, now: now, wall: wall)
        switch outcome {
        case .delivered:
            if hook.kind == .alertmanager { changes += remember(notices) }
        case .refused:
            if items.count == 1 { changes += copies(of: heads, items, wall) }
        case .retry: break
        }
        note(changes, &isCopied)
        if queue.isCircuitOpen { copyUrgent(&isCopied, wall) }
    }

    private func note(_ changes: [OutboxChange], _ isCopied: inout Bool) {
        guard !changes.isEmpty else { return }
        outbox.settle(changes, receiver: hook.name)
        isCopied =
            isCopied
            || changes.contains {
                if case .copy = $0 { true } else { false }
            }
    }

    // MARK: - The second channel

    private mutating func copyUrgent(_ isCopied: inout Bool, _ wall: Instant) {
        guard hook.fallback != nil else { return }
        let heads = queue.urgent.filter { !copied.contains($0.id) }
        guard !heads.isEmpty else { return }
        note(copies(of: heads, outbox.items(heads.map(\.id)), wall), &isCopied)
    }

    private mutating func copies(
        of heads: [NoticeHead], _ items: [OutboxItem], _ wall: Instant
    ) -> [OutboxChange] {
        guard let fallback = hook.fallback else { return [] }
        let urgent = Set(heads.filter { $0.priority >= .high }.map(\.id))
        return items.compactMap { item in
            guard urgent.contains(item.id), copied.insert(item.id).inserted,
                var notice = Notice(item.payload)
            else { return nil }
            notice.insteadOf = hook.name
            var copy = notice.item(for: fallback, at: wall)
            // Under a key of its own: the same receiver may be told for itself too.
            copy.idempotencyKey = item.idempotencyKey + "/instead/" + fallback
            return .copy(copy)
        }
    }

    // MARK: - What stands open outside

    /// Alerts under labels that the alarm has no more: its priority has changed.
    private func superseded(_ notices: [Notice]) -> [Notice] {
        notices.compactMap { notice in
            guard var old = outside[notice.key.description],
                AlertFields.identity(old) != AlertFields.identity(notice)
            else { return nil }
            old.timeMS = notice.timeMS
            return old
        }
    }

    private mutating func remember(_ notices: [Notice]) -> [OutboxChange] {
        notices.map { notice in
            let alarm = notice.key.description
            outside[alarm] = notice.isOpen ? notice : nil
            return .outside(alarm: alarm, payload: notice.isOpen ? notice.encoded() : nil)
        }
    }

    /// True where something was sent.
    private mutating func remind(
        now: Int64, send: (Message) -> DeliveryQueue.Outcome
    ) -> Bool {
        guard hook.kind == .alertmanager else { return false }
        reminderAt = now + AlertmanagerPayload.repeatMilliseconds
        guard !outside.isEmpty, !queue.isCircuitOpen else { return false }
        let open = outside.values.sorted { $0.key.description < $1.key.description }
        for start in stride(from: 0, to: open.count, by: Self.reminderSize) {
            let some = Array(open[start..<min(start + Self.reminderSize, open.count)])
            var message = Message(notices: some, key: "\(some[0].site)/open/\(hook.name)/\(now)")
            message.isReminder = true
            // What does not arrive now is told again a minute later.
            guard case .delivered = send(message) else { break }
        }
        return true
    }
}
