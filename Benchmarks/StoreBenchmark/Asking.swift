import Model
import Platform
import Store

/// The six questions of the comparison, about the day that dcimgen makes.
struct Questions {
    private(set) var reader: StoreReader
    private let folder: String
    let day: TimeRange
    let racks: [PointName]
    let one: PointName
    let meters: [PointName]
    let inlets: [PointName]

    init(_ seriesPath: String, _ folder: String) throws {
        let all = readSeries(seriesPath)
        self.folder = folder
        reader = try StoreReader(directory: folder)
        let start = Instant(milliseconds: 1_781_481_600_000)
        day = TimeRange(start: start, end: start.advanced(byMilliseconds: 86_400_000))
        func names(_ metric: String) -> [PointName] {
            all.filter { $0.metric == metric }.map {
                PointName(device: $0.device, point: pointName($0))
            }
        }
        racks = names("dcim_rack_power_watts")
        guard let first = racks.first else { fail("\(seriesPath): no rack's power") }
        one = racks.first { $0.device == "r0072" } ?? first
        meters = names("dcim_meter_energy_kilowatthours_total")
        inlets = names("dcim_rack_inlet_temp_celsius")
    }

    /// Another reader, which knows the names and remembers no answer.
    mutating func forget() throws {
        reader = try StoreReader(directory: folder)
        _ = try reader.deviceNames()
    }

    func last() throws -> [LastValue] { try reader.last(Glob("*")) }
    func raw() throws -> RangeResult { try reader.range(one, day) }
    func means() throws -> [Double?] {
        try reader.downsample([one], day, stepMS: 300_000)[0].values(.mean)
    }
    func sums() throws -> [Double?] {
        try reader.across(racks, day, stepMS: 60_000, .mean, .sum).values
    }
    func increases() throws -> [IncreaseLine] {
        try reader.increase(meters, day, stepMS: 86_400_000)
    }
    func maxima() throws -> [Double?] {
        try reader.across(inlets, day, stepMS: 3_600_000, .max, .max).values
    }
}

func query(_ seriesPath: String, _ folder: String, runs: Int) throws {
    var questions = try Questions(seriesPath, folder)
    func measure(_ name: String, _ body: () throws -> String) throws {
        try questions.forget()
        var cpu = cpuSeconds()
        let answer = try body()
        let first = (cpuSeconds() - cpu) * 1000
        var times: [Double] = []
        cpu = cpuSeconds()
        for _ in 0..<runs {
            let begin = Clocks.monotonicNanoseconds()
            _ = try body()
            times.append(Double(Clocks.monotonicNanoseconds() - begin) / 1e6)
        }
        let used = (cpuSeconds() - cpu) / Double(runs) * 1000
        print("\(name)_cpu_ms \(used)")
        print("\(name)_warm_ms \(times.sorted()[runs / 2])")
        print("\(name)_first_cpu_ms \(first)")
        print("\(name)_answer \(answer)")
    }
    func total(_ line: [Double?]) -> String {
        "\(line.count) \(line.reduce(0) { $0 + ($1 ?? 0) })"
    }
    try measure("q1") { "\(try questions.last().count)" }
    try measure("q2") {
        let samples = try questions.raw().samples
        return "\(samples.count) \(samples.reduce(0) { $0 + $1.mantissa })"
    }
    try measure("q3") { total(try questions.means()) }
    try measure("q4") { total(try questions.sums()) }
    try measure("q5") { total(try questions.increases().map { $0.values[0] }) }
    try measure("q6") { total(try questions.maxima()) }
    print("peak_rss_mb_query \(peakMegabytes())")
}

/// The answers themselves, to be held against those of other engines: `question key value`. Keys
/// are numbers of series, or the milliseconds at which a step ends.
func answers(_ seriesPath: String, _ folder: String) throws {
    let questions = try Questions(seriesPath, folder)
    var numbers: [PointName: UInt32] = [:]
    for series in readSeries(seriesPath) {
        numbers[PointName(device: series.device, point: pointName(series))] = series.id
    }
    func number(_ series: SeriesInfo) -> String { numbers[series.name].map(String.init) ?? "?" }
    func value(_ sample: Sample, _ series: SeriesInfo) -> Double {
        FixedDecimal(mantissa: sample.mantissa, scale: series.definition.scale).double
    }
    for last in try questions.last() {
        let time = last.sample.time.milliseconds
        print("q1 \(number(last.series)) \(value(last.sample, last.series)) \(time)")
    }
    let raw = try questions.raw()
    for sample in raw.samples {
        print("q2 \(sample.time.milliseconds) \(value(sample, raw.series))")
    }
    func line(_ name: String, _ values: [Double?], _ stepMS: Int64) {
        var end = questions.day.start.milliseconds
        for value in values {
            end += stepMS
            if let value { print("\(name) \(end) \(value)") }
        }
    }
    line("q3", try questions.means(), 300_000)
    line("q4", try questions.sums(), 60_000)
    for increase in try questions.increases() {
        if let value = increase.values[0] { print("q5 \(number(increase.series)) \(value)") }
    }
    line("q6", try questions.maxima(), 3_600_000)
}
