import Screen
import Testing

@Suite("Screen")
struct ScreenTests {
    @Test("A wide character is never cut in half at the edge")
    func wideAtEdge() {
        var screen = Screen(size: Size(width: 3, height: 1))
        screen.put("中心", x: 0, y: 0)
        #expect(screen.text == "中\n")
        #expect(screen[2, 0]?.text == " ")
        screen.put("中", x: -1, y: 0)
        #expect(screen[0, 0]?.width == 1)
    }

    @Test("Writing over half of a wide character blanks the other half")
    func overHalf() {
        var screen = Screen(size: Size(width: 4, height: 1))
        screen.put("中心", x: 0, y: 0)
        screen.put("x", x: 1, y: 0)
        #expect(screen.text == " x心\n")
        screen.put("y", x: 2, y: 0)
        #expect(screen.text == " xy\n")
        #expect((0..<4).allSatisfy { screen[$0, 0]?.width == 1 })
    }

    @Test("Spans that do not fit end in an ellipsis")
    func spans() {
        var screen = Screen(size: Size(width: 12, height: 3))
        screen.put([Span("power "), Span("123456")], x: 0, y: 0, width: 9)
        screen.put([Span("ab")], x: 0, y: 1, width: 10, align: .right)
        screen.put([Span("ab")], x: 0, y: 2, width: 10, align: .centre)
        #expect(screen.text == "power 12…\n        ab\n    ab\n")
    }

    @Test("Drawing outside the screen does nothing")
    func outside() {
        var screen = Screen(size: Size(width: 5, height: 2))
        let empty = screen
        screen.put("x", x: 9, y: 0)
        screen.put("x", x: 0, y: 7)
        screen.put("x", x: -5, y: -1)
        screen.fill(Rect(x: -4, y: -4, width: 3, height: 3), "#", .plain)
        screen.fill(Rect(x: 5, y: 2, width: 3, height: 3), "#", .plain)
        screen.box(Rect(x: 40, y: 40, width: 4, height: 4))
        #expect(screen == empty)
        screen.box(Rect(x: 0, y: 0, width: 5, height: 2))
        #expect(screen.text == "┌───┐\n└───┘\n")
    }

    @Test("The steps of a diff bring any screen to any other", arguments: 0..<60)
    func replay(seed: Int) {
        var random = Generator(state: UInt64(seed) &* 7919 &+ 1)
        let size = Size(width: 1 + seed % 23, height: 1 + seed % 7)
        let first = scribble(Screen(size: size), &random)
        let second = scribble(seed % 2 == 0 ? first : Screen(size: size), &random)
        var grid = Grid(size)
        grid.apply(first.changes(from: nil))
        #expect(grid.cells == first.cells)
        grid.apply(second.changes(from: first))
        #expect(grid.cells == second.cells)
        #expect(second.changes(from: second) == [])
    }

    @Test("A change of one cell costs one move, one style and one text")
    func minimal() {
        var screen = Screen(size: Size(width: 80, height: 24))
        screen.put("total 100.0 kW", x: 3, y: 5)
        let before = screen
        screen.put("1", x: 10, y: 5)
        #expect(
            screen.changes(from: before) == [.move(x: 10, y: 5), .style(.plain), .text("1")])
    }

    private func scribble(_ screen: Screen, _ random: inout Generator) -> Screen {
        var screen = screen
        let words = ["中心", "ab", "·", "数", "x", "   ", "é─█", "机房A"]
        let styles = [Style.plain, .bright, .muted, Style(.onFill, fill: .heat4)]
        for _ in 0..<8 {
            screen.put(
                words[random.next(words.count)], x: random.next(25) - 1, y: random.next(7),
                styles[random.next(styles.count)])
        }
        return screen
    }

    /// A small linear congruential generator: the same seed draws the same screens.
    private struct Generator {
        var state: UInt64
        mutating func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
    }

    /// A terminal that only knows the steps.
    private struct Grid {
        var cells: [Cell]
        let size: Size
        var x = 0
        var y = 0
        var style = Style.plain
        init(_ size: Size) {
            self.size = size
            cells = Array(repeating: .blank, count: size.width * size.height)
        }
        mutating func apply(_ steps: [DrawStep]) {
            for step in steps {
                switch step {
                case .move(let x, let y): (self.x, self.y) = (x, y)
                case .style(let style): self.style = style
                case .text(let text):
                    for character in text {
                        let width = CharacterWidth.columns(of: String(character))
                        let index = y * size.width + x
                        cells[index] = Cell(character, style, width: UInt8(width))
                        if width == 2 { cells[index + 1] = Cell(" ", style, width: 0) }
                        x += width
                    }
                }
            }
        }
    }
}

@Suite("Layout, charts and lists")
struct WidgetTests {
    @Test("Fixed parts come first, shares fill the rest exactly")
    func extents() {
        #expect(Extent.resolve([.fixed(10), .share(1), .share(2)], total: 41) == [10, 10, 21])
        #expect(Extent.resolve([.fixed(10), .fixed(10), .share(1)], total: 15) == [10, 5, 0])
        #expect(Extent.resolve([.share(1), .share(1), .share(1)], total: 100).reduce(0, +) == 100)
        #expect(Extent.resolve([.share(1)], total: -5) == [0])
        let parts = Rect(x: 2, y: 1, width: 20, height: 3).split(
            columns: [.fixed(5), .share(1)], gap: 2)
        #expect(parts[1] == Rect(x: 9, y: 1, width: 13, height: 3))
    }

