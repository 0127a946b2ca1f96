import Energy
import Model
import TestSupport
import Testing

/// A unit over two days of November: it cools freely but on the first day from 10:00 to 12:00, when
/// it stands in manual mode. One reading a minute.
private struct Sample {
    static let offset = 480
    static let start = CivilTime(year: 2026, month: 11, day: 3).instant(offsetMinutes: offset)
    static let range = TimeRange(start: start, end: start.advanced(bySeconds: 2 * 86_400))

    static var unit: CoolingUnit {
        var unit = CoolingUnit(
            name: "c1", displayName: "c1", kind: .freeCooling, device: "c1", place: nil,
            ratedWatts: 45_000)
        unit.economiser = .dryBulb(full: 7, partial: 18)
        unit.power = PointName(device: "m1", point: "input.power")
        return unit
    }

    static func state(_ name: String) -> LiveValue {
        LiveValue(
            decimal: FixedDecimal(mantissa: 1, scale: 0), unit: .none, quality: .good,
            stateName: name)
    }

    static func isManual(_ minute: Int) -> Bool { (600..<720).contains(minute) }

    static func observation(_ minute: Int, mode: String? = nil) -> CoolingObservation {
        let time = start.advanced(bySeconds: Int64(minute) * 60)
        return CoolingObservation(time: time, unit: unit) { name in
            switch name.point {
            case "cooling.mode": state(mode ?? (isManual(minute) ? "MECH" : "FULL"))
            case "system.mode": state(isManual(minute) ? "manual warning" : "auto")
            case "cooling.capacity":
                LiveValue(
                    decimal: FixedDecimal(mantissa: 50, scale: 0), unit: .percent, quality: .good)
            default: nil
            }
        }
    }

    static func month(
        weather celsius: Double? = 3, hasPrices: Bool = true, gap: Range<Int> = 0..<0
    ) throws -> CoolingMonth {
        var timeline = CoolingTimeline(range: range)
        for minute in 0..<(2 * 1440) where !gap.contains(minute) {
            timeline.add(observation(minute))
        }
        timeline.finish()
        var watts: [QuarterHour: Int64] = [:]
        var load: [QuarterHour: Double] = [:]
        var weather: [QuarterHour: OutdoorAir] = [:]
        for (index, quarter) in CoolingMonth.quarters(range).enumerated() {
            watts[quarter] = isManual(index * 15) ? 5001 : 1000 + Int64(index % 3)
            load[quarter] = 50
            weather[quarter] = celsius.map {
                OutdoorAir(dryBulb: $0, relativeHumidity: nil, altitudeMetres: 950)
            }
        }
        let choice = TariffChoice(
            table: "shanxi", voltage: "110kV", contractEnergyPrice: 31_280_000,
            transformerCapacityKVA: 1000)
        return CoolingMonth(
            range: range, offsetMinutes: offset,
            histories: [
                CoolingUnitHistory(
                    unit: unit, quarters: timeline.quarters, watts: watts, load: load)
            ], weather: weather,
            prices: MarginalPrices(
                sheet: nil, choice: hasPrices ? choice : nil, table: try shanxi(),
                offsetMinutes: offset))
    }
}

@Suite("a month's free cooling")
struct CoolingMonthTests {
    @Test("hours by mode, possible hours, missed hours with their cause and their cost")
    func figures() throws {
        let month = try Sample.month()
        let unit = try #require(month.unit(named: "c1"))
        #expect(unit.measured.hours(.full) == 46 && unit.measured.hours(.mechanical) == 2)
        #expect(unit.measured[.unknown] == 0)
        #expect(unit.potentialFull == 48 * 3_600_000)
        #expect(unit.missed.runs.count == 1)
        #expect(unit.missed.runs.first?.cause == .manual)
        #expect(month.missed.hours == 2)
        // 5001 W less 1001 W of its own hours at that load, over two hours.
        #expect(month.missed.energy == EnergyQuantity(kilowattHours: 8))
        let price = try #require(month.prices.price(of: QuarterHour(containing: Sample.start)))
        #expect(price.basis == .tariff)
        #expect(month.missed.cost == price.total * EnergyQuantity(kilowattHours: 8))
        #expect(month.missed.unvaluedMilliseconds == 0)
        #expect(month.bases == [.tariff: 8])
        let site = month.hours(in: month.range)
        #expect(site.equivalentHours == 46 && site.knownMilliseconds == 48 * 3_600_000)
        #expect(month.equivalentText == "46.00")
    }

    @Test("warm weather misses nothing, unknown weather allows nothing")
    func weather() throws {
        #expect(try Sample.month(weather: 7).missed.hours == 2)
        #expect(try Sample.month(weather: 7.01).missed.hours == 0)
        let unknown = try Sample.month(weather: nil)
        #expect(unknown.missed.hours == 0 && unknown.units[0].potentialKnown == 0)
    }

    @Test("hours without a price are missed and in no amount")
    func unvalued() throws {
        let month = try Sample.month(hasPrices: false)
        #expect(month.missed.hours == 2)
        #expect(month.missed.unvaluedMilliseconds == 2 * 3_600_000)
        #expect(month.missed.cost == .zero)
    }

