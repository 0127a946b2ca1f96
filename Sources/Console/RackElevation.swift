import Screen
import Views

/// The elevation of a rack: a line a unit, or a line a thing where there is less room.
extension Painter {
    /// Columns of a power and of a temperature with the unit it hangs at.
    private static let valueWidth = 8
    private static let frontWidth = 6
    private static let rearWidth = 7

    /// What the lines of one drawing share.
    private struct ElevationStyle {
        /// What names need not say again.
        var rack: RackView
        var unitWidth: Int
        var hasFront: Bool
        var hasRear: Bool
    }

    mutating func drawElevation(_ rack: RackView, _ open: OpenRack, _ rect: Rect) {
        guard let snapshot = model.snapshot, rect.height >= 2 else { return }
        let elevation = Elevation(rack, open.layout)
        drawElevationHeading(elevation, rect)
        guard !elevation.parts.isEmpty || elevation.hasUnits else {
            screen.put(t("the site file names no device here"), in: rect.rows(1, 1), .muted)
            return
        }
        let note = elevationNote(elevation, open)
        let hasDetail = rect.height >= 9
        let isHeaded = elevation.hasUnits && rect.height >= 6
        let area = rect.rows(
            isHeaded ? 2 : 1,
            rect.height - (isHeaded ? 2 : 1) - (hasDetail ? 1 : 0) - (note == nil ? 0 : 1))
        let rows = elevation.rows(room: area.height)
        let probes = RackProbe.all(open, model.rackDevices, elevation).filter { $0.unit != nil }
        let style = ElevationStyle(
            rack: rack,
            unitWidth: rows.contains { Self.isSpan($0) } ? 5 : 2,
            hasFront: probes.contains { $0.isBehind != true },
            hasRear: probes.contains { $0.isBehind == true })
        if isHeaded { drawElevationColumns(style, rect.rows(1, 1)) }
        let figures = RackPartFigures(open, model.rackDevices, snapshot, rack: rack, elevation)
        let selected = elevation.selected(open.selected)
        let line = selected.flatMap { elevation.line(of: $0, in: rows) }
        let window = ListWindow(total: rows.count, height: area.height, selected: line)
        for (offset, index) in window.range.enumerated() {
            drawRow(
                rows[index], elevation, figures, probes, style, selected, area.rows(offset, 1))
        }
        drawElevationArrows(window, rows.count, area)
        if let note {
            screen.put(note, in: rect.rows(rect.height - (hasDetail ? 2 : 1), 1), .faint)
        }
        if hasDetail, let selected {
            drawPartDetail(elevation.parts[selected], figures, rect.rows(rect.height - 1, 1))
        }
    }

    private static func isSpan(_ row: Elevation.Row) -> Bool {
        switch row {
        case .part(_, let units), .empty(let units, _): units.count > 1
        case .side, .unplacedHeading, .unplaced: false
        }
    }

    private mutating func drawElevationHeading(_ elevation: Elevation, _ rect: Rect) {
        let height = elevation.heightUnits
        var note = height > 0 ? "\(height)U" : unknown
        if elevation.hasUnits {
            note = t("{0} of {1}U used", "\(elevation.unitsUsed)", "\(height)")
        }
        screen.heading(t("In the rack"), note: [Span(note, .muted)], in: rect)
    }

    /// Why there is no elevation; nil where there is one.
    private func elevationNote(_ elevation: Elevation, _ open: OpenRack) -> String? {
        if elevation.hasUnits { return nil }
        if open.layout != nil { return t("the site file gives no heights (U)") }
        return open.layoutError.map { t("units not read: {0}", $0) } ?? t("reading the units")
    }

    private mutating func drawElevationColumns(_ style: ElevationStyle, _ line: Rect) {
        let cells = elevationCells(style, line)
        screen.put("U", in: cells.unit, .faint, align: .right)
        screen.put(t("power"), in: cells.value, .faint, align: .right)
        if style.hasFront { screen.put(t("inlet"), in: cells.front, .faint, align: .right) }
        if style.hasRear { screen.put(t("outlet"), in: cells.rear, .faint, align: .right) }
    }

    private struct ElevationCells {
        var unit: Rect
        var rail: Rect
        var name: Rect
        var value: Rect
        var front: Rect
        var rear: Rect
    }

