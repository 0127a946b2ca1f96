// EnergyBenchmark TARIFF.yaml [METERS] [RACKS]   a year of one site, from quarter hours to bills
//
// The quarter hours are made by a formula, meter by meter and month by month, as a store would hand
// them over. Prints `figure value` lines; CPU time is user and system time of this process.

import ConfigTree
import Energy
import Glibc
import Model
import Platform
import YAML

func fail(_ text: String) -> Never {
    let bytes = Array((text + "\n").utf8)
    _ = write(2, bytes, bytes.count)
    exit(2)
}

func usage() -> (cpuSeconds: Double, peakMegabytes: Double) {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return (
        seconds(usage.ru_utime) + seconds(usage.ru_stime), Double(usage.ru_maxrss) / 1024
    )
}

func wallSeconds() -> Double { Double(Clocks.monotonicNanoseconds()) / 1e9 }

func number(_ index: Int, or standard: Int) -> Int {
    guard CommandLine.arguments.count > index else { return standard }
    guard let value = Int(CommandLine.arguments[index]), (20...20_000).contains(value) else {
        fail("\(CommandLine.arguments[index]) is no number from 20 to 20000")
    }
    return value
}

func tariff() -> TariffTable {
    var diagnostics = Diagnostics()
    guard CommandLine.arguments.count > 1,
        let text = try? FileIO.readText(CommandLine.arguments[1], maximumBytes: 1 << 20),
        let node = YAMLFile.parse(text, file: CommandLine.arguments[1], &diagnostics),
        let table = TariffTable.parse(node, &diagnostics)
    else { fail("EnergyBenchmark TARIFF.yaml [METERS] [RACKS]") }
    return table
}

let site = YearSite(racks: number(3, or: 1200), meters: number(2, or: 3000), table: tariff())
// Making the numbers is no settling: it is measured by itself and taken off.
let before = (usage().cpuSeconds, wallSeconds())
let checksum = site.generateOnly()
let between = (usage().cpuSeconds, wallSeconds())
let year = site.settle()
let after = (usage().cpuSeconds, wallSeconds())
print("meters \(site.site.meters.count)")
print("quarter-hours \(year.intervals)")
print("generated-checksum \(checksum)")
print("generate-cpu-seconds \(between.0 - before.0)")
print("all-cpu-seconds \(after.0 - between.0)")
print("all-wall-seconds \(after.1 - between.1)")
print("settle-cpu-seconds \(after.0 - between.0 - (between.0 - before.0))")
print("peak-megabytes \(usage().peakMegabytes)")
for (category, pair) in year.pairs.sorted(by: { $0.key < $1.key }) {
    print("pue\(category.rawValue) \(pair.pue?.decimal(4).description ?? "unknown")")
}
print("measured-percent \(year.completeness.measuredPercent?.description ?? "unknown")")
print("billed-kilowatt-hours \(year.kilowattHours)")
print("market-yuan \(year.market)")
print("total-yuan \(year.total)")
