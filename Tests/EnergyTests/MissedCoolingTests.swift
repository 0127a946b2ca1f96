import ConfigTree
import Energy
import Model
import TestSupport
import Testing

@Suite("missed free cooling and weather files")
struct MissedCoolingTests {
    private static let quarter: Int64 = 900_000

    private func interval(
        _ index: Int, _ mode: FreeCoolingMode = .mechanical,
        _ potential: FreeCoolingPotential = .full, price: String? = "0.4",
        cause: MissedFreeCooling.Cause = .unknown, inhibited: Bool = false
    ) -> CoolingInterval {
        CoolingInterval(
            start: Instant(milliseconds: Int64(index) * Self.quarter),
            milliseconds: Self.quarter, mode: mode, potential: potential, watts: 168_000,
            expectedWatts: 18_000, price: price.flatMap { UnitPrice($0) },
            isInhibited: inhibited, cause: cause)
    }

    @Test("two intervals in a row count, one alone is a bounce, a hole ends a run")
    func runs() {
        #expect(MissedFreeCooling([interval(0)]).runs.isEmpty)
        let two = MissedFreeCooling([interval(0), interval(1)])
        #expect(two.total.hours == 0.5)
        #expect(two.total.energy == EnergyQuantity(kilowattHours: 75))
        #expect(two.total.cost.rounded.description == "30.00")
        #expect(MissedFreeCooling([interval(0), interval(2)]).runs.isEmpty)
        #expect(MissedFreeCooling([interval(0), interval(1, .full), interval(2)]).runs.isEmpty)
        #expect(MissedFreeCooling([interval(0), interval(1, .unknown)]).runs.isEmpty)
        let inhibited = [interval(0), interval(1, inhibited: true), interval(2)]
        #expect(MissedFreeCooling(inhibited).runs.isEmpty)
    }

    @Test("hours without a price are hours, and in no amount")
    func unvalued() {
        let missed = MissedFreeCooling([interval(0), interval(1, price: nil), interval(2)])
        #expect(missed.total.hours == 0.75)
        #expect(missed.total.unvaluedMilliseconds == Self.quarter)
        #expect(missed.total.energy == EnergyQuantity(kilowattHours: 75))
    }

    @Test("runs are grouped by the cause that lasted longest in each")
    func causes() {
        let missed = MissedFreeCooling([
            interval(0, cause: .manual), interval(1, cause: .manual), interval(2, cause: .valve),
            interval(5, cause: .setpoint), interval(6, cause: .setpoint),
        ])
        #expect(missed.byCause.map(\.cause) == [.manual, .setpoint])
        #expect(missed.byCause.map(\.part.hours) == [0.75, 0.5])
    }

    @Test("the file's intervals, its hours, energy and cost")
    func vector() throws {
        guard let cases = try vectorCases("11_freecool.json") else { return }
        let item = try #require(cases["missed-free-cooling"])
        let adders = try item["adders"].array.map(unitPrice).reduce(UnitPrice(raw: 0), +)
        let modes: [String: FreeCoolingMode] = ["M": .mechanical, "F": .full]
        let step = try mantissa(item["step_min"], scale: 0) * 60_000
        let intervals = try item["rows"].array.enumerated().map { index, row in
            CoolingInterval(
                start: Instant(milliseconds: Int64(index) * step), milliseconds: step,
                mode: try #require(modes[row["mode"].string ?? ""]),
                potential: row["potential"].string == "FULL" ? .full : .partial,
                watts: try mantissa(row["cooling_kw"], scale: 3),
                expectedWatts: try mantissa(row["expected_fc_kw"], scale: 3),
                price: try unitPrice(row["energy_price"]) + adders)
        }
        let total = MissedFreeCooling(intervals).total
        #expect(total.hours == (try decimal(item["missed_hours"])).double)
        #expect(total.energy == (try energy(item["kwh"])))
        #expect(total.cost.decimal(4) == (try decimal(item["cost"])))
    }

