import Interchange
import Model
import Store

/// What a file brings to the store: checked whole before anything is written.
struct ImportPlan {
    /// Points that one import may bring.
    private static let maximumPoints = 1_000_000
    private static let maximumPointsOfDevice = 65_535

    struct Point {
        /// The store's own, which counts; nil for a point that is new.
        var known: PointDefinition?
        var metric: PointMetric?
        /// Of a new point: digits after the decimal point, the largest number, names of states.
        var scale: Int8 = 0
        var largest: FixedDecimal?
        var states: [String] = []
        var hasNumbers = false
        /// Place among the device's points.
        var index: UInt16 = 0
    }

    private(set) var points: [PointName: Point] = [:]
    private(set) var devices: [String: [PointName]] = [:]
    private(set) var readings = 0
    private(set) var first = Int64.max
    private(set) var last = Int64.min
    private let known: [PointName: PointDefinition]

    init(known: [PointName: PointDefinition]) { self.known = known }

    mutating func check(_ reading: ImportedReading) throws(ImportProblem) {
        var point = points[reading.name] ?? Point(known: known[reading.name])
        let isNew = points[reading.name] == nil
        if isNew {
            let count = devices[reading.name.device]?.count ?? 0
            guard points.count < Self.maximumPoints, count < Self.maximumPointsOfDevice else {
                throw ImportProblem("too many points", cure: "import the file in parts")
            }
            point.index = UInt16(count)
        }
        try point.take(reading)
        if isNew { devices[reading.name.device, default: []].append(reading.name) }
        points[reading.name] = point
        readings += 1
        first = min(first, reading.time)
        last = max(last, reading.time)
    }

    /// What can only be said of all readings together.
    func problems() -> [String] {
        points.sorted { "\($0.key)" < "\($1.key)" }.compactMap { name, point in
            if point.known == nil, let largest = point.largest,
                largest.rescaled(to: point.scale) == nil
            {
                return "\(name): the largest number and the finest do not fit 18 digits together;"
                    + " round them"
            }
            return nil
        }
    }

    /// A device's points, by index.
    func definitions(of device: String) -> [PointDefinition] {
        (devices[device] ?? []).compactMap { name in points[name]?.definition(name.point) }
    }

    func value(of reading: ImportedReading) -> PointValue? {
        guard let point = points[reading.name] else { return nil }
        let definition = point.definition(reading.name.point)
        switch reading.value {
        case .nothing: return PointValue(index: point.index, mantissa: 0, quality: .absent)
        case .number(let number):
            return number.rescaled(to: definition.scale).map {
                PointValue(index: point.index, mantissa: $0.mantissa, quality: reading.quality)
            }
        case .text(let text):
            guard case .state(let labels) = definition.kind,
                let label = labels.first(where: { $0.name == text })
            else { return nil }
            return PointValue(index: point.index, mantissa: label.code, quality: reading.quality)
        }
    }
}

extension ImportPlan.Point {
    /// States that a new point may have.
    private static let maximumStates = 1_000

    mutating func take(_ reading: ImportedReading) throws(ImportProblem) {
        if let known { try fit(reading, known) } else { try extend(reading) }
    }

    private func fit(
        _ reading: ImportedReading, _ known: PointDefinition
    ) throws(ImportProblem) {
        if let metric = reading.metric, metric.kind != .state, metric.unit != known.unit,
            !(metric.unit == .none || metric.unit == .ratio)
        {
            throw ImportProblem(
                "\(reading.name) is in \(known.unit.rawValue), not in \(metric.unit.rawValue)",
                cure: "convert the values")
        }
        switch reading.value {
        case .nothing: return
        case .number(let number):
            guard let value = number.rescaled(to: known.scale), value.double == number.double else {
                throw ImportProblem(
                    "\(reading.name) has \(known.scale) digits after the point in the store, "
                        + "not \(number.scale) as \(number)", cure: "round the values")
            }
        case .text(let text):
            guard case .state(let labels) = known.kind,
                labels.contains(where: { $0.name == text })
            else {
                throw ImportProblem(
                    "`\(text.prefix(60))` is no value of \(reading.name)",
                    cure: "write a number or one of the point's states")
            }
        }
    }

    private mutating func extend(_ reading: ImportedReading) throws(ImportProblem) {
        if let metric = reading.metric {
            guard self.metric == nil || self.metric == metric else {
                throw ImportProblem(
                    "\(reading.name) changes its unit or kind within the file",
                    cure: "give one of them another name")
            }
            self.metric = metric
        }
        switch reading.value {
        case .nothing: return
        case .number(let number):
            hasNumbers = true
            scale = max(scale, number.scale)
            if number.double.magnitude >= largest?.double.magnitude ?? 0 { largest = number }
        case .text(let text):
            guard states.contains(text) || states.count < Self.maximumStates else {
                throw ImportProblem(
                    "\(reading.name) has more than \(Self.maximumStates) states",
                    cure: "import numbers")
            }
            if !states.contains(text) { states.append(text) }
        }
        guard states.isEmpty || !hasNumbers else {
            throw ImportProblem(
                "\(reading.name) has numbers and texts", cure: "give one of them another name")
        }
    }

    func definition(_ name: String) -> PointDefinition {
        if let known { return known }
        let kind: PointKind
        if !states.isEmpty || metric?.kind == .state {
            kind = .state(
                states.enumerated().map {
                    StateLabel(code: Int64($0), name: $1, severity: .unknown)
                })
        } else {
            kind = metric?.kind == .counter ? .counter(modulus: nil) : .gauge
        }
        return PointDefinition(
            name: name, kind: kind, unit: metric?.unit ?? .none,
            scale: metric?.kind == .state ? 0 : scale)
    }
}

/// Readings on their way into the store, gathered into the polls they were.
struct ImportWriter {
    /// Readings in memory, some 100 MB; beyond, they are written in parts.
    private static let readingsInMemory = 4_000_000

    private struct Entry {
        var time: Int64
        var order: Int32
        var value: PointValue
    }

    private let importer: HistoryImporter
    private let layouts: [String: PastLayout]
    private var waiting: [String: [Entry]] = [:]
    private var count = 0

    init(_ store: SiteStore, _ plan: ImportPlan) {
        layouts = plan.devices.keys.reduce(into: [:]) { layouts, device in
            layouts[device] = store.pastLayout(
                device: device, points: plan.definitions(of: device))
        }
        importer = store.historyImporter()
    }

    mutating func add(_ device: String, _ time: Int64, _ value: PointValue) throws(StoreError) {
        waiting[device, default: []].append(
            Entry(time: time, order: Int32(truncatingIfNeeded: count), value: value))
        count += 1
        if count >= Self.readingsInMemory { try flush() }
    }

    mutating func finish() throws(StoreError) {
        try flush()
        try importer.finish()
    }

    private mutating func flush() throws(StoreError) {
        for (device, entries) in waiting.sorted(by: { $0.key < $1.key }) {
            guard let layout = layouts[device] else { continue }
            let sorted = entries.sorted {
                ($0.time, $0.value.index, $0.order) < ($1.time, $1.value.index, $1.order)
            }
            var start = 0
            while start < sorted.count {
                let time = sorted[start].time
                var values: [PointValue] = []
                while start < sorted.count, sorted[start].time == time {
                    // Of two values of one moment the later line counts.
                    if values.last?.index == sorted[start].value.index { values.removeLast() }
                    values.append(sorted[start].value)
                    start += 1
                }
                try importer.add(layout, time: Instant(milliseconds: time), values: values)
            }
        }
        waiting = [:]
        count = 0
    }
}
