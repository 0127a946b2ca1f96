import Energy
import Model
import Testing

@Suite("looking ahead")
struct ForecastTests {
    private static let offset = 480
    private static let first = CivilTime(year: 2026, month: 9, day: 1)

    /// Days of 1000 Wh a quarter hour, 800 on weekends, 20 more for each kelvin.
    private func days(_ count: Int, known: Int? = nil, noise: Int64 = 0) -> [EnergyDay] {
        (0..<count).map { index in
            let start = Self.first.instant(offsetMinutes: 0)
                .advanced(bySeconds: Int64(index) * 86_400)
            let day = CivilTime(start, offsetMinutes: 0)
            let temperature = Double(index % 9) - 2
            let base: Int64 = day.weekday >= 5 ? 800 : 1000
            let mixed = (Int64(index) * 7919) % 13 - 6
            let energy = base + Int64(temperature) * 20 + mixed * noise
            let isKnown = index < known ?? count
            return EnergyDay(
                day: day,
                wattHours: Array(repeating: isKnown ? energy : nil, count: EnergyDay.quarters),
                temperature: isKnown ? temperature : nil)
        }
    }

    @Test("a model finds the levels and the slope that days were made of")
    func model() throws {
        let model = try #require(DayModel(days(56)))
        #expect(abs(model.slope - 20 * 96) < 0.001)
        let monday = CivilTime(year: 2026, month: 11, day: 2)
        #expect(model.total(monday, temperature: 5) == (1000 + 100) * 96)
        let sunday = CivilTime(year: 2026, month: 11, day: 1)
        #expect(model.total(sunday, temperature: -5) == (800 - 100) * 96)
        let quarters = model.quarters(monday, temperature: 5)
        #expect(quarters.count == 96 && quarters.reduce(0, +) == 1100 * 96)
    }

    @Test("fewer than seven whole days make no model, and days with holes do not count")
    func tooShort() {
        #expect(DayModel(days(6)) == nil)
        var holes = days(10)
        for index in 0..<4 { holes[index].wattHours[50] = nil }
        #expect(DayModel(holes) == nil)
        #expect(DayModel(days(10)) != nil)
    }

    @Test("the error on the past is computed: none for days by the rule, some for others")
    func backtest() throws {
        // Seven days of the same temperature: what is foretold is what comes.
        let even = days(40).map {
            EnergyDay(day: $0.day, wattHours: Array(repeating: 500, count: 96), temperature: 4)
        }
        let exact = try #require(ForecastBacktest(even, horizonDays: 5))
        #expect(exact.meanAbsoluteError < 1e-9 && exact.starts == 29)
        let rough = try #require(ForecastBacktest(days(40, noise: 30), horizonDays: 5))
        #expect(rough.meanAbsoluteError > 0.01)
        #expect(rough.largestError >= rough.meanAbsoluteError)
        #expect(abs(rough.bias) <= rough.meanAbsoluteError)
        #expect(ForecastBacktest(days(8), horizonDays: 5) == nil)
    }

    @Test("a month is what was metered and what is foretold, and a hole is not metered")
    func month() throws {
        let range = TimeRange.month(year: 2026, month: 10, offsetMinutes: Self.offset)
        var all = days(61, known: 45)
        all[40].wattHours[10] = nil
        let now = all[45].day.instant(offsetMinutes: Self.offset)
        let forecast = try #require(
            MonthForecast(month: range, days: all, now: now, offsetMinutes: Self.offset))
        #expect(forecast.quarters.count == 31 * 96)
        #expect(forecast.missing == 1)
        #expect(forecast.quarters.count { $0.isMetered } == 15 * 96 - 1)
        let metered = forecast.quarters.filter(\.isMetered).reduce(0) { $0 + $1.wattHours }
        #expect(forecast.meteredWattHours == metered)
        #expect(forecast.wattHours > metered)
        #expect(forecast.energies(meteredOnly: true).count == 15 * 96 - 1)
        #expect(forecast.backtest != nil)
    }

    @Test("sums by quarter hours know a quarter hour only where every meter does")
    func sums() {
        let start = Instant(milliseconds: 1_800_000_000_000 / 900_000 * 900_000)
        let range = TimeRange(start: start, end: start.advanced(byMilliseconds: 3 * 900_000))
        var sums = QuarterSums(range)
        #expect(sums.count == 3 && sums[0] == nil)
        func entries(_ values: [Int64?], from shift: Int64 = 0) -> [LedgerEntry] {
            values.enumerated().map { index, value in
                LedgerEntry(
                    interval: QuarterHour(
                        number: QuarterHour(containing: start).number + shift + Int64(index)),
                    wattHours: value, flag: value == nil ? .missing : .measured)
            }
        }
        sums.add(entries([5, 6, 7]))
        sums.add(entries([1, nil, 2, 9]), sign: -1)
        #expect([sums[0], sums[1], sums[2]] == [4, nil, 5])
        sums.add(entries([3], from: -1))
        #expect(sums[0] == nil)
        #expect(sums.quarter(1).start == start.advanced(byMilliseconds: 900_000))
    }
}
