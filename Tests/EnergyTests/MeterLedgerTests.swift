import Energy
import Model
import TestSupport
import Testing

private let midnight = Instant(seconds: 1_795_622_400)  // a whole quarter hour

private func reading(
    _ seconds: Int64, _ wattHours: Int64, quality: Quality = .good
) -> RegisterReading {
    RegisterReading(
        time: midnight.advanced(bySeconds: seconds), mantissa: wattHours, scale: 0,
        quality: quality)
}

private func ledger(
    k: (Int64, Int64) = (1, 1), modulus: UInt64? = nil, watts: Int64 = 1_000_000, period: Int64 = 60
) -> MeterLedger {
    MeterLedger(
        settings: MeterSettings(
            multiplierNumerator: k.0, multiplierDenominator: k.1, modulus: modulus,
            maximumWatts: watts, samplePeriodMilliseconds: period * 1000))
}

@Suite("meter ledger")
struct MeterLedgerTests {
    @Test("the sum of all intervals is the register's difference times the multiplier")
    func conservation() {
        // K = 7/3: no interval is a whole number of Wh.
        var meter = ledger(k: (7, 3))
        var entries: [LedgerEntry] = []
        for minute in 0...(96 * 15) {
            entries += meter.observe(reading(Int64(minute) * 60, 1000 + Int64(minute) * 11))
        }
        #expect(entries.count == 96)
        #expect(entries.allSatisfy { $0.flag == .measured })
        let sum = entries.reduce(Int64(0)) { $0 + ($1.wattHours ?? 0) }
        let exact = Int64(96 * 15 * 11 * 7)
        #expect(abs(sum * 3 - exact) <= 1)
        // Every interval is 15 × 11 × 7/3 = 385 Wh exactly.
        #expect(entries.allSatisfy { $0.wattHours == 385 })
    }

    @Test("a boundary between readings is interpolated and nothing is lost")
    func boundary() {
        var meter = ledger(period: 300)
        _ = meter.observe(reading(0, 148_229_000))
        let none = meter.observe(reading(800, 148_230_000))
        #expect(none.isEmpty)
        // 760 Wh in 300 s, of which 100 s before the boundary at 900 s.
        let first = meter.observe(reading(1100, 148_230_760))
        #expect(first.map(\.wattHours) == [1253])
        let second = meter.observe(reading(1800, 148_232_000))
        #expect(second.map(\.wattHours) == [1747])
        #expect((first + second).allSatisfy { $0.flag == .measured })
    }

    @Test("a silence up to an hour is interpolated, a longer one estimated, its total measured")
    func gaps() {
        var meter = ledger()
        _ = meter.observe(reading(0, 0))
        let short = meter.observe(reading(1800 + 60, 620))
        #expect(short.map(\.flag) == [.interpolated, .interpolated])
        let long = meter.observe(reading(4 * 3600, 5000))
        #expect(long.count == 14)
        #expect(long.allSatisfy { $0.flag == .estimated })
        let sum = (short + long).reduce(Int64(0)) { $0 + ($1.wattHours ?? 0) }
        #expect(sum == 5000)
        #expect(meter.takeFindings().map(\.kind) == [.gap])
        #expect(meter.findings.isEmpty)
    }

    @Test("readings that are not usable change nothing")
    func quality() {
        var meter = ledger()
        _ = meter.observe(reading(0, 0))
        #expect(meter.observe(reading(900, 99_999_999, quality: .stale)).isEmpty)
        #expect(meter.observe(reading(900, 0, quality: .absent)).isEmpty)
        #expect(meter.observe(reading(960, 160)).map(\.wattHours) == [150])
        let late = meter.observe(reading(300, 20))
        #expect(late.isEmpty)
        #expect(meter.takeFindings().map(\.kind) == [.outOfOrder])
    }

