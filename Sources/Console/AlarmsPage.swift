import Model
import Screen
import Views

/// View 4: what is wrong, what follows from it, and what to do; what is hidden and why; what was.
extension Painter {
    mutating func drawAlarms(_ body: Rect) {
        guard let snapshot = model.snapshot else { return }
        drawAlarmHeading(snapshot, body)
        let area = body.rows(1)
        if model.state.alarmList == .history { return drawAlarmHistory(area) }
        let model = model
        let lines = model.alarmLines
        guard !lines.isEmpty, let chosen = model.chosenAlarm else {
            return drawNoAlarm(snapshot, area)
        }
        // On a low screen the list comes before the words about one of it.
        let detailHeight =
            area.height < Self.leastHeight
            ? 0 : min(min(max(8, area.height / 3), 14), area.height / 2)
        let parts = area.split(rows: [.share(1), .fixed(detailHeight)])
        var table = Table(columns: alarmColumns(area.width), count: lines.count)
        table.selected = model.selectedAlarmLine ?? 0
        let window = table.window(in: parts[0])
        let rows = window.range.map { alarmCells(lines[$0]) }
        table.draw(on: &screen, in: parts[0], rows: rows)
        target(window.range.map { model.name(of: lines[$0]) }, rowsOf: parts[0])
        drawAlarmDetail(chosen, parts[1])
    }

    private static let leastHeight = 8

    private mutating func drawAlarmHeading(_ snapshot: SiteView, _ body: Rect) {
        let list = model.state.alarmList
        var note: [Span] = []
        if !model.alarmFilter.isEmpty {
            note.append(Span(t("filter") + " `\(model.alarmFilter)`  ", .accent))
        }
        if let hidden = snapshot.hiddenCounts, list != .history, hidden.all > 0, body.width >= 60 {
            note.append(
                Span(
                    t("shelved") + " \(hidden.shelved)  " + t("suppressed")
                        + " \(hidden.suppressed)  " + t("out of service")
                        + " \(hidden.outOfService)  ", .muted))
        }
        if list == .active { note += alarmCounts(snapshot.header, word: false) }
        let title =
            switch list {
            case .active: t("Alarms")
            case .hidden: t("Hidden alarms")
            case .history: t("Alarm history")
            }
        screen.heading(title, note: note, in: body)
    }

    /// Says that there is none; of a site of whose alarms only the number is known here, that.
    mutating func putNoAlarm(_ snapshot: SiteView, in line: Rect) {
        let header = snapshot.header
        let count =
            header.alarmsCritical &+ header.alarmsHigh &+ header.alarmsMedium &+ header.alarmsLow
        guard count > 0, snapshot.alarms.isEmpty else {
            return screen.put(t("no active alarm"), in: line, Style(.good))
        }
        screen.put(t("{0} alarms; the site itself lists them", "\(count)"), in: line, .muted)
    }

    private mutating func drawNoAlarm(_ snapshot: SiteView, _ area: Rect) {
        if model.state.alarmList == .hidden {
            let text =
                snapshot.hiddenCounts == nil
                ? t("this daemon does not tell of hidden alarms") : t("no alarm is hidden")
            return screen.put(text, in: area.rows(1, 1), .muted)
        }
        if snapshot.alarms.isEmpty {
            putNoAlarm(snapshot, in: area.rows(1, 1))
        } else {
            screen.put(t("no alarm matches the filter"), in: area.rows(1, 1), Style(.good))
        }
        if let hidden = snapshot.hiddenCounts, hidden.all > 0 {
            screen.put(
                t("{0} are hidden; v shows them", "\(hidden.all)"), in: area.rows(2, 1), .muted)
        } else if snapshot.alarms.isEmpty {
            screen.put(
                t("v shows hidden alarms, and once more what was"), in: area.rows(2, 1), .muted)
        }
    }

    private func alarmColumns(_ width: Int) -> [Table.Column] {
        var columns: [Table.Column] = [
            .init("P", .fixed(1)), .init(t("STATE"), .fixed(6), rank: 2),
            .init(t("AGE"), .fixed(7), .right, rank: 1),
            .init(t("WHAT"), .share(5), least: 16),
            .init(t("WHERE"), .share(width >= 100 ? 3 : 4), least: 11),
            .init(t("VALUE"), .fixed(width >= 100 ? 12 : 10), .right, rank: 3),
        ]
        if width >= 120 { columns.append(.init(t("POINT"), .share(4))) }
        return columns
    }

