import Views

/// How the figures of a panel came about.
extension ConsoleModel {
    func explainPanel() -> ExplainedFigure? {
        guard let dashboard, dashboard.panels.indices.contains(boardPanel) else { return nil }
        let panel = dashboard.panels[boardPanel]
        let contents = contents(ofPanel: boardPanel)
        var entries = [explainChoice(panel, contents)]
        if let row = boardRow { entries.append(explainRow(panel, row)) }
        if panel.show == .graph { entries.append(explainCourse(panel)) }
        if !contents.missing.isEmpty {
            entries.append(
                ExplainedFigure.Entry(
                    name: t("not usable, and in no figure"), formula: "",
                    inputs: contents.missing.map { point in
                        let age = point.timeMS.map { NumberText.age(serverNowMS &- $0) }
                        return PanelContents.key(point) + "  " + t(point.quality) + "  "
                            + t("age {0}", age ?? t("unknown"))
                    }))
        }
        if !contents.empty.isEmpty {
            entries.append(
                ExplainedFigure.Entry(
                    name: t("patterns without a point"), formula: "", inputs: contents.empty))
        }
        return ExplainedFigure(title: panel.title.text(in: language), entries: entries)
    }

    /// With the decimals that a sum of readings has, and no more.
    private func exact(_ value: Double) -> String {
        NumberText.fixed(value, digits: value == value.rounded() ? 0 : 3) ?? t("unknown")
    }

    private func explainChoice(
        _ panel: Dashboard.Panel, _ contents: PanelContents
    ) -> ExplainedFigure.Entry {
        var inputs = panel.points
        for label in PanelLabel.allCases {
            guard let patterns = panel.filter[label] else { continue }
            inputs.append(t(label.rawValue) + ": " + patterns.joined(separator: ", "))
        }
        let limits = panel.limits.all.map { limit in
            let word = limit.level.isCritical ? t("critical") : t("warning")
            let sign = limit.level.isBelow ? "<=" : ">="
            return word + " " + sign + " " + exact(limit.value)
        }
        if !limits.isEmpty { inputs.append(limits.joined(separator: ", ")) }
        let how = panel.single.map { t($0.rawValue) } ?? t("each for itself")
        return ExplainedFigure.Entry(
            name: t("{0} of {1}", "\(contents.usable)", "\(contents.total)") + " "
                + t("points usable"),
            formula: how + (panel.by.map { " " + t("by {0}", t($0.rawValue)) } ?? ""),
            inputs: inputs)
    }

    private func explainRow(
        _ panel: Dashboard.Panel, _ row: PanelContents.Row
    ) -> ExplainedFigure.Entry {
        let cells = row.cells.enumerated().map { column, cell in
            let name = row.point ?? (panel.points.count > column ? panel.points[column] : "")
            let value = cell.text ?? cell.value.map { exact($0) + " " + cell.unit }
            let age = cell.timeMS.map { NumberText.age(serverNowMS &- $0) }
            return name + "  " + (value ?? t("unknown")) + "  "
                + (cell.total > 1
                    ? t("{0} of {1}", "\(cell.usable)", "\(cell.total)") : t(cell.quality))
                + "  " + t("age {0}", age ?? t("unknown"))
        }
        return ExplainedFigure.Entry(
            name: row.device ?? row.group ?? t(row.title), formula: "", inputs: cells)
    }

    private func explainCourse(_ panel: Dashboard.Panel) -> ExplainedFigure.Entry {
        ExplainedFigure.Entry(
            name: t("the course of {0}", NumberText.age(panel.spanMS)),
            formula: t("a step is the mean of {0}", NumberText.age(panel.step)),
            inputs: [
                t("a gap is a time without a usable value"),
                t("dotted: some of the points had none"),
            ])
    }
}
