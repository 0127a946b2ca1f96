import Energy
import Interchange
import Model
import Profiles
import Store

/// A site as the engine knows it that its readings are forwarded to.
///
/// What a device said that could not be trusted was not forwarded: a point is good there, or has no
/// value. Alarms are not forwarded, only their number.
// Lent to one thread at a time.
final class RemoteMoments: MomentSource, @unchecked Sendable {
    private let reader: RemoteReader
    private let configuration: LoadedConfiguration
    /// The moment that points are looked up at; of the present it goes on.
    private let now: () -> Instant
    private var known: [KnownPoint] = []
    private var learnedAt: Instant?
    private var version = NamesVersion()

    /// New points are looked for after this: the answer of a large site is some 30 MB.
    private static let learnMilliseconds: Int64 = 300_000
    /// Their answers are made from one, whatever is asked of it.
    var devicesAtOnce: Int { .max }
    /// Up to so many devices are named in a question; of more all are asked.
    private static let maximumNamed = 50

    init(_ reader: RemoteReader, _ configuration: LoadedConfiguration, now: @escaping () -> Instant)
    {
        self.reader = reader
        self.configuration = configuration
        self.now = now
    }

    func namesVersion() throws(StoreError) -> NamesVersion {
        try learn()
        return version
    }

    func points(matching pattern: Glob) throws(StoreError) -> [KnownPoint] {
        try learn()
        return known.filter { pattern.matches($0.device + "/" + $0.definition.name) }
    }

    /// Engines do not say when a series began; a moment without a reading says so itself.
    func oldest() throws(StoreError) -> Instant? { Instant(milliseconds: 0) }

    func alarms(at time: Instant) throws(StoreError) -> [PastAlarm]? { nil }

    func moment(
        at time: Instant, _ questions: [MomentQuestion],
        isCancelled: @escaping @Sendable () -> Bool
    ) throws(StoreError) -> [DeviceMoment] {
        guard !isCancelled(), !questions.isEmpty else { return [] }
        var names: Set<String>? = []
        for question in questions {
            guard let points = question.points else {
                names = nil
                break
            }
            names?.formUnion(points)
        }
        let devices = questions.count > Self.maximumNamed ? nil : questions.map(\.device)
        let found = try asking { () throws(RemoteReadError) in
            try reader.latest(devices: devices, points: names?.sorted(), at: time)
        }
        let byDevice = Dictionary(grouping: found, by: \.name.device)
        return questions.map { question in
            let wanted = question.points.map { Set($0) }
            return DeviceMoment(
                device: question.device,
                (byDevice[question.device] ?? []).filter { wanted?.contains($0.name.point) ?? true }
            )
        }
    }

    func day(of site: Site, midnight: Instant, end: Instant) throws(StoreError) -> PastDay {
        let range = TimeRange(start: midnight, end: max(midnight, end))
        var ledgers: [String: [LedgerEntry]] = [:]
        for meter in PastDay.meters(of: site) {
            ledgers[meter.name] = try asking { () throws(RemoteReadError) in
                try reader.ledger(meter, configuration, range)
            }
        }
        return PastDay(site: site, range, ledgers: ledgers)
    }

    private func learn() throws(StoreError) {
        let now = now()
        if let learnedAt, now.millisecondsSince(learnedAt) < Self.learnMilliseconds { return }
        let found = try asking { () throws(RemoteReadError) in
            try reader.latest(devices: nil, points: nil, at: now)
        }.map { KnownPoint(device: $0.name.device, definition: $0.definition) }
        learnedAt = now
        guard found.map(\.name) != known.map(\.name) else { return }
        known = found
        version.series = Int64(found.count)
        version.checksum = Int64(found.map(\.name).hashValue)
    }

    private func asking<Value>(
        _ body: () throws(RemoteReadError) -> Value
    ) throws(StoreError) -> Value {
        do throws(RemoteReadError) {
            return try body()
        } catch {
            throw .system(error.description)
        }
    }
}

extension KnownPoint {
    fileprivate var name: PointName { PointName(device: device, point: definition.name) }
}

extension DeviceMoment {
    /// - Parameter found: each with one sample.
    fileprivate init(device: String, _ found: [RemotePoint]) {
        self.init(device: device)
        points = found.compactMap { point in
            guard let sample = point.samples.last else { return nil }
            let last = Sample(
                time: Instant(milliseconds: sample.time), mantissa: sample.mantissa,
                quality: .good)
            return Point(
                point.definition, last: last, usable: last, spacing: Self.spacing)
        }
        lastAnswer = points.compactMap { $0.last?.time }.max()
    }

    /// Milliseconds. An engine ends the value of a series by itself, and does not say how often
    /// its samples come; a site whose line is down is stale in between.
    private static let spacing: Int64 = 60_000
}
