/// Small charts made of characters.
extension Screen {
    /// A horizontal bar: `fraction` of the width, 0…1 and clamped, the rest as a faint track.
    package mutating func bar(_ fraction: Double?, in rect: Rect, _ ink: Ink) {
        guard !rect.isEmpty else { return }
        let track = Style(.rule)
        fill(rect.rows(0, 1), glyphs.barEmpty, track)
        guard let fraction, fraction.isFinite else { return }
        let parts = glyphs.growing.count
        let eighths = Int(min(max(fraction, 0), 1) * Double(rect.width * parts) + 0.5)
        let whole = eighths / parts
        fill(rect.columns(0, whole).rows(0, 1), glyphs.barFull, Style(ink))
        if whole < rect.width, eighths % parts > 0 {
            stamp(glyphs.growing[eighths % parts], x: rect.x + whole, y: rect.y, Style(ink))
        }
    }

    /// One line cut into coloured parts in proportion to the amounts; nothing where the sum is 0.
    package mutating func stackedBar(_ parts: [(amount: Double, ink: Ink)], in rect: Rect) {
        let total = parts.reduce(0) { $0 + max(0, $1.amount) }
        guard !rect.isEmpty, total > 0, total.isFinite else { return }
        let letters: [Character] = ["#", "=", "-", "."]
        var sum = 0.0
        var start = 0
        for (index, part) in parts.enumerated() {
            sum += max(0, part.amount)
            let end = min(rect.width, Int(sum / total * Double(rect.width) + 0.5))
            let character =
                glyphs == .ascii ? letters[index % letters.count] : glyphs.barFull
            fill(rect.columns(start, end - start).rows(0, 1), character, Style(part.ink))
            start = end
        }
    }

    /// The last values as columns over the whole height of `rect`, newest at the right; a gap where
    /// a value is nil. The scale runs from `range`'s lower to its upper bound.
    package mutating func sparkline(
        _ values: [Double?], in rect: Rect, range: ClosedRange<Double>, _ ink: Ink
    ) {
        guard !rect.isEmpty else { return }
        let shown = Array(values.suffix(rect.width))
        let steps = glyphs.rising
        let span = range.upperBound - range.lowerBound
        for (index, value) in shown.enumerated() {
            guard let value, value.isFinite else { continue }
            let x = rect.right - shown.count + index
            let raw = span > 0 ? (value - range.lowerBound) / span : 0.5
            let fraction = raw.isFinite ? raw : 0
            let total = rect.height * steps.count
            var level = max(1, Int(min(max(fraction, 0), 1) * Double(total) + 0.5))
            for row in 0..<rect.height where level > 0 {
                let part = min(level, steps.count)
                stamp(steps[part - 1], x: x, y: rect.bottom - 1 - row, Style(ink))
                level -= part
            }
        }
    }

    /// A line of dots through the values, from the left edge to the right, broken where a value is
    /// nil. Columns where the font may lack the dots.
    package mutating func curve(
        _ values: [Double?], in rect: Rect, range: ClosedRange<Double>, _ ink: Ink
    ) {
        guard !rect.isEmpty, !values.isEmpty else { return }
        guard glyphs == .full else {
            let columns = (0..<rect.width).map { values[$0 * values.count / rect.width] }
            return sparkline(columns, in: rect, range: range, ink)
        }
        var raster = Raster(rect, glyphs)
        raster.add(LineGraph.Line(values, ink), range)
        raster.draw(on: &self)
    }

    /// A box of thin lines with a title in its top line.
    package mutating func box(_ rect: Rect, title: [Span] = [], _ style: Style = .rule) {
        guard rect.width >= 2, rect.height >= 2 else { return }
        let (topLeft, topRight, bottomLeft, bottomRight) = glyphs.corners
        fill(rect.rows(0, 1), glyphs.horizontal, style)
        fill(rect.rows(rect.height - 1, 1), glyphs.horizontal, style)
        fill(rect.columns(0, 1), glyphs.vertical, style)
        fill(rect.columns(rect.width - 1, 1), glyphs.vertical, style)
        stamp(topLeft, x: rect.x, y: rect.y, style)
        stamp(topRight, x: rect.right - 1, y: rect.y, style)
        stamp(bottomLeft, x: rect.x, y: rect.bottom - 1, style)
        stamp(bottomRight, x: rect.right - 1, y: rect.bottom - 1, style)
        guard !title.isEmpty, rect.width > 6 else { return }
        put([Span(" ")] + title + [Span(" ")], x: rect.x + 1, y: rect.y, width: rect.width - 2)
    }

    /// A heading and a thin line to the right edge: what separates parts of a page.
    package mutating func heading(_ title: String, note: [Span] = [], in rect: Rect) {
        guard !rect.isEmpty else { return }
        fill(rect.rows(0, 1), glyphs.horizontal, .rule)
        let used = put([Span(title + " ", .title)], x: rect.x, y: rect.y, width: rect.width)
        guard !note.isEmpty else { return }
        let width = note.reduce(1) { $0 + CharacterWidth.columns(of: $1.text) }
        guard width + used + 2 <= rect.width else { return }
        put([Span(" ")] + note, x: rect.right - width, y: rect.y, width: width)
    }
}
