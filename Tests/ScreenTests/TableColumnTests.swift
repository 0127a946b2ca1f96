import Screen
import Testing

@Suite("Columns of a table")
struct TableColumnTests {
    private static let columns: [Table.Column] = [
        .init("STATE", .fixed(6), rank: 2), .init("NAME", .share(2), least: 10),
        .init("WHERE", .share(1), least: 6, rank: 1), .init("kW", .fixed(5), .right),
    ]

    private static func widths(_ width: Int) -> [Int] {
        Table(columns: columns, count: 1).places(in: Rect(x: 0, y: 0, width: width, height: 3))
            .map(\.width)
    }

    @Test("What is left over is shared, after each has what it needs")
    func shares() {
        // 2 columns of margin, 6 of gaps.
        #expect(Self.widths(2 + 6 + 6 + 10 + 6 + 5) == [6, 10, 6, 5])
        #expect(Self.widths(2 + 6 + 6 + 10 + 6 + 5 + 9) == [6, 16, 9, 5])
    }

    @Test("Where there is no room the column of the highest rank goes first, one of none never")
    func ranks() {
        #expect(Self.widths(34)[0] == 0 && Self.widths(34)[2] >= 6)
        #expect(Self.widths(34).reduce(0, +) + 4 + 2 == 34)
        let narrow = Self.widths(20)
        #expect(narrow[0] == 0 && narrow[2] == 0 && narrow[1] == 11 && narrow[3] == 5)
        let least = Self.widths(8)
        #expect(least[0] == 0 && least[2] == 0 && least.reduce(0, +) <= 6)
    }

    @Test("Columns without room draw nothing, and rows keep to the others")
    func drawn() {
        var screen = Screen(size: Size(width: 20, height: 2), glyphs: .ascii)
        let table = Table(columns: Self.columns, count: 1)
        let row = [Span("UNACK"), Span("rack"), Span("hall"), Span("2.5")]
        table.draw(on: &screen, in: screen.bounds, rows: [row])
        #expect(screen.text == " NAME            kW\n rack           2.5\n")
    }
}
