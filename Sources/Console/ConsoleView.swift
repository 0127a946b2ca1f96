import Model
package import Screen
import Views

/// Draws the model. Pure: the same model gives the same screen.
package enum ConsoleView {
    /// Below this nothing useful fits.
    package static let minimumSize = Size(width: 40, height: 10)

    package static func draw(
        _ model: ConsoleModel, size: Size, capabilities: DisplayCapabilities
    ) -> Screen {
        var painter = Painter(model, Screen(size: size, glyphs: capabilities.glyphs), capabilities)
        painter.draw()
        return painter.screen
    }
}

/// The screen under way and what all pages share. Pages are extensions in files of their own.
struct Painter {
    let model: ConsoleModel
    var screen: Screen
    let capabilities: DisplayCapabilities
    /// Asked for with every figure.
    let isStale: Bool
    let serverNowMS: Int64
    /// Presses are seldom: only then it is noted what they meet.
    var wantsTargets = false
    /// What a press of the mouse on a part of the screen means, later ones over earlier ones.
    var targets: [(place: Rect, target: ClickTarget)] = []

    init(_ model: ConsoleModel, _ screen: Screen, _ capabilities: DisplayCapabilities) {
        self.model = model
        self.screen = screen
        self.capabilities = capabilities
        isStale = model.isStale
        serverNowMS = model.serverNowMS
    }

    /// Lines below the header for why there is no connection, and the cure.
    private static let reasonLines = 3

    var glyphs: GlyphSet { screen.glyphs }
    var unknown: String { glyphs.unknown }

    mutating func draw() {
        let size = screen.size
        guard size.width >= ConsoleView.minimumSize.width,
            size.height >= ConsoleView.minimumSize.height
        else { return drawTooSmall() }
        drawTitleBar()
        drawFigures()
        drawTabs()
        var body = Rect(x: 1, y: 4, width: size.width - 2, height: size.height - 5)
        drawSeparator()
        if model.pictureMS != nil, case .lost(let reason, _) = model.connection {
            let lines = TextWrap.lines(model.shownReason(reason), width: body.width).prefix(
                Self.reasonLines)
            for (index, line) in lines.enumerated() {
                screen.put(line, in: body.rows(index, 1), .critical)
            }
            body = body.rows(lines.count)
        }
        if model.pictureMS == nil {
            drawWaiting(body)
        } else {
            drawPage(body)
        }
        drawBottomLine()
        drawSearch(body)
        drawCompletion(body)
        drawExplained(body)
        if model.isHelpShown { HelpText.overlay(model).draw(on: &screen) }
    }

    private mutating func drawTooSmall() {
        let least = ConsoleView.minimumSize
        let lines = [
            t("terminal too small"), t("needs {0}x{1}", "\(least.width)", "\(least.height)"),
        ]
        let top = max(0, (screen.size.height - lines.count) / 2)
        for (index, line) in lines.enumerated() {
            screen.put(
                [Span(line, index == 0 ? .bright : .muted)], x: 0, y: top + index,
                width: screen.size.width, align: .centre)
        }
    }

    private mutating func drawPage(_ body: Rect) {
        if model.openDevice != nil { return drawDevice(body) }
        switch model.page {
        case .overview: drawOverview(body)
        case .racks where model.isRackOpen: drawRackPage(body)
        case .racks: drawRacks(body)
        case .devices: drawDevices(body)
        case .alarms: drawAlarms(body)
        case .power: drawPower(body)
        case .cooling: drawCooling(body)
        case .energy: drawEnergy(body)
        case .dashboard: drawDashboard(body)
        }
    }

    private mutating func drawWaiting(_ body: Rect) {
        var lines: [[Span]] = [[Span(t("waiting for the first figures"), .bright)]]
        lines.append([Span(t("from {0}", model.target), .muted)])
        if case .lost(let reason, _) = model.connection {
            lines = [[Span(t("not connected"), Style(.critical, .bold))], []]
            let width = min(body.width, 76)
            lines += TextWrap.lines(model.shownReason(reason), width: width).map { [Span($0)] }
            lines += [[], [Span(t("trying again every few seconds; q leaves"), .muted)]]
        }
        let top = body.y + max(0, (body.height - lines.count) / 2)
        for (index, line) in lines.enumerated() where index < body.height {
            screen.put(line, x: body.x, y: top + index, width: body.width, align: .centre)
        }
    }