    private func alarmCells(_ line: ConsoleModel.AlarmLine) -> [Span] {
        switch line {
        case .alarm(let place):
            return model.alarm(at: place).map { alarmCells($0, indent: "") } ?? []
        case .child(let place, let isLast):
            let indent = isLast ? glyphs.lastBranch : glyphs.branch
            return model.alarm(at: place).map { alarmCells($0, indent: indent) } ?? []
        case .device(let name, _, let isLast):
            let title = model.device(named: name)?.displayName ?? name
            return [
                Span(" "), Span(""), Span(""),
                Span((isLast ? glyphs.lastBranch : glyphs.branch) + t("not reached"), .muted),
                Span(title, .muted), Span(""), Span(name, .muted),
            ]
        }
    }

    private func alarmCells(_ alarm: AlarmView, indent: String) -> [Span] {
        let ink = Self.ink(ofPriority: alarm.priority)
        let waits = ConsoleModel.isUnacknowledged(alarm) && alarm.hiding == nil
        var what = alarm.cause
        if let count = alarm.childrenCount, count > 0 {
            let isOpen = model.state.expandedAlarms.contains(alarm.id)
            // How many it explains comes before its text, which may be cut.
            what = (isOpen ? glyphs.down : glyphs.cursor) + "\(count) " + what
        }
        return [
            Span(Self.letter(ofPriority: alarm.priority), Style(ink, .bold)),
            Span(stateText(alarm), waits ? Style(ink, .bold) : .muted),
            Span(age(of: alarm.hiding == nil ? alarm.raisedMS : alarm.hiddenSinceMS), .muted),
            Span(indent + what, waits ? .plain : .muted),
            Span(whereText(of: alarm), .muted),
            Span(alarm.valueText.isEmpty ? unknown : alarm.valueText),
            Span(alarm.device + (alarm.point.isEmpty ? "" : "/" + alarm.point), .muted),
        ]
    }

    /// The state of ISA-18.2, or what hides the alarm, in six letters.
    func stateText(_ alarm: AlarmView) -> String {
        switch alarm.hiding {
        case HiddenState.shelved.rawValue?: t("SHELVD")
        case HiddenState.suppressed.rawValue?: t("SUPPR")
        case HiddenState.outOfService.rawValue?: t("OOS")
        default: t(alarm.state)
        }
    }

    /// Two alarms in one room must not look alike: the device by the name people gave it.
    func whereText(of alarm: AlarmView) -> String {
        model.device(named: alarm.device)?.displayName ?? alarm.device
    }

    // MARK: One alarm

    private mutating func drawAlarmDetail(_ alarm: AlarmView, _ rect: Rect) {
        guard rect.height >= 2 else { return }
        let ink = Self.ink(ofPriority: alarm.priority)
        screen.heading(
            alarm.rule,
            note: [
                Span(t(alarm.priority), Style(ink, .bold)), Span(" " + t(alarm.state)),
                Span(alarm.isRaised == true ? "  " + t("raised: both paths are lost") : "", .high),
            ], in: rect)
        let point = alarm.device + (alarm.point.isEmpty ? "" : "/" + alarm.point)
        var entries: [(String, String)] = [
            ("cause", alarm.cause), ("leads to", alarm.consequence), ("do", alarm.action),
            ("point", point + (alarm.valueText.isEmpty ? "" : "  " + alarm.valueText)),
            (
                "since",
                t(
                    "raised {0} ago, changed {1} ago", age(of: alarm.raisedMS),
                    age(of: alarm.changedMS))
            ),
        ]
        entries += hidingEntries(alarm)
        if let by = alarm.acknowledgedBy {
            entries.append(("seen by", by + (alarm.comment.map { ": " + $0 } ?? "")))
        } else if let comment = alarm.comment, !comment.isEmpty {
            entries.append(("comment", comment))
        }
        var y = 1
        for (label, text) in entries where !text.isEmpty {
            screen.put(t(label), in: rect.rows(y, 1).columns(0, 9), .muted)
            for line in TextWrap.lines(text, width: rect.width - 10) {
                let place = rect.rows(y, 1).columns(10)
                guard !place.isEmpty else { return }
                screen.put(line, in: place, label == "do" ? .bright : .plain)
                y += 1
            }
        }
    }

