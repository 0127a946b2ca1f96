import Screen
import TestSupport
import Testing

@Suite("Character widths")
struct CharacterWidthTests {
    @Test(
        "Columns follow East Asian Width",
        arguments: [
            ("A", 1), ("é", 1), ("e\u{301}", 1), ("中", 2), ("ｱ", 1), ("ア", 2), ("한", 2),
            ("\u{1112}\u{1161}\u{11AB}", 2), ("Ａ", 2), ("￥", 2), ("。", 2), ("°", 1), ("–", 1),
            ("─", 1), ("█", 1), ("▁", 1), ("●", 1), ("😀", 2), ("⚡", 2), ("𠀀", 2), ("…", 1),
            ("👨‍👩‍👧", 2), ("👍🏽", 2), ("α", 1),
        ])
    func columns(text: String, expected: Int) {
        #expect(CharacterWidth.columns(of: text) == expected)
    }

    @Test(
        "Nothing that could steer a terminal survives",
        arguments: [
            "\u{1B}[2J", "\u{9B}31m", "a\u{7}b", "\r\n", "\u{202E}abc\u{202C}", "\u{2066}x",
            "\u{200F}x", "\u{E000}", "\u{7F}", "\u{0}", "\u{2028}",
        ])
    func sanitised(text: String) {
        var screen = Screen(size: Size(width: 20, height: 1))
        screen.put(text, x: 0, y: 0)
        for scalar in screen.text.dropLast().unicodeScalars {
            #expect(scalar.value >= 0x20 && scalar.value != 0x7F)
            #expect(!(0x80...0x9F).contains(scalar.value))
            #expect(![0x202E, 0x202C, 0x2066, 0x200F, 0x2028, 0xE000].contains(scalar.value))
        }
    }

    @Test("Marks piled on one character are cut to two")
    func piledMarks() {
        let zalgo = "a" + String(repeating: "\u{301}", count: 50)
        var screen = Screen(size: Size(width: 3, height: 1))
        screen.put(zalgo, x: 0, y: 0)
        #expect(screen[0, 0]?.text.unicodeScalars.count == 3)
    }

    @Test("Invisible characters take no room and leave no trace")
    func invisible() {
        #expect(CharacterWidth.columns(of: "\u{200B}\u{FEFF}\u{2060}") == 0)
        #expect(CharacterWidth.columns(of: "a\u{200B}b") == 2)
    }

    @Test("Clipping keeps wide characters whole and marks what is missing")
    func clipping() {
        #expect(CharacterWidth.clipped("数据中心", to: 8, ellipsis: "…") == "数据中心")
        #expect(CharacterWidth.clipped("数据中心", to: 7, ellipsis: "…") == "数据中…")
        #expect(CharacterWidth.clipped("数据中心", to: 6, ellipsis: "…") == "数据…")
        #expect(CharacterWidth.clipped("数据", to: 1, ellipsis: "…") == "…")
        #expect(CharacterWidth.clipped("abc", to: 0, ellipsis: "…") == "")
    }

    @Test("Text of plain characters is measured and drawn as it is character by character")
    func plain() {
        var random = SplitMix(7)
        let ranges: [ClosedRange<UInt32>] = [
            0x20...0x7E, 0xA0...0x2FF, 0x2010...0x205E, 0x2190...0x22FF, 0x2500...0x25FF,
            0x2800...0x28FF, 0x3000...0x303F, 0x4E00...0x9FFF, 0xFF00...0xFFA0, 0x300...0x302,
        ]
        for round in 0..<3000 {
            var scalars = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                // A mark in few texts only: most are to be plain.
                let count = round % 4 == 0 ? ranges.count : ranges.count - 1
                let range = ranges[Int.random(in: 0..<count, using: &random)]
                let value = UInt32.random(in: range, using: &random)
                if let scalar = Unicode.Scalar(value) { scalars.append(scalar) }
            }
            let text = String(scalars)
            let cells = text.compactMap { CharacterWidth.cell(for: $0) }
            #expect(
                CharacterWidth.columns(of: text) == cells.reduce(0) { $0 + $1.width }, "\(text)")
            var screen = Screen(size: Size(width: 40, height: 1))
            screen.put(text + "|", x: 0, y: 0)
            #expect(screen.text == cells.map { String($0.text) }.joined() + "|\n", "\(text)")
        }
    }
}
