import Glibc
import Model
import Platform
import Store

// StoreBenchmark ingest SERIES.csv DATA.rec FOLDER    writes what dcimgen has made
// StoreBenchmark query SERIES.csv FOLDER [RUNS]       asks the six questions of the comparison
//
// Prints `figure value` lines; CPU times are user and system time of this process.

struct GeneratedSeries {
    var id: UInt32
    var metric: String
    var device: String
    var scale: Int8
}

func fail(_ text: String) -> Never {
    let bytes = Array((text + "\n").utf8)
    _ = write(2, bytes, bytes.count)
    exit(2)
}

func cpuSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

func peakMegabytes() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / 1024
}

func readSeries(_ path: String) -> [GeneratedSeries] {
    guard let text = try? FileIO.readText(path, maximumBytes: 1 << 30) else {
        fail("cannot read \(path)")
    }
    let lines = text.split(separator: "\n")
    guard let header = lines.first?.split(separator: ",").map(String.init),
        let exponent = header.firstIndex(of: "exp"), let metric = header.firstIndex(of: "metric"),
        let id = header.firstIndex(of: "id")
    else { fail("\(path): no header id,…,metric,…,exp") }
    return lines.dropFirst().map { line in
        // Labels are quoted and hold commas: the columns before count from the front, those after
        // from the back.
        let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let back = header.count - exponent
        guard fields.count >= header.count, let number = UInt32(fields[id]),
            let power = Int8(fields[fields.count - back])
        else { fail("\(path): \(line)") }
        let device = fields[fields.count - (header.count - (header.firstIndex(of: "device") ?? 0))]
        return GeneratedSeries(
            id: number, metric: fields[metric], device: device, scale: -power)
    }
}

func pointName(_ series: GeneratedSeries) -> String { "\(series.metric).\(series.id)" }

// MARK: - Writing

/// Samples between two commits: what a site of 12,000 readings a second commits once a second.
let samplesPerCommit = 10_000

func ingest(_ seriesPath: String, _ dataPath: String, _ folder: String) throws {
    let all = readSeries(seriesPath)
    var options = StoreOptions()
    options.commitMilliseconds = 1 << 40
    options.sealPeriodMilliseconds = 20
    options.rollupMilliseconds = 1 << 40
    if let polls = getenv("SEAL_POLLS").flatMap({ Int(String(cString: $0)) }) {
        options.sealPolls = polls
    }
    let store = try SiteStore.open(directory: folder, siteName: "bench", options: options)
    var places = [(device: Int, index: UInt16)](
        repeating: (0, 0), count: Int(all.map(\.id).max() ?? 0) + 1)
    var names: [String: Int] = [:]
    var points: [[PointDefinition]] = []
    for series in all {
        let device = names[series.device] ?? points.count
        if device == points.count {
            names[series.device] = device
            points.append([])
        }
        places[Int(series.id)] = (device, UInt16(points[device].count))
        let isCounter = series.metric.hasSuffix("_total")
        points[device].append(
            PointDefinition(
                name: pointName(series), kind: isCounter ? .counter(modulus: nil) : .gauge,
                unit: .none, scale: series.scale))
    }
    let ordered = names.sorted { $0.value < $1.value }
    let handles = ordered.map { store.register(device: $0.key, points: points[$0.value]) }
    try store.commitNow()

    guard let file = fopen(dataPath, "r") else { fail("cannot read \(dataPath)") }
    defer { fclose(file) }
    let recordBytes = 24
    var buffer = [UInt8](repeating: 0, count: recordBytes * 65_536)
    var poll: (device: Int, time: Int64, values: [PointValue]) = (-1, 0, [])
    var samples = 0
    var sinceCommit = 0
    let cpu = cpuSeconds()
    let start = Clocks.monotonicNanoseconds()
    func flush() throws {
        guard poll.device >= 0, !poll.values.isEmpty else { return }
        store.append(
            handles[poll.device], time: Instant(milliseconds: poll.time), values: poll.values)
        samples += poll.values.count
        sinceCommit += poll.values.count
        poll.values.removeAll(keepingCapacity: true)
        if sinceCommit >= samplesPerCommit {
            try store.commitNow()
            sinceCommit = 0
        }
    }
    while true {
        let count = fread(&buffer, recordBytes, buffer.count / recordBytes, file)
        if count == 0 { break }
        for record in 0..<count {
            let (id, time, mantissa) = buffer.withUnsafeBytes { bytes in
                let base = record * recordBytes
                return (
                    bytes.loadUnaligned(fromByteOffset: base, as: UInt32.self),
                    bytes.loadUnaligned(fromByteOffset: base + 8, as: Int64.self),
                    bytes.loadUnaligned(fromByteOffset: base + 16, as: Int64.self)
                )
            }
            let place = places[Int(id)]
            if place.device != poll.device || time != poll.time {
                try flush()
                (poll.device, poll.time) = (place.device, time)
            }
            poll.values.append(
                PointValue(index: place.index, mantissa: mantissa, quality: .good))
        }
    }
    try flush()
    try store.commitNow()
    let used = cpuSeconds() - cpu
    let wall = Double(Clocks.monotonicNanoseconds() - start) / 1e9
    let statistics = store.statistics
    try store.close()
    let bytes = ["/frostline.db", "/frostline.db-wal"].reduce(Int64(0)) {
        $0 + (FileIO.size(folder + $1) ?? 0)
    }
    print("samples \(samples)")
    print("ingest_cpu_s_per_M \(used / Double(samples) * 1e6)")
    print("ingest_wall_s \(wall)")
    print("ingest_samples_per_s \(Double(samples) / wall)")
    print("commits \(statistics.commits)")
    print("disk_bytes_per_sample \(Double(bytes) / Double(samples))")
    print("open_polls \(statistics.openPolls)")
    print("peak_rss_mb_ingest \(peakMegabytes())")
}