    @Test("A window follows the selection with as little movement as possible")
    func window() {
        #expect(ListWindow(total: 100, height: 10, selected: 0).first == 0)
        #expect(ListWindow(total: 100, height: 10, selected: 99).range == 90..<100)
        #expect(ListWindow(total: 100, height: 10, selected: 12, offset: 5).first == 5)
        #expect(ListWindow(total: 3, height: 10, selected: 2).range == 0..<3)
        #expect(ListWindow(total: 5, height: 0, selected: 4).count == 0)
        #expect(ListWindow(total: 0, height: 5, selected: nil).range == 0..<0)
    }

    @Test("Bars show eighths, and nothing for what is unknown")
    func bars() {
        var screen = Screen(size: Size(width: 8, height: 4))
        screen.bar(0.5, in: Rect(x: 0, y: 0, width: 8, height: 1), .good)
        screen.bar(0.55, in: Rect(x: 0, y: 1, width: 8, height: 1), .good)
        screen.bar(nil, in: Rect(x: 0, y: 2, width: 8, height: 1), .good)
        screen.bar(7, in: Rect(x: 0, y: 3, width: 8, height: 1), .good)
        #expect(screen.text == "████····\n████▍···\n········\n████████\n")
        var plain = Screen(size: Size(width: 4, height: 1), glyphs: .ascii)
        plain.bar(0.5, in: plain.bounds, .good)
        #expect(plain.text == "##..\n")
    }

    @Test("A sparkline leaves gaps for values that are not there")
    func sparkline() {
        var screen = Screen(size: Size(width: 5, height: 1))
        screen.sparkline([0, nil, 5, 10, .nan], in: screen.bounds, range: 0...10, .accent)
        #expect(screen.text == "▁ ▄█\n")
    }

    @Test("A curve of dots hangs together over a step, and is broken where nothing is known")
    func curve() {
        var screen = Screen(size: Size(width: 4, height: 2))
        screen.curve([0, 0, 10, 10, nil, nil, 5, 5], in: screen.bounds, range: 0...10, .accent)
        #expect(screen.text == " ⡏ ⣀\n⣀⠇\n")
        // Fonts of consoles have no Braille: columns there.
        var plain = Screen(size: Size(width: 4, height: 1), glyphs: .ascii)
        plain.curve([0, 10, nil, 10], in: plain.bounds, range: 0...10, .accent)
        #expect(plain.text == "_# #\n")
        for values in [[], [.nan], [.infinity, -.infinity], [1e300, -1e300, nil]] as [[Double?]] {
            screen.curve(values, in: screen.bounds, range: -1e300...1e300, .accent)
            screen.curve(values, in: Rect(x: 3, y: 1, width: 9, height: 9), range: 0...0, .accent)
        }
    }

    @Test("The margin of a long list shows where in it one is")
    func scrolled() {
        func margin(_ selected: Int, of count: Int) -> String {
            var screen = Screen(size: Size(width: 9, height: 7), glyphs: .ascii)
            let table = Table(columns: [.init("A", .share(1))], count: count, selected: selected)
            table.draw(on: &screen, in: screen.bounds, rows: [])
            return (1..<7).map { screen[8, $0].map { String($0.text) } ?? "" }.joined()
        }
        #expect(margin(0, of: 6) == "      ")
        #expect(margin(0, of: 100) == " |   v")
        #expect(margin(52, of: 100) == "^ |  v")
        #expect(margin(99, of: 100) == "^   | ")
    }

    @Test("A panel that is higher than the screen shows what is in focus, and how to leave")
    func overlay() {
        var screen = Screen(size: Size(width: 30, height: 8))
        let lines = (0..<20).map { [Span("line \($0)")] }
        Overlay(title: "panel", lines: lines, footer: "Esc closes", focus: 12).draw(on: &screen)
        #expect(screen.text.contains("line 12") && !screen.text.contains("line 0"))
        #expect(screen.text.contains("Esc closes") && screen.text.contains("panel"))
        #expect(screen.text.contains("↑") && screen.text.contains("↓"))
        Overlay(title: "t", lines: [], footer: "f", focus: 3).draw(on: &screen)
    }

    @Test("A table aligns its columns and tells what is out of sight")
    func table() {
        var screen = Screen(size: Size(width: 24, height: 4), glyphs: .ascii)
        var table = Table(
            columns: [.init("NAME", .share(1)), .init("KW", .fixed(6), .right)], count: 9)
        table.selected = 4
        let rows = table.window(in: screen.bounds).range.map {
            [Span("柜\($0)"), Span("\($0 * 50).0")]
        }
        table.draw(on: &screen, in: screen.bounds, rows: rows)
        #expect(
            screen.text
                == " NAME                KW\n 柜2              100.0^\n"
                + " 柜3              150.0|\n>柜4              200.0v\n")
    }

    @Test("Without colours, meaning stays in attributes")
    func monochrome() {
        let critical = Theme.dark.paint(Style(.critical), .monochrome)
        #expect(critical.foreground == nil && critical.attributes.contains(.bold))
        let hot = Theme.dark.paint(Style(.onFill, fill: .heat8), .monochrome)
        #expect(hot.background == nil && hot.attributes.contains(.reverse))
        let selected = Theme.dark.paint(Style(.plain, fill: .selection), .monochrome)
        #expect(selected.attributes.contains(.reverse))
        #expect(Theme.dark.paint(Style(.plain, fill: .selection), .eight).attributes == .reverse)
        for ink in Ink.allCases {
            for fill in Ink.allCases {
                let paint = Theme.dark.paint(Style(ink, fill: fill), .eight)
                #expect(paint.foreground ?? 0 < 8 && paint.background ?? 0 < 8)
            }
        }
    }
}
