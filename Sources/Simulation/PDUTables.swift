import Model

/// What both makes of PDU measure. Three phases, outlets dealt out to them in turn.
enum PDUSignals {
    static let outlets = 12
    static let upTime = 0, power = 1, energy = 2, apparent = 3, factor = 4, peak = 5
    static let frequency = 6, voltage = 7, current = 8
    private static let phaseBase = 9
    static func phaseVoltage(_ n: Int) -> Int { phaseBase + n * 4 }
    static func phaseCurrent(_ n: Int) -> Int { phaseBase + n * 4 + 1 }
    static func phasePower(_ n: Int) -> Int { phaseBase + n * 4 + 2 }
    static func phaseApparent(_ n: Int) -> Int { phaseBase + n * 4 + 3 }
    private static let outletBase = phaseBase + 12
    static func outletPower(_ n: Int) -> Int { outletBase + n * 4 }
    static func outletEnergy(_ n: Int) -> Int { outletBase + n * 4 + 1 }
    static func outletCurrent(_ n: Int) -> Int { outletBase + n * 4 + 2 }
    static func outletApparent(_ n: Int) -> Int { outletBase + n * 4 + 3 }
    /// Of the air sensor plugged into the PDU, °C: behind the rack on feed A, at its front on B.
    static let probe = outletBase + outlets * 4
    static let count = probe + 1
    /// The PDU's own electronics and contacts take the rest.
    static let outletPart = 0.996

    static func compute(
        _ moment: borrowing SiteMoment, rack: Int, feed: Int, device: SimulatedDevice
    ) -> [Double] {
        var s = Array(repeating: 0.0, count: count)
        let slot = moment.at.pdu(rack, feed: feed)
        let watts = moment[slot]
        let wattHours = device.earlierWattHours + moment.wattHours(slot)
        let rated = Double(moment.layout.racks[rack].ratedWatts)
        let pf = 0.945 + 0.045 * min(1, watts / rated * 2)
        s[upTime] = upTimeHundredths(moment.time)
        s[power] = watts
        s[energy] = wattHours
        s[apparent] = watts / pf
        s[factor] = pf
        s[peak] = rated * 0.93 * 0.53
        s[frequency] = moment.frequency
        var phases = [0.0, 0.0, 0.0]
        for n in 0..<outlets { phases[n % 3] += device.outletShares[n] }
        for n in 0..<3 {
            let volts = moment.voltage(feed: feed, phase: n)
            let part = watts * phases[n]
            s[phaseVoltage(n)] = volts
            s[phasePower(n)] = part
            s[phaseApparent(n)] = part / pf
            s[phaseCurrent(n)] = part / pf / volts
            s[voltage] += volts / 3
            s[current] += part / pf / volts
        }
        for n in 0..<outlets {
            let share = device.outletShares[n] * outletPart
            s[outletPower(n)] = watts * share
            s[outletEnergy(n)] = wattHours * share
            s[outletApparent(n)] = watts * share / pf
            s[outletCurrent(n)] = watts * share / pf / s[phaseVoltage(n % 3)]
        }
        let share = (moment[moment.at.pdu(rack, feed: 0)] + moment[moment.at.pdu(rack, feed: 1)])
        s[probe] = probeTemperature(moment, rack, feed: feed, share: share / rated)
        return s
    }

    /// Both hang near the rack's top: there the air in front is warmer than at half height, and the
    /// air behind has what the servers give it, 4 to 13 K as between a room's supply and return.
    private static func probeTemperature(
        _ moment: borrowing SiteMoment, _ rack: Int, feed: Int, share: Double
    ) -> Double {
        let inlet = moment.inletTemperature(rack)
        if feed == 0 { return inlet + 4 + 9 * min(1, share) }
        return inlet + 0.3 + 0.4 * moment.layout.racks[rack].recirculation
    }
}

/// Collects objects below one root.
struct ObjectBuilder {
    private let root: [UInt32]
    private(set) var entries: [ObjectEntry] = []

    init(_ root: [UInt32]) { self.root = root }

    mutating func add(_ rest: [Int], _ form: ObjectForm) {
        let arcs = rest.map { UInt32(truncatingIfNeeded: $0) }
        entries.append(ObjectEntry(oid: ObjectID(root + arcs), form: form))
    }

    mutating func add(_ rest: [Int], integer: Int) {
        add(rest, .constant(.integer(Int64(integer))))
    }

    mutating func add(_ rest: [Int], gauge: Int) {
        add(rest, .constant(.gauge32(UInt32(gauge))))
    }

    mutating func add(_ rest: [Int], text: String) {
        add(rest, .constant(.octets(Array(text.utf8))))
    }

    /// The system group of MIB-II: `own` 0 is the description, 1 the name, 2 the location.
    static func system(objectID: [UInt32], upTime: Int) -> [ObjectEntry] {
        var builder = ObjectBuilder([1, 3, 6, 1, 2, 1, 1])
        builder.add([1, 0], .own(0))
        builder.add([2, 0], .constant(.objectID(ObjectID(objectID))))
        builder.add([3, 0], .ticks(signal: upTime, factor: 1))
        builder.add([4, 0], text: "operations")
        builder.add([5, 0], .own(1))
        builder.add([6, 0], .own(2))
        return builder.entries
    }
}

