import Glibc
import Model
import Platform
import Store

/// One line of dcimgen's table of series.
struct GeneratedSeries {
    var id: UInt32
    var metric: String
    var device: String
    var scale: Int8
}

/// Line by line: the whole text in memory would be most of what a measurement of memory sees.
func readSeries(_ path: String) -> [GeneratedSeries] {
    guard let file = fopen(path, "r") else { fail("cannot read \(path)") }
    defer { fclose(file) }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    func fields() -> [Substring]? {
        guard getline(&line, &capacity, file) > 0, let line else { return nil }
        // Labels are quoted and hold commas: the columns before count from the front, those after
        // from the back.
        return String(cString: line).dropLast().split(
            separator: ",", omittingEmptySubsequences: false)
    }
    guard let header = fields(), let id = header.firstIndex(of: "id"),
        let metric = header.firstIndex(of: "metric"), let exponent = header.firstIndex(of: "exp"),
        let device = header.firstIndex(of: "device")
    else { fail("\(path): no header id,…,metric,…,exp,device,…") }
    var all: [GeneratedSeries] = []
    var metrics: [String: String] = [:]
    while let found = fields() {
        let shift = found.count - header.count
        guard shift >= 0, let number = UInt32(found[id]), let power = Int8(found[exponent + shift])
        else { fail("\(path): no series in \(found)") }
        let fresh = String(found[metric])
        let name = metrics[fresh] ?? fresh
        metrics[fresh] = name
        all.append(
            GeneratedSeries(
                id: number, metric: name, device: String(found[device + shift]), scale: -power))
    }
    return all
}

func pointName(_ series: GeneratedSeries) -> String { "\(series.metric).\(series.id)" }

/// The devices of the table, and where each series is in them.
struct GeneratedSite {
    /// Of each series id.
    private(set) var places: [(device: Int, index: UInt16)]
    private(set) var names: [String] = []
    private(set) var points: [[PointDefinition]] = []

    init(_ all: [GeneratedSeries]) {
        places = [(device: Int, index: UInt16)](
            repeating: (0, 0), count: Int(all.map(\.id).max() ?? 0) + 1)
        var numbers: [String: Int] = [:]
        for series in all {
            let device = numbers[series.device] ?? points.count
            if device == points.count {
                numbers[series.device] = device
                names.append(series.device)
                points.append([])
            }
            places[Int(series.id)] = (device, UInt16(points[device].count))
            let isCounter = series.metric.hasSuffix("_total")
            points[device].append(
                PointDefinition(
                    name: pointName(series), kind: isCounter ? .counter(modulus: nil) : .gauge,
                    unit: .none, scale: series.scale))
        }
    }

    /// The points are the store's from here on.
    mutating func handOver(to store: SiteStore) -> [DeviceHandle] {
        defer { points = [] }
        return names.indices.map { store.register(device: names[$0], points: points[$0]) }
    }
}

/// The polls of a file of 24-byte records, in the order of time.
struct PollStream: ~Copyable {
    private static let recordBytes = 24
    private let file: UnsafeMutablePointer<FILE>
    private let path: String
    private var buffer = [UInt8](repeating: 0, count: recordBytes * 65_536)
    private var count = 0
    private var position = 0
    private let places: [(device: Int, index: UInt16)]
    private(set) var device = 0
    private(set) var time: Int64 = 0
    private(set) var values: [PointValue] = []

    init(_ path: String, _ site: GeneratedSite) {
        guard let file = fopen(path, "r") else { fail("cannot read \(path)") }
        self.file = file
        self.path = path
        places = site.places
    }

    deinit { fclose(file) }

    /// Goes on to the next poll; false at the end.
    mutating func next() -> Bool {
        values.removeAll(keepingCapacity: true)
        while let (id, recordTime, mantissa) = record() {
            guard Int(id) < places.count else { fail("\(path): series \(id) is not in the table") }
            let place = places[Int(id)]
            if values.isEmpty {
                (device, time) = (place.device, recordTime)
            } else if place.device != device || recordTime != time {
                return true
            }
            position += 1
            values.append(PointValue(index: place.index, mantissa: mantissa, quality: .good))
        }
        return !values.isEmpty
    }

    private mutating func record() -> (id: UInt32, time: Int64, mantissa: Int64)? {
        if position == count {
            position = 0
            count = fread(&buffer, Self.recordBytes, buffer.count / Self.recordBytes, file)
            if count == 0 { return nil }
        }
        let base = position * Self.recordBytes
        return buffer.withUnsafeBytes { bytes in
            (
                bytes.loadUnaligned(fromByteOffset: base, as: UInt32.self),
                bytes.loadUnaligned(fromByteOffset: base + 8, as: Int64.self),
                bytes.loadUnaligned(fromByteOffset: base + 16, as: Int64.self)
            )
        }
    }
}
