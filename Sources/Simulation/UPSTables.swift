import Model

/// A three-phase double-conversion UPS.
enum UPSSignals {
    static let upTime = 0, batteryStatus = 1, secondsOnBattery = 2, minutesLeft = 3, charge = 4
    static let batteryVoltage = 5, batteryCurrent = 6, batteryTemperature = 7, source = 8
    static let alarms = 9, frequency = 10
    private static let lineBase = 11
    static func inputVoltage(_ n: Int) -> Int { lineBase + n * 6 }
    static func inputCurrent(_ n: Int) -> Int { lineBase + n * 6 + 1 }
    static func inputPower(_ n: Int) -> Int { lineBase + n * 6 + 2 }
    static func outputVoltage(_ n: Int) -> Int { lineBase + n * 6 + 3 }
    static func outputCurrent(_ n: Int) -> Int { lineBase + n * 6 + 4 }
    static func outputPower(_ n: Int) -> Int { lineBase + n * 6 + 5 }
    static func load(_ n: Int) -> Int { lineBase + 18 + n }
    static let bypassVoltage = lineBase + 21
    static let inputFrequency = lineBase + 22
    static let count = lineBase + 23

    static func compute(_ moment: borrowing SiteMoment, _ number: Int) -> [Double] {
        var s = Array(repeating: 0.0, count: count)
        let feed = number < moment.layout.upsPerFeed ? 0 : 1
        let rated = moment.layout.upsRatedWatts
        let output = moment[moment.at.upsOutput(number)]
        let input = moment[moment.at.upsInput(number)]
        let left = moment[moment.at.charge(number)]
        let onBattery = moment.state.onBattery[number]
        let mains = !(feed == 0 && moment.has(.utilityALoss))
        s[upTime] = upTimeHundredths(moment.time)
        s[charge] = left * 100
        s[batteryStatus] = left <= 0.001 ? 4 : left < 0.2 ? 3 : 2
        if onBattery, let since = moment.state.batterySince {
            s[secondsOnBattery] = max(1, Double(moment.time.millisecondsSince(since)) / 1000)
        }
        let share = max(0.05, output / rated)
        s[minutesLeft] = left * 900 / (2 * share) / 60
        s[batteryVoltage] = onBattery ? 430 + 70 * left : 540
        s[batteryCurrent] = onBattery ? output / s[batteryVoltage] / 0.95 : 0
        s[batteryTemperature] = 23.4 + (onBattery ? 3 * (1 - left) : 0)
        s[source] = onBattery ? (left > 0 ? 5 : 2) : 3
        s[alarms] = onBattery ? (left < 0.2 ? 2 : 1) : 0
        s[frequency] = 50
        s[inputFrequency] = mains ? moment.frequency : 0
        s[bypassVoltage] = mains ? moment.voltage(feed: feed, phase: 0) : 0
        for n in 0..<3 {
            // Single-phase loads never share out evenly.
            let part = [0.338, 0.327, 0.335][(n + number) % 3]
            let volts = mains ? moment.voltage(feed: feed, phase: n) : 0
            s[inputVoltage(n)] = volts
            s[inputPower(n)] = input * part
            s[inputCurrent(n)] = volts > 0 ? input * part / volts / 0.99 : 0
            s[outputVoltage(n)] = output > 0 ? 230 : 0
            s[outputPower(n)] = output * part
            s[outputCurrent(n)] = output * part / 230 / 0.97
            s[load(n)] = output * part * 3 / rated * 100
        }
        return s
    }
}

/// UPS-MIB (RFC 1628): frequencies in 0.1 Hz, currents in 0.1 A, battery in 0.1 V and 0.1 A.
enum UPSTables {
    typealias S = UPSSignals

    static func make() -> ObjectTable {
        let system = ObjectBuilder.system(
            objectID: [1, 3, 6, 1, 2, 1, 33, 1], upTime: S.upTime)
        var b = ObjectBuilder([1, 3, 6, 1, 2, 1, 33, 1])
        b.add([1, 1, 0], text: "Simulated")
        b.add([1, 2, 0], text: "Double conversion")
        b.add([1, 5, 0], .own(1))
        b.add([2, 1, 0], .integer(signal: S.batteryStatus, factor: 1))
        b.add([2, 2, 0], .integer(signal: S.secondsOnBattery, factor: 1))
        b.add([2, 3, 0], .integer(signal: S.minutesLeft, factor: 1))
        b.add([2, 4, 0], .integer(signal: S.charge, factor: 1))
        b.add([2, 5, 0], .integer(signal: S.batteryVoltage, factor: 10))
        b.add([2, 6, 0], .integer(signal: S.batteryCurrent, factor: 10))
        b.add([2, 7, 0], .integer(signal: S.batteryTemperature, factor: 1))
        b.add([3, 2, 0], integer: 3)
        b.add([4, 1, 0], .integer(signal: S.source, factor: 1))
        b.add([4, 2, 0], .integer(signal: S.frequency, factor: 10))
        b.add([4, 3, 0], integer: 3)
        b.add([5, 1, 0], .integer(signal: S.inputFrequency, factor: 10))
        b.add([5, 2, 0], integer: 3)
        b.add([6, 1, 0], .gauge(signal: S.alarms, factor: 1))
        b.add([7, 3, 0], integer: 6)
        for n in 0..<3 { line(&b, n) }
        return ObjectTable(unsorted: system + b.entries)
    }

    private static func line(_ b: inout ObjectBuilder, _ n: Int) {
        let input = { (column: Int) in [3, 3, 1, column, n + 1] }
        b.add(input(2), .integer(signal: S.inputFrequency, factor: 10))
        b.add(input(3), .integer(signal: S.inputVoltage(n), factor: 1))
        b.add(input(4), .integer(signal: S.inputCurrent(n), factor: 10))
        b.add(input(5), .integer(signal: S.inputPower(n), factor: 1))
        let output = { (column: Int) in [4, 4, 1, column, n + 1] }
        b.add(output(2), .integer(signal: S.outputVoltage(n), factor: 1))
        b.add(output(3), .integer(signal: S.outputCurrent(n), factor: 10))
        b.add(output(4), .integer(signal: S.outputPower(n), factor: 1))
        b.add(output(5), .integer(signal: S.load(n), factor: 1))
        let bypass = { (column: Int) in [5, 3, 1, column, n + 1] }
        b.add(bypass(2), .integer(signal: S.bypassVoltage, factor: 1))
        b.add(bypass(3), integer: 0)
        b.add(bypass(4), integer: 0)
    }
}
