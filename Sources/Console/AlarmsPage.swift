import Model
import Screen
import Views

/// View 4: what is wrong, what follows from it, and what to do.
extension Painter {
    mutating func drawAlarms(_ body: Rect) {
        guard let snapshot = model.snapshot else { return }
        let all = model.alarms
        var note = alarmCounts(snapshot.header, word: false)
        if !model.alarmFilter.isEmpty {
            note = [Span("filter `\(model.alarmFilter)`  ", .accent)] + note
        }
        screen.heading("Alarms", note: note, in: body)
        let area = body.rows(1)
        guard !all.isEmpty else {
            let text =
                snapshot.alarms.isEmpty ? "no active alarm" : "no alarm matches the filter"
            screen.put(text, in: area.rows(1, 1), Style(.good))
            return
        }
        let index = ConsoleModel.index(of: model.selectedAlarm, in: all.map(\.id))
        let detailHeight = min(max(8, area.height / 3), 14)
        let parts = area.split(rows: [.share(1), .fixed(min(detailHeight, area.height / 2))])
        var columns: [Table.Column] = [
            .init("P", .fixed(1)), .init("STATE", .fixed(6)), .init("AGE", .fixed(7), .right),
            .init("WHAT", .share(5)), .init("WHERE", .share(3)),
            .init("VALUE", .fixed(12), .right),
        ]
        if area.width >= 120 { columns.append(.init("POINT", .share(4))) }
        var table = Table(columns: columns, count: all.count)
        table.selected = index
        let rows = table.window(in: parts[0]).range.map { alarmCells(all[$0]) }
        table.draw(on: &screen, in: parts[0], rows: rows)
        drawAlarmDetail(all[index], parts[1])
    }

    private func alarmCells(_ alarm: AlarmView) -> [Span] {
        let ink = Self.ink(ofPriority: alarm.priority)
        let waits = ConsoleModel.isUnacknowledged(alarm)
        return [
            Span(Self.letter(ofPriority: alarm.priority), Style(ink, .bold)),
            Span(alarm.state, waits ? Style(ink, .bold) : .muted),
            Span(age(of: alarm.raisedMS), .muted),
            Span(alarm.cause, waits ? .plain : .muted),
            Span(whereText(of: alarm), .muted),
            Span(alarm.valueText.isEmpty ? unknown : alarm.valueText),
            Span(alarm.device + (alarm.point.isEmpty ? "" : "/" + alarm.point), .muted),
        ]
    }

    /// Two alarms in one room must not look alike: the device by the name people gave it.
    func whereText(of alarm: AlarmView) -> String {
        model.snapshot?.devices.first { $0.name == alarm.device }?.displayName ?? alarm.device
    }

    private mutating func drawAlarmDetail(_ alarm: AlarmView, _ rect: Rect) {
        guard rect.height >= 2 else { return }
        let ink = Self.ink(ofPriority: alarm.priority)
        screen.heading(
            alarm.rule, note: [Span(alarm.priority, Style(ink, .bold)), Span(" " + alarm.state)],
            in: rect)
        let point = alarm.device + (alarm.point.isEmpty ? "" : "/" + alarm.point)
        var entries: [(String, String)] = [
            ("cause", alarm.cause), ("leads to", alarm.consequence), ("do", alarm.action),
            ("point", point + (alarm.valueText.isEmpty ? "" : "  " + alarm.valueText)),
        ]
        let raised = age(of: alarm.raisedMS)
        let changed = age(of: alarm.changedMS)
        entries.append(("since", "raised \(raised) ago, changed \(changed) ago"))
        if let by = alarm.acknowledgedBy {
            entries.append(("seen by", by + (alarm.comment.map { ": " + $0 } ?? "")))
        }
        var y = 1
        for (label, text) in entries where !text.isEmpty {
            screen.put(label, in: rect.rows(y, 1).columns(0, 9), .muted)
            let lines = TextWrap.lines(text, width: rect.width - 10)
            for line in lines {
                let place = rect.rows(y, 1).columns(10)
                guard !place.isEmpty else { return }
                screen.put(line, in: place, label == "do" ? .bright : .plain)
                y += 1
            }
        }
    }
}
