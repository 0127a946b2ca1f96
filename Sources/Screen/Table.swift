/// The part of a long list that a window of rows shows.
package struct ListWindow: Hashable, Sendable {
    package var first: Int
    package var count: Int

    /// Keeps `selected` in sight with as little movement as possible from `offset`.
    package init(total: Int, height: Int, selected: Int?, offset: Int = 0) {
        count = max(0, min(height, total))
        var start = max(0, min(offset, total - count))
        if let selected, count > 0 {
            if selected < start { start = max(0, selected) }
            if selected >= start + count { start = min(total, selected + 1) - count }
        }
        first = start
    }
    package var range: Range<Int> { first..<first + count }
}

/// Rows under headings, each column aligned, one row selected, the rest reached by scrolling.
package struct Table: Sendable {
    package struct Column: Sendable {
        package var title: String
        package var extent: Extent
        package var alignment: Alignment
        package init(_ title: String, _ extent: Extent, _ alignment: Alignment = .left) {
            self.title = title
            self.extent = extent
            self.alignment = alignment
        }
    }

    package var columns: [Column]
    /// Number of rows; their cells are asked for only where they are in sight.
    package var count: Int
    package var selected: Int?
    /// Column whose title is marked, and whether it rises.
    package var sorted: (column: Int, ascending: Bool)?
    package var gap = 2

    package init(columns: [Column], count: Int, selected: Int? = nil) {
        self.columns = columns
        self.count = count
        self.selected = selected
    }

    /// The rows that `draw` shows in a rectangle of this size.
    package func window(in rect: Rect) -> ListWindow {
        ListWindow(total: count, height: rect.height - 1, selected: selected)
    }

    /// Draws headings and `rows`: the cells of the rows of `window(in:)`.
    package func draw(on screen: inout Screen, in rect: Rect, rows: [[Span]]) {
        let shown = columns.map { column -> Extent in column.extent }
        let cells = rect.inset(horizontal: 1).split(columns: shown, gap: gap)
        for (index, column) in columns.enumerated() where index < cells.count {
            var title = column.title
            if let sorted, sorted.column == index {
                title += sorted.ascending ? screen.glyphs.up : screen.glyphs.down
            }
            screen.put(title, in: cells[index].rows(0, 1), .muted, align: column.alignment)
        }
        let body = rect.rows(1)
        let window = window(in: rect)
        for (line, index) in window.range.enumerated() where line < rows.count {
            let isSelected = index == selected
            for (column, span) in rows[line].enumerated() where column < cells.count {
                let cell = Rect(
                    x: cells[column].x, y: body.y + line, width: cells[column].width, height: 1)
                screen.put(span.text, in: cell, span.style, align: columns[column].alignment)
            }
            if isSelected {
                let whole = Rect(x: rect.x, y: body.y + line, width: rect.width, height: 1)
                screen.shade(whole, .selection)
                if screen.glyphs == .ascii { screen.put(">", x: rect.x, y: whole.y, .bright) }
            }
        }
        drawScrollMarks(on: &screen, body, window)
    }

    /// Arrows in the right margin where there is more above or below the window.
    private func drawScrollMarks(on screen: inout Screen, _ body: Rect, _ window: ListWindow) {
        guard !body.isEmpty else { return }
        if window.first > 0 {
            screen.put(screen.glyphs.up, x: body.right - 1, y: body.y, .accent)
        }
        if window.range.upperBound < count {
            screen.put(screen.glyphs.down, x: body.right - 1, y: body.bottom - 1, .accent)
        }
    }
}

/// A panel over the middle of the screen.
package struct Overlay: Sendable {
    package var title: String
    package var lines: [[Span]]
    package init(title: String, lines: [[Span]]) {
        self.title = title
        self.lines = lines
    }

    package func draw(on screen: inout Screen) {
        let widest = lines.map { $0.reduce(0) { $0 + CharacterWidth.columns(of: $1.text) } }.max()
        let width = min(screen.size.width, max(widest ?? 0, title.count) + 6)
        let height = min(screen.size.height, lines.count + 2)
        let rect = Rect(
            x: (screen.size.width - width) / 2, y: (screen.size.height - height) / 2,
            width: width, height: height)
        screen.fill(rect, " ", .plain)
        screen.box(rect, title: [Span(title, .title)], .muted)
        for (index, line) in lines.prefix(max(0, height - 2)).enumerated() {
            screen.put(line, x: rect.x + 3, y: rect.y + 1 + index, width: rect.width - 6)
        }
    }
}
