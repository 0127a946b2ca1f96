/// One cell: a character of 1 or 2 columns. The right half of a wide character is a cell of
/// width 0, always directly after its left half.
package struct Cell: Hashable, Sendable {
    package var text: Character
    package var style: Style
    package var width: UInt8
    package init(_ text: Character, _ style: Style, width: UInt8 = 1) {
        self.text = text
        self.style = style
        self.width = width
    }
    package static let blank = Cell(" ", .plain)
}

/// Text of one style.
package struct Span: Hashable, Sendable {
    package var text: String
    package var style: Style
    package init(_ text: String, _ style: Style = .plain) {
        self.text = text
        self.style = style
    }
}

package enum Alignment: Sendable { case left, right, centre }

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
        var used = 0
        for character in text {
            guard let cell = CharacterWidth.cell(for: character) else { continue }
            guard used + cell.width <= limit else { break }
            guard x + used < size.width else { break }
            place(cell.text, cell.width, x + used, y, style)
            used += cell.width
        }
        return used
    }

    /// Spans one after the other; what does not fit into `limit` is cut with an ellipsis.
    @discardableResult
    package mutating func put(
        _ spans: [Span], x: Int, y: Int, width limit: Int = .max, align: Alignment = .left,
        fill: Ink? = nil
    ) -> Int {
        let total = spans.reduce(0) { $0 + CharacterWidth.columns(of: $1.text) }
        var start = x
        if limit < .max, total < limit {
            switch align {
            case .left: break
            case .right: start += limit - total
            case .centre: start += (limit - total) / 2
            }
        }
        var left = limit
        for span in spans {
            guard left > 0 else { break }
            var style = span.style
            if let fill, style.fill == nil { style.fill = fill }
            let isLast = CharacterWidth.columns(of: span.text) > left
            let text =
                isLast
                ? CharacterWidth.clipped(span.text, to: left, ellipsis: glyphs.ellipsis) : span.text
            let used = put(text, x: start, y: y, width: left, style)
            start += used
            left = isLast ? 0 : left - used
        }
        return start - x
    }

    /// Text cut to the width with an ellipsis.
    package mutating func put(
        _ text: String, in rect: Rect, _ style: Style = .plain, align: Alignment = .left
    ) {
        guard !rect.isEmpty else { return }
        put([Span(text, style)], x: rect.x, y: rect.y, width: rect.width, align: align)
    }

    package mutating func fill(_ rect: Rect, _ character: Character = " ", _ style: Style) {
        let columns = max(0, rect.x)..<max(max(0, rect.x), min(size.width, rect.right))
        for y in max(0, rect.y)..<max(max(0, rect.y), min(size.height, rect.bottom)) {
            for x in columns { place(character, 1, x, y, style) }
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
                    fits ? cell.text : " ", fits ? Int(cell.width) : 1, rect.x + column,
                    rect.y + row, cell.style)
            }
        }
    }

    /// Puts one cell, mending wide characters that it cuts in half.
    private mutating func place(
        _ text: Character, _ width: Int, _ x: Int, _ y: Int, _ style: Style
    ) {
        if x == -1, width == 2 {
            // Its right half would show alone.
            place(" ", 1, 0, y, style)
            return
        }
        guard x >= 0, x < size.width else { return }
        let index = y * size.width + x
        guard width == 1 || x + 1 < size.width else {
            // A wide character whose right half would fall off: a blank in its place.
            place(" ", 1, x, y, style)
            return
        }
        if cells[index].width == 0 { cells[index - 1] = Cell(" ", cells[index - 1].style) }
        let last = index + width - 1
        if cells[last].width == 2 { cells[last + 1] = Cell(" ", cells[last + 1].style) }
        cells[index] = Cell(text, style, width: UInt8(width))
        if width == 2 { cells[index + 1] = Cell(" ", style, width: 0) }
    }

    /// The characters, a line each, blanks at the ends cut: what tests compare.
    package var text: String {
        var result = ""
        for y in 0..<size.height {
            var line = ""
            for cell in cells[y * size.width..<(y + 1) * size.width] where cell.width > 0 {
                line.append(cell.text)
            }
            while line.last == " " { line.removeLast() }
            result += line + "\n"
        }
        return result
    }
}
