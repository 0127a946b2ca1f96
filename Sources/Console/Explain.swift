import PowerFlow
import Screen
package import Views

/// How the figures in sight came about: formula, inputs, and where to look further.
package struct ExplainedFigure: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package var name: String
        /// With its value written out; nil where the figure cannot be had.
        package var formula: String
        /// Name and value of each input.
        package var inputs: [String]
        /// Under which the daemon explains it further.
        package var id: String?
    }
    package var title: String
    package var entries: [Entry]
    /// What the daemon has explained since, the one in sight last.
    package var trail: [ExplanationView] = []
    /// Of `links`; where there are none, lines that are scrolled away.
    package var selected = 0
    /// The id that is being asked for, and why the last one had no answer.
    package var asked: String?
    package var failure: String?
}

extension ConsoleModel {
    /// Opens the panel, or says why there is nothing to explain.
    mutating func explain() -> [ConsoleCommand] {
        guard let figure = explanation else {
            say(
                snapshot == nil
                    ? t("no figures yet")
                    : t("no figure is computed here; the figures stand as the devices gave them"))
            return []
        }
        state.explained = figure
        return []
    }

    private var explanation: ExplainedFigure? {
        guard let snapshot else { return nil }
        if let openDevice { return explainPoint(openDevice) }
        switch page {
        case .overview: return explainOverview(snapshot.header)
        case .racks: return selectedRackView.map { explainRack($0) }
        case .alarms: return chosenAlarm.map { explainAlarm($0) }
        case .power: return explainNode()
        case .cooling: return explainCooling(snapshot)
        case .energy: return explainQuarter()
        case .dashboard: return explainPanel()
        case .devices: return nil
        }
    }

    private func show(_ value: Double?, _ digits: Int, _ unit: String) -> String {
        guard let value, let text = NumberText.fixed(value, digits: digits) else {
            return t("unknown")
        }
        return unit.isEmpty ? text : text + " " + unit
    }

    private func kilowatts(_ watts: Double?) -> String { show(watts.map { $0 / 1000 }, 3, "kW") }

    private func explainOverview(_ header: HeaderView) -> ExplainedFigure {
        typealias Entry = ExplainedFigure.Entry
        let (day, month) = civilDayAndMonth
        let total = kilowatts(header.totalWatts)
        let it = kilowatts(header.itWatts)
        return ExplainedFigure(
            title: t("Figures of this view"),
            entries: [
                Entry(
                    name: "PUE " + show(header.pue, 4, ""),
                    formula: t("total power / IT power"),
                    inputs: [
                        t("total") + " " + total, t("IT") + " " + it,
                        t("usable meters") + " " + show(header.pueCoverage * 100, 0, "%"),
                    ]),
                Entry(
                    name: "PUE " + t("today") + " " + show(header.pueToday, 4, ""),
                    formula: t("energy since midnight / IT energy"), inputs: [],
                    id: "energy.pue@" + day),
                Entry(
                    name: t("Losses") + " " + kilowatts(header.lossWatts),
                    formula: t("total - IT - cooling - other"),
                    inputs: [
                        t("cooling") + " " + kilowatts(header.coolingWatts),
                        t("other") + " " + kilowatts(header.otherWatts),
                    ]),
                Entry(
                    name: t("Cost") + " " + show(header.costYuanPerHour, 2, t("yuan/h")),
                    formula: t("power of the utility meters x price of a kWh now"),
                    inputs: [
                        t("price") + " " + show(header.priceYuanPerKWh, 6, t("yuan/kWh")),
                        t("view 7 has its quarter hours"),
                    ]),
                Entry(
                    name: t("Month") + " " + show(state.energy?.monthYuanPerKWh, 6, t("yuan/kWh")),
                    formula: t("energy charges of the month / its energy"),
                    inputs: [
                        t("charges") + " " + show(state.energy?.monthCostYuan, 2, t("yuan")),
                        t("target") + " "
                            + show(state.energy?.targetYuanPerKWh, 2, t("yuan/kWh")) + "  "
                            + (state.energy?.targetSource ?? ""),
                    ], id: "energy.bill.total@" + month),
                Entry(
                    name: t("Free cooling") + " " + show(header.freeCoolingHoursToday, 2, "h"),
                    formula: t("time x share of the running capacity that is free"), inputs: [],
                    id: "energy.cooling.equivalent@" + day),
            ])
    }

    private func explainRack(_ rack: RackView) -> ExplainedFigure {
        typealias Entry = ExplainedFigure.Entry
        return ExplainedFigure(
            title: t("Rack {0}", rack.displayName),
            entries: [
                Entry(
                    name: t("power") + " " + kilowatts(rack.watts),
                    formula: t("sum of its PDUs; unknown when one of them is silent"),
                    inputs: [
                        "A " + kilowatts(rack.feedAWatts), "B " + kilowatts(rack.feedBWatts),
                    ]),
                Entry(
                    name: t("load") + " " + show(rack.load.map { $0 * 100 }, 1, "%"),
                    formula: t("power / rated power"),
                    inputs: [t("rated") + " " + kilowatts(rack.ratedWatts)]),
                Entry(
                    name: t("A/B apart") + " " + show(rack.imbalance.map { $0 * 100 }, 1, "%"),
                    formula: t("difference of the feeds / their sum"), inputs: []),
                Entry(
                    name: t("inlet") + " " + show(rack.inletCelsius, 1, "C"),
                    formula: t("highest usable probe in front of the rack"),
                    inputs: [t("quality") + " " + t(rack.quality)] + rack.devices),
            ])
    }

