import Model
import Notify
import Synchronization

/// An outbox in memory that does what the store's does, and can be made to forget or to die.
final class MemoryOutbox: OutboxSource {
    struct State {
        var rows: [OutboxItem] = []
        var keys: Set<String> = []
        var nextID: Int64 = 1
        var dead: [(item: OutboxItem, reason: String)] = []
        var delivered: [(id: Int64, isDigest: Bool)] = []
        var failures: [String] = []
        var lanes: [String: LaneState] = [:]
        var outside: [String: [UInt8]] = [:]
        /// As with a full disk: what is told of delivery does not get there.
        var forgets = false
        /// Writes and sends that are still done; then the process is dead.
        var budget = Int.max
        var isDead: Bool { budget <= 0 }

        /// One step of a process that may be killed after any of them.
        mutating func spend() -> Bool {
            guard budget > 0 else { return false }
            if budget != .max { budget -= 1 }
            return true
        }
    }
    let state = Mutex(State())

    func add(_ notice: Notice, to receiver: String = "hook") {
        add(notice.item(for: receiver, at: notice.time))
    }

    func add(_ item: OutboxItem) {
        state.withLock { state in
            guard state.keys.insert(item.idempotencyKey).inserted else { return }
            var item = item
            item.id = state.nextID
            state.nextID += 1
            state.rows.append(item)
        }
    }

    func heads(receiver: String, after id: Int64, limit: Int) -> [NoticeHead]? {
        state.withLock { state in
            // By ascending number: only the end is new.
            let new = state.rows.reversed().prefix { $0.id > id }.reversed()
            return new.filter { $0.receiver == receiver }.prefix(limit).map {
                NoticeHead(
                    id: $0.id, alarm: $0.alarm, priority: $0.priority, createdAt: $0.createdAt,
                    attempts: $0.attempts, nextAttemptAt: $0.nextAttemptAt)
            }
        }
    }

    func items(_ ids: [Int64]) -> [OutboxItem] {
        state.withLock { state in
            let wanted = Set(ids)
            let found = Dictionary(
                state.rows.filter { wanted.contains($0.id) }.map { ($0.id, $0) },
                uniquingKeysWith: { first, _ in first })
            return ids.compactMap { found[$0] }
        }
    }

    func lane(receiver: String) -> LaneState? { state.withLock { $0.lanes[receiver] } }

    func setLane(_ lane: LaneState, receiver: String) {
        state.withLock { if $0.spend() { $0.lanes[receiver] = lane } }
    }

    func settle(_ changes: [OutboxChange], receiver: String) {
        state.withLock { state in
            guard !state.forgets, state.spend() else { return }
            var copies: [OutboxItem] = []
            var gone: Set<Int64> = []
            defer { state.rows.removeAll { gone.contains($0.id) } }
            for change in changes {
                switch change {
                case .delivered(let id, let isDigest, _, _):
                    gone.insert(id)
                    state.delivered.append((id, isDigest))
                case .failed(let id, let attempts, let next, let error):
                    state.failures.append(error)
                    guard let index = state.rows.firstIndex(where: { $0.id == id }) else {
                        continue
                    }
                    state.rows[index].attempts = attempts
                    state.rows[index].nextAttemptAt = next
                case .dead(let id, let reason, _):
                    guard let index = state.rows.firstIndex(where: { $0.id == id }) else {
                        continue
                    }
                    state.dead.append((state.rows.remove(at: index), reason))
                case .copy(let item): copies.append(item)
                case .outside(let alarm, let payload): state.outside[alarm] = payload
                }
            }
            for var copy in copies
            where !state.rows.contains(where: { $0.idempotencyKey == copy.idempotencyKey }) {
                copy.id = state.nextID
                state.nextID += 1
                state.rows.append(copy)
            }
        }
    }

    func outside(receiver: String) -> [String: [UInt8]] { state.withLock { $0.outside } }
}

/// A notice about an alarm of the tests' site.
func sample(
    _ alarm: Int, _ sequence: Int64 = 1, _ priority: AlarmPriority = .high,
    _ kind: NoticeKind = .active, at time: Int64 = 0
) -> Notice {
    var site = Site(name: "ll-dc1", displayName: "吕梁", offsetMinutes: 480, altitudeMetres: 950)
    site.alarmRules = []
    let event = AlarmEvent(
        key: AlarmKey(rule: "hot", device: "probe-\(alarm)", point: "t"), episode: 1,
        sequence: sequence, time: Instant(milliseconds: time),
        state: kind == .resolved ? .normal : .unacknowledged, previous: .normal,
        priority: priority, valueText: "31.0 °C", notice: kind)
    return Notice(
        event, site: site, rule: nil, place: nil, raisedAt: Instant(milliseconds: time))
}
