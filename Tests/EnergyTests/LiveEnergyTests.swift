import Energy
import Model
import TestSupport
import Testing

private func meter(_ name: String, _ role: Meter.Role) -> Meter {
    Meter(
        name: name, displayName: name, role: role,
        energy: PointName(device: name, point: "input.energy"),
        power: PointName(device: name, point: "input.power"), maximumWatts: 1_000_000)
}

private func site() -> Site {
    var site = Site(name: "T", displayName: "T", offsetMinutes: 480, altitudeMetres: 950)
    site.meters = [
        meter("main", .utility), meter("pv", .generation), meter("office", .excluded),
        meter("ups-a", .itCategory1), meter("ups-b", .itCategory1), meter("cool", .cooling),
    ]
    site.coolingUnits = ["c1", "c2"].map {
        CoolingUnit(
            name: $0, displayName: $0, kind: .crac, device: $0, place: nil, ratedWatts: 100_000)
    }
    site.tariff = TariffChoice(
        table: "shanxi", voltage: "110kV", transformerCapacityKVA: 1000)
    return site
}

private func watts(_ values: [String: Int64]) -> (PointName) -> LiveValue? {
    { name in
        guard name.point == "input.power", let value = values[name.device] else { return nil }
        return LiveValue(
            decimal: FixedDecimal(mantissa: value, scale: 0), unit: .watt, quality: .good)
    }
}

private let evening = CivilTime(year: 2026, month: 11, day: 21, hour: 18)
    .instant(offsetMinutes: 480)

@Suite("live figures")
struct LiveEnergyTests {
    @Test("all meters answering give PUE, losses and what an hour costs")
    func complete() throws {
        let live = LiveEnergy(site: site(), tariff: try shanxi())
        let figures = live.figures(
            at: evening,
            value: watts([
                "main": 120_000, "pv": 10_000, "office": 5_000, "ups-a": 50_000, "ups-b": 50_000,
                "cool": 20_000,
            ]))
        #expect(figures.total.milliwatts == 125_000_000)
        #expect(figures.pue?.decimal(4).description == "1.2500")
        #expect(figures.category == .basic)
        #expect(figures.coverage == 1)
        #expect(figures.lossMilliwatts == 5_000_000)
        // 120 kW bought at 0.62036875 yuan/kWh.
        #expect(figures.costPerHour == 7_444_425_000)
        #expect(figures.price?.period == .peak)
    }

    @Test("a missing meter is named and leaves no smaller sum behind")
    func incomplete() throws {
        let live = LiveEnergy(site: site(), tariff: try shanxi())
        let figures = live.figures(
            at: evening,
            value: watts(["main": 120_000, "pv": 10_000, "office": 5_000, "ups-a": 50_000]))
        #expect(figures.it.milliwatts == nil)
        #expect(figures.pue == nil)
        #expect(figures.reason == "no usable power from ups-b")
        #expect(figures.coverage == 0.8)
        #expect(figures.lossMilliwatts == nil)
        #expect(figures.costPerHour != nil)
        let impossible = live.figures(
            at: evening,
            value: watts([
                "main": 50_000, "pv": 0, "office": 0, "ups-a": 50_000, "ups-b": 50_000,
            ]))
        #expect(impossible.pue == nil)
        #expect(impossible.reason?.contains("exceeds the total") == true)
    }

    @Test("the day so far is a sum of finished quarter hours")
    func day() throws {
        let energies: [String: Int64] = [
            "main": 30_000, "pv": 2500, "office": 1250, "ups-a": 12_500, "ups-b": 12_500,
        ]
        let midnight = CivilTime(year: 2026, month: 11, day: 21).instant(offsetMinutes: 480)
        let day = DayFigures(
            site: site(), tariff: try shanxi(), at: midnight.advanced(bySeconds: 2 * 3600 + 60)
        ) { meter, quarter in
            quarter.start < midnight ? nil : energies[meter.name]
        }
        #expect(day.pue?.decimal(4).description == "1.2500")
        #expect(day.coverage == 1)
        // 240 kWh, all flat: 79.20 energy, 11.76 transmission, funds 4.80, 0.47, 0.58 and 4.56.
        #expect(day.cost?.description == "101.37")
        let nothing = DayFigures(site: site(), tariff: nil, at: midnight) { _, _ in nil }
        #expect(nothing.pue == nil && nothing.cost == nil)
    }

    @Test("a day outside the tariff has a reason instead of a price")
    func noPrice() throws {
        let live = LiveEnergy(site: site(), tariff: try shanxi())
        let july = CivilTime(year: 2026, month: 7, day: 1).instant(offsetMinutes: 480)
        let figures = live.figures(at: july, value: watts(["main": 1000]))
        #expect(figures.costPerHour == nil)
        #expect(figures.priceReason?.contains("2026-07-01") == true)
    }

