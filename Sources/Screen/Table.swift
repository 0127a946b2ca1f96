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
        /// Columns that a share needs to be of use.
        package var least: Int
        /// Where there is no room for all the columns with the highest rank are left out first,
        /// those of 0 never.
        package var rank: Int
        package init(
            _ title: String, _ extent: Extent, _ alignment: Alignment = .left, least: Int = 1,
            rank: Int = 0
        ) {
            self.title = title
            self.extent = extent
            self.alignment = alignment
            self.least = least
            self.rank = rank
        }

        fileprivate var need: Int {
            switch extent {
            case .fixed(let width): width
            case .share: least
            }
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

    /// Where the columns stand, each one line high at the top of `rect`; those without room are
    /// empty.
    package func places(in rect: Rect) -> [Rect] {
        let area = rect.inset(horizontal: 1)
        var shown = Array(columns.indices)
        func need() -> Int { shown.reduce(-gap) { $0 + columns[$1].need + gap } }
        while need() > area.width {
            // Of one rank the last goes first.
            let highest = shown.map { columns[$0].rank }.max() ?? 0
            guard highest > 0, let last = shown.last(where: { columns[$0].rank == highest })
            else { break }
            shown.removeAll { $0 == last }
        }
        let none = Rect(x: rect.x, y: rect.y, width: 0, height: 0)
        var places = Array(repeating: none, count: columns.count)
        let cells = area.split(columns: widths(of: shown, area.width), gap: gap)
        for (column, cell) in zip(shown, cells) { places[column] = cell }
        return places
    }

    /// Each share has what it needs before what is left is shared.
    private func widths(of shown: [Int], _ width: Int) -> [Extent] {
        let needs = shown.map { columns[$0].need }
        let left = width - needs.reduce(gap * (shown.count - 1), +)
        guard left > 0 else { return shown.map { columns[$0].extent } }
        let shares = shown.map { column -> Extent in
            if case .share = columns[column].extent { columns[column].extent } else { .fixed(0) }
        }
        return zip(needs, Extent.resolve(shares, total: left)).map { .fixed($0 + $1) }
    }

    /// Draws headings and `rows`: the cells of the rows of `window(in:)`.
    package func draw(on screen: inout Screen, in rect: Rect, rows: [[Span]]) {
        let cells = places(in: rect)
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

    /// Arrows in the right margin where there is more above or below the window, and between them
    /// where in the whole list it is.
    private func drawScrollMarks(on screen: inout Screen, _ body: Rect, _ window: ListWindow) {
        guard !body.isEmpty else { return }
        if window.first > 0 {
            screen.put(screen.glyphs.up, x: body.right - 1, y: body.y, .accent)
        }
        if window.range.upperBound < count {
            screen.put(screen.glyphs.down, x: body.right - 1, y: body.bottom - 1, .accent)
        }
        guard window.count < count, body.height > 2 else { return }
        let place = window.first * (body.height - 3) / (count - window.count)
        screen.stamp(screen.glyphs.vertical, x: body.right - 1, y: body.y + 1 + place, .muted)
    }
}

/// A panel over the middle of the screen. More lines than fit are scrolled to the one in focus.
package struct Overlay: Sendable {
    package var title: String
    package var lines: [[Span]]
    /// Stands in the lower edge: how to leave is always in sight.
    package var footer: String
    package var focus: Int?
    package init(title: String, lines: [[Span]], footer: String = "", focus: Int? = nil) {
        self.title = title
        self.lines = lines
        self.footer = footer
        self.focus = focus
    }

    package func draw(on screen: inout Screen) {
        let texts = lines.map { $0.reduce(0) { $0 + CharacterWidth.columns(of: $1.text) } }
        let widest = max(
            texts.max() ?? 0, CharacterWidth.columns(of: title),
            CharacterWidth.columns(of: footer))
        let width = min(screen.size.width, widest + 6)
        let height = min(screen.size.height, lines.count + 2)
        let rect = Rect(
            x: (screen.size.width - width) / 2, y: (screen.size.height - height) / 2,
            width: width, height: height)
        screen.fill(rect, " ", .plain)
        screen.box(rect, title: [Span(title, .title)], .muted)
        let window = ListWindow(
            total: lines.count, height: height - 2, selected: focus.map { min($0, lines.count - 1) }
        )
        for (row, index) in window.range.enumerated() {
            screen.put(lines[index], x: rect.x + 3, y: rect.y + 1 + row, width: rect.width - 6)
        }
        guard rect.width > 6, rect.height > 1 else { return }
        let edge = Rect(x: rect.x + 1, y: rect.bottom - 1, width: rect.width - 2, height: 1)
        if !footer.isEmpty {
            screen.put([Span(" " + footer + " ", .faint)], x: edge.x, y: edge.y, width: edge.width)
        }
        if window.first > 0 {
            screen.put(screen.glyphs.up, x: rect.right - 2, y: rect.y + 1, .accent)
        }
        if window.range.upperBound < lines.count {
            screen.put(screen.glyphs.down, x: rect.right - 2, y: rect.bottom - 2, .accent)
        }
    }
}