// MARK: - Asking

func query(_ seriesPath: String, _ folder: String, runs: Int) throws {
    let all = readSeries(seriesPath)
    let reader = try StoreReader(directory: folder)
    // The day that dcimgen makes.
    let start = Instant(milliseconds: 1_781_481_600_000)
    let day = TimeRange(start: start, end: start.advanced(byMilliseconds: 86_400_000))
    func names(_ metric: String) -> [PointName] {
        all.filter { $0.metric == metric }.map {
            PointName(device: $0.device, point: pointName($0))
        }
    }
    let racks = names("dcim_rack_power_watts")
    let one = racks.first { $0.device == "r0072" } ?? racks[0]
    let meters = names("dcim_meter_energy_kilowatthours_total")
    let inlets = names("dcim_rack_inlet_temp_celsius")
    func measure(_ name: String, _ body: () throws -> String) throws {
        let answer = try body()
        var times: [Double] = []
        let cpu = cpuSeconds()
        for _ in 0..<runs {
            let begin = Clocks.monotonicNanoseconds()
            _ = try body()
            times.append(Double(Clocks.monotonicNanoseconds() - begin) / 1e6)
        }
        let used = (cpuSeconds() - cpu) / Double(runs) * 1000
        print("\(name)_cpu_ms \(used)")
        print("\(name)_warm_ms \(times.sorted()[runs / 2])")
        print("\(name)_answer \(answer)")
    }
    try measure("q1") { "\(try reader.last(Glob("*")).count)" }
    try measure("q2") {
        let samples = try reader.range(one, day).samples
        return "\(samples.count) \(samples.reduce(0) { $0 + $1.mantissa })"
    }
    try measure("q3") {
        let line = try reader.downsample([one], day, stepMS: 300_000)[0].values(.mean)
        return "\(line.count) \(line.reduce(0) { $0 + ($1 ?? 0) })"
    }
    try measure("q4") {
        let line = try reader.across(racks, day, stepMS: 60_000, .mean, .sum).values
        return "\(line.count) \(line.reduce(0) { $0 + ($1 ?? 0) })"
    }
    try measure("q5") {
        let lines = try reader.increase(meters, day, stepMS: 86_400_000)
        return "\(lines.count) \(lines.reduce(0) { $0 + ($1.values[0] ?? 0) })"
    }
    try measure("q6") {
        let line = try reader.across(inlets, day, stepMS: 3_600_000, .max, .max).values
        return "\(line.count) \(line.reduce(0) { $0 + ($1 ?? 0) })"
    }
    print("peak_rss_mb_query \(peakMegabytes())")
}

let words = CommandLine.arguments
do {
    switch (words.dropFirst().first, words.count) {
    case ("ingest", 5): try ingest(words[2], words[3], words[4])
    case ("query", 4): try query(words[2], words[3], runs: 15)
    case ("query", 5): try query(words[2], words[3], runs: max(1, Int(words[4]) ?? 15))
    default: fail("StoreBenchmark ingest SERIES DATA FOLDER | query SERIES FOLDER [RUNS]")
    }
} catch {
    fail("\(error)")
}
