import Model
import Screen
import Views

/// View 6: the cooling units, and how much of the work the cold outside does.
extension Painter {
    mutating func drawCooling(_ body: Rect) {
        guard let snapshot = model.snapshot else { return }
        let header = snapshot.header
        let mode = header.freeCoolingMode ?? "UNKNOWN"
        screen.heading(
            t("Cooling"), note: [Span(t("{0} units", "\(snapshot.cooling.count)"), .muted)],
            in: body)
        let isLow = body.height < Self.leastHeight
        func part(_ label: String, _ figure: Span) -> [Span] {
            [Span(t(label) + " ", .muted), figure]
        }
        let freeHours = figure(header.freeCoolingHoursToday, digits: 1, unit: "h")
        let outdoor = figure(header.outdoorCelsius, digits: 1, unit: glyphs.degree + "C")
        var parts = [
            part("free cooling", Span(t(mode), Style(Self.ink(ofMode: mode), .bold))),
            part("today", freeHours), part("outdoor", outdoor),
            part("power", figure(kilowatts(header.coolingWatts), digits: 1, unit: "kW")),
        ]
        if isLow { parts.insert(part("missed", missedSpans[0]), at: 2) }
        putWhole(parts, in: body.rows(1, 1))
        let all = body.rows(isLow ? 2 : 3)
        guard !snapshot.cooling.isEmpty else {
            screen.put(t("the site file names no cooling units"), in: all.rows(0, 1), .muted)
            return
        }
        let units = snapshot.cooling
        let wide = all.width >= 110
        // What the weather would have allowed stays in sight below a list of any length.
        let area = all.rows(0, isLow ? all.height : max(2, all.height - Self.potentialHeight - 1))
        var table = Table(columns: coolingColumns(wide: wide), count: units.count)
        table.selected = model.selectedUnitRow ?? 0
        let cells = table.places(in: area)
        let window = table.window(in: area)
        let rows = window.range.map { coolingCells(units[$0]) }
        table.draw(on: &screen, in: area, rows: rows)
        target(window.range.map { units[$0].name }, rowsOf: area)
        drawPotential(snapshot, all.rows(window.count + 2))
        guard wide else { return }
        for (line, index) in window.range.enumerated() {
            let bars: [(Int, Double?, Ink)] = [
                (5, units[index].fanPercent, .cooling), (7, units[index].compressorPercent, .loss),
            ]
            for (column, percent, ink) in bars {
                let bar = cells[column].rows(1 + line, 1).columns(6)
                screen.bar(percent.map { $0 / 100 }, in: bar, ink)
            }
        }
    }

    /// Lines of the page from which on there is room for more than the list, and of what is below.
    private static let leastHeight = 12
    private static let potentialHeight = 4

    private func coolingColumns(wide: Bool) -> [Table.Column] {
        let degree = glyphs.degree + "C"
        func unit(_ title: String, _ unit: String) -> String { t(title) + " " + unit }
        return [
            .init(t("UNIT"), .share(2), least: 14), .init(t("MODE"), .fixed(7)),
            .init(unit(wide ? "SUPPLY" : "SUP", degree), .fixed(wide ? 9 : 7), .right),
            .init(unit(wide ? "RETURN" : "RET", degree), .fixed(wide ? 9 : 7), .right, rank: 1),
            .init(unit("DIFF", "K"), .fixed(6), .right, rank: 3),
            .init(t("FAN"), wide ? .share(2) : .fixed(5), wide ? .left : .right, rank: 2),
            .init(t("VALVE"), .fixed(5), .right, rank: 8),
            .init(
                wide ? t("COMPRESSOR") : t("COMPR"), wide ? .share(2) : .fixed(5),
                wide ? .left : .right, rank: 4),
            .init(t("FREE"), .fixed(6), .right, rank: 5),
            .init(t("MISSED"), .fixed(6), .right, rank: 6),
            .init(t("POWER"), .fixed(8), .right, rank: 7), .init("Q", .fixed(1)),
        ]
    }

    /// What the cold outside could do against what it does, as far as the units tell, and what the
    /// difference has cost today.
    private mutating func drawPotential(_ snapshot: SiteView, _ rect: Rect) {
        guard rect.height >= 4 else { return }
        screen.heading(t("Free cooling: potential and actual"), in: rect)
        let lines: [(String, [Span])] = [
            ("actual", actualSpans(snapshot)), ("possible", possibleSpans(snapshot)),
            ("missed today", missedSpans),
        ]
        for (index, line) in lines.enumerated() {
            let place = rect.rows(1 + index, 1)
            screen.put(t(line.0), in: place.columns(0, 13), .muted)
            screen.put(line.1, x: place.x + 14, y: place.y, width: place.width - 14)
        }
    }