    private func elevationCells(_ style: ElevationStyle, _ line: Rect) -> ElevationCells {
        let parts = line.split(
            columns: [
                .fixed(style.unitWidth), .fixed(1), .share(1), .fixed(Self.valueWidth),
                .fixed(style.hasFront ? Self.frontWidth : 0),
                .fixed(style.hasRear ? Self.rearWidth : 0), .fixed(2),
            ], gap: 0)
        // A column between the rail and the unit, and one behind it.
        let rail = Rect(x: parts[0].right + 1, y: line.y, width: 1, height: 1)
        let name = Rect(
            x: rail.right + 1, y: line.y, width: max(0, parts[3].x - rail.right - 1), height: 1)
        return ElevationCells(
            unit: parts[0], rail: rail, name: name, value: parts[3], front: parts[4],
            rear: parts[5])
    }

    // MARK: Lines

    private mutating func drawRow(
        _ row: Elevation.Row, _ elevation: Elevation, _ figures: RackPartFigures,
        _ probes: [RackProbe], _ style: ElevationStyle, _ selected: Int?, _ line: Rect
    ) {
        let cells = elevationCells(style, line)
        switch row {
        case .side(let index), .unplaced(let index):
            let part = elevation.parts[index]
            let label = part.isAtSide ? "0U" : unknown
            screen.put(label, in: cells.unit, .muted, align: .right)
            drawPart(part, figures, style, cells)
            mark(part, index == selected, line)
        case .unplacedHeading:
            screen.put(t("no U written"), in: line.columns(1), .faint)
        case .part(let index, let units):
            let part = elevation.parts[index]
            let whole = part.units ?? units
            putUnits(units, cells)
            putRail(units, whole, cells)
            if units.upperBound == whole.upperBound {
                drawPart(part, figures, style, cells)
            }
            putProbes(units, probes, cells)
            mark(part, index == selected, line)
        case .empty(let units, let run):
            putUnits(units, cells)
            screen.put(String(glyphs.barEmpty), in: cells.rail, .faint)
            if units.upperBound == run.upperBound, run.count > 1 {
                screen.put(t("{0}U empty", "\(run.count)"), in: cells.name.columns(2), .faint)
            }
            putProbes(units, probes, cells)
        }
    }

    private mutating func mark(_ part: Elevation.Part, _ isSelected: Bool, _ line: Rect) {
        if isSelected { screen.shade(line, .selection) }
        target(part.id, line)
    }

    private mutating func putUnits(_ units: ClosedRange<Int>, _ cells: ElevationCells) {
        let text =
            units.count == 1
            ? "\(units.lowerBound)" : "\(units.lowerBound)-\(units.upperBound)"
        screen.put(text, in: cells.unit, .muted, align: .right)
    }

    /// The outline of a thing at the rail: its upper and lower ends, and what is between.
    private mutating func putRail(
        _ units: ClosedRange<Int>, _ whole: ClosedRange<Int>, _ cells: ElevationCells
    ) {
        let (topLeft, _, bottomLeft, _) = glyphs.corners
        let glyph =
            units == whole
            ? glyphs.horizontal
            : units.upperBound == whole.upperBound
                ? topLeft : units.lowerBound == whole.lowerBound ? bottomLeft : glyphs.vertical
        screen.put(String(glyph), in: cells.rail, .muted)
    }

    private mutating func drawPart(
        _ part: Elevation.Part, _ figures: RackPartFigures, _ style: ElevationStyle,
        _ cells: ElevationCells
    ) {
        let device = part.device.flatMap { model.device(named: $0) }
        let name =
            device?.displayName ?? part.name ?? part.kind.map { model.kindText($0) }
            ?? part.device ?? ""
        let title = Self.shortened(name, style.rack)
        var spans: [Span] = []
        if let alarm = figures.alarm(of: part) {
            spans.append(
                Span(
                    Self.letter(ofPriority: alarm) + " ",
                    Style(Self.ink(ofPriority: alarm), .bold)))
        } else if let device {
            spans.append(Span(glyphs.dot + " ", Style(Self.ink(ofState: device.state))))
        } else {
            spans.append(Span("  "))
        }
        if let feed = device?.feed { spans.append(Span(feed + " ", .accent)) }
        spans.append(Span(title, part.isBlank ? .faint : .plain))
        if let device, device.state != "answering" {
            spans.append(Span("  " + t(device.state), Style(Self.ink(ofState: device.state))))
        } else if part.device != nil, device == nil {
            spans.append(Span("  " + t("never"), .muted))
        }
        screen.put(spans, x: cells.name.x, y: cells.name.y, width: cells.name.width)
        putFigure(figures.figure(of: part), in: cells.value)
    }

