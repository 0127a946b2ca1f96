import Energy
import Model
import TestSupport
import Testing

@Suite("psychrometrics and free cooling")
struct CoolingVectorTests {
    @Test("moist air agrees with ASHRAE at every row, at every height")
    func psychrometrics() throws {
        guard let document = try VectorFile.document("10_psychro.json") else { return }
        let rows = document["rows"].array
        #expect(rows.count > 10)
        for row in rows {
            let altitude = try #require(row["alt_m"].double)
            let pressure = Psychrometrics.pressure(altitudeMetres: altitude)
            #expect(abs(pressure - (try #require(row["p_pa"].double))) < 0.1)
            let dry = try #require(row["t_db"].double)
            let humidity = try #require(row["rh"].double)
            let wet = try #require(
                Psychrometrics.wetBulb(
                    dryBulb: dry, relativeHumidity: humidity, pressure: pressure))
            #expect(abs(wet - (try #require(row["t_wb"].double))) < 0.005, "\(row)")
            let dew = try #require(
                Psychrometrics.dewPoint(dryBulb: dry, relativeHumidity: humidity))
            #expect(abs(dew - (try #require(row["t_dp"].double))) < 0.005, "\(row)")
            let ratio = Psychrometrics.humidityRatio(
                vapourPressure: humidity * Psychrometrics.saturationPressure(dry),
                pressure: pressure)
            #expect(abs(ratio - (try #require(row["w_kg_kg"].double))) < 6e-7, "\(row)")
            // ASHRAE Fundamentals, chapter 1, equation 30.
            let enthalpy = 1.006 * dry + ratio * (2501 + 1.86 * dry)
            #expect(abs(enthalpy - (try #require(row["h_kj_kg"].double))) < 2e-3, "\(row)")
        }
    }

    @Test("air at Lüliang's height has its own wet bulb")
    func ownNumbers() throws {
        let pressure = Psychrometrics.pressure(altitudeMetres: 950)
        #expect(abs(pressure - 90_421) < 1)
        let wet = try #require(
            Psychrometrics.wetBulb(dryBulb: 24, relativeHumidity: 0.65, pressure: pressure))
        #expect(abs(wet - 19.17) < 0.01)
        let sea = try #require(
            Psychrometrics.wetBulb(dryBulb: 24, relativeHumidity: 0.65, pressure: 101_325))
        #expect(abs(sea - 19.34) < 0.01)
        #expect(
            Psychrometrics.wetBulb(dryBulb: 24, relativeHumidity: 1.2, pressure: 101_325) == nil)
        #expect(Psychrometrics.dewPoint(dryBulb: .nan, relativeHumidity: 0.5) == nil)
    }

    @Test("potential of four plants at ten weathers")
    func potential() throws {
        guard let cases = try vectorCases("11_freecool.json") else { return }
        let item = try #require(cases["potential"])
        func number(_ plant: String, _ key: String) throws -> Double {
            try #require(item["config"][plant][key].double)
        }
        let plants: [String: EconomiserPlant] = [
            "water_side": .water(
                supply: try number("water_side", "chws"), return: try number("water_side", "chwr"),
                tower: try number("water_side", "tower_approach"),
                exchanger: try number("water_side", "phx_approach"),
                margin: try number("water_side", "margin")),
            "dry_cooler": .dryCooler(
                supply: try number("dry_cooler", "chws"), return: try number("dry_cooler", "chwr"),
                approach: try number("dry_cooler", "approach"),
                margin: try number("dry_cooler", "margin")),
            "air_direct": .directAir(
                supply: try number("air_direct", "sa"), return: try number("air_direct", "ra"),
                fanHeat: try number("air_direct", "fan_heat"),
                dewMaximum: try number("air_direct", "dp_max"),
                dewMinimum: try number("air_direct", "dp_min")),
            "air_indirect": .indirectAir(
                supply: try number("air_indirect", "sa"), return: try number("air_indirect", "ra"),
                dry: try number("air_indirect", "eff_dry"),
                wet: try number("air_indirect", "eff_wet")),
        ]
        let pressure = Psychrometrics.pressure(
            altitudeMetres: try #require(item["alt_m"].double))
        for row in item["rows"].array {
            let dry = try #require(row["t_db"].double)
            let humidity = try #require(row["rh"].double)
            let wet = try #require(
                Psychrometrics.wetBulb(
                    dryBulb: dry, relativeHumidity: humidity, pressure: pressure))
            let dew = try #require(
                Psychrometrics.dewPoint(dryBulb: dry, relativeHumidity: humidity))
            #expect(abs(wet - (try #require(row["t_wb"].double))) < 0.006, "\(row)")
            #expect(abs(dew - (try #require(row["t_dp"].double))) < 0.006, "\(row)")
            for (name, plant) in plants {
                let potential = plant.potential(dryBulb: dry, wetBulb: wet, dewPoint: dew)
                #expect(potential.rawValue == row[name].string, "\(name) at \(dry) °C")
            }
        }
    }

    @Test("the limits of a plant are where its potential changes")
    func limits() throws {
        guard let cases = try vectorCases("11_freecool.json") else { return }
        let item = try #require(cases["potential"])
        func number(_ key: String) throws -> Double {
            try #require(item["config"]["water_side"][key].double)
        }
        let plant = EconomiserPlant.water(
            supply: try number("chws"), return: try number("chwr"),
            tower: try number("tower_approach"), exchanger: try number("phx_approach"),
            margin: try number("margin"))
        func potential(_ wet: Double) -> FreeCoolingPotential {
            plant.potential(dryBulb: 40, wetBulb: wet, dewPoint: 0)
        }
        let full = try #require(item["water_side_limits"]["full_wb_le"].double)
        let partial = try #require(item["water_side_limits"]["partial_wb_lt"].double)
        #expect(potential(full) == .full && potential(full + 0.001) == .partial)
        #expect(potential(partial - 0.001) == .partial && potential(partial) == .none)
    }

    @Test("units count in the site's hours by capacity and load")
    func equivalent() throws {
        guard let cases = try vectorCases("11_freecool.json") else { return }
        let item = try #require(cases["equivalent-hour-fraction"])
        let units = try item["units"].array.enumerated().map { index, row in
            LiveCooling(
                name: "u\(index)", mode: FreeCoolingMode(stateName: row["mode"].string),
                inferred: false, freeFraction: row["free_fraction"].double,
                ratedWatts: try mantissa(row["cap_kw"], scale: 3),
                load: row["load"].double)
        }
        var clock = FreeCoolingClock(offsetMinutes: 480)
        let start = Instant(seconds: 1_795_622_400)
        clock.sample(at: start, units: units)
        clock.sample(at: start.advanced(bySeconds: 900), units: units)
        let fraction = clock.today(at: start).equivalentHours / 0.25
        #expect(abs(fraction - (try #require(item["fraction"].double))) < 1e-6)
    }

    @Test("modes are debounced and inferred by rule")
    func modes() throws {
        let letters: [Character: FreeCoolingMode] = [
            "F": .full, "P": .partial, "M": .mechanical, "?": .unknown,
        ]
        let symbols = "MMMMPPFFFFFFMFFFFFFF??FFPPPMMMMM".compactMap { letters[$0] }
        let expected = "MMMMPPFFFFFFFFFFFFFF??FFPPPMMMMM".compactMap { letters[$0] }
        #expect(FreeCoolingMode.debounced(symbols) == expected)
        #expect(
            FreeCoolingMode.inferred(
                compressorShare: 70.0 / 300, circulating: true, difference: 5.8) == .partial)
        #expect(
            FreeCoolingMode.inferred(
                compressorShare: 3.0 / 300, circulating: true, difference: 0.3) == .unknown)
        guard let cases = try vectorCases("11_freecool.json") else { return }
        let names: [String: FreeCoolingMode] = [
            "F": .full, "P": .partial, "M": .mechanical, "OFF": .off, "UNKNOWN": .unknown,
        ]
        for row in try #require(cases["inferred-mode"])["rows"].array {
            let power = try #require(row["compressor_kw"].double)
            let rated = try #require(row["rated_comp_kw"].double)
            let pump = try #require(row["pump_kw"].double)
            let mode = FreeCoolingMode.inferred(
                compressorShare: power / rated, circulating: pump > 0,
                difference: row["dt_k"].double)
            #expect(mode == names[row["mode"].string ?? ""], "\(row)")
        }
    }
}
