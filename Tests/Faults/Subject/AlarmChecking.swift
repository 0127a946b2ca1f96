import Alarms
import Model
import Notify
import Platform
import Store

/// Compares journal, alarms, outbox, receipts and what receivers have got: a change is stored with
/// its notices or not at all; no notice is lost; nobody has heard of what never was; each receiver
/// hears of each alarm in order.
struct AlarmChecking {
    var folder: String
    var seed: UInt64
    var base: Int64
    /// Changes of which the writer said that they are stored.
    var acknowledged: Int
    var heard: [AlarmLife.Heard]
    var refused: Set<String>
    /// Steps of a life after looking.
    private static let more = 12

    /// Looks, lives on, lets everything be delivered and looks again. Returns how many changes and
    /// how many messages there are then.
    mutating func run() throws -> (changes: Int, heard: Int) {
        guard FileIO.exists(SiteStore.databasePath(in: folder)) else {
            guard acknowledged == 0, heard.isEmpty else {
                throw Wrong(description: "the store is gone")
            }
            return (0, 0)
        }
        var life = try AlarmLife(folder: folder, seed: seed, base: base, tells: false)
        try look(isDrained: false)
        try checkMarks(try life.marks())
        try life.run(steps: Self.more)
        try life.drain()
        heard += life.heard
        refused.formUnion(life.refused)
        try look(isDrained: true)
        try life.close()
        return (life.changes, heard.count)
    }

    private func look(isDrained: Bool) throws {
        let reader = try StoreReader(directory: folder)
        let damage = try reader.verify()
        guard damage.isEmpty else { throw Wrong(description: "damage: \(damage)") }
        let journal = try reader.journal(Checking.always, limit: 1_000_000)
        guard journal.count >= acknowledged else {
            throw Wrong(description: "\(journal.count) of \(acknowledged) changes")
        }
        try checkRecords(journal, try reader.alarmRecords())
        let waiting = try reader.notices(dead: false, limit: 1_000_000)
            .map { $0.item.idempotencyKey }
        let dead = try reader.notices(dead: true, limit: 1_000_000).map { $0.item.idempotencyKey }
        let receipts = Set(try reader.receipts(alarm: nil, limit: 1_000_000).map(\.key))
        let places = try places(journal)
        try checkNothingLost(
            journal, Set(waiting).union(dead).union(receipts), receipts, isDrained: isDrained)
        try checkNothingInvented(waiting + dead + heard.map(\.key), places, journal)
        try checkOrder(places)
        guard Set(dead).isSubset(of: refused) else {
            throw Wrong(description: "given up without a refusal: \(dead)")
        }
        guard !isDrained || waiting.isEmpty else {
            throw Wrong(description: "\(waiting.count) notices wait after all were sent")
        }
    }

    /// Each alarm stands as its last change says.
    private func checkRecords(_ journal: [AlarmEvent], _ records: [AlarmRecord]) throws {
        let last = Dictionary(journal.map { ($0.key, $0) }, uniquingKeysWith: { $1 })
        guard records.count == last.count else {
            throw Wrong(description: "\(records.count) alarms, \(last.count) in the journal")
        }
        for record in records {
            guard let event = last[record.key], event.state == record.state,
                event.hiding == record.hidden, event.priority == record.priority
            else {
                throw Wrong(
                    description: "\(record.key) is \(record.state.rawValue), its last change says "
                        + "\(last[record.key]?.state.rawValue ?? "nothing")")
            }
        }
    }

    /// Who must hear of a change in any case.
    private static func receivers(_ event: AlarmEvent) -> [String] {
        guard event.notice != nil else { return [] }
        return AlarmLife.site.hooks.filter {
            !$0.onlyEscalated && $0.minimumPriority <= event.priority
        }.map(\.name)
    }

    private static func key(_ event: AlarmEvent, _ receiver: String) -> String {
        AlarmLife.notice(event).idempotencyKey(receiver: receiver)
    }

    /// Where in the journal what a key tells of stands.
    private func places(_ journal: [AlarmEvent]) throws -> [String: Int] {
        var places: [String: Int] = [:]
        for (index, event) in journal.enumerated() where event.notice != nil {
            for hook in AlarmLife.site.hooks {
                let key = Self.key(event, hook.name)
                guard places.updateValue(index, forKey: key) == nil else {
                    throw Wrong(description: "two notices have the key \(key)")
                }
            }
        }
        return places
    }

    /// - Parameter kept: keys in the outbox, or with a receipt.
    private func checkNothingLost(
        _ journal: [AlarmEvent], _ kept: Set<String>, _ receipts: Set<String>, isDrained: Bool
    ) throws {
        let got = Set(heard.map(\.key)).union(refused)
        for event in journal {
            for receiver in Self.receivers(event) {
                let key = Self.key(event, receiver)
                guard kept.contains(key) else { throw Wrong(description: "lost: \(key)") }
                guard !isDrained || got.contains(key) && receipts.contains(key) else {
                    throw Wrong(description: "never told, or without a receipt: \(key)")
                }
            }
        }
        if let stray = receipts.first(where: { !got.contains($0) }) {
            throw Wrong(description: "a receipt of what nobody got: \(stray)")
        }
    }

    /// Steps of escalations stand in no journal: they tell of a change that does.
    private func checkNothingInvented(
        _ keys: [String], _ places: [String: Int], _ journal: [AlarmEvent]
    ) throws {
        let states = Set(journal.map { "life/\($0.key)/\($0.episode)/\($0.sequence)" })
        for key in keys where places[key] == nil {
            let change = key.split(separator: "/").dropLast(2).joined(separator: "/")
            guard key.contains("/step-"), states.contains(change) else {
                throw Wrong(description: "nothing like it was: \(key)")
            }
        }
    }

    /// What a receiver hears for the first time is never older than what it has heard of the alarm.
    private func checkOrder(_ places: [String: Int]) throws {
        var known: Set<String> = []
        var newest: [String: Int] = [:]
        for message in heard {
            guard let place = places[message.key], known.insert(message.key).inserted else {
                continue
            }
            let alarm = message.key.split(separator: "/").dropFirst().dropLast(3)
                .joined(separator: "/") + " " + message.receiver
            guard place > newest[alarm] ?? -1 else {
                throw Wrong(description: "out of order: \(message.key)")
            }
            newest[alarm] = place
        }
    }

    /// A step that was taken has its notice.
    private func checkMarks(_ marks: [EscalationMark]) throws {
        let reader = try StoreReader(directory: folder)
        var told = Set(heard.map(\.key)).union(refused)
        for isDead in [false, true] {
            told.formUnion(
                try reader.notices(dead: isDead, limit: 1_000_000).map { $0.item.idempotencyKey })
        }
        for mark in marks where mark.done > 0 {
            let begin = "life/\(mark.alarm)/\(mark.episode)/"
            let isThere = told.contains {
                $0.hasPrefix(begin) && $0.hasSuffix("/step-\(mark.done)/duty")
            }
            guard isThere else {
                throw Wrong(description: "step \(mark.done) of \(mark.alarm) was never told")
            }
        }
    }
}