    private func hidingEntries(_ alarm: AlarmView) -> [(String, String)] {
        var entries: [(String, String)] = []
        if let hiding = alarm.hiding {
            var text = t(hiding)
            if let by = alarm.hiddenBy { text += " " + t("by {0}", by) }
            if let until = alarm.hiddenUntilMS {
                let left = NumberText.age(until &- serverNowMS)
                text += ", " + t("for {0} more", left)
            }
            if let reason = alarm.hiddenReason, !reason.isEmpty { text += ": " + reason }
            entries.append(("hidden", text))
        }
        if let cause = alarm.causeID { entries.append(("explained", t("by {0}", cause))) }
        if let windows = alarm.windows, !windows.isEmpty {
            entries.append(("window", windows.joined(separator: ", ")))
        }
        if let count = alarm.childrenCount, count > 0 {
            entries.append(("explains", t("{0} others; e opens them", "\(count)")))
        }
        return entries
    }

    // MARK: History

    private mutating func drawAlarmHistory(_ area: Rect) {
        if let error = model.state.alarmHistoryError {
            screen.put(
                [Span(t("no history: {0}", error), .critical)], x: area.x, y: area.y + 1,
                width: area.width)
            return
        }
        guard let lines = model.state.alarmHistory else {
            screen.put(t("reading the journal"), in: area.rows(1, 1), .muted)
            return
        }
        let places = model.historyPlaces
        guard !places.isEmpty else {
            let text = t("no change in the last {0} days", "\(ConsoleModel.historyDays)")
            screen.put(text, in: area.rows(1, 1), .muted)
            return
        }
        var table = Table(
            columns: [
                .init(t("TIME"), .fixed(14)), .init("P", .fixed(1)),
                .init(t("STATE"), .fixed(6), rank: 1), .init(t("ALARM"), .share(5), least: 16),
                .init(t("VALUE"), .fixed(area.width >= 100 ? 12 : 9), .right, rank: 2),
                .init(t("BY"), .share(1), least: 6, rank: 3),
                .init(t("COMMENT"), .share(2), least: 9, rank: 3),
            ], count: places.count)
        table.selected = model.selectedHistoryRow ?? 0
        let window = table.window(in: area)
        let rows = window.range.map { historyCells(lines[places[$0]]) }
        table.draw(on: &screen, in: area, rows: rows)
        target(window.range.map { lines[places[$0]].key }, rowsOf: area)
    }

    private func historyCells(_ line: AlarmHistoryLine) -> [Span] {
        let ink = Self.ink(ofPriority: line.priority)
        return [
            Span(moment(line.timeMS), .muted),
            Span(Self.letter(ofPriority: line.priority), Style(ink, .bold)),
            Span(t(line.state)), Span(line.id), Span(line.valueText ?? ""),
            Span(line.by ?? "", .muted), Span(line.comment ?? "", .muted),
        ]
    }

    /// `11-21 02:41:05` in the site's civil time.
    func moment(_ milliseconds: Int64) -> String {
        let time = Instant(milliseconds: min(max(0, milliseconds), ConsoleModel.latestMS))
        let civil = CivilTime(time, offsetMinutes: offsetMinutes)
        return String(civil.dateText.dropFirst(5)) + " " + civil.clockText
    }

    var offsetMinutes: Int { min(max(model.snapshot?.offsetMinutes ?? 0, -1440), 1440) }
}

extension AlarmHistoryLine {
    /// Parts one line from another.
    var key: String { "\(timeMS) \(id) \(state)" }
}

extension ConsoleModel {
    var historyKey: Derived.HistoryKey {
        Derived.HistoryKey(number: state.historyNumber, filter: alarmFilter)
    }

    /// The journal's lines that the filter lets through, the newest first: places among them.
    var historyPlaces: [Int] {
        if derived.historyKey == historyKey { return derived.history }
        let all = state.alarmHistory ?? []
        return all.indices.filter {
            let line = all[$0]
            return Self.matches(
                alarmFilter, line.id, line.state, line.priority, line.by, line.comment)
        }.sorted { (all[$0].timeMS, all[$0].id) > (all[$1].timeMS, all[$1].id) }
    }

    var historyLines: [AlarmHistoryLine] {
        let all = state.alarmHistory ?? []
        return historyPlaces.map { all[$0] }
    }

    var selectedHistoryRow: Int? {
        guard let selectedAlarm, let all = state.alarmHistory else { return nil }
        // A key begins with its time: the other ones need not be put together.
        let time = Int64(selectedAlarm.prefix { $0 != " " })
        return historyPlaces.firstIndex {
            all[$0].timeMS == time && all[$0].key == selectedAlarm
        }
    }
}