    @Test("a silence of over a quarter of an hour is unknown, and ends a run")
    func gap() throws {
        let month = try Sample.month(gap: 630..<690)
        let unit = month.units[0]
        // The last observation holds for a quarter of an hour.
        #expect(unit.measured[.unknown] == 46 * 60_000)
        // 10:00 to 10:45, of which 14 of the last 15 minutes are known, and 11:30 to 12:00.
        #expect(month.missed.hours == 1.25)
        #expect(unit.missed.runs.count == 2)
    }

    @Test("one observation alone between two equal ones is a bounce")
    func bounce() {
        var timeline = CoolingTimeline(range: Sample.range)
        for minute in 0..<30 {
            timeline.add(Sample.observation(minute, mode: minute == 12 ? "MECH" : "FULL"))
        }
        timeline.finish()
        let quarter = QuarterHour(containing: Sample.start)
        #expect(timeline.quarters[quarter]?.modes[.full] == 900_000)
        #expect(timeline.quarters[quarter]?.modes[.mechanical] == 0)
    }

    @Test("every figure's inputs come to its value, down to the quarter hours")
    func explained() throws {
        let month = try Sample.month()
        let time = try #require(FigureTime("2026-11"))
        var checked = 0
        func check(_ tree: ExplanationTree) {
            if case .differs(let value) = tree.explanation.check {
                Issue.record("\(tree.explanation.id): \(value)")
            }
            if tree.explanation.check == .agrees { checked += 1 }
            for (input, child) in zip(tree.explanation.inputs, tree.children) {
                guard let child else { continue }
                if input.counts { #expect(child.explanation.value == input.value) }
                check(child)
            }
        }
        for name in [
            "missed.amount", "missed.energy", "missed.hours", "missed.amount.manual",
            "hours.full", "hours.mech", "potential", "equivalent",
        ] {
            let isUnit = name.hasPrefix("hours") || name == "potential"
            let id = month.id(name, of: isUnit ? "c1" : nil, at: time)
            let tree = try ExplanationTree(id, depth: 5, breadth: 400) { id in
                month.explain(id)
                    ?? Explanation(
                        id: id, title: "", value: value(month, id), formula: "", source: "")
            }
            check(tree)
        }
        #expect(checked > 50)
        let amount = try #require(month.explain(month.id("missed.amount", at: time)))
        #expect(amount.value == month.missed.cost.rounded.description)
        let wrong = month.explain(month.id("missed.amount", of: "nobody", at: time))
        #expect(wrong == nil)
    }

    /// What stands outside of a month's cooling: powers and prices of quarter hours.
    private func value(_ month: CoolingMonth, _ id: FigureID) -> String? {
        guard let quarter = id.time?.quarterHour(offsetMinutes: Sample.offset) else { return nil }
        switch id.name {
        case CoolingMonth.powerFigure:
            return month.units[0].history.watts[quarter]
                .map { "\(FixedDecimal(mantissa: $0, scale: 3).trimmed)" }
        case CoolingMonth.priceFigure:
            return month.prices.price(of: quarter).map { "\($0.total.decimal.trimmed)" }
        default: return nil
        }
    }

    @Test("the amount leads to a run, and the run to its quarter hours")
    func path() throws {
        let month = try Sample.month()
        let time = try #require(FigureTime("2026-11"))
        let site = try #require(month.explain(month.id("missed.amount", at: time)))
        let unit = try #require(site.inputs.first?.id.flatMap { month.explain($0) })
        let run = try #require(unit.inputs.first?.id.flatMap { month.explain($0) })
        #expect(run.id.description == "energy.cooling.missed.exact:c1@2026-11-03T10:00+120m")
        #expect(run.inputs.count == 8)
        let quarter = try #require(run.inputs.first?.id.flatMap { month.explain($0) })
        #expect(quarter.check == .agrees)
        #expect(quarter.inputs.first { $0.name == "likely cause" }?.value == "manual")
        #expect(quarter.inputs.first { $0.name == "mode" }?.value == "MECH")
    }

    @Test("a mode is inferred from the compressors' power where the unit tells none")
    func inferred() {
        var unit = Sample.unit
        unit.compressorPower = PointName(device: "m2", point: "input.power")
        unit.compressorRatedWatts = 10_000
        func mode(_ watts: Int64, _ difference: Int64, fan: String = "on") -> LiveCooling {
            LiveCooling(unit) { name in
                func number(_ value: Int64, _ unit: MeasurementUnit) -> LiveValue {
                    LiveValue(
                        decimal: FixedDecimal(mantissa: value, scale: 0), unit: unit,
                        quality: .good)
                }
                switch (name.device, name.point) {
                case ("m2", _): return number(watts, .watt)
                case (_, "fan.state"): return Sample.state(fan)
                case (_, "supply.temperature"): return number(20, .celsius)
                case (_, "return.temperature"): return number(20 + difference, .celsius)
                default: return nil
                }
            }
        }
        #expect(mode(100, 5).mode == .full && mode(100, 5).inferred)
        #expect(mode(2000, 5).mode == .partial)
        #expect(mode(8000, 5).mode == .mechanical)
        #expect(mode(8000, 0).mode == .unknown)
        #expect(mode(0, 5, fan: "off").mode == .off)
        unit.compressorPower = nil
        #expect(mode(100, 5).mode == .unknown)
    }
}
