import Screen
import Views

/// The figures of the rack that is selected on the map, beside or below it.
extension Painter {
    mutating func drawRackDetail(_ snapshot: SiteView, _ rack: RackView, _ rect: Rect) {
        guard rect.height >= 2 else { return drawRackLine(rack, rect) }
        let row = model.selectedPosition.map { snapshot.rows[$0.row] }
        let place = [row?.hall, row?.displayName].compactMap(\.self).joined(separator: " / ")
        screen.heading(
            t("Rack {0}", rack.displayName), note: [Span(rack.name, .muted)], in: rect)
        let degree = glyphs.degree + "C"
        var entries: [(String, [Span])] = [
            ("inlet", [figure(rack.inletCelsius, digits: 1, unit: degree)]),
            ("outlet", [figure(rack.outletCelsius, digits: 1, unit: degree)]),
            ("humidity", [figure(rack.humidityPercent, digits: 0, unit: "%")]),
            (
                "power",
                [
                    figure(kilowatts(rack.watts), digits: 2, unit: "kW"),
                    Span(" " + t("of {0} kW", text(rack.ratedWatts / 1000, digits: 1)), .muted),
                ]
            ),
            ("feed A", [figure(kilowatts(rack.feedAWatts), digits: 2, unit: "kW")]),
            (
                "feed B",
                [
                    figure(kilowatts(rack.feedBWatts), digits: 2, unit: "kW"),
                    Span(
                        rack.imbalance.map {
                            "  " + t("apart {0}", text($0 * 100, digits: 0, unit: "%"))
                        } ?? "", .muted),
                ]
            ),
        ]
        let good = Self.isUsable(rack.quality)
        entries.append(
            (
                "quality",
                [
                    Span(t(rack.quality), good ? Style(.good) : Style(.high)),
                    Span(
                        "  " + t("age {0}", rack.ageMS.map(NumberText.age) ?? unknown), .muted),
                ]
            ))
        let alarm = rack.alarm.map { Span(t($0), Style(Self.ink(ofPriority: $0), .bold)) }
        entries.append(("alarm", [alarm ?? Span(t("none"), .faint)]))
        if rect.height >= 12 {
            drawTallDetail(rack, place, entries, rect)
        } else {
            drawFlatDetail(rack, place, entries, rect)
        }
    }

    /// What has room on a low screen.
    private mutating func drawRackLine(_ rack: RackView, _ line: Rect) {
        guard !line.isEmpty else { return }
        let alarm = rack.alarm.map { Self.letter(ofPriority: $0) + " " } ?? ""
        screen.put(
            [
                Span(alarm, Style(Self.ink(ofPriority: rack.alarm ?? ""), .bold)),
                Span(rack.displayName + "  ", .title),
                figure(rack.inletCelsius, digits: 1, unit: glyphs.degree + "C"), Span("  "),
                figure(kilowatts(rack.watts), digits: 2, unit: "kW"), Span("  "),
                figure(rack.load.map { $0 * 100 }, digits: 0, unit: "%"),
            ], x: line.x, y: line.y, width: line.width)
    }

    private mutating func drawTallDetail(
        _ rack: RackView, _ place: String, _ entries: [(String, [Span])], _ rect: Rect
    ) {
        var y = 1
        screen.put(
            place + "  \(rack.heightUnits)U", in: rect.rows(y, 1), .muted)
        y += 2
        for (index, entry) in entries.enumerated() {
            let line = rect.rows(y, 1)
            guard !line.isEmpty else { return }
            screen.put(t(entry.0), in: line.columns(0, 10), .muted)
            screen.put(entry.1, x: line.x + 10, y: line.y, width: line.width - 10)
            y += 1
            if index == 2 || index == 5 { y += 1 }
            if index == 3 {
                let ink = rack.load.map { HeatScale.load.ink($0 * 100) } ?? .muted
                screen.bar(rack.load, in: rect.rows(y, 1).columns(10), ink)
                y += 1
            }
        }
        y += 1
        screen.put(t("devices"), in: rect.rows(y, 1), .muted)
        for (index, device) in rack.devices.enumerated() {
            screen.put(device, in: rect.rows(y + index, 1).columns(10))
        }
    }

    private mutating func drawFlatDetail(
        _ rack: RackView, _ place: String, _ entries: [(String, [Span])], _ rect: Rect
    ) {
        let cells = rect.rows(1).split(columns: [.fixed(27), .share(1), .fixed(28)], gap: 2)
        for (index, entry) in entries.enumerated() {
            let cell = cells[index % 3].rows(index / 3, 1)
            guard !cell.isEmpty else { continue }
            screen.put(t(entry.0), in: cell.columns(0, 9), .muted)
            screen.put(entry.1, x: cell.x + 9, y: cell.y, width: cell.width - 9)
        }
        let place = Span("\(place)  \(rack.heightUnits)U", .muted)
        screen.put([place], x: cells[2].x, y: cells[2].y + 2, width: cells[2].width)
        let load = rect.rows(4, 1)
        if !load.isEmpty {
            screen.put(t("load"), in: load.columns(0, 9), .muted)
            screen.put(
                text(rack.load.map { $0 * 100 }, digits: 0, unit: "%"),
                in: load.columns(9, 6), .bright)
            let ink = rack.load.map { HeatScale.load.ink($0 * 100) } ?? .muted
            screen.bar(rack.load, in: load.columns(16), ink)
        }
        screen.put(
            [Span(t("devices") + "  ", .muted), Span(rack.devices.joined(separator: "  "))],
            x: rect.x,
            y: rect.y + 5, width: rect.height > 5 ? rect.width : 0)
    }
}