/// PowerNet-MIB, rPDU2: powers in 10 W, energies in 100 Wh, currents in 0.1 A.
enum APCPDUTables {
    typealias S = PDUSignals

    static func make() -> ObjectTable {
        let system = ObjectBuilder.system(
            objectID: [1, 3, 6, 1, 4, 1, 318, 1, 3, 4, 6], upTime: S.upTime)
        var b = ObjectBuilder([1, 3, 6, 1, 4, 1, 318, 1, 1, 26])
        device(&b)
        for n in 0..<3 {
            phase(&b, n)
            bank(&b, n)
        }
        for n in 0..<S.outlets { outlet(&b, n) }
        sensor(&b)
        return ObjectTable(unsorted: system + b.entries)
    }

    /// A sensor of temperature alone, AP9335T.
    private static func sensor(_ b: inout ObjectBuilder) {
        let row = { (column: Int) in [10, 2, 2, 1, column, 1] }
        b.add(row(1), integer: 1)
        b.add(row(2), integer: 1)
        b.add(row(3), .own(SiteDevices.probeLabel))
        b.add(row(4), integer: 1)
        b.add(row(5), integer: 1)
        b.add(row(6), integer: 2)
        b.add(row(8), .integer(signal: S.probe, factor: 10))
        b.add(row(9), integer: 4)
        b.add(row(11), integer: 1)
    }

    private static func device(_ b: inout ObjectBuilder) {
        let row = { (column: Int) in [4, 3, 1, column, 1] }
        b.add(row(1), integer: 1)
        b.add(row(2), integer: 1)
        b.add(row(3), .own(1))
        b.add(row(4), integer: 2)
        b.add(row(5), .integer(signal: S.power, factor: 0.1))
        b.add(row(6), .integer(signal: S.peak, factor: 0.1))
        b.add(row(9), .floorInteger(signal: S.energy, factor: 0.01))
        b.add(row(12), integer: 1)
        b.add(row(13), integer: 1)
        b.add(row(16), .integer(signal: S.apparent, factor: 0.1))
        b.add(row(17), .integer(signal: S.factor, factor: 100))
    }

    private static func phase(_ b: inout ObjectBuilder, _ n: Int) {
        let row = { (column: Int) in [6, 3, 1, column, n + 1] }
        b.add(row(1), integer: n + 1)
        b.add(row(2), integer: 1)
        b.add(row(3), integer: n + 1)
        b.add(row(4), integer: 2)
        b.add(row(5), .integer(signal: S.phaseCurrent(n), factor: 10))
        b.add(row(6), .integer(signal: S.phaseVoltage(n), factor: 1))
        b.add(row(7), .integer(signal: S.phasePower(n), factor: 0.1))
        b.add(row(8), .integer(signal: S.phaseApparent(n), factor: 0.1))
        b.add(row(9), .integer(signal: S.factor, factor: 100))
    }

    /// One breaker a phase.
    private static func bank(_ b: inout ObjectBuilder, _ n: Int) {
        let row = { (column: Int) in [8, 3, 1, column, n + 1] }
        b.add(row(1), integer: n + 1)
        b.add(row(2), integer: 1)
        b.add(row(3), integer: n + 1)
        b.add(row(4), integer: 2)
        b.add(row(5), .integer(signal: S.phaseCurrent(n), factor: 10))
    }

    private static func outlet(_ b: inout ObjectBuilder, _ n: Int) {
        let label = "Outlet \(n + 1)"
        for table in [[9, 2, 3, 1], [9, 4, 3, 1]] {
            b.add(table + [1, n + 1], integer: n + 1)
            b.add(table + [2, n + 1], integer: 1)
            b.add(table + [3, n + 1], text: label)
            b.add(table + [4, n + 1], integer: n + 1)
        }
        b.add([9, 2, 3, 1, 5, n + 1], integer: 2)
        let row = { (column: Int) in [9, 4, 3, 1, column, n + 1] }
        b.add(row(5), integer: 2)
        b.add(row(6), .integer(signal: S.outletCurrent(n), factor: 10))
        b.add(row(7), .integer(signal: S.outletPower(n), factor: 1))
        b.add(row(11), .floorInteger(signal: S.outletEnergy(n), factor: 0.01))
    }
}

/// PDU2-MIB: each reading in one table, its digits and unit in another with the same index.
enum RaritanPDUTables {
    typealias S = PDUSignals

