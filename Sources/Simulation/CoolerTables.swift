import Model

/// A room cooling unit with an economiser and two compressors.
enum CoolerSignals {
    static let upTime = 0, system = 1, cooling = 2, fanState = 3, alarm = 4, capacity = 5
    static let compressor1 = 6, compressor2 = 7, fanSpeed = 8, freeCapacity = 9, freeState = 10
    static let supply = 11, returned = 12, returnHumidity = 13, supplyHumidity = 14
    static let automatic = 15
    static let count = 16
    private static let on = 1.0, off = 2.0

    static func compute(_ moment: borrowing SiteMoment, _ unit: Int) -> [Double] {
        var s = Array(repeating: 0.0, count: count)
        let mode = moment.state.modes[unit]
        let running = mode != .off
        let heat = moment[moment.at.coolerHeat(unit)]
        let share = min(1, heat / moment.layout.coolerRatedWatts)
        let mechanical =
            switch mode {
            case .off, .full: 0.0
            case .mechanical: 1.0
            case .partial: moment[moment.at.mechanical(unit)]
            }
        s[upTime] = upTimeHundredths(moment.time)
        s[system] = running ? on : off
        s[cooling] = running ? on : off
        s[fanState] = running ? on : off
        s[alarm] = running ? 2 : 1
        s[capacity] = running ? share * 100 : 0
        s[compressor1] = mechanical > 0 ? on : off
        s[compressor2] = mechanical * share > 0.5 ? on : off
        s[fanSpeed] = running ? min(1, 0.42 + 0.58 * share) * 100 : 0
        s[freeCapacity] = running ? share * (1 - mechanical) * 100 : 0
        s[freeState] = running && mechanical < 1 ? on : off
        // 1 automatic, 2 manual.
        s[automatic] = moment.physics.isManual(unit, at: moment.time) ? 2 : 1
        s[supply] = moment.supplyTemperature(unit)
        s[returned] = moment.returnTemperature(unit)
        let nearest = moment.layout.racks.count * unit / moment.layout.coolers
        let humidity = moment.inletHumidity(nearest)
        s[supplyHumidity] = humidity
        s[returnHumidity] = max(10, humidity - 1.9 * (s[returned] - s[supply]))
        return s
    }
}

/// LIEBERT-GP-ENVIRONMENTAL-MIB: percentages, temperatures in °C and tenths of them.
enum CoolerTables {
    typealias S = CoolerSignals
    private static let environment: [UInt32] = [1, 3, 6, 1, 4, 1, 476, 1, 42, 3, 4]

    static func make() -> ObjectTable {
        let system = ObjectBuilder.system(
            objectID: [1, 3, 6, 1, 4, 1, 476, 1, 42], upTime: S.upTime)
        var b = ObjectBuilder(environment)
        let states = [
            (1, S.system), (2, S.cooling), (7, S.fanState), (8, S.alarm), (20, S.freeState),
        ]
        for (leaf, signal) in states { b.add([3, leaf, 0], .integer(signal: signal, factor: 1)) }
        // Heater, humidifier, dehumidifier: off.
        for leaf in [3, 4, 5] { b.add([3, leaf, 0], integer: 2) }
        b.add([3, 9, 0], .integer(signal: S.capacity, factor: 1))
        b.add([3, 12, 2, 0], .integer(signal: S.compressor1, factor: 1))
        b.add([3, 12, 3, 0], .integer(signal: S.compressor2, factor: 1))
        b.add([3, 15, 0], .integer(signal: S.automatic, factor: 1))
        b.add([3, 16, 0], .integer(signal: S.fanSpeed, factor: 1))
        b.add([3, 17, 0], .integer(signal: S.freeCapacity, factor: 1))
        temperature(&b, row: 1, place: 2, signal: S.returned)
        temperature(&b, row: 2, place: 3, signal: S.supply)
        humidity(&b, row: 1, place: 2, signal: S.returnHumidity)
        humidity(&b, row: 2, place: 3, signal: S.supplyHumidity)
        return ObjectTable(unsorted: system + b.entries)
    }

    /// Rows tell their place by an OID: 2 return air, 3 supply air.
    private static func temperature(
        _ b: inout ObjectBuilder, row: Int, place: UInt32, signal: Int
    ) {
        let location = ObjectID(environment + [1, 1, place])
        b.add([1, 3, 3, 1, 1, row], integer: row)
        b.add([1, 3, 3, 1, 2, row], .constant(.objectID(location)))
        b.add([1, 3, 3, 1, 3, row], .integer(signal: signal, factor: 1))
        b.add([1, 3, 3, 1, 50, row], .integer(signal: signal, factor: 10))
    }

    private static func humidity(
        _ b: inout ObjectBuilder, row: Int, place: UInt32, signal: Int
    ) {
        let location = ObjectID(environment + [2, 1, place])
        b.add([2, 2, 3, 1, 1, row], integer: row)
        b.add([2, 2, 3, 1, 2, row], .constant(.objectID(location)))
        b.add([2, 2, 3, 1, 3, row], .integer(signal: signal, factor: 1))
    }
}
