import Glibc
import Model
import Platform
import Store

/// What a store holds that is not what was written, or does not hold and must.
struct Wrong: Error, CustomStringConvertible {
    var description: String
    /// The store itself said so.
    var isTold = false
}

/// Compares a store with the story: everything that was acknowledged is there, once, and all that
/// is there is what was written, in readings, rollups, last values, energy, alarms and notices.
struct Checking {
    var folder: String
    var story: Story
    var acknowledged: Found
    /// Readings of which the writer said that it had to drop them.
    var dropped = 0
    /// After a page that could not be read the next start moves the store into a fresh one.
    var mayBeRepaired = false

    struct Found: Equatable {
        var readings: Int
        var entries: Int
        var events: Int
    }

    /// Readings written after looking.
    private static let more = 4
    /// Readings of `Story.passing` are kept so long, by whole days.
    static let horizonMS: Int64 = 2 * 86_400_000
    private static let dayMS: Int64 = 86_400_000
    private static let hourMS: Int64 = 3_600_000
    static let always = TimeRange(
        start: Instant(milliseconds: 0), end: Instant(milliseconds: 1 << 50))

    /// How far a writer came, by what is stored.
    static func progress(_ folder: String, _ store: SiteStore) throws -> Found {
        let reader = try StoreReader(directory: folder)
        return Found(
            readings: try readings(reader),
            entries: try reader.ledger(
                meter: Story.meter, always
            ).count,
            events: try reader.journal(always, limit: 1_000_000).count)
    }

    private static func readings(_ reader: StoreReader) throws -> Int {
        var count = 0
        for series in try reader.series(matching: Glob("*/" + Story.number)) {
            let samples = try reader.range(series.name, always).samples
            count = max(count, Int(samples.map(\.mantissa).max() ?? -1) + 1)
        }
        return count
    }

    /// Looks as somebody who only reads; then opens the store as its writer does, looks again,
    /// writes on and looks a third time. Returns what there is then.
    func run() throws -> Found {
        guard FileIO.exists(SiteStore.databasePath(in: folder)) else {
            guard acknowledged == Found(readings: 0, entries: 0, events: 0) else {
                throw Wrong(description: "the store is gone")
            }
            return acknowledged
        }
        let before = try look(isFresh: acknowledged == Found(readings: 0, entries: 0, events: 0))
        let store = try SiteStore.open(
            directory: folder, siteName: "faults", options: Writing.options())
        guard store.statistics.headRowsDamaged == 0 else {
            throw Wrong(description: "\(store.statistics.headRowsDamaged) head rows are damaged")
        }
        if !mayBeRepaired,
            let aside = FileIO.list(folder).first(where: { $0.hasPrefix("damaged-") })
        {
            throw Wrong(description: "the store was repaired: \(aside)")
        }
        let opened = try look(isFresh: false)
        if let before, before != opened {
            throw Wrong(description: "a reader saw \(before), the writer has \(opened ?? before)")
        }
        guard var opened else { throw Wrong(description: "an opened store has no tables") }
        try checkNotices(store, opened.events)
        if dropped == 0 {
            try goOn(store, opened)
            opened.readings += Self.more
        }
        try store.close()
        return opened
    }

    /// What a reader makes of a store that may be damaged: nil where it says so, or refuses. What
    /// it takes for whole must be right.
    func lookAtDamaged() throws -> Found? {
        do {
            return try look(isFresh: false)
        } catch {
            if error is StoreError || (error as? Wrong)?.isTold == true { return nil }
            throw error
        }
    }

    /// Nil for a file without tables, where nothing was acknowledged.
    private func look(isFresh: Bool) throws -> Found? {
        guard let reader = try reader(isFresh: isFresh) else { return nil }
        let damage = try reader.verify()
        guard damage.isEmpty else {
            throw Wrong(description: "damage: \(damage)", isTold: true)
        }
        let found = Found(
            readings: try Self.readings(reader), entries: try checkLedger(reader),
            events: try checkJournal(reader))
        guard found.readings >= acknowledged.readings, found.entries >= acknowledged.entries,
            found.events >= acknowledged.events
        else { throw Wrong(description: "\(found) of \(acknowledged) acknowledged") }
        try checkReadings(reader, found.readings)
        return found
    }

