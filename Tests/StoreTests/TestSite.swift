import Glibc
import Model
import Platform
import Store
import TestSupport

/// A store with something in every table that a test can fill.
struct TestSite: Sendable {
    let store: SiteStore
    private let device: DeviceHandle
    private var workload: Workload
    private var rounds = 0

    static let always = TimeRange(
        start: Instant(milliseconds: 0), end: Instant(milliseconds: 1 << 50))

    init(
        _ directory: String, start: Int64 = 1_790_000_000_000,
        options change: (inout StoreOptions) -> Void = { _ in }
    ) throws {
        var options = StoreOptions()
        options.sealPolls = 60
        options.commitMilliseconds = 20
        options.sealMilliseconds = 100
        change(&options)
        store = try SiteStore.open(directory: directory, siteName: "s", options: options)
        workload = Workload(seed: 5, columns: 7, start: start)
        device = store.register(device: "d", points: workload.definitions)
    }

    /// Readings, and one of everything else. All is committed when it returns.
    mutating func fill(polls: Int) throws {
        rounds += 1
        for _ in 0..<polls {
            let poll = workload.next()
            store.append(device, time: Instant(milliseconds: poll.time), values: poll.values)
        }
        try store.putLedger(
            (0..<20).map {
                LedgerEntry(
                    interval: QuarterHour(number: 2_000_000 + Int64(rounds * 20 + $0)),
                    wattHours: 1000 + Int64($0), flag: .measured)
            }, meter: "main", state: [1, 2, UInt8(truncatingIfNeeded: rounds)])
        let key = AlarmKey(rule: "r", device: "d", point: "t\(rounds)")
        let time = Instant(milliseconds: Int64(1000 + rounds))
        try store.record(
            events: [
                AlarmEvent(
                    key: key, episode: 1, sequence: 1, time: time, state: .unacknowledged,
                    previous: .normal, priority: .high, valueText: "1", actor: "wang",
                    comment: nil, notice: nil)
            ],
            records: [
                AlarmRecord(
                    key: key, state: .unacknowledged, priority: .high, episode: 1, sequence: 1,
                    raisedAt: time, changedAt: time, acknowledgedBy: nil, comment: nil,
                    valueText: "1")
            ],
            outbox: [
                OutboxItem(
                    id: 0, receiver: "duty", idempotencyKey: "k\(rounds)", payload: [1, 2, 3],
                    createdAt: time, attempts: 0, nextAttemptAt: time, lastError: nil)
            ])
        try store.setSetting("note\(rounds)", "value \(rounds)")
        try store.commitNow()
    }

    /// Readings of a time that is past, which are in no poll yet.
    mutating func fillLate(polls: Int, by milliseconds: Int64) throws {
        var late = Workload(seed: 9, columns: 7, start: workload.time - milliseconds)
        for _ in 0..<polls {
            let poll = late.next()
            store.append(device, time: Instant(milliseconds: poll.time + 5000), values: poll.values)
        }
        try store.commitNow()
    }
}

/// All that a reader can say of a store, as text; nil where it refuses or reports damage.
func storeAnswers(_ directory: String) -> [String]? {
    do {
        let reader = try StoreReader(directory: directory)
        guard try reader.verify().isEmpty else { return nil }
        var answers: [String] = []
        for series in try reader.series(matching: Glob("*")) {
            let result = try reader.range(series.name, TestSite.always)
            guard result.damage.isEmpty else { return nil }
            answers.append("\(series.name) \(result.series.definition)")
            answers += result.samples.map {
                "\($0.time.milliseconds) \($0.mantissa) \($0.quality)"
            }
        }
        answers += try reader.ledger(meter: "main", TestSite.always).map { "\($0)" }
        answers += try reader.journal(TestSite.always).map { "\($0)" }
        answers += try reader.alarmRecords().map { "\($0)" }
        return answers
    } catch {
        return nil
    }
}

func flip(_ path: String, _ bit: Int) throws {
    let descriptor = open(path, O_RDWR)
    defer { close(descriptor) }
    var byte: UInt8 = 0
    guard pread(descriptor, &byte, 1, bit / 8) == 1 else {
        throw PlatformError(operation: "read", subject: path, code: errno)
    }
    byte ^= 1 << (bit % 8)
    guard pwrite(descriptor, &byte, 1, bit / 8) == 1 else {
        throw PlatformError(operation: "write", subject: path, code: errno)
    }
}

/// Planted faults of one part of four; `FROSTLINE_FAULTS=10000` plants so many in all.
var faultRounds: Int {
    guard let text = getenv("FROSTLINE_FAULTS") else { return 60 }
    return max(1, (Int(String(cString: text)) ?? 240) / 4)
}
