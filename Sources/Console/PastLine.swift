import Screen
import Views

/// Where the header says that this is not the present.
extension Painter {
    static let pastStyle = Style(.onFill, fill: .medium, .bold)

    /// Instead of `live`: nil while the present is shown.
    var pastSpans: [Span]? {
        guard let shown = model.past.shownMS else { return nil }
        return [Span(" " + t("PAST {0}", model.momentText(shown)) + " ", Self.pastStyle)]
    }

    /// Fills the line below the tabs while the console is, or goes, elsewhere in time.
    mutating func drawPastLine(_ line: Rect) -> Bool {
        guard let wanted = model.past.wantedMS ?? model.past.shownMS else { return false }
        screen.fill(line, " ", Self.pastStyle)
        screen.put(
            [Span(" " + pastText(wanted), Self.pastStyle)], x: line.x, y: line.y,
            width: line.width - 1)
        return true
    }

    private func pastText(_ wanted: Int64) -> String {
        let goal = model.momentText(wanted)
        guard let shown = model.past.shownMS else {
            return t("loading {0}; this is still the present", goal)
        }
        let ago = model.liveNowMS > 0 ? NumberText.age(model.liveNowMS &- shown) : unknown
        var text = t("PAST {0}, {1} ago", model.momentText(shown), ago)
        if case .lost = model.connection {
            return text + "; " + t("offline: what is here stays, trying again")
        }
        if wanted != shown { return text + "; " + t("loading {0}", goal) }
        if let view = model.snapshot?.past, view.damaged > 0 {
            text += "; " + t("{0} pieces of history cannot be read", "\(view.damaged)")
        }
        return text + "   " + t("Esc present  , . step  [ ] hour  { } day  t time")
    }
}