    @Test("hours by mode after debouncing, and the site's free fraction")
    func hours() throws {
        guard let cases = try vectorCases("11_freecool.json") else { return }
        let item = try #require(cases["mode-hours"])
        let letters: [Character: FreeCoolingMode] = [
            "F": .full, "P": .partial, "M": .mechanical, "?": .unknown,
        ]
        let modes = (item["symbols"].string ?? "").compactMap { letters[$0] }
        let debounced = FreeCoolingMode.debounced(modes)
        #expect(debounced == (item["debounced"].string ?? "").compactMap { letters[$0] })
        let perHour = 60 / Double(try #require(item["step_min"].int))
        for (letter, mode) in letters {
            let hours = Double(debounced.count { $0 == mode }) / perHour
            #expect(hours == (try decimal(item["hours"][String(letter)])).double)
        }
        let known = Double(debounced.count { $0 != .unknown }) / Double(debounced.count)
        #expect(known * 100 == (try decimal(item["data_pct"])).double)
    }

    private static let head = """
        LOCATION,Lishi,SX,CHN,synthetic,537640,37.50,111.10,8.0,950.0
        DESIGN CONDITIONS,0\nTYPICAL/EXTREME PERIODS,0\nGROUND TEMPERATURES,0
        HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0\nCOMMENTS 1,\nCOMMENTS 2,
        DATA PERIODS,1,1,Data,Sunday, 1/ 1,12/31\n
        """

    @Test("an EPW hour is labelled by its end, and gaps are gaps")
    func weather() throws {
        var diagnostics = Diagnostics()
        let own = try #require(
            WeatherFile.parse(
                Self.head + "2021,1,1,1,60,?,-8.3,-14.1,63,90600,0\n"
                    + "2021,1,1,24,60,?,99.9,99.9,999,999999,0\n", file: "w.epw", &diagnostics))
        #expect(diagnostics.isEmpty)
        #expect(own.altitude == 950 && own.offsetMinutes == 480)
        #expect(
            own.hours[0].start == Instant(iso8601: "2021-01-01T00:00:00+08:00", offsetMinutes: 0))
        #expect(own.hours[0].relativeHumidity == 0.63)
        #expect(own.hours[1].isMissing)
        #expect(WeatherFile.parse("x", file: "w.epw", &diagnostics) == nil)
        #expect(
            WeatherFile.parse(
                Self.head + "2021,1,1,25,60,?,1,1,1,1\nno hour\n", file: "w.epw", &diagnostics)
                == nil)
        #expect(diagnostics.sorted.map(\.position.line) == [1, 9, 10])
        guard let file = try VectorFile.document("15_epw.json") else { return }
        let text = file["file_lines"].array.compactMap(\.string).joined(separator: "\n")
        var fresh = Diagnostics()
        let hours = try #require(WeatherFile.parse(text, file: "v.epw", &fresh)).hours
        #expect(hours.count == file["expect"].array.count)
        let rows = text.split(separator: "\n").dropFirst(8)
        #expect(
            rows.map { Int64($0.split(separator: ",", omittingEmptySubsequences: false).count) }
                == file["fields_per_row"].array.map(\.int))
        for (hour, row) in zip(hours, file["expect"].array) {
            let local = try #require(row["local_start"].string)
            // The first hour begins in the year before, in UTC.
            let utc = row["utc_start"].string.map {
                ($0.hasPrefix("12-31") ? "2020-" : "2021-") + $0 + ":00Z"
            }
            #expect(hour.start == Instant(iso8601: "2021-\(local):00+08:00", offsetMinutes: 0))
            if let end = row["local_end"].string {
                #expect(
                    hour.start.advanced(bySeconds: 3600)
                        == Instant(iso8601: "2021-\(end):00+08:00", offsetMinutes: 0))
            }
            if let utc {
                #expect(hour.start == Instant(iso8601: utc, offsetMinutes: 0))
            }
            guard row["missing"].bool != true else {
                #expect(hour.isMissing)
                continue
            }
            #expect(hour.dryBulb == (try decimal(row["t_db"])).double)
            #expect(hour.dewPoint == (try decimal(row["t_dp"])).double)
            #expect(hour.relativeHumidity == (try decimal(row["rh"])).double / 100)
            #expect(hour.pressure == (try decimal(row["p_pa"])).double)
        }
    }
}
