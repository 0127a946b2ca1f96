import Screen

/// The hits of a search, over the page.
extension Painter {
    mutating func drawSearch(_ body: Rect) {
        guard let search = model.state.search, model.prompt?.purpose == .search else { return }
        var rect = body.inset(horizontal: min(2, body.width / 20), vertical: 0)
        // A blank panel would hide the page for nothing.
        rect = rect.rows(0, search.hits.isEmpty ? 3 : search.hits.count + 3)
        screen.fill(rect, " ", .plain)
        screen.box(rect, title: [Span(t("Search"), .title)], .muted)
        let area = rect.inset(horizontal: 2, vertical: 1)
        guard !search.hits.isEmpty else {
            let text =
                model.prompt?.text.isEmpty == true
                ? t("type part of a name: racks, devices, points, alarms, nodes, views")
                : t("nothing fits")
            screen.put(text, in: area.rows(0, 1), .muted)
            return
        }
        var table = Table(
            columns: [
                .init(t("KIND"), .fixed(7)), .init(t("NAME"), .share(3)),
                .init(t("WHAT"), .share(2)),
            ], count: search.hits.count)
        table.selected = search.selected
        let rows = table.window(in: area).range.map { index -> [Span] in
            let hit = search.hits[index]
            return [Span(t(hit.kind.rawValue), .muted), Span(hit.name), Span(hit.detail, .muted)]
        }
        table.draw(on: &screen, in: area, rows: rows)
    }
}
