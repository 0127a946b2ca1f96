import Glibc
import Model

/// A three-phase energy meter.
enum MeterSignals {
    static let power = 0, apparent = 1, reactive = 2, factor = 3, frequency = 4, current = 5
    static let voltage = 6, energy = 7, reactiveEnergy = 8, demand = 9, demandMaximum = 10
    static let neutral = 11, lineVoltage = 12, voltageDistortion = 13, currentDistortion = 14
    private static let phaseBase = 15
    static func phaseVoltage(_ n: Int) -> Int { phaseBase + n * 6 }
    static func phaseCurrent(_ n: Int) -> Int { phaseBase + n * 6 + 1 }
    static func phasePower(_ n: Int) -> Int { phaseBase + n * 6 + 2 }
    static func phaseApparent(_ n: Int) -> Int { phaseBase + n * 6 + 3 }
    static func phaseReactive(_ n: Int) -> Int { phaseBase + n * 6 + 4 }
    static func phaseLine(_ n: Int) -> Int { phaseBase + n * 6 + 5 }
    static let count = phaseBase + 18

    static func compute(
        _ moment: borrowing SiteMoment, slot: Int, feed: Int, earlier: Double
    ) -> [Double] {
        var s = Array(repeating: 0.0, count: count)
        let watts = moment[slot]
        // The meter of a lost utility lives on, from the battery of its relay.
        let dead = slot == moment.at.utility(feed: 0) && moment.has(.utilityALoss)
        let pf = 0.975
        let reactivePart = (1 / (pf * pf) - 1).squareRoot()
        s[power] = watts
        s[apparent] = watts / pf
        s[reactive] = watts * reactivePart
        s[factor] = watts > 0 ? pf : 1
        s[frequency] = dead ? 0 : moment.frequency
        s[energy] = earlier + moment.wattHours(slot)
        s[reactiveEnergy] = s[energy] * reactivePart
        s[demand] = watts * 0.998
        s[demandMaximum] = max(watts * 1.06, earlier / 9000)
        s[neutral] = watts / 3 / 230 * 0.06
        s[voltageDistortion] = 1.8
        s[currentDistortion] = 5.2
        for n in 0..<3 {
            let part = [0.336, 0.330, 0.334][(n + slot) % 3]
            let volts = dead ? 0 : moment.voltage(feed: feed, phase: n)
            let next = dead ? 0 : moment.voltage(feed: feed, phase: (n + 1) % 3)
            s[phaseVoltage(n)] = volts
            s[phasePower(n)] = watts * part
            s[phaseApparent(n)] = watts * part / pf
            s[phaseReactive(n)] = watts * part * reactivePart
            s[phaseCurrent(n)] = dead ? 0 : watts * part / pf / volts
            s[phaseLine(n)] = (volts * volts + next * next + volts * next).squareRoot()
            s[voltage] += volts / 3
            s[current] += s[phaseCurrent(n)]
            s[lineVoltage] += s[phaseLine(n)] / 3
        }
        return s
    }
}

/// Eastron SDM630: input registers in pairs, IEEE 754 singles, high word first. Unused pairs read
/// as zero.
enum MeterTables {
    typealias S = MeterSignals

    static func make() -> RegisterMap {
        var map = RegisterMap()
        for address in UInt16(0)..<384 { map.set(.input, address, .constant(0)) }
        let put = { (map: inout RegisterMap, address: Int, signal: Int, factor: Double) in
            let base = UInt16(address)
            map.set(.input, base, .float(signal: signal, factor: factor, word: 1))
            map.set(.input, base + 1, .float(signal: signal, factor: factor, word: 0))
        }
        for n in 0..<3 {
            put(&map, n * 2, S.phaseVoltage(n), 1)
            put(&map, 6 + n * 2, S.phaseCurrent(n), 1)
            put(&map, 12 + n * 2, S.phasePower(n), 1)
            put(&map, 18 + n * 2, S.phaseApparent(n), 1)
            put(&map, 24 + n * 2, S.phaseReactive(n), 1)
            put(&map, 30 + n * 2, S.factor, 1)
            put(&map, 200 + n * 2, S.phaseLine(n), 1)
        }
        let singles: [(Int, Int, Double)] = [
            (42, S.voltage, 1), (46, S.current, 1 / 3), (48, S.current, 1), (52, S.power, 1),
            (56, S.apparent, 1), (60, S.reactive, 1), (62, S.factor, 1), (70, S.frequency, 1),
            (72, S.energy, 0.001), (76, S.reactiveEnergy, 0.001), (84, S.demand, 1),
            (86, S.demandMaximum, 1), (206, S.lineVoltage, 1), (224, S.neutral, 1),
            (248, S.voltageDistortion, 1), (250, S.currentDistortion, 1),
            (342, S.energy, 0.001),
        ]
        for (address, signal, factor) in singles { put(&map, address, signal, factor) }
        return map
    }
}

/// XY-MD02: input registers 1 and 2, tenths.
enum ProbeTables {
    static func make() -> RegisterMap {
        var map = RegisterMap()
        map.set(.input, 0, .constant(0))
        map.set(.input, 1, .signed(signal: 0, factor: 10))
        map.set(.input, 2, .unsigned(signal: 1, factor: 10))
        return map
    }
}