    // MARK: Frame

    private mutating func drawTitleBar() {
        let width = screen.size.width
        let bar = Rect(x: 0, y: 0, width: width, height: 1)
        var left = [Span(" frostline ", .title)]
        var right: [Span] = []
        if let snapshot = model.snapshot {
            left.append(Span(" " + snapshot.displayName, .bright))
            if width >= 100 { left.append(Span("  " + snapshot.site, .muted)) }
            if let pair = snapshot.health.pair, width >= 80 {
                let isWhole = pair.condition == "whole"
                let text = "  \(pair.role) \(pair.state)" + (isWhole ? "" : ", \(pair.condition)")
                left.append(Span(text, isWhole ? Style(.muted) : Style(.high, .bold)))
            }
            right.append(Span(timeText(snapshot), .plain))
        }
        right.append(Span("  "))
        right += connectionSpans
        right.append(Span(" "))
        let used = right.reduce(0) { $0 + CharacterWidth.columns(of: $1.text) }
        screen.put(left, x: 0, y: 0, width: max(11, width - used - 1))
        if used + 11 <= width { screen.put(right, x: width - used, y: 0, width: used) }
        screen.shade(bar, .titleBar)
    }

    /// The site's civil time by the daemon's clock.
    private func timeText(_ snapshot: SiteView) -> String {
        let moment = Instant(milliseconds: isStale ? snapshot.timeMS : serverNowMS)
        let offset = min(max(snapshot.offsetMinutes, -1440), 1440)
        let civil = CivilTime(moment, offsetMinutes: offset)
        if screen.size.width < 70 { return civil.clockText }
        let sign = offset < 0 ? "-" : "+"
        let zone = sign + padded(abs(offset) / 60, 2) + ":" + padded(abs(offset) % 60, 2)
        return civil.dateText + " " + civil.clockText + " " + zone
    }

    private var connectionSpans: [Span] {
        if let pastSpans { return pastSpans }
        return switch model.connection {
        case .connecting: [Span(glyphs.dot + " " + t("connecting"), .medium)]
        case .live where isStale: [Span(glyphs.dot + " " + t("silent"), .high)]
        case .live: [Span(glyphs.dot + " " + t("live"), .good)]
        case .lost: [Span(glyphs.dot + " " + t("offline"), Style(.critical, .bold))]
        }
    }

    private mutating func drawFigures() {
        guard let header = model.snapshot?.header else { return }
        let wide = screen.size.width >= 72
        var spans: [Span] = [Span("PUE ", .muted), figure(header.pue, digits: 2, unit: "")]
        if wide, let category = header.pueCategory {
            spans.append(Span(" " + t("cat {0}", "\(category)"), .faint))
        }
        spans += [Span("   "), figure(kilowatts(header.totalWatts), digits: 1, unit: "kW")]
        let cost = [
            Span("   "),
            figure(
                header.costYuanPerHour, digits: wide ? 2 : 0, unit: wide ? t("yuan/h") : t("y/h")),
        ]
        let alarms = alarmCounts(header, word: wide)
        let room = screen.size.width - Self.columns(of: alarms) - 3
        // A figure of which the end is cut off would be another one.
        if Self.columns(of: spans + cost) <= room { spans += cost }
        if isStale { spans = spans.map { Span($0.text, .faint) } }
        screen.put(spans, x: 1, y: 1, width: room)
        screen.put(
            alarms, x: 1, y: 1, width: screen.size.width - 2, align: .right)
    }

    /// `C 1  H 2  M 3  L 0`: a letter and a count for each priority, faint where none.
    func alarmCounts(_ header: HeaderView, word: Bool) -> [Span] {
        let counts: [(String, Int, Ink)] = [
            ("C", header.alarmsCritical, .critical), ("H", header.alarmsHigh, .high),
            ("M", header.alarmsMedium, .medium), ("L", header.alarmsLow, .low),
        ]
        var spans: [Span] = word ? [Span(t("alarms") + " ", .muted)] : []
        for (letter, count, ink) in counts {
            let style = count > 0 ? Style(ink, .bold) : Style.faint
            spans.append(Span(" \(letter) \(count)", style))
        }
        return spans
    }

