import Daemon
import FoundationEssentials
import Glibc
import Logging
import Model
import Platform
import Store
import Views

// FleetBenchmark URL FOLDER SITES DEVICES POINTS SECONDS
//
// SITES sites in one process, each with a store and a forwarder of its own, as the daemon has them.
// Every device brings POINTS readings every ten seconds for SECONDS; then all that was written is
// waited for. Prints `figure value` lines, and for each site `site NAME READINGS`.

func fail(_ text: String) -> Never {
    let bytes = Array((text + "\n").utf8)
    _ = write(2, bytes, bytes.count)
    exit(2)
}

func say(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    _ = write(1, bytes, bytes.count)
}

func cpuSeconds() -> Double { Double(Clocks.processProcessorNanoseconds()) / 1e9 }

/// A site that measures nothing: its readings are made up here, its way out is the product's.
final class FedSite {
    static let stepMilliseconds: Int64 = 10_000
    let name: String
    let store: SiteStore
    let forwarder: Forwarder
    private let number: Int
    private let points: [PointDefinition]
    private let handles: [DeviceHandle]
    private let own: DeviceHandle
    private var values: [[Int64]]
    private var energy: (total: Int64, it: Int64) = (0, 0)
    private(set) var readings: Int64 = 0

    init(_ number: Int, url: String, folder: String, devices: Int, points count: Int) throws {
        self.number = number
        name = "site-" + String(1000 + number).dropFirst()
        var site = Site(name: name, displayName: name, offsetMinutes: 480, altitudeMetres: 0)
        site.devices = []
        let directory = folder + "/" + name
        try FileIO.createDirectory(directory)
        store = try SiteStore.open(
            directory: directory, siteName: name, options: StoreOptions())
        // Most points of a site are powers, currents and temperatures; one in ten counts energy.
        points = (0..<count).map { index in
            index % 10 == 9
                ? PointDefinition(
                    name: "outlet.\(index).energy", kind: .counter(modulus: nil), unit: .wattHour,
                    scale: 0)
                : PointDefinition(
                    name: "outlet.\(index).power", kind: .gauge, unit: .watt, scale: 0)
        }
        let (store, points) = (store, points)
        handles = (0..<devices).map { store.register(device: "pdu-\($0)", points: points) }
        own = store.register(device: Site.ownSeriesDevice, points: OwnSeries.points)
        values = (0..<devices).map { device in
            (0..<count).map { Int64(200 + (device * 31 + $0 * 7 + number) % 400) }
        }
        forwarder = Forwarder(
            ForwardReceiver(
                name: "central", access: RemoteAccess(url: Secret(url)), version: .first,
                // What is polled before the thread has begun is of the past already.
                order: .live, historyMilliseconds: 60_000),
            site: site, store: store, logger: Logger(label: "fleet"))
    }

    /// What is polled in this second: each device once in ten, and once in ten the site itself.
    func tick(_ second: Int, at now: Int64, random: inout UInt64) {
        for (device, handle) in handles.enumerated() where (second + device + number) % 10 == 0 {
            for index in points.indices {
                random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let noise = Int64(random >> 59)
                values[device][index] += index % 10 == 9 ? noise / 8 : noise - 15
            }
            append(handle, now + Int64(device), values[device])
        }
        guard (second + number) % 10 == 5 else { return }
        energy.total += 1_300
        energy.it += 1_000
        let own: [String: Int64] = [
            "total.power": 1_300_000 + Int64(number), "it.power": 1_000_000, "pue": 13_000,
            "pue.coverage": 1_000, "pue.category": 3, "devices.total": Int64(handles.count),
            "devices.answering": Int64(handles.count), "alarms.critical": 0,
            "alarms.high": Int64(number % 3), "alarms.medium": 0, "alarms.low": 0,
            "month.number": Self.month(now), "month.total.energy": energy.total,
            "month.it.energy": energy.it, "month.quarters": 1,
        ]
        let batch = OwnSeries.points.enumerated().compactMap { index, point in
            own[point.name].map {
                PointValue(index: UInt16(index), mantissa: $0, quality: .good)
            }
        }
        store.append(self.own, time: Instant(milliseconds: now), values: batch)
        readings += Int64(batch.count)
    }

    private static func month(_ now: Int64) -> Int64 {
        let civil = CivilTime(Instant(milliseconds: now), offsetMinutes: 480)
        return Int64(civil.year * 100 + civil.month)
    }

    private func append(_ handle: DeviceHandle, _ time: Int64, _ mantissas: [Int64]) {
        store.append(
            handle, time: Instant(milliseconds: time),
            values: mantissas.enumerated().map {
                PointValue(index: UInt16($0.offset), mantissa: $0.element, quality: .good)
            })
        readings += Int64(mantissas.count)
    }
}

let arguments = CommandLine.arguments
guard arguments.count == 7, let sites = Int(arguments[3]), let devices = Int(arguments[4]),
    let points = Int(arguments[5]), let seconds = Int(arguments[6])
else { fail("FleetBenchmark URL FOLDER SITES DEVICES POINTS SECONDS") }

do {
    let fed = try (0..<sites).map {
        try FedSite($0, url: arguments[1], folder: arguments[2], devices: devices, points: points)
    }
    for site in fed { try site.forwarder.start() }
    say("ready \(sites)")
    var random: UInt64 = 4
    let (cpu, start) = (cpuSeconds(), Clocks.monotonicNanoseconds())
    for second in 0..<seconds {
        if second == seconds * 3 / 4 { say("fed \(second)") }
        let now = Clocks.wallMilliseconds()
        for site in fed { site.tick(second, at: now, random: &random) }
        let due = start + Int64(second + 1) * 1_000_000_000
        let left = due - Clocks.monotonicNanoseconds()
        if left > 0 { usleep(UInt32(left / 1000)) }
    }
    let fedSeconds = Double(Clocks.monotonicNanoseconds() - start) / 1e9
    // The last of it is stored, settled and sent within some seconds.
    let deadline = Clocks.monotonicNanoseconds() + 60_000_000_000
    func waiting() -> Int64 { fed.reduce(0) { $0 + $1.readings - $1.forwarder.view.sent } }
    while waiting() > 0, Clocks.monotonicNanoseconds() < deadline { usleep(100_000) }
    say("fed-seconds \(fedSeconds)")
    say("seconds \(Double(Clocks.monotonicNanoseconds() - start) / 1e9)")
    say("cpu \(cpuSeconds() - cpu)")
    say("readings \(fed.reduce(0) { $0 + $1.readings })")
    say("confirmed \(fed.reduce(0) { $0 + $1.forwarder.view.sent })")
    say("refused \(fed.reduce(0) { $0 + $1.forwarder.view.refused })")
    for site in fed { say("site \(site.name) \(site.readings)") }
    for site in fed { site.forwarder.stop() }
    for site in fed { try site.store.close() }
} catch {
    fail("\(error)")
}