    private func reader(isFresh: Bool) throws(StoreError) -> StoreReader? {
        do throws(StoreError) {
            return try StoreReader(directory: folder)
        } catch {
            // Not made yet: what is there of it is the business of who writes.
            if isFresh { return nil }
            throw error
        }
    }

    private func goOn(_ store: SiteStore, _ found: Found) throws {
        let handles = (0..<Story.devices).map {
            store.register(device: Story.device($0), points: Story.points)
        }
        for number in found.readings..<found.readings + Self.more {
            let poll = story.poll(number)
            store.append(
                handles[poll.device], time: Instant(milliseconds: poll.time), values: poll.values)
        }
        try store.commitNow()
        let reader = try StoreReader(directory: folder)
        guard try Self.readings(reader) == found.readings + Self.more else {
            throw Wrong(description: "what was written afterwards is not there")
        }
        try checkReadings(reader, found.readings + Self.more)
    }

    // MARK: - Readings

    /// By device and time, the numbers of the readings that were written of it, oldest first.
    private func expected(_ count: Int) -> [[Int64: [Int]]] {
        var all = [[Int64: [Int]]](repeating: [:], count: Story.devices)
        for number in 0..<count {
            let poll = story.poll(number)
            all[poll.device][poll.time, default: []].append(number)
        }
        return all
    }

    private func checkReadings(_ reader: StoreReader, _ count: Int) throws {
        let expected = expected(count)
        let limit = Clocks.wallMilliseconds() - Self.horizonMS
        var missing = 0
        for device in 0..<Story.devices {
            for (index, point) in Story.points.enumerated() {
                let name = PointName(device: Story.device(device), point: point.name)
                guard !expected[device].isEmpty else { continue }
                let result = try reader.range(name, Self.always)
                guard result.damage.isEmpty, !result.isCut, result.samplesLeftOut == 0 else {
                    throw Wrong(description: "\(name): \(result.damage)")
                }
                let gone = try compare(
                    result.samples, name, index, expected[device],
                    mayMiss: point.name == Story.passing ? limit : .min)
                if index == 0 { missing += gone }
                if dropped == 0, point.name != Story.passing {
                    try checkSums(reader, name, result.samples)
                }
            }
        }
        if missing > dropped {
            throw Wrong(description: "\(missing) readings are missing, \(dropped) were given up")
        }
        if dropped == 0 { try checkLast(reader, expected) }
    }

    /// Readings that are there must be right; returns how many are missing that must be there.
    private func compare(
        _ samples: [Sample], _ name: PointName, _ index: Int, _ expected: [Int64: [Int]],
        mayMiss limit: Int64
    ) throws -> Int {
        var last = Int64.min
        var seen = 0
        for sample in samples {
            let time = sample.time.milliseconds
            guard time > last else { throw Wrong(description: "\(name): times do not ascend") }
            last = time
            guard let numbers = expected[time] else {
                throw Wrong(description: "\(name): a reading at \(time) that nobody wrote")
            }
            // Of a point that is being thrown away the newest may go before an older one.
            let right = time < limit || dropped > 0 ? numbers : [numbers[numbers.count - 1]]
            let isRight = right.contains {
                let value = story.poll($0).values[index]
                return value.mantissa == sample.mantissa && value.quality == sample.quality
            }
            guard isRight else {
                throw Wrong(
                    description: "\(name) at \(time): \(sample.mantissa) \(sample.quality),"
                        + " readings \(right) were written")
            }
            seen += 1
        }
        guard limit == .min else {
            let times = Set(samples.map(\.time.milliseconds))
            if let lost = expected.keys.first(where: { $0 >= limit && !times.contains($0) }) {
                throw Wrong(description: "\(name) at \(lost) is not there")
            }
            return 0
        }
        if dropped > 0 {
            let times = Set(samples.map(\.time.milliseconds))
            let lost = expected.filter { !times.contains($0.key) }
            if let number = lost.values.joined().first(where: { $0 < acknowledged.readings }) {
                throw Wrong(description: "\(name): reading \(number) was acknowledged")
            }
        }
        guard seen == expected.count || dropped > 0 else {
            throw Wrong(description: "\(name): \(seen) of \(expected.count) readings")
        }
        return expected.count - seen
    }