    private func actualSpans(_ snapshot: SiteView) -> [Span] {
        let units = snapshot.cooling
        var known = 0
        var free = 0.0
        var used = 0.0
        for place in units.indices {
            guard let own = units[place].freePercent,
                let compressor = units[place].compressorPercent,
                Self.isUsable(units[place].quality)
            else { continue }
            let weight = units[place].ratedWatts ?? 1
            known += 1
            free += own * weight
            used += (own + compressor) * weight
        }
        let actual = used > 0 ? free / used : nil
        let tell = t(
            "of the capacity in use; {0} of {1} units tell", "\(known)", "\(units.count)")
        return [
            figure(actual.map { $0 * 100 }, digits: 0, unit: "%"), Span("  " + tell, .muted),
        ]
    }

    private func possibleSpans(_ snapshot: SiteView) -> [Span] {
        if let hours = model.state.cooling?.units.compactMap(\.possibleHours), !hours.isEmpty {
            let most = hours.max() ?? 0
            return [
                figure(most, digits: 1, unit: "h"),
                Span("  " + t("so far today the weather allowed it without compressors"), .muted),
            ]
        }
        guard let outdoor = snapshot.header.outdoorCelsius else {
            return [Span(t("no outdoor temperature"), .faint)]
        }
        let colder = snapshot.cooling.count { $0.returnCelsius.map { outdoor < $0 } == true }
        return [Span(t("outdoor air is colder than the return air of {0} units", "\(colder)"))]
    }

    private var missedSpans: [Span] {
        if let error = model.state.coolingError { return [Span(t("not read: {0}", error), .high)] }
        guard let day = model.state.cooling else { return [Span(unknown, .faint)] }
        if let problem = day.problem { return [Span(problem, .high)] }
        guard let missed = day.missed else {
            return [Span(t("being computed from the readings of the month"), .muted)]
        }
        let ink: Ink = missed.hours > 0 ? .high : .good
        var spans = [
            Span(text(missed.hours, digits: 1, unit: "h"), Style(ink, .bold)),
            Span("  "), figure(missed.energyKWh, digits: 1, unit: "kWh"), Span("  "),
            figure(missed.amountYuan, digits: 2, unit: t("yuan")),
        ]
        if missed.unvaluedHours > 0 {
            let hours = text(missed.unvaluedHours, digits: 1, unit: "h")
            spans.append(Span("  " + t("{0} without power or price", hours), .medium))
        }
        let until = t("until {0}", model.momentText(day.endMS))
        let more = day.isComputing ? ", " + t("being computed") : ""
        return spans + [Span("  " + until + more, .faint)]
    }

    private func missed(_ unit: CoolingView) -> Span {
        guard let missed = model.missedCooling(unit.name) else { return Span(unknown, .faint) }
        return Span(
            text(missed.hours, digits: 1, unit: "h"), Style(missed.hours > 0 ? .high : .muted))
    }

    private func coolingCells(_ unit: CoolingView) -> [Span] {
        let good = Self.isUsable(unit.quality)
        let style = good ? Style.plain : Style.faint
        var difference: Double?
        if let supply = unit.supplyCelsius, let back = unit.returnCelsius {
            difference = back - supply
        }
        return [
            Span(unit.displayName), Span(t(unit.mode), Style(Self.ink(ofMode: unit.mode), .bold)),
            Span(text(unit.supplyCelsius, digits: 1), style),
            Span(text(unit.returnCelsius, digits: 1), style),
            Span(text(difference, digits: 1), style),
            Span(text(unit.fanPercent, digits: 0, unit: "%"), style),
            Span(text(unit.valvePercent, digits: 0, unit: "%"), style),
            Span(text(unit.compressorPercent, digits: 0, unit: "%"), style),
            Span(text(unit.freePercent, digits: 0, unit: "%"), style),
            missed(unit),
            Span(text(kilowatts(unit.watts), digits: 1, unit: "kW"), style),
            Span(Self.letter(of: unit.quality), .high),
        ]
    }
}

extension ConsoleModel {
    /// The row of the selected unit; nil where it is gone.
    var selectedUnitRow: Int? {
        guard let selectedUnit, let all = snapshot?.cooling else { return nil }
        return all.indices.first { all[$0].name == selectedUnit }
    }

    /// What a unit has missed on the day that is shown.
    func missedCooling(_ unit: String) -> CoolingDayView.Missed? {
        guard let units = state.cooling?.units else { return nil }
        return units.indices.first { units[$0].name == unit }.map { units[$0].missed }
    }

    mutating func take(_ day: CoolingDayView) {
        state.cooling = day
        state.coolingError = nil
        guard day.isComputing else { return }
        // Once is not enough for a moment that is still being computed.
        past.done.removeAll { if case .loadCoolingDay = $0 { true } else { false } }
    }
}
