/// A grid of cells that nothing outside its size can reach: all drawing is clipped, and all text
/// is cleaned of what could steer a terminal.
package struct Screen: Hashable, Sendable {
    package let size: Size
    package private(set) var cells: [Cell]
    package let glyphs: GlyphSet

    /// Terminals are drawn up to this many cells; larger ones show their top left.
    package static let maximumSide = 1000

    package init(size: Size, glyphs: GlyphSet = .full) {
        self.size = Size(
            width: min(size.width, Self.maximumSide), height: min(size.height, Self.maximumSide))
        self.glyphs = glyphs
        cells = Array(repeating: .blank, count: self.size.width * self.size.height)
    }

    package var bounds: Rect { Rect(size) }

    package subscript(x: Int, y: Int) -> Cell? {
        guard x >= 0, y >= 0, x < size.width, y < size.height else { return nil }
        return cells[y * size.width + x]
    }

    /// Writes `text` from `x`, clipped to `limit` columns and to the screen. Returns the columns
    /// used. Characters are cleaned by `CharacterWidth.cell`.
    @discardableResult
    package mutating func put(
        _ text: String, x: Int, y: Int, width limit: Int = .max, _ style: Style = .plain
    ) -> Int {
        guard y >= 0, y < size.height, limit > 0 else { return 0 }
        if let used = PlainText.with(text, { putPlain($0, x: x, y: y, limit, style) }) {
            return used
        }
        var used = 0
        for character in text {
            guard let cell = CharacterWidth.cell(for: character) else { continue }
            guard used + cell.width <= limit, x + used < size.width else { break }
            place(Cell.packed(cell.text.unicodeScalars), cell.width, x + used, y, style)
            used += cell.width
        }
        return used
    }

    private mutating func putPlain(
        _ text: PlainText, x: Int, y: Int, _ limit: Int, _ style: Style
    ) -> Int {
        var used = 0
        for (scalar, width) in text {
            guard used + width <= limit, x + used < size.width else { break }
            place(UInt64(scalar), width, x + used, y, style)
            used += width
        }
        return used
    }

    /// Spans one after the other; what does not fit into `limit` is cut with an ellipsis.
    @discardableResult
    package mutating func put(
        _ spans: [Span], x: Int, y: Int, width limit: Int = .max, align: Alignment = .left
    ) -> Int {
        var start = x
        if align != .left, limit < .max {
            let total = spans.reduce(0) { $0 + CharacterWidth.columns(of: $1.text) }
            start += Self.indent(total, limit, align)
        }
        var left = limit
        for span in spans where left > 0 {
            let used = putCut(span.text, x: start, y: y, left, span.style)
            start += used.columns
            left = used.isCut ? 0 : left - used.columns
        }
        return start - x
    }

    /// Text cut to the width with an ellipsis.
    package mutating func put(
        _ text: String, in rect: Rect, _ style: Style = .plain, align: Alignment = .left
    ) {
        guard !rect.isEmpty else { return }
        var x = rect.x
        if align != .left {
            x += Self.indent(CharacterWidth.columns(of: text), rect.width, align)
        }
        _ = putCut(text, x: x, y: rect.y, rect.width, style)
    }

    /// Columns before a text of `total` where there is room for `limit`.
    private static func indent(_ total: Int, _ limit: Int, _ align: Alignment) -> Int {
        guard total < limit else { return 0 }
        switch align {
        case .left: return 0
        case .right: return limit - total
        case .centre: return (limit - total) / 2
        }
    }

    /// As much of `text` as `limit` has room for, and an ellipsis where that is not all.
    private mutating func putCut(
        _ text: String, x: Int, y: Int, _ limit: Int, _ style: Style
    ) -> (columns: Int, isCut: Bool) {
        // No character has more columns than bytes.
        guard text.utf8.count > limit, CharacterWidth.columns(of: text) > limit else {
            return (put(text, x: x, y: y, width: limit, style), false)
        }
        let used = put(text, x: x, y: y, width: limit - 1, style)
        return (used + put(String(glyphs.ellipsis), x: x + used, y: y, style), true)
    }

    /// Puts one character of one column, as drawings are made of.
    mutating func stamp(_ character: Character, x: Int, y: Int, _ style: Style) {
        guard y >= 0, y < size.height else { return }
        place(Cell.packed(character.unicodeScalars), 1, x, y, style)
    }

    package mutating func fill(_ rect: Rect, _ character: Character = " ", _ style: Style) {
        let columns = max(0, rect.x)..<max(max(0, rect.x), min(size.width, rect.right))
        guard let first = columns.first, let last = columns.last else { return }
        let cell = Cell(character, style)
        for y in max(0, rect.y)..<max(max(0, rect.y), min(size.height, rect.bottom)) {
            let row = y * size.width
            mend(row + first, row + last)
            for index in row + first...row + last { cells[index] = cell }
        }
    }

    /// Gives the cells of `rect` a background and leaves their text.
    package mutating func shade(_ rect: Rect, _ fill: Ink) {
        restyle(rect) { $0.fill = $0.fill ?? fill }
    }

    /// Changes the styles of what is drawn in `rect`.
    package mutating func restyle(_ rect: Rect, _ change: (inout Style) -> Void) {
        for y in max(0, rect.y)..<max(max(0, rect.y), min(size.height, rect.bottom)) {
            for x in max(0, rect.x)..<max(max(0, rect.x), min(size.width, rect.right)) {
                change(&cells[y * size.width + x].style)
            }
        }
    }

    /// Copies the rows of `other` from `first` on into `rect`: what of a part is in sight.
    package mutating func paste(_ other: Screen, from first: Int, in rect: Rect) {
        for row in 0..<max(0, min(rect.height, other.size.height - first)) where first + row >= 0 {
            for column in 0..<min(rect.width, other.size.width) {
                let cell = other.cells[(first + row) * other.size.width + column]
                guard cell.width > 0 else { continue }
                let fits = column + Int(cell.width) <= rect.width
                place(
                    fits ? cell.scalars : Cell.blankScalars, fits ? Int(cell.width) : 1,
                    rect.x + column,
                    rect.y + row, cell.style)
            }
        }
    }

    /// Puts one cell, mending wide characters that it cuts in half.
    private mutating func place(
        _ scalars: UInt64, _ width: Int, _ x: Int, _ y: Int, _ style: Style
    ) {
        if x == -1, width == 2 {
            // Its right half would show alone.
            place(Cell.blankScalars, 1, 0, y, style)
            return
        }
        guard x >= 0, x < size.width else { return }
        let index = y * size.width + x
        guard width == 1 || x + 1 < size.width else {
            // A wide character whose right half would fall off: a blank in its place.
            place(Cell.blankScalars, 1, x, y, style)
            return
        }
        mend(index, index + width - 1)
        cells[index] = Cell(scalars: scalars, style, width: UInt8(width))
        if width == 2 { cells[index + 1] = .blank(style, width: 0) }
    }

    /// Blanks the halves of wide characters that are left over where the cells from `first` to
    /// `last` are overwritten.
    private mutating func mend(_ first: Int, _ last: Int) {
        if cells[first].width == 0 { cells[first - 1] = .blank(cells[first - 1].style) }
        if cells[last].width == 2 { cells[last + 1] = .blank(cells[last + 1].style) }
    }

    /// The characters, a line each, blanks at the ends cut: what tests compare.
    package var text: String {
        var result = ""
        for y in 0..<size.height {
            var line = String.UnicodeScalarView()
            for cell in cells[y * size.width..<(y + 1) * size.width] where cell.width > 0 {
                cell.append(to: &line)
            }
            while line.last == " " { line.removeLast() }
            result += String(line) + "\n"
        }
        return result
    }
}
