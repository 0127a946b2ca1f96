import Alarms
import Energy
import FoundationEssentials
import Model
import Platform
import Profiles
import Redundancy
import Store
import Views

/// What the collector does as one of two: leading it tells, following it copies.
extension Collector {
    /// Notices of an alarm storm while no receiver answers, some 20 MB.
    private static let mostUnconfirmed = 20_000

    // MARK: Leading

    /// From now on alarms are raised here. Those that are active are announced already; notices
    /// that the other did not get delivered are sent from here.
    func lead() {
        guard !isLeading else { return }
        isLeading = true
        alarms.rest()
        unsaved += alarms.begin(
            now: Clocks.monotonicNanoseconds() / 1_000_000,
            time: Instant(milliseconds: Clocks.wallMilliseconds()))
        let notices = unconfirmed.values.sorted { $0.createdAt < $1.createdAt }
        unconfirmed = [:]
        if !notices.isEmpty {
            store.enqueue(events: [], records: [], outbox: notices) { [wakeNotifier] _ in
                wakeNotifier()
            }
        }
        saveAlarms()
        savedMarks = []
        wakeNotifier()
    }

    /// From now on the other raises alarms.
    func rest() {
        guard isLeading else { return }
        saveAlarms()
        isLeading = false
        resting = alarms.records
        alarms.rest()
    }

    /// Of the other's alarms after a time in which both led: what it knows and we do not.
    func merge(_ other: PairAlarms) {
        guard isLeading else { return }
        var adopted: [AlarmRecord] = []
        for record in (other.resting ?? []).compactMap(\.record) {
            let own = alarms.record(record.key)
            guard record.changedAt > own?.changedAt ?? Instant(milliseconds: .min) else { continue }
            if record.state != .normal, own?.state ?? .normal == .normal {
                // Announced by the other: our next readings end it, or it stays.
                alarms.adopt(record)
                adopted.append(record)
            } else if own?.state == .unacknowledged, record.state == .acknowledged,
                let actor = record.acknowledgedBy
            {
                let events = try? alarms.act(
                    .acknowledge, id: record.key.description, by: actor, comment: record.comment,
                    now: Clocks.monotonicNanoseconds() / 1_000_000, at: record.changedAt)
                unsaved += events ?? []
            }
        }
        if !adopted.isEmpty {
            store.enqueue(events: [], records: adopted, outbox: []) { _ in }
            tell(events: [], records: adopted)
        }
        saveAlarms()
    }

    /// Puts a change of alarms into the feed.
    func tell(events: [AlarmEvent], records: [AlarmRecord]) {
        guard let feed, let bytes = Self.feedBytes(events, records) else { return }
        feed.append(.alarms(bytes[...]))
    }

    static func feedBytes(_ events: [AlarmEvent], _ records: [AlarmRecord]) -> [UInt8]? {
        let document = PairAlarms(
            events: events.map(PairAlarms.Event.init),
            records: records.map(PairAlarms.Record.init))
        return (try? JSONEncoder().encode(document)).map(Array.init)
    }

    func pairAlarms() -> PairAlarms {
        PairAlarms(
            records: alarms.records.map(PairAlarms.Record.init),
            resting: resting.map { $0.map(PairAlarms.Record.init) })
    }

    // MARK: Following

    /// Takes what the other has collected as if it had been collected here, but raises no alarm.
    /// Returns how many entries were not understood. `otherClock` is how far the other's clock is
    /// ahead of this one's, in milliseconds.
    func take(_ page: FeedPage, otherClock: Int64) -> Int {
        guard !isLeading else { return 0 }
        var failures = 0
        for entry in page.entries {
            switch entry {
            case .poll(let bytes):
                do throws(PageError) {
                    let (device, poll) = try PollCodec.decode(bytes)
                    takeCopied(poll, of: device, otherClock)
                } catch {
                    failures += 1
                }
            case .alarms(let bytes):
                guard let change = try? JSONDecoder().decode(PairAlarms.self, from: Data(bytes))
                else {
                    failures += 1
                    continue
                }
                take(change)
            }
        }
        if let pending = try? JSONDecoder().decode(PairPending.self, from: Data(page.trailer)),
            !unconfirmed.isEmpty, pending.isWhole
        {
            let waiting = Set(pending.keys)
            unconfirmed = unconfirmed.filter { waiting.contains($0.key) }
        }
        return failures
    }