    @Test("after a clock that was years ahead is set right, quarter hours are measured again")
    func clockSetBack() throws {
        var meter = ledger()
        for minute in Int64(0)...5 { _ = meter.observe(reading(minute * 60, minute * 10)) }
        let ahead = Int64(10 * 365 * 86_400)
        _ = meter.observe(reading(ahead, 60))
        _ = meter.observe(reading(ahead + 60, 70))
        // Also when the daemon starts again in between.
        meter = try #require(MeterLedger(settings: meter.settings, state: meter.state))
        var entries: [LedgerEntry] = []
        for minute in Int64(8)...45 {
            entries += meter.observe(reading(minute * 60, minute * 10))
        }
        #expect(entries.map(\.wattHours) == [nil, 150, 150])
        #expect(
            entries.map(\.interval.start)
                == [0, 900, 1800].map {
                    midnight.advanced(bySeconds: $0)
                })
    }

    @Test("a proven wrap gives energy")
    func wrap() {
        var meter = ledger(modulus: 4_294_967_296)
        _ = meter.observe(reading(0, 4_294_967_000))
        #expect(meter.observe(reading(900, 1204)).map(\.wattHours) == [1500])
        #expect(meter.findings.map(\.kind) == [.rollover])
    }

    @Test("a reset gives no energy, and the intervals after it are measured again")
    func reset() {
        var meter = ledger()
        var entries: [LedgerEntry] = []
        _ = meter.observe(reading(0, 500_000))
        for minute in Int64(1)...60 {
            let register = minute < 20 ? 500_000 + minute * 10 : (minute - 20) * 10
            entries += meter.observe(reading(minute * 60, register))
        }
        #expect(entries.map(\.flag) == [.measured, .missing, .measured, .measured])
        #expect(entries.map(\.wattHours) == [150, nil, 150, 150])
        #expect(meter.findings.map(\.kind) == [.reset])
    }

    @Test("one impossible reading is withheld and the next one decides")
    func spike() {
        var meter = ledger()
        var entries: [LedgerEntry] = []
        for minute in Int64(0)...30 {
            let register = minute == 7 ? 99_000_000 : minute == 22 ? 0 : 1000 + minute * 10
            entries += meter.observe(reading(minute * 60, register))
        }
        #expect(entries.map(\.wattHours) == [150, 150])
        #expect(entries.map(\.flag) == [.measured, .measured])
        #expect(meter.findings.map(\.kind) == [.withheld, .withheld])
    }

    @Test(
        "a register of large steps that is read often loses no quarter hour",
        arguments: [(100, 10, 1_000), (100, 10, 10_900), (100, 20, 10_900), (1_000, 10, 3_000)])
    func largeSteps(step: Int64, period: Int64, watts: Int64) {
        var meter = ledger(watts: 11_000, period: period)
        var entries: [LedgerEntry] = []
        for second in stride(from: Int64(0), through: 8 * 3600, by: Int(period)) {
            // As after every restart of the program.
            if second % 3600 == 0, second > 0 {
                meter = MeterLedger(settings: meter.settings, state: meter.state) ?? ledger()
            }
            let wattHours = 7_802_345 + watts * second / 3600
            entries += meter.observe(reading(second, wattHours / step * step))
        }
        #expect(entries.count == 32)
        // Nobody knows how much of the very first step was there before.
        let known = entries.dropFirst()
        #expect(known.allSatisfy { $0.flag == .measured })
        let sum = known.reduce(Int64(0)) { $0 + ($1.wattHours ?? 0) }
        #expect(abs(sum - watts * 31 / 4) <= step)
    }

    @Test("what stands in a register of large steps does not hide a jump")
    func jumpOfLargeSteps() {
        var meter = ledger(watts: 11_000, period: 10)
        for second in stride(from: Int64(0), through: 7200, by: 10) {
            _ = meter.observe(reading(second, second / 200 * 100))
        }
        // 300 Wh more than ten seconds ago, and back again.
        _ = meter.observe(reading(7210, 3900))
        #expect(meter.observe(reading(7220, 3600)).isEmpty)
        #expect(meter.findings.map(\.kind) == [.withheld])
    }

    @Test("a jump that stays is not energy")
    func jump() {
        var meter = ledger()
        var entries: [LedgerEntry] = []
        for minute in Int64(0)...45 {
            let register = (minute < 20 ? 0 : 99_000_000) + minute * 10
            entries += meter.observe(reading(minute * 60, register))
        }
        #expect(entries.map(\.wattHours) == [150, nil, 150])
        #expect(meter.findings.map(\.kind) == [.jump])
    }

    private func changed(
        _ changes: [MeterReplacement], k: Int64 = 80, watts: Int64 = 1_000_000, period: Int64 = 60
    ) -> MeterLedger {
        var settings = MeterSettings(
            multiplierNumerator: k, maximumWatts: watts, samplePeriodMilliseconds: period * 1000)
        settings.changes = changes
        return MeterLedger(settings: settings)
    }

    private func change(
        _ seconds: Int64, to k: Int64,
        registers: (oldFinal: FixedDecimal, newInitial: FixedDecimal)? = nil
    ) -> MeterReplacement {
        MeterReplacement(
            time: midnight.advanced(bySeconds: seconds), registers: registers,
            newMultiplierNumerator: k, newMultiplierDenominator: 1)
    }

    @Test("a replacement record carries energy across the change")
    func replacement() {
        var meter = changed(
            [
                change(
                    450, to: 15_000_000,
                    registers: (
                        oldFinal: FixedDecimal(mantissa: 821_497, scale: 2),
                        newInitial: FixedDecimal(mantissa: 310, scale: 2)
                    ))
            ], k: 12_000_000, watts: 1_000_000_000, period: 900)
        func at(_ seconds: Int64, _ hundredths: Int64) -> RegisterReading {
            RegisterReading(
                time: midnight.advanced(bySeconds: seconds), mantissa: hundredths, scale: 2)
        }
        _ = meter.observe(at(0, 821_042))
        let entries = meter.observe(at(900, 565))
        #expect(entries.map(\.wattHours) == [92_850_000])
        #expect(meter.takeFindings().map(\.kind) == [.replacement])
    }

    @Test("a multiplier changed in mid-month counts from its moment on, and the quarter is flagged")
    func multiplierChange() throws {
        // The register counts 10 Wh a minute all along; K is 80 up to 20:30 minutes, then 60.
        var meter = changed([change(1230, to: 60)])
        var entries: [LedgerEntry] = []
        for minute in Int64(0)...60 {
            entries += meter.observe(reading(minute * 60, 5000 + minute * 10))
            // Also when the daemon starts again in between.
            meter = try #require(MeterLedger(settings: meter.settings, state: meter.state))
        }
        #expect(
            entries.map(\.wattHours) == [12_000, 10_100, 9_000, 9_000])
        #expect(entries.map(\.flag) == [.measured, .interpolated, .measured, .measured])
    }

    @Test("a change recorded where the register fell gives no energy across it, and nothing twice")
    func changeWithoutRegisters() {
        var meter = changed([change(1230, to: 60)])
        var entries: [LedgerEntry] = []
        for minute in Int64(0)...60 {
            let register = minute <= 20 ? 5000 + minute * 10 : (minute - 20) * 10
            entries += meter.observe(reading(minute * 60, register))
        }
        #expect(entries.map(\.wattHours) == [12_000, nil, 9_000, 9_000])
        #expect(Set(meter.takeFindings().map(\.kind)) == [.replacement, .reset])
    }

    @Test("of any changes the energy is that of the register's steps, each with one multiplier")
    func changesProperty() {
        var random = SplitMix(20_261_122)
        for _ in 0..<300 {
            let times = Set(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in
                    Int64.random(in: 1..<14_400, using: &random)
                }
            ).sorted()
            let changes = times.map { change($0, to: Int64.random(in: 1...90, using: &random)) }
            let first = Int64.random(in: 1...90, using: &random)
            var meter = changed(changes, k: first, watts: .max)
            var entries: [LedgerEntry] = []
            // Between readings the register runs evenly, so its count at a change is known.
            for minute in Int64(0)...240 {
                entries += meter.observe(reading(minute * 60, minute * 600))
            }
            var expected: Int64 = 0
            for second in Int64(0)..<14_400 {
                let k = changes.last {
                    $0.time <= midnight.advanced(bySeconds: second)
                }?.newMultiplierNumerator
                expected += 10 * (k ?? first)
            }
            let sum = entries.reduce(Int64(0)) { $0 + ($1.wattHours ?? 0) }
            #expect(entries.count == 16)
            #expect(sum == expected, "\(times) \(first)")
        }
    }

    @Test("state survives a restart at every minute")
    func restart() throws {
        var straight = ledger(k: (7, 3), modulus: 10_000)
        var interrupted = straight
        var first: [LedgerEntry] = []
        var second: [LedgerEntry] = []
        for minute in Int64(0)...200 {
            // Wraps at 10 000, and one impossible reading that is pending over a restart.
            let register = minute == 97 ? 5000 : (9000 + minute * 11) % 10_000
            first += straight.observe(reading(minute * 60, register))
            second += interrupted.observe(reading(minute * 60, register))
            interrupted = try #require(
                MeterLedger(settings: straight.settings, state: interrupted.state))
        }
        #expect(first == second)
        #expect(first.count == 13)
        #expect(MeterLedger(settings: straight.settings, state: Array("junk".utf8)) == nil)
        let other = MeterSettings(maximumWatts: 1, samplePeriodMilliseconds: 1000)
        #expect(MeterLedger(settings: other, state: straight.state) == nil)
        #expect(MeterLedger(settings: other, state: MeterLedger(settings: other).state) != nil)
    }

    @Test("a damaged state is refused or harmless, never a trap")
    func damagedState() {
        var whole = ledger(k: (7, 3))
        for minute in Int64(0)...20 { _ = whole.observe(reading(minute * 60, minute * 11)) }
        let state = whole.state
        for index in state.indices {
            for byte in [UInt8(ascii: "9"), UInt8(ascii: " "), UInt8(ascii: "-"), 0xFF] {
                var damaged = state
                damaged[index] = byte
                guard var meter = MeterLedger(settings: whole.settings, state: damaged) else {
                    continue
                }
                for entry in meter.observe(reading(1860, 400)) {
                    #expect((entry.wattHours ?? 0) >= 0)
                }
            }
        }
        #expect(MeterLedger(settings: whole.settings, state: state) != nil)
        #expect(MeterLedger(settings: whole.settings, state: state + state) == nil)
    }

    @Test("any register text gives energies that are never negative")
    func hostile() {
        var state: UInt64 = 42
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 11
        }
        var meter = ledger(k: (44_000, 1), modulus: UInt64.max, watts: .max)
        for step in Int64(0)..<5000 {
            let mantissa = Int64(bitPattern: next() &* next())
            let scale = Int8(next() % 28) - 9
            let entries = meter.observe(
                RegisterReading(
                    time: midnight.advanced(bySeconds: step * 60), mantissa: mantissa,
                    scale: scale, quality: Quality(rawValue: UInt8(next() % 3)) ?? .good))
            for entry in entries { #expect((entry.wattHours ?? 0) >= 0) }
        }
    }

    @Test("a month derived from readings has every interval, and long gaps follow similar days")
    func derivation() {
        // Wednesdays to Fridays; 100 Wh a quarter by night, 300 by day.
        let start = CivilTime(year: 2026, month: 11, day: 4).instant(offsetMinutes: 480)
        var readings: [RegisterReading] = []
        var register: Int64 = 5000
        for quarter in 0...(96 * 3) {
            let hour = quarter % 96 / 4
            let inGap = quarter > 96 * 2 + 20 && quarter < 96 * 2 + 60
            if !inGap {
                readings.append(
                    RegisterReading(
                        time: start.advanced(bySeconds: Int64(quarter) * 900), mantissa: register,
                        scale: 0))
            }
            register += hour >= 8 && hour < 20 ? 300 : 100
        }
        let range = TimeRange(
            start: start.advanced(bySeconds: -3600), end: start.advanced(bySeconds: 3 * 86_400))
        let result = MeterLedger.derive(
            readings: readings,
            settings: MeterSettings(maximumWatts: 10_000, samplePeriodMilliseconds: 900_000),
            range: range, offsetMinutes: 480)
        #expect(result.entries.count == 4 + 96 * 3)
        #expect(result.entries.prefix(4).allSatisfy { $0.flag == .missing })
        let third = result.entries.suffix(96)
        #expect(third.filter { $0.flag == .estimated }.count == 40)
        let gap = third.dropFirst(20).prefix(40).compactMap(\.wattHours)
        #expect(gap == Array(repeating: 100, count: 12) + Array(repeating: 300, count: 28))
        #expect(result.findings.map(\.kind) == [.gap])
        let completeness = Completeness(result.entries)
        #expect(completeness.measured == 248)
        #expect(!completeness.isFirm)
    }
}
