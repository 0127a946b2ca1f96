import Console
import Model
import Screen
import TestSupport
import Testing
import Views

/// Each view with what no device should send, on terminals of any size.
@Suite("Console: storms")
struct StormTests {
    private static let sizesEach = 40
    private static let extremes: [Double?] = [
        nil, 0, -1, -273.15, 1e15, 1e300, -1e300, .greatestFiniteMagnitude, .leastNonzeroMagnitude,
        .infinity, -.infinity, .nan,
    ]
    /// A thousand bytes and more: wide characters, marks, joiners, what steers a terminal.
    private static let name = String(repeating: "柜e\u{301}👩‍🚒\u{1B}[31m\t", count: 48)

    private static func odd(_ random: inout SplitMix) -> Double? {
        extremes.randomElement(using: &random) ?? nil
    }

    private static func oddTime(_ random: inout SplitMix) -> Int64 {
        [Int64.min, -1, 0, 1_763_713_233_000, .max].randomElement(using: &random) ?? 0
    }

    static func hostile(_ base: SiteView, _ random: inout SplitMix) -> SiteView {
        var view = base
        view.displayName = name
        spoilHeader(&view.header, &random)
        view.health.readingsPerSecond = odd(&random)
        view.health.storeDetail = name
        view.health.store = name
        view.health.lastCommitMS = oddTime(&random)
        for row in view.rows.indices {
            view.rows[row].displayName = name
            view.rows[row].hall = random.chance(3) ? name : view.rows[row].hall
            for rack in view.rows[row].racks.indices {
                spoil(&view.rows[row].racks[rack], &random)
            }
        }
        for index in view.devices.indices {
            view.devices[index].displayName = name
            view.devices[index].lastFailure = name
            view.devices[index].latencyMS = odd(&random)
            view.devices[index].latencyP95MS = odd(&random)
            view.devices[index].lastAnswerMS = oddTime(&random)
        }
        for index in view.alarms.indices {
            view.alarms[index].cause = name
            view.alarms[index].valueText = name
            view.alarms[index].comment = name
            view.alarms[index].raisedMS = oddTime(&random)
        }
        for index in view.cooling.indices { spoil(&view.cooling[index], &random) }
        for index in view.chain.indices {
            view.chain[index].displayName = name
            view.chain[index].watts = odd(&random)
            view.chain[index].ratedWatts = odd(&random)
            view.chain[index].batteryMinutes = odd(&random)
        }
        return view
    }

    private static func spoilHeader(_ header: inout HeaderView, _ random: inout SplitMix) {
        header.pue = odd(&random)
        header.totalWatts = odd(&random)
        header.itWatts = odd(&random)
        header.coolingWatts = odd(&random)
        header.costYuanPerHour = odd(&random)
        header.costTodayYuan = odd(&random)
        header.outdoorCelsius = odd(&random)
        header.freeCoolingHoursToday = odd(&random)
        header.alarmsCritical = random.chance(2) ? .max : -1
    }

    private static func spoil(_ rack: inout RackView, _ random: inout SplitMix) {
        rack.displayName = name
        rack.watts = odd(&random)
        rack.load = odd(&random)
        rack.inletCelsius = odd(&random)
        rack.humidityPercent = odd(&random)
        rack.feedAWatts = odd(&random)
        rack.feedBWatts = odd(&random)
        rack.ratedWatts = odd(&random) ?? 0
        rack.ageMS = oddTime(&random)
        rack.devices.append(name)
    }

    private static func spoil(_ unit: inout CoolingView, _ random: inout SplitMix) {
        unit.displayName = name
        unit.mode = name
        unit.supplyCelsius = odd(&random)
        unit.returnCelsius = odd(&random)
        unit.fanPercent = odd(&random)
        unit.compressorPercent = odd(&random)
        unit.freePercent = odd(&random)
        unit.watts = odd(&random)
    }

    private static func spoil(_ model: inout ConsoleModel, _ random: inout SplitMix) {
        if var day = model.state.energy {
            day.costYuan = odd(&random)
            day.monthCostYuan = odd(&random)
            day.tableCostYuan = odd(&random)
            day.meanYuanPerKWh = odd(&random)
            day.isPartial = true
            for index in day.quarters.indices {
                day.quarters[index].yuanPerKWh = odd(&random)
                day.quarters[index].costYuan = odd(&random)
                day.quarters[index].energyWattHours =
                    [nil, 0, -1, 1_000_000_000_000_000].randomElement(using: &random) ?? nil
                day.quarters[index].period = name
            }
            _ = update(&model, .energyDay(day))
        }
        if let open = model.openDevice, var view = open.view {
            view.summary.displayName = name
            for index in view.points.indices {
                view.points[index].label = name
                view.points[index].text = name
                view.points[index].unit = name
                view.points[index].value = odd(&random)
                view.points[index].origin = name
            }
            _ = update(&model, .device(view))
        }
    }

    @Test(
        "Endless names, huge, negative, missing values, any size: no cell torn, no line too wide",
        arguments: GoldenView.allCases)
    func storm(view: GoldenView) throws {
        var random = SplitMix(20_261_122)
        let base = try Fixture.snapshot()
        var model = try GoldenScreenTests.model(view)
        for round in 0..<Self.sizesEach {
            if round % 4 == 0 {
                var picture = Self.hostile(base, &random)
                if round % 12 == 8 { picture = try Fixture.emptySite() }
                picture.timeMS = base.timeMS + Int64(round) * 1000
                _ = update(&model, .snapshot(picture))
                Self.spoil(&model, &random)
            }
            let size = Size(
                width: Int.random(in: 1...250, using: &random),
                height: Int.random(in: 1...80, using: &random))
            model.language = Language.allCases[round % 2]
            _ = update(&model, .resized(size))
            let capabilities = round % 3 == 0 ? Fixture.ascii : Fixture.full
            let screen = ConsoleView.draw(model, size: size, capabilities: capabilities)
            #expect(ScreenCheck.faults(of: screen, size) == [], "\(view) \(size), round \(round)")
        }
        #expect(model.snapshot != nil)
    }
}
