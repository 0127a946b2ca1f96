import Screen
import TestSupport
import Testing

@Suite("Line graphs")
struct LineGraphTests {
    private func drawn(
        _ graph: LineGraph, _ width: Int, _ height: Int, _ glyphs: GlyphSet = .full
    ) -> Screen {
        var screen = Screen(size: Size(width: width, height: height), glyphs: glyphs)
        graph.draw(on: &screen, in: screen.bounds)
        return screen
    }

    @Test("A rising line goes from the lower left to the upper right, in dots, blocks and letters")
    func rising() {
        let graph = LineGraph(lines: [.init((0..<8).map { Double($0) }, .accent)], range: 0...7)
        #expect(drawn(graph, 5, 2).text == "│  ⡠⠊\n│⡠⠊\n")
        #expect(drawn(graph, 9, 4, .lines).text == "│      ▄▀\n│    ▄▀\n│  ▄▀\n│▄▀\n")
        #expect(
            drawn(graph, 9, 4, .ascii).text == "|      **\n|    **\n|  **\n|**\n")
    }

    @Test("A gap stays a gap, and no line leads over it")
    func gap() {
        let values: [Double?] = [1, 1, 1, 1, nil, nil, nil, nil, 5, 5, 5, 5]
        let graph = LineGraph(lines: [.init(values, .accent)], range: 1...5)
        #expect(drawn(graph, 13, 3, .ascii).text == "|        ****\n|\n|****\n")
        let whole = LineGraph(
            lines: [.init(values.map { $0 ?? 1 }, .accent)], range: 1...5)
        #expect(drawn(whole, 13, 3, .ascii).text == "|        ****\n|        *\n|********\n")
    }

    @Test("A peak of one step among many is drawn, and a value outside stands at the edge")
    func peak() {
        var values = [Double?](repeating: 0, count: 400)
        values[200] = 9
        let text = drawn(LineGraph(lines: [.init(values, .accent)], range: 0...3), 11, 4, .ascii)
        let lines = text.text.split(separator: "\n")
        #expect(lines[0].filter { $0 == "*" }.count == 1)
        #expect(lines[3].filter { $0 == "*" }.count >= 9)
    }

    @Test("A value that is a part is dotted, whatever the colours")
    func part() {
        let line = LineGraph.Line(
            [1, 1, 1, 1, 1, 1, 1, 1], isPart: [true, true, true, true, false, false, false, false],
            .accent)
        let graph = LineGraph(lines: [line], range: 0...2)
        #expect(drawn(graph, 9, 1, .ascii).text == "|* * ****\n")
    }

    @Test("Scale, axis and letters of lines and limits stand beside the course")
    func furniture() {
        var graph = LineGraph(
            lines: [
                .init([1, 1, 1, 1], .accent, mark: "a"), .init([3, 3, 3, 3], .medium, mark: "b"),
            ], range: 0...4)
        graph.top = "4 kW"
        graph.bottom = "0"
        graph.levels = [.init(2, "W", .medium), .init(9, "C", .critical)]
        graph.ticks = [.init(0, "08:00"), .init(0.1, "08:10"), .init(1, "12:00"), .init(2, "x")]
        let screen = drawn(graph, 26, 6, .ascii)
        #expect(
            screen.text == """
                4 kW|
                    |bbbbbbbbbbbbbbbbbbb b
                    |-  -  -  -  -  -  - W
                    |aaaaaaaaaaaaaaaaaaa a
                   0|
                   08:00             12:00

                """)
    }

    @Test("Nothing is drawn outside the rectangle, whatever the values and the size")
    func bounds() {
        var random = SplitMix(3)
        let extremes: [Double?] = [
            nil, 0, -1, 1e300, -1e300, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
            .leastNonzeroMagnitude, .nan, .infinity, 17.5,
        ]
        for round in 0..<300 {
            func value() -> Double { (extremes.randomElement(using: &random) ?? nil) ?? 2 }
            let lines = (0..<Int.random(in: 0...4, using: &random)).map { index in
                LineGraph.Line(
                    (0..<Int.random(in: 0...90, using: &random)).map { _ in
                        extremes.randomElement(using: &random) ?? nil
                    }, isPart: [true, false], .accent, mark: Character("\(index)"))
            }
            let ends = [value(), value()].filter(\.isFinite)
            let scale = GraphScale(ends.min() ?? 0, ends.max() ?? 1)
            #expect(scale.range.lowerBound <= scale.range.upperBound)
            var graph = LineGraph(lines: lines, range: scale.range)
            graph.top = String(repeating: "最高", count: Int.random(in: 0...9, using: &random))
            graph.ticks = [.init(value(), "12:00"), .init(0.5, "\u{1B}[31m中")]
            graph.levels = [.init(value(), "W", .medium)]
            let rect = Rect(
                x: Int.random(in: 0...9, using: &random), y: Int.random(in: 0...4, using: &random),
                width: Int.random(in: 0...40, using: &random),
                height: Int.random(in: 0...9, using: &random))
            var screen = Screen(
                size: Size(width: 50, height: 15), glyphs: GlyphSet.allCases[round % 3])
            graph.draw(on: &screen, in: rect)
            for y in 0..<15 {
                for x in 0..<50 where screen[x, y] != .blank {
                    let isInside =
                        x >= rect.x && x < rect.right && y >= rect.y && y < rect.bottom
                    #expect(isInside, "\(x),\(y) outside \(rect)")
                }
            }
        }
    }

    @Test("A scale has round ends around its values, and begins at 0 where they are near")
    func scale() {
        #expect(GraphScale(3.1, 41).range == 0...50)
        #expect(GraphScale(21.2, 24.9).range == 21...25)
        #expect(GraphScale(21.2, 24.9).digits == 1)
        #expect(GraphScale(-12, 7).range == -12...8)
        #expect(GraphScale(230, 230).range.contains(230))
        #expect(GraphScale(5, 8, low: 0, high: 10).range == 0...10)
        #expect(GraphScale(5, 8, low: 9, high: 2).range.lowerBound == 9)
    }

    @Test("A part of a screen is copied line by line, and wide characters stay whole")
    func paste() {
        var other = Screen(size: Size(width: 4, height: 3))
        for (y, text) in ["abcd", "中心", "efgh"].enumerated() { other.put(text, x: 0, y: y) }
        var screen = Screen(size: Size(width: 6, height: 3))
        screen.paste(other, from: 1, in: Rect(x: 1, y: 0, width: 3, height: 2))
        #expect(screen.text == " 中\n efg\n\n")
        screen.paste(other, from: 9, in: screen.bounds)
        #expect(screen.text == " 中\n efg\n\n")
    }
}
