/// Lines over an even grid of steps, a scale at the left and an axis below: in braille, in half
/// blocks or in ASCII, as the terminal's font allows.
///
/// What several steps share a column is drawn from their lowest to their highest value, so that no
/// peak is lost; a column most of whose steps have no value stays empty, and no line leads over it.
package struct LineGraph: Sendable {
    package struct Line: Sendable {
        /// One a step; nil where there is none.
        package var values: [Double?]
        /// Steps whose value is only a part of the whole: drawn dotted. Empty for none.
        package var isPart: [Bool]
        package var ink: Ink
        /// Stands at the end of the line, and draws it where there is only ASCII.
        package var mark: Character
        package init(_ values: [Double?], isPart: [Bool] = [], _ ink: Ink, mark: Character = "*") {
            self.values = values
            self.isPart = isPart
            self.ink = ink
            self.mark = mark
        }
    }

    /// A text below the axis; `place` runs from 0 at the left to 1 at the right.
    package struct Tick: Sendable {
        package var place: Double
        package var text: String
        package init(_ place: Double, _ text: String) {
            self.place = place
            self.text = text
        }
    }

    /// A value that is drawn over the whole width, with a text at its right end.
    package struct Level: Sendable {
        package var value: Double
        package var text: String
        package var ink: Ink
        package init(_ value: Double, _ text: String, _ ink: Ink) {
            self.value = value
            self.text = text
            self.ink = ink
        }
    }

    package var lines: [Line]
    /// What lies outside is drawn at the edge.
    package var range: ClosedRange<Double>
    package var levels: [Level] = []
    package var ticks: [Tick] = []
    /// Of the ends of the scale.
    package var top = ""
    package var bottom = ""

    package init(lines: [Line], range: ClosedRange<Double>) {
        self.lines = lines
        self.range = range
    }

    /// At its right end: a mark and a blank before it.
    private static let markWidth = 2
    /// Fewer columns show no course.
    private static let leastWidth = 4

    package func draw(on screen: inout Screen, in rect: Rect) {
        let height = rect.height - (ticks.isEmpty ? 0 : 1)
        let texts = [top, bottom].map { CharacterWidth.columns(of: $0) }
        let label = min(texts.max() ?? 0, rect.width / 3)
        let hasMarks = lines.count > 1 || !levels.isEmpty
        let width = rect.width - label - 1 - (hasMarks ? Self.markWidth : 0)
        guard height >= 1, width >= Self.leastWidth else { return }
        let plot = Rect(x: rect.x + label + 1, y: rect.y, width: width, height: height)
        let scale = rect.columns(0, label)
        screen.put(bottom, in: scale.rows(height - 1, 1), .muted, align: .right)
        screen.put(top, in: scale.rows(0, 1), .muted, align: .right)
        let axis = Rect(x: plot.x - 1, y: plot.y, width: 1, height: height)
        screen.fill(axis, screen.glyphs.vertical, .rule)
        var taken = Set<Int>()
        drawLevels(on: &screen, plot, &taken)
        var raster = Raster(plot, screen.glyphs)
        for line in lines { raster.add(line, range) }
        raster.draw(on: &screen)
        if lines.count > 1 { drawMarks(on: &screen, plot, raster, &taken) }
        drawTicks(on: &screen, rect, plot)
    }

    private func drawLevels(on screen: inout Screen, _ plot: Rect, _ taken: inout Set<Int>) {
        for level in levels where range.contains(level.value) {
            let row = Raster.place(level.value, range, plot.height)
            for x in stride(from: plot.x, to: plot.right, by: 3) {
                screen.stamp(screen.glyphs.horizontal, x: x, y: plot.y + row, .rule)
            }
            guard taken.insert(row).inserted else { continue }
            let style = Style(level.ink)
            screen.put(level.text, x: plot.right + 1, y: plot.y + row, width: 1, style)
        }
    }

    /// The letter of each line where it ends, or as near to that as there is room.
    private func drawMarks(
        on screen: inout Screen, _ plot: Rect, _ raster: Raster, _ taken: inout Set<Int>
    ) {
        for line in lines {
            guard let last = line.values.last(where: { $0?.isFinite == true }).flatMap(\.self)
            else { continue }
            let wanted = Raster.place(last, range, plot.height)
            let free = (0..<plot.height).filter { !taken.contains($0) }
            guard let row = free.min(by: { abs($0 - wanted) < abs($1 - wanted) }) else { return }
            taken.insert(row)
            screen.stamp(
                line.mark, x: plot.right + 1, y: plot.y + row, Style(line.ink, .bold))
        }
    }

    private func drawTicks(on screen: inout Screen, _ rect: Rect, _ plot: Rect) {
        var free = rect.x
        for tick in ticks where (0...1).contains(tick.place) {
            let columns = CharacterWidth.columns(of: tick.text)
            let centre = plot.x + Int(tick.place * Double(plot.width - 1) + 0.5)
            let start = min(max(centre - columns / 2, rect.x), rect.right - columns)
            guard start >= free, columns <= rect.width else { continue }
            screen.put(tick.text, x: start, y: plot.bottom, .muted)
            free = start + columns + 1
        }
    }
}