    private func explainAlarm(_ alarm: AlarmView) -> ExplainedFigure {
        ExplainedFigure(
            title: alarm.rule,
            entries: [
                ExplainedFigure.Entry(
                    name: alarm.valueText.isEmpty ? t("no value") : alarm.valueText,
                    formula: t("the rule `{0}` on {1}/{2}", alarm.rule, alarm.device, alarm.point),
                    inputs: [
                        t("frostline alarms list shows the rule's answer to it"),
                        t("Enter opens the device and the point's history"),
                    ])
            ])
    }

    private func explainNode() -> ExplainedFigure? {
        guard let node = chosenNode else { return nil }
        let rated = node.ratedWatts.map { show($0 / 1000, 1, "kW") } ?? t("unknown")
        let source =
            node.place.map { t("sum of the PDUs of rack {0}", $0) }
            ?? (node.watts == nil ? t("nothing measures it") : t("as its device measures it"))
        var entries = [
            ExplainedFigure.Entry(
                name: t("power") + " " + kilowatts(node.watts), formula: source,
                inputs: [t("quality") + " " + t(node.quality)]),
            ExplainedFigure.Entry(
                name: t("load")
                    + " "
                    + show(
                        node.watts.flatMap { watts in
                            node.ratedWatts.map { watts / $0 * 100 }
                        }, 1, "%"), formula: t("power / rated power"),
                inputs: [t("rated") + " " + rated]),
        ]
        if let after = failure?.node(node.name) {
            entries.append(
                ExplainedFigure.Entry(
                    name: t("if failed") + " " + kilowatts(after.afterWatts),
                    formula: t("measured now + loads that move here - loads that leave"),
                    inputs: [
                        t(
                            "racks share as measured, switches take the first live parent"
                        ),
                        t("losses stay as measured"),
                    ]))
        }
        return ExplainedFigure(title: node.displayName, entries: entries)
    }

    private func explainCooling(_ snapshot: SiteView) -> ExplainedFigure? {
        guard !snapshot.cooling.isEmpty else { return nil }
        let unit = snapshot.cooling[selectedUnitRow ?? 0]
        let (day, month) = civilDayAndMonth
        let missed = missedCooling(unit.name)
        return ExplainedFigure(
            title: unit.displayName,
            entries: [
                ExplainedFigure.Entry(
                    name: t("mode") + " " + t(unit.mode),
                    formula: t("as the unit says, else from compressor and valve"), inputs: []),
                ExplainedFigure.Entry(
                    name: t("compressor") + " " + show(unit.compressorPercent, 0, "%"),
                    formula: t("capacity in use - its free part"),
                    inputs: [t("free") + " " + show(unit.freePercent, 0, "%")]),
                ExplainedFigure.Entry(
                    name: t("missed today") + " " + show(missed?.hours, 2, "h")
                        + (missed == nil ? "" : "  " + show(missed?.amountYuan, 2, t("yuan"))),
                    formula: t("time on compressors alone in which the weather allowed none"),
                    inputs: [], id: "energy.cooling.missed.amount:\(unit.name)@" + day),
                ExplainedFigure.Entry(
                    name: t("full free cooling this month"),
                    formula: t("hours of full free cooling, as measured"),
                    inputs: [t("Enter has them counted")],
                    id: "energy.cooling.hours.full:\(unit.name)@" + month),
            ])
    }

    private func explainQuarter() -> ExplainedFigure? {
        guard let day = state.energy, !day.quarters.isEmpty else { return nil }
        let index = min(state.selectedQuarter ?? currentQuarter, day.quarters.count - 1)
        let quarter = day.quarters[index]
        let time = civilMinute(quarter.startMS)
        return ExplainedFigure(
            title: t("Quarter hour"),
            entries: [
                ExplainedFigure.Entry(
                    name: t("cost") + " " + show(quarter.costYuan, 4, t("yuan")),
                    formula: t("energy of the utility meters x price of a kWh"),
                    inputs: [
                        t("energy")
                            + " "
                            + show(quarter.energyWattHours.map { Double($0) / 1000 }, 3, "kWh"),
                        t("price") + " " + show(quarter.yuanPerKWh, 6, t("yuan/kWh")),
                    ], id: "energy.price.marginal@" + time),
                ExplainedFigure.Entry(
                    name: t("load")
                        + " "
                        + show(quarter.energyWattHours.map { Double($0) * 4 / 1000 }, 1, "kW"),
                    formula: t("energy of the quarter hour x 4"), inputs: [],
                    id: "energy.billed@" + time),
            ])
    }

    private func explainPoint(_ open: OpenDevice) -> ExplainedFigure? {
        let all = points
        guard let view = open.view, !all.isEmpty else { return nil }
        let point = all[Self.index(of: open.selected, in: all.map(\.name))]
        let name = view.summary.name + "/" + point.name
        return ExplainedFigure(
            title: name,
            entries: [
                ExplainedFigure.Entry(
                    name: (point.text ?? t("unknown")) + " "
                        + (point.unit == "1" ? "" : point.unit),
                    formula: t("as profile {0} reads it", view.summary.profile),
                    inputs: [
                        t("read from") + " " + (point.origin ?? t("computed from other points")),
                        t("quality") + " " + t(point.quality),
                        "frostline profiles explain \(view.summary.name) \(point.name)",
                    ], id: "reading:\(name)@" + civilMinute(serverNowMS / 900_000 * 900_000))
            ])
    }
}