    /// A name without the rack's in it: on its page it says nothing. `A10` is not the 0 of `A1`.
    private static func shortened(_ name: String, _ rack: RackView) -> String {
        let separators = " -_."
        func isJoined(_ a: Character?, _ b: Character?) -> Bool {
            guard let a, let b else { return true }
            return a.isASCII && b.isASCII && (a.isLetter || a.isNumber)
                && (b.isLetter || b.isNumber)
        }
        for own in [rack.displayName, rack.name] where name.count > own.count {
            if name.hasPrefix(own) {
                let rest = name.dropFirst(own.count)
                let short = rest.drop { separators.contains($0) }
                if !isJoined(own.last, rest.first), !short.isEmpty { return String(short) }
            } else if name.hasSuffix(own) {
                var rest = name.dropLast(own.count)
                if isJoined(rest.last, own.first) { continue }
                while let last = rest.last, separators.contains(last) { rest.removeLast() }
                if !rest.isEmpty { return String(rest) }
            }
        }
        return name
    }

    private mutating func putFigure(_ figure: RackPartFigures.Figure, in cell: Rect) {
        switch figure {
        case .none: break
        case .off: screen.put(t("off"), in: cell, .faint, align: .right)
        case .unknown(let letter):
            let text = letter.isEmpty ? unknown : letter + " " + unknown
            screen.put(text, in: cell, .faint, align: .right)
        case .watts(let watts):
            let isLarge = abs(watts) >= 1000
            screen.put(
                text(isLarge ? watts / 1000 : watts, digits: isLarge ? 2 : 0,
                    unit: isLarge ? "kW" : "W"), in: cell, .bright, align: .right)
        case .amperes(let amperes):
            screen.put(text(amperes, digits: 1, unit: "A"), in: cell, .bright, align: .right)
        case .celsius(let celsius):
            screen.put(
                text(celsius, digits: 1, unit: glyphs.degree + "C"), in: cell, .bright,
                align: .right)
        }
    }

    /// The temperatures at these units; where a line stands for several, with the unit.
    private mutating func putProbes(
        _ units: ClosedRange<Int>, _ probes: [RackProbe], _ cells: ElevationCells
    ) {
        let here = probes.filter { $0.unit.map(units.contains) ?? false }
        guard !here.isEmpty else { return }
        for (isBehind, cell) in [(false, cells.front), (true, cells.rear)] {
            let side = here.filter { ($0.isBehind ?? false) == isBehind }
            let known = side.filter { Self.isUsable($0.quality) && $0.celsius?.isFinite == true }
            let warmest = known.max { ($0.celsius ?? 0) < ($1.celsius ?? 0) }
            if let warmest, let celsius = warmest.celsius {
                let isSpan = units.count > 1
                let at = isSpan ? "@\(warmest.unit ?? 0)" : ""
                screen.put(
                    text(celsius, digits: isSpan ? 0 : 1) + at, in: cell,
                    Style(HeatScale.inlet.ink(celsius), .bold), align: .right)
            } else if let first = side.first {
                screen.put(
                    Self.letter(of: first.quality) + " " + unknown, in: cell, .faint,
                    align: .right)
            }
        }
    }

    /// That there is more above and below.
    private mutating func drawElevationArrows(_ window: ListWindow, _ count: Int, _ area: Rect) {
        let edge = area.columns(area.width - 1, 1)
        if window.first > 0 { screen.put(glyphs.up, in: edge.rows(0, 1), .accent) }
        if window.range.upperBound < count {
            screen.put(glyphs.down, in: edge.rows(area.height - 1, 1), .accent)
        }
    }

    // MARK: The selected part

    /// Where it hangs and what it is on, or how it answers.
    private mutating func drawPartDetail(
        _ part: Elevation.Part, _ figures: RackPartFigures, _ line: Rect
    ) {
        var spans: [Span] = [Span(glyphs.cursor + " ", .accent)]
        if let units = part.units {
            spans.append(
                Span(
                    units.count == 1
                        ? "U\(units.lowerBound)" : "U\(units.lowerBound)-\(units.upperBound)",
                    .bright))
        } else {
            spans.append(Span(part.isAtSide ? t("at the side") : t("no U written"), .muted))
        }
        if let device = part.device {
            let summary = model.device(named: device)
            spans.append(Span("  " + device))
            if line.width >= 60 { spans.append(Span("  " + (summary?.profile ?? ""), .muted)) }
            spans.append(
                Span("  " + t("last {0} ago", age(of: summary?.lastAnswerMS)), .muted))
        } else {
            if let kind = part.kind { spans.append(Span("  " + model.kindText(kind), .muted)) }
            for name in part.outlets {
                let outlet = figures.outlets[name]
                let value = outlet?.state == "off" ? t("off") : outlet?.valueText ?? unknown
                spans += [Span("  " + name + " ", .muted), Span(value, .bright)]
            }
        }
        screen.put(spans, x: line.x, y: line.y, width: line.width)
    }
}