    @Test("modes are read, or inferred from compressor, economiser and fan")
    func modes() {
        let live = LiveEnergy(site: site(), tariff: nil)
        func state(_ name: String) -> LiveValue {
            LiveValue(
                decimal: FixedDecimal(mantissa: 1, scale: 0), unit: .none, quality: .good,
                stateName: name)
        }
        func percent(_ value: Int64) -> LiveValue {
            LiveValue(
                decimal: FixedDecimal(mantissa: value, scale: 0), unit: .percent, quality: .good)
        }
        let points: [String: LiveValue] = [
            "c1/cooling.mode": state("PARTIAL"), "c1/cooling.capacity": percent(80),
            "c1/freecooling.capacity": percent(36), "c2/compressor.1.state": state("off"),
            "c2/compressor.2.state": state("off"), "c2/freecooling.state": state("on"),
            "c2/fan.speed": percent(60), "c2/cooling.capacity": percent(90),
        ]
        let figures = live.figures(at: evening) { points[$0.description] }
        #expect(figures.coolingUnits.map(\.mode) == [.partial, .full])
        #expect(figures.coolingUnits.map(\.inferred) == [false, true])
        #expect(figures.mode == .partial)
        // (0.8 × 0.45 + 0.9 × 1) / 1.7
        #expect(abs((figures.freeFraction ?? 0) - 1.26 / 1.7) < 1e-9)
    }
}

@Suite("free-cooling hours")
struct FreeCoolingClockTests {
    private func unit(
        _ mode: FreeCoolingMode, _ fraction: Double? = nil, name: String = "u", load: Double? = nil,
        watts: Int64 = 1000
    ) -> LiveCooling {
        LiveCooling(
            name: name, mode: mode, inferred: false, freeFraction: fraction, ratedWatts: watts,
            load: load)
    }

    @Test("hours by mode with a bounce absorbed and unknown time kept")
    func vector() throws {
        let letters: [Character: FreeCoolingMode] = [
            "F": .full, "P": .partial, "M": .mechanical, "?": .unknown,
        ]
        let start = CivilTime(year: 2026, month: 11, day: 1).instant(offsetMinutes: 480)
        var clock = FreeCoolingClock(offsetMinutes: 480)
        var time = start
        for letter in "MMMMPPFFFFFFMFFFFFFF??FFPPPMMMMM" {
            clock.sample(at: time, units: [unit(try #require(letters[letter]))])
            time = time.advanced(bySeconds: 900)
        }
        clock.sample(at: time, units: [unit(.mechanical)])
        let hours = try #require(clock.today(at: start).units["u"])
        #expect(hours.hours(.full) == 4)
        #expect(hours.hours(.partial) == 1.25)
        #expect(hours.hours(.mechanical) == 2.25)
        #expect(hours.hours(.unknown) == 0.5)
        #expect(Double(hours.known) / Double(hours.all) == 0.9375)
    }

    @Test("equivalent hours weigh units by capacity and load")
    func equivalent() {
        let start = CivilTime(year: 2026, month: 11, day: 1, hour: 23, minute: 50)
            .instant(offsetMinutes: 480)
        let units = [
            unit(.full, 1, name: "a", load: 0.9, watts: 1_000_000),
            unit(.partial, 0.45, name: "b", load: 0.8, watts: 1_000_000),
            unit(.mechanical, 0, name: "c", load: 0.7, watts: 600_000),
        ]
        var clock = FreeCoolingClock(offsetMinutes: 480)
        clock.sample(at: start, units: units)
        clock.sample(at: start.advanced(bySeconds: 900), units: units)
        let first = clock.today(at: start)
        let second = clock.today(at: start.advanced(bySeconds: 900))
        #expect(first.knownMilliseconds == 600_000)
        #expect(second.knownMilliseconds == 300_000)
        let sum = first.equivalentHours + second.equivalentHours
        #expect(abs(sum / 0.25 - 0.594340) < 1e-6)
    }

    @Test("a silence of over a quarter of an hour is unknown")
    func silence() {
        let start = Instant(seconds: 1_795_622_400)
        var clock = FreeCoolingClock(offsetMinutes: 480)
        clock.sample(at: start, units: [unit(.full)])
        clock.sample(at: start.advanced(bySeconds: 3600), units: [unit(.full)])
        let hours = clock.hours(
            in: TimeRange(
                start: start.advanced(bySeconds: -86_400),
                end: start.advanced(bySeconds: 86_400)))
        #expect(hours.units["u"]?.hours(.full) == 0.25)
        #expect(hours.units["u"]?.hours(.unknown) == 0.75)
        #expect(hours.equivalentHours == 0.25)
    }

    @Test("after a clock that was years ahead is set right, the day is counted again")
    func clockSetBack() {
        let start = Instant(seconds: 1_795_622_400)
        var clock = FreeCoolingClock(offsetMinutes: 480)
        clock.sample(at: start.advanced(bySeconds: 10 * 365 * 86_400), units: [unit(.full)])
        clock.sample(at: start.advanced(bySeconds: 10 * 365 * 86_400 + 60), units: [unit(.full)])
        for minute in Int64(0)...60 {
            clock.sample(at: start.advanced(bySeconds: minute * 60), units: [unit(.full)])
        }
        #expect(clock.today(at: start).equivalentHours == 1)
        #expect(clock.days.count == 1)
    }
}
