import Model

/// A photovoltaic inverter.
enum SolarSignals {
    static let power = 0, energy = 1, current = 2, voltage = 3, lineVoltage = 4, frequency = 5
    static let apparent = 6, reactive = 7, factor = 8, dcCurrent = 9, dcVoltage = 10
    static let dcPower = 11, temperature = 12, state = 13, heatSink = 14
    static let count = 15

    static func compute(_ moment: borrowing SiteMoment, earlier: Double) -> [Double] {
        var s = Array(repeating: 0.0, count: count)
        let watts = moment[moment.at.solar]
        let peak = moment.layout.solarPeakWatts
        let volts = moment.voltage(feed: 0, phase: 0)
        s[power] = watts
        s[energy] = earlier + moment.wattHours(moment.at.solar)
        s[voltage] = volts
        s[lineVoltage] = volts * 1.732
        s[current] = watts / volts
        s[frequency] = moment.frequency
        // Its filters take a little reactive power at night too.
        s[apparent] = max(peak * 0.002, watts * 1.002)
        s[reactive] = watts * 0.02
        s[factor] = watts > 0 ? 99.8 : 0
        s[dcPower] = watts * 1.021
        s[dcVoltage] = watts > 0 ? 610 + 40 * (1 - watts / peak) : 0
        s[dcCurrent] = watts > 0 ? s[dcPower] / s[dcVoltage] : 0
        s[temperature] = moment.outdoorTemperature + 6 + 24 * watts / peak
        s[heatSink] = s[temperature] + 14 * watts / peak
        // SunSpec: 2 sleeping, 4 tracking the maximum power point.
        s[state] = watts > 0 ? 4 : 2
        return s
    }
}

/// SunSpec at holding register 40000: model 1 (common), model 103 (three phases, integers with
/// scale factors), end.
enum SolarTables {
    typealias S = SolarSignals
    private static let notImplemented: UInt16 = 0xffff
    private static let notImplementedSigned: UInt16 = 0x8000

    static func make(peakWatts: Double, serial: String) -> RegisterMap {
        var map = RegisterMap()
        var next: UInt16 = 40_000
        let append = { (map: inout RegisterMap, form: RegisterForm) in
            map.set(.holding, next, form)
            next += 1
        }
        for word: UInt16 in [0x5375, 0x6e53, 1, 66] { append(&map, .constant(word)) }
        let texts = [
            ("Frostline", 32), ("Simulated PV", 32), ("", 16), ("1.0", 16), (serial, 32),
        ]
        for (text, size) in texts {
            for word in words(text, bytes: size) { append(&map, .constant(word)) }
        }
        append(&map, .constant(1))
        append(&map, .constant(0))
        append(&map, .constant(103))
        append(&map, .constant(50))
        for form in inverter(peakWatts: peakWatts) { append(&map, form) }
        append(&map, .constant(notImplemented))
        append(&map, .constant(0))
        return map
    }

    /// Offsets 2…51 of model 103.
    private static func inverter(peakWatts: Double) -> [RegisterForm] {
        // W is a signed 16-bit number: the scale factor grows with the plant.
        var exponent = 0
        var scale = 1.0
        while peakWatts / scale > 30_000 {
            exponent += 1
            scale *= 10
        }
        let big = RegisterForm.constant(UInt16(exponent))
        let tenths = RegisterForm.constant(UInt16(bitPattern: -1))
        let hundredths = RegisterForm.constant(UInt16(bitPattern: -2))
        let line = RegisterForm.unsigned(signal: S.lineVoltage, factor: 10)
        let phase = RegisterForm.unsigned(signal: S.voltage, factor: 10)
        let amperes = peakWatts / 3 / 230 > 6000 ? 1.0 : 10.0
        let ampereScale = amperes == 1 ? RegisterForm.constant(0) : tenths
        let each = RegisterForm.unsigned(signal: S.current, factor: amperes / 3)
        let absent = RegisterForm.constant(notImplementedSigned)
        var forms: [RegisterForm] = [
            .unsigned(signal: S.current, factor: amperes), each, each, each, ampereScale,
            line, line, line, phase, phase, phase, tenths,
            .signed(signal: S.power, factor: 1 / scale), big,
            .unsigned(signal: S.frequency, factor: 100), hundredths,
            .signed(signal: S.apparent, factor: 1 / scale), big,
            .signed(signal: S.reactive, factor: 1 / scale), big,
            .signed(signal: S.factor, factor: 10), tenths,
            .register(signal: S.energy, factor: 1, word: 1),
            .register(signal: S.energy, factor: 1, word: 0), .constant(0),
            .unsigned(signal: S.dcCurrent, factor: amperes), ampereScale,
            .unsigned(signal: S.dcVoltage, factor: 10), tenths,
            .signed(signal: S.dcPower, factor: 1 / scale), big,
            .signed(signal: S.temperature, factor: 10),
            .signed(signal: S.heatSink, factor: 10), absent, absent, tenths,
            .unsigned(signal: S.state, factor: 1), .constant(0),
        ]
        // Event bit fields: nothing happened.
        while forms.count < 50 { forms.append(.constant(0)) }
        return forms
    }

    private static func words(_ text: String, bytes: Int) -> [UInt16] {
        var raw = Array(text.utf8.prefix(bytes))
        raw += Array(repeating: 0, count: bytes - raw.count)
        return stride(from: 0, to: bytes, by: 2).map { UInt16(raw[$0]) << 8 | UInt16(raw[$0 + 1]) }
    }
}
