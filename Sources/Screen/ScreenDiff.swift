/// One step of bringing a terminal from one screen to the next.
package enum DrawStep: Hashable, Sendable {
    /// Puts the cursor on a cell; columns and rows from 0.
    case move(x: Int, y: Int)
    case style(Style)
    /// Characters from the cursor on, which moves behind them.
    case text(String)
}

extension Screen {
    /// Unchanged cells bridged rather than jumped over: a cursor move costs about this many bytes.
    private static let bridge = 4

    /// The steps that turn `previous` into this screen; everything when there is none or its size
    /// differs. The first step after nothing is a move.
    package func changes(from previous: Screen?) -> [DrawStep] {
        let old = previous.flatMap { $0.size == size ? $0.cells : nil }
        var writer = StepWriter()
        for y in 0..<size.height {
            let row = y * size.width
            // Most lines are as they were.
            if let old, cells[row..<row + size.width] == old[row..<row + size.width] { continue }
            var x = 0
            while x < size.width {
                guard differs(row + x, old) else {
                    x += max(1, Int(cells[row + x].width))
                    continue
                }
                if let gap = writer.gap(toX: x, y: y), gap > 0, gap <= Self.bridge,
                    bridgeable(row + x - gap..<row + x, writer.style)
                {
                    for index in row + x - gap..<row + x where cells[index].width > 0 {
                        writer.draw(cells[index])
                    }
                } else {
                    writer.move(x: x, y: y)
                }
                writer.draw(cells[row + x])
                x += max(1, Int(cells[row + x].width))
            }
        }
        return writer.finish()
    }

    /// A wide character is redrawn when either half differs.
    private func differs(_ index: Int, _ old: [Cell]?) -> Bool {
        guard let old else { return true }
        if cells[index] != old[index] { return true }
        return cells[index].width == 2 && cells[index + 1] != old[index + 1]
    }

    private func bridgeable(_ range: Range<Int>, _ style: Style?) -> Bool {
        guard cells[range.lowerBound].width > 0 else { return false }
        return cells[range].allSatisfy { $0.style == style }
    }
}

private struct StepWriter {
    private var steps: [DrawStep] = []
    private(set) var style: Style?
    private var text = String.UnicodeScalarView()
    private var x = -1
    private var y = -1

    /// Cells between the cursor and `x` where both are on one line.
    func gap(toX x: Int, y: Int) -> Int? { self.y == y && self.x >= 0 ? x - self.x : nil }

    mutating func move(x: Int, y: Int) {
        if self.x == x, self.y == y { return }
        flush()
        steps.append(.move(x: x, y: y))
        self.x = x
        self.y = y
    }

    mutating func draw(_ cell: Cell) {
        if style != cell.style {
            flush()
            steps.append(.style(cell.style))
            style = cell.style
        }
        cell.append(to: &text)
        x += Int(cell.width)
    }

    mutating func finish() -> [DrawStep] {
        flush()
        return steps
    }

    private mutating func flush() {
        guard !text.isEmpty else { return }
        steps.append(.text(String(text)))
        text.removeAll()
    }
}