    private mutating func drawTabs() {
        var x = 0
        let short = screen.size.width < 76
        for page in model.pages {
            let isShown = page == model.page
            let title = short && !isShown ? "" : " " + t(Self.title(of: page))
            let text = " \(page.rawValue)\(title) "
            let style = isShown ? Style(.bright, fill: .selection, .bold) : Style.muted
            let used = screen.put(text, x: x, y: 2, width: screen.size.width - x, style)
            if wantsTargets {
                targets.append((Rect(x: x, y: 2, width: used, height: 1), .page(page)))
            }
            x += used
        }
        if let device = model.openDevice {
            screen.put(
                [Span(" " + glyphs.cursor + " ", .accent), Span(device.name, .bright)], x: x, y: 2,
                width: screen.size.width - x)
        } else if model.isRackOpen, let rack = model.selectedRackView {
            screen.put(
                [Span(" " + glyphs.cursor + " ", .accent), Span(rack.displayName, .bright)], x: x,
                y: 2, width: screen.size.width - x)
        }
    }

    static func title(of page: ConsoleModel.Page) -> String {
        switch page {
        case .overview: "Overview"
        case .racks: "Racks"
        case .devices: "Devices"
        case .alarms: "Alarms"
        case .power: "Power"
        case .cooling: "Cooling"
        case .energy: "Energy"
        case .dashboard: "Board"
        }
    }

    /// A thin line below the header; the place where a lost connection is told.
    private mutating func drawSeparator() {
        let line = Rect(x: 0, y: 3, width: screen.size.width, height: 1)
        if drawPastLine(line) { return }
        guard model.pictureMS != nil, isStale else {
            screen.fill(line, glyphs.horizontal, .rule)
            return
        }
        let age = NumberText.age(model.nowMS - model.receivedMS)
        var text = t("STALE {0}: no news on an open connection; check the daemon's load", age)
        if case .lost = model.connection {
            text = t("OFFLINE: these figures are {0} old; trying again every few seconds", age)
        }
        screen.fill(line, " ", Style(.onFill, fill: .critical))
        screen.put(
            [Span(" " + text, Style(.onFill, fill: .critical, .bold))], x: 0, y: 3,
            width: line.width - 1)
    }

    // MARK: Pieces

    static func columns(of spans: [Span]) -> Int {
        spans.reduce(0) { $0 + CharacterWidth.columns(of: $1.text) }
    }

    /// Parts of a line one after the other, as many as fit whole; the first in any case.
    mutating func putWhole(_ parts: [[Span]], gap: Int = 2, in line: Rect) {
        guard !line.isEmpty else { return }
        var x = line.x
        for (index, part) in parts.enumerated() where !part.isEmpty {
            guard index == 0 || x + Self.columns(of: part) <= line.right else { return }
            x += screen.put(part, x: x, y: line.y, width: line.right - x) + gap
        }
    }

    func kilowatts(_ watts: Double?) -> Double? { watts.map { $0 / 1000 } }

    /// A number with its unit; the sign for "unknown" where there is none, never a zero.
    func text(_ value: Double?, digits: Int, unit: String = "") -> String {
        guard let value, let text = NumberText.fixed(value, digits: digits) else { return unknown }
        return unit.isEmpty ? text : text + " " + unit
    }

    func figure(_ value: Double?, digits: Int, unit: String) -> Span {
        let known = value?.isFinite == true
        return Span(text(value, digits: digits, unit: unit), known ? .bright : .faint)
    }

    static func isUsable(_ quality: String) -> Bool {
        quality == "good" || quality == "late" || quality == "substituted"
    }

    /// The letter that stands for a quality that is not good; empty for good.
    static func letter(of quality: String) -> String {
        switch quality {
        case "good": ""
        case "late": "l"
        case "substituted": "u"
        case "stale": "s"
        case "bad": "b"
        default: "a"
        }
    }

    static func ink(ofPriority priority: String) -> Ink {
        switch priority {
        case "critical": .critical
        case "high": .high
        case "medium": .medium
        case "low": .low
        default: .muted
        }
    }

    static func letter(ofPriority priority: String) -> String {
        switch priority {
        case "critical": "C"
        case "high": "H"
        case "medium": "M"
        case "low": "L"
        default: "?"
        }
    }

    func age(of timeMS: Int64?) -> String {
        guard let timeMS else { return unknown }
        return NumberText.age(serverNowMS &- timeMS)
    }

    static func ink(ofMode mode: String) -> Ink {
        switch mode {
        case "FULL": .good
        case "PARTIAL": .accent
        case "MECH": .medium
        default: .muted
        }
    }
}