    /// What rollups and summaries say, against the readings.
    private func checkSums(
        _ reader: StoreReader, _ name: PointName, _ samples: [Sample]
    ) throws {
        guard let first = samples.first, let last = samples.last else { return }
        let start = first.time.milliseconds / Self.dayMS * Self.dayMS
        let end = last.time.milliseconds / Self.dayMS * Self.dayMS + Self.dayMS
        let range = TimeRange(
            start: Instant(milliseconds: start), end: Instant(milliseconds: end))
        guard
            let buckets = try reader.downsample([name], range, stepMS: Self.hourMS).first?.buckets
        else { throw Wrong(description: "\(name): no sums") }
        var right = [Bucket](repeating: Bucket(), count: Int((end - start) / Self.hourMS))
        for sample in samples where sample.quality < .stale {
            let value = Int128(sample.mantissa)
            let index = Int((sample.time.milliseconds - start) / Self.hourMS)
            if right[index].count == 0 {
                right[index].minimum = value
                right[index].maximum = value
                right[index].first = value
            }
            right[index].count += 1
            right[index].minimum = min(right[index].minimum, value)
            right[index].maximum = max(right[index].maximum, value)
            right[index].last = value
            right[index].sum += value
        }
        for (index, (found, wanted)) in zip(buckets, right).enumerated()
        where found.count != wanted.count || found.sum != wanted.sum
            || found.minimum != wanted.minimum || found.maximum != wanted.maximum
            || found.first != wanted.first || found.last != wanted.last
        {
            throw Wrong(description: "\(name), hour \(index): \(found), not \(wanted)")
        }
    }

    private func checkLast(_ reader: StoreReader, _ expected: [[Int64: [Int]]]) throws {
        let last = try reader.last(Glob("*/" + Story.number))
        for device in 0..<Story.devices {
            guard let newest = expected[device].keys.max() else { continue }
            let found = last.first { $0.series.device == Story.device(device) }
            guard let found, found.sample.time.milliseconds == newest,
                Int(found.sample.mantissa) == expected[device][newest]?.last
            else { throw Wrong(description: "the last value of \(Story.device(device))") }
        }
    }

    // MARK: - Everything else

    private func checkLedger(_ reader: StoreReader) throws -> Int {
        let entries = try reader.ledger(meter: Story.meter, Self.always)
        for (number, entry) in entries.enumerated() where entry != story.entry(number) {
            throw Wrong(description: "ledger entry \(number): \(entry)")
        }
        return entries.count
    }

    private func checkJournal(_ reader: StoreReader) throws -> Int {
        let events = try reader.journal(Self.always, limit: 1_000_000)
        for (number, event) in events.enumerated() {
            let right = story.event(number)
            guard event.sequence == right.sequence, event.time == right.time,
                event.valueText == right.valueText
            else {
                throw Wrong(description: "journal row \(number) is change \(event.sequence)")
            }
        }
        let records = try reader.alarmRecords()
        guard records.last.map({ Int($0.sequence) + 1 }) ?? 0 == events.count else {
            throw Wrong(description: "\(events.count) changes, and the alarm is \(records)")
        }
        return events.count
    }

    private func checkNotices(_ store: SiteStore, _ events: Int) throws {
        let notices = try store.pendingNotices(limit: 1_000_000)
        let keys = notices.map(\.idempotencyKey)
        guard keys == (0..<events).map({ "k\($0)" }) else {
            throw Wrong(
                description: "\(keys.count) notices of \(events) changes: \(keys.suffix(3))")
        }
        let entries = try store.ledger(meter: Story.meter, Self.always).count
        let state = try store.ledgerState(meter: Story.meter)
        guard state == (entries == 0 ? nil : story.state(entries - 1)) else {
            throw Wrong(description: "the meter's state after \(entries) entries: \(state ?? [])")
        }
    }
}