    /// Types of sensor and units of the MIB.
    private enum Sensor: Int {
        case rmsCurrent = 1, rmsVoltage = 4, activePower = 5, apparentPower = 6
        case powerFactor = 7, activeEnergy = 8, onOff = 14, trip = 15, frequency = 23
        var unit: Int {
            switch self {
            case .rmsCurrent: 2
            case .rmsVoltage: 1
            case .activePower: 3
            case .apparentPower: 4
            case .activeEnergy: 5
            case .frequency: 8
            case .powerFactor, .onOff, .trip: -1
            }
        }
        var digits: Int {
            switch self {
            case .rmsCurrent: 3
            case .powerFactor: 2
            case .frequency: 1
            default: 0
            }
        }
        var factor: Double { [1, 10, 100, 1000][digits] }
    }

    static func make() -> ObjectTable {
        let system = ObjectBuilder.system(
            objectID: [1, 3, 6, 1, 4, 1, 13742, 6], upTime: S.upTime)
        var b = ObjectBuilder([1, 3, 6, 1, 4, 1, 13742, 6])
        inlet(&b)
        for n in 0..<3 {
            let index = [1, 1, n + 1]
            let phase = [
                (Sensor.rmsCurrent, S.phaseCurrent(n)), (.rmsVoltage, S.phaseVoltage(n)),
                (.activePower, S.phasePower(n)), (.apparentPower, S.phaseApparent(n)),
                (.powerFactor, S.factor),
            ]
            for (sensor, signal) in phase {
                add(&b, [5, 2, 4], [3, 3, 6], index, sensor, signal)
            }
            add(&b, [5, 3, 3], [3, 4, 4], [1, n + 1], .rmsCurrent, S.phaseCurrent(n))
            addState(&b, [5, 3, 3], [3, 4, 4], [1, n + 1], .trip, state: 1)
        }
        for n in 0..<S.outlets { outlet(&b, n) }
        sensor(&b)
        return ObjectTable(unsorted: system + b.entries)
    }

    /// An external sensor of temperature, in tenths of a degree Celsius.
    private static func sensor(_ b: inout ObjectBuilder) {
        let temperature = 10, celsius = 7
        let measured = { (column: Int) in [5, 5, 3, 1, column, 1, 1] }
        b.add(measured(2), integer: 1)
        b.add(measured(3), integer: 4)
        b.add(measured(4), .integer(signal: S.probe, factor: 10))
        let configured = { (column: Int) in [3, 6, 3, 1, column, 1, 1] }
        b.add(configured(2), integer: temperature)
        b.add(configured(4), .own(SiteDevices.probeLabel))
        b.add(configured(16), integer: celsius)
        b.add(configured(17), gauge: 1)
    }

    private static func inlet(_ b: inout ObjectBuilder) {
        let readings = [
            (Sensor.rmsCurrent, S.current), (.rmsVoltage, S.voltage), (.activePower, S.power),
            (.apparentPower, S.apparent), (.powerFactor, S.factor), (.activeEnergy, S.energy),
            (.frequency, S.frequency),
        ]
        for (sensor, signal) in readings {
            add(&b, [5, 2, 3], [3, 3, 4], [1, 1], sensor, signal)
        }
    }

    private static func outlet(_ b: inout ObjectBuilder, _ n: Int) {
        let index = [1, n + 1]
        b.add([3, 5, 3, 1, 3] + index, text: "Outlet \(n + 1)")
        let readings = [
            (Sensor.rmsCurrent, S.outletCurrent(n)), (.activePower, S.outletPower(n)),
            (.apparentPower, S.outletApparent(n)), (.activeEnergy, S.outletEnergy(n)),
        ]
        for (sensor, signal) in readings {
            add(&b, [5, 4, 3], [3, 5, 4], index, sensor, signal)
        }
        addState(&b, [5, 4, 3], [3, 5, 4], index, .onOff, state: 7)
    }

    private static func add(
        _ b: inout ObjectBuilder, _ readings: [Int], _ configuration: [Int], _ index: [Int],
        _ sensor: Sensor, _ signal: Int
    ) {
        let tail = index + [sensor.rawValue]
        b.add(readings + [1, 2] + tail, integer: 1)
        b.add(readings + [1, 3] + tail, integer: 4)
        let form: ObjectForm =
            sensor == .activeEnergy
            ? .floorGauge(signal: signal, factor: 1)
            : .gauge(signal: signal, factor: sensor.factor)
        b.add(readings + [1, 4] + tail, form)
        configure(&b, configuration, tail, sensor)
    }

    private static func addState(
        _ b: inout ObjectBuilder, _ readings: [Int], _ configuration: [Int], _ index: [Int],
        _ sensor: Sensor, state: Int
    ) {
        let tail = index + [sensor.rawValue]
        b.add(readings + [1, 2] + tail, integer: 1)
        b.add(readings + [1, 3] + tail, integer: state)
        b.add(readings + [1, 4] + tail, gauge: 0)
        configure(&b, configuration, tail, sensor)
    }

    private static func configure(
        _ b: inout ObjectBuilder, _ configuration: [Int], _ tail: [Int], _ sensor: Sensor
    ) {
        b.add(configuration + [1, 6] + tail, integer: sensor.unit)
        b.add(configuration + [1, 7] + tail, gauge: sensor.digits)
    }
}
