/// The dots of lines over an even grid of steps, in the cells of a part of the screen.
struct Raster {
    let plot: Rect
    let glyphs: GlyphSet
    /// Dots of a cell across and down.
    let across: Int
    let down: Int
    /// A bit for each dot of a cell, row by row; and whose dots they are.
    private var dots: [UInt8]
    private var owners: [(ink: Ink, mark: Character)]

    init(_ plot: Rect, _ glyphs: GlyphSet) {
        self.plot = plot
        self.glyphs = glyphs
        switch glyphs {
        case .full: (across, down) = (2, 4)
        case .lines: (across, down) = (1, 2)
        case .ascii: (across, down) = (1, 1)
        }
        dots = Array(repeating: 0, count: plot.width * plot.height)
        owners = Array(repeating: (.plain, " "), count: dots.count)
    }

    /// The row of a value among `rows`, 0 at the top.
    static func place(_ value: Double, _ range: ClosedRange<Double>, _ rows: Int) -> Int {
        // Halves: the difference of two finite numbers may be none.
        let span = range.upperBound / 2 - range.lowerBound / 2
        let raw = span > 0 ? (value / 2 - range.lowerBound / 2) / span : 0.5
        let fraction = raw.isFinite ? min(max(raw, 0), 1) : 0
        return rows - 1 - Int(fraction * Double(rows - 1) + 0.5)
    }

    mutating func add(_ line: LineGraph.Line, _ range: ClosedRange<Double>) {
        let count = line.values.count
        let width = plot.width * across
        let rows = plot.height * down
        guard count > 0 else { return }
        var before: ClosedRange<Int>?
        for column in 0..<width {
            let first = column * count / width
            let steps = first..<max(first + 1, (column + 1) * count / width)
            guard let ends = Self.ends(line.values[steps]) else {
                before = nil
                continue
            }
            let own =
                Self.place(ends.upperBound, range, rows)...Self.place(ends.lowerBound, range, rows)
            let isPart = line.isPart.indices.contains(first) && line.isPart[first]
            var drawn = own
            if let before, !isPart {
                if before.upperBound < own.lowerBound {
                    drawn = before.upperBound + 1...own.upperBound
                } else if before.lowerBound > own.upperBound {
                    drawn = own.lowerBound...before.lowerBound - 1
                }
            }
            before = own
            guard !isPart || column % 2 == 0 else { continue }
            for row in drawn { set(column, row, line) }
        }
    }

    /// The lowest and the highest of what is known; nil where most is not.
    private static func ends(_ values: ArraySlice<Double?>) -> ClosedRange<Double>? {
        var count = 0
        var low = Double.infinity
        var high = -Double.infinity
        for value in values {
            guard let value, value.isFinite else { continue }
            count += 1
            low = min(low, value)
            high = max(high, value)
        }
        return count > 0 && count * 2 >= values.count ? low...high : nil
    }

    private mutating func set(_ column: Int, _ row: Int, _ line: LineGraph.Line) {
        let cell = row / down * plot.width + column / across
        dots[cell] |= 1 << UInt8(row % down * across + column % across)
        owners[cell] = (line.ink, line.mark)
    }

    func draw(on screen: inout Screen) {
        for (cell, dots) in dots.enumerated() where dots != 0 {
            let owner = owners[cell]
            screen.stamp(
                character(dots, owner.mark), x: plot.x + cell % plot.width,
                y: plot.y + cell / plot.width, Style(owner.ink))
        }
    }

    private func character(_ dots: UInt8, _ mark: Character) -> Character {
        switch glyphs {
        case .ascii: mark
        case .lines: dots == 1 ? "▀" : dots == 2 ? "▄" : "█"
        case .full: Self.braille[Int(dots)]
        }
    }

    /// Unicode's braille patterns number the dots down the left column first, and the fourth row
    /// last.
    private static let braille: [Character] = (0..<256).map { dots in
        let bits: [UInt32] = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80]
        let pattern = bits.enumerated().reduce(UInt32(0x2800)) {
            dots & 1 << $1.offset != 0 ? $0 | $1.element : $0
        }
        return Unicode.Scalar(pattern).map { Character($0) } ?? " "
    }
}