    private func takeCopied(_ poll: RawPoll, of name: String, _ otherClock: Int64) {
        guard let device = live.index(ofDevice: name) else { return }
        let time = poll.time.milliseconds
        if let known = copiedTimes[device], known.contains(time) { return }
        let own = lastOwn[device][poll.group.place]
        let half = site.devices[device].intervalMilliseconds(of: poll.group) / 2
        // Polled by both: ours stays.
        if own != .min, time <= own &+ otherClock &+ half { return }
        var poll = poll
        poll.device = DeviceID(device)
        apply(poll, isOwn: false)
    }

    private func take(_ change: PairAlarms) {
        var records: [AlarmRecord] = []
        var newer: Set<AlarmKey> = []
        for record in change.records.compactMap(\.record) {
            if let own = alarms.record(record.key),
                (own.episode, own.sequence) >= (record.episode, record.sequence)
            {
                continue
            }
            alarms.adopt(record)
            newer.insert(record.key)
            records.append(record)
        }
        let events = change.events.compactMap(\.event).filter { newer.contains($0.key) }
        guard !records.isEmpty else { return }
        noteUnconfirmed(events.flatMap { outboxItems(for: $0) })
        store.enqueue(events: events, records: records, outbox: []) { _ in }
    }

    /// The other's alarms as they all stand, and lines of its journal that are not in ours.
    func adopt(_ other: PairAlarms, missing events: [AlarmEvent]) {
        guard !isLeading else { return }
        var records: [AlarmRecord] = []
        var seen: Set<AlarmKey> = []
        for record in other.records.compactMap(\.record) {
            seen.insert(record.key)
            if let own = alarms.record(record.key), own.episode == record.episode,
                own.sequence == record.sequence, own.state == record.state
            {
                continue
            }
            records.append(record)
        }
        // What only we took for an alarm is in `resting`, from where the other fetches it.
        for var record in alarms.records
        where !seen.contains(record.key) && (record.state != .normal || !record.reasons.isEmpty) {
            record.state = .normal
            record.reasons = []
            records.append(record)
        }
        for record in records { alarms.adopt(record) }
        unconfirmed = [:]
        noteUnconfirmed(other.pending.compactMap(\.item))
        if records.isEmpty, events.isEmpty { return }
        store.enqueue(events: events, records: records, outbox: []) { _ in }
    }

    /// Beyond `mostUnconfirmed` they are sent by the other alone, when it is back.
    private func noteUnconfirmed(_ items: [OutboxItem]) {
        let receivers = Set(hooks.map(\.name))
        for item in items.prefix(max(0, Self.mostUnconfirmed - unconfirmed.count))
        where receivers.contains(item.receiver) {
            unconfirmed[item.idempotencyKey] = item
        }
    }

    /// Times of polls that history has brought, so that the feed does not bring them again.
    func noteCopied(_ table: PastTable, since: Int64) {
        guard let device = live.index(ofDevice: table.device) else { return }
        let times = table.times.filter { $0 >= since }
        if !times.isEmpty { copiedTimes[device, default: []].formUnion(times) }
    }

    func forgetCopied() { copiedTimes = [:] }

    /// Registers of meters from a time in which the other collected go through the ledgers, in
    /// their order, before the readings that follow.
    func catchUpEnergy(_ table: PastTable) {
        guard !isLeading, let device = live.index(ofDevice: table.device) else { return }
        for column in table.columns {
            var readings: [RegisterReading] = []
            for (row, quality) in column.qualities.enumerated() {
                guard let quality, quality.isUsable else { continue }
                readings.append(
                    RegisterReading(
                        time: Instant(milliseconds: table.times[row]),
                        mantissa: column.mantissas[row], scale: column.point.scale,
                        quality: quality))
            }
            finished += energy.catchUp(DeviceID(device), column.point, readings)
        }
    }

    /// Milliseconds between two polls of each point of a device that is known by now.
    func intervals(ofDevice name: String) -> (of: [String: Int64], usual: Int64) {
        guard let device = live.index(ofDevice: name) else {
            return ([:], SiteSeries.stepMilliseconds)
        }
        let spec = site.devices[device]
        let usual = spec.intervalMilliseconds(of: .normal)
        let groups = decoders[device].groups
        guard !groups.isEmpty else { return ([:], usual) }
        var result: [String: Int64] = [:]
        for (point, group) in zip(decoders[device].points, groups) {
            result[point.name] = spec.intervalMilliseconds(of: group)
        }
        return (result, usual)
    }
}
