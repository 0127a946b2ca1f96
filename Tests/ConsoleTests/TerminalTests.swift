import Screen
import Terminal
import Testing

@Suite("Keys of a terminal")
struct KeyDecoderTests {
    @Test(
        "Sequences of common terminals mean their keys",
        arguments: [
            ("\u{1B}[A", Key.up), ("\u{1B}OA", .up), ("\u{1B}[1;5C", .right),
            ("\u{1B}[5~", .pageUp),
            ("\u{1B}[6;2~", .pageDown), ("\u{1B}[H", .home), ("\u{1B}[1~", .home),
            ("\u{1B}[4~", .end), ("\u{1B}[Z", .backTab), ("\u{1B}OP", .function(1)),
            ("\u{1B}[[A", .function(1)), ("\u{1B}[15~", .function(5)), ("\u{1B}[3~", .delete),
            ("\r", .enter), ("\t", .tab), ("\u{7F}", .backspace), ("\u{8}", .backspace),
            ("\u{3}", .control("c")), ("中", .character("中")), ("😀", .character("😀")),
            ("q", .character("q")),
        ])
    func sequences(bytes: String, key: Key) {
        var whole = KeyDecoder()
        #expect(whole.feed(Array(bytes.utf8)) == [key])
        #expect(!whole.isWaiting)
        // The same when every byte comes alone.
        var pieces = KeyDecoder()
        #expect(bytes.utf8.flatMap { pieces.feed([$0]) } == [key])
    }

    @Test("A lone Escape becomes the key when nothing follows")
    func escape() {
        var decoder = KeyDecoder()
        #expect(decoder.feed([0x1B]) == [])
        #expect(decoder.isWaiting)
        #expect(decoder.timedOut() == [.escape])
        #expect(!decoder.isWaiting)
        #expect(decoder.feed([0x1B, 0x1B]) == [.escape])
        #expect(decoder.timedOut() == [.escape])
    }

    @Test(
        "The rest of a sequence that comes after its ESC has become a key is no keys",
        arguments: ["[A", "[1;5C", "OP", "[15~", "[?2026;2$y", "[24;80R"])
    func tails(tail: String) {
        var decoder = KeyDecoder()
        _ = decoder.feed([0x1B])
        #expect(decoder.timedOut() == [.escape])
        #expect(decoder.feed(Array((tail + "k").utf8)) == [.character("k")])
        // What a person types after Escape are keys, one read each.
        _ = decoder.feed([0x1B])
        _ = decoder.timedOut()
        #expect(decoder.feed(Array("[".utf8)) == [.character("[")])
        #expect(decoder.feed(Array(tail.utf8)).first == .character(tail.first ?? " "))
    }

    @Test("The answer about synchronised output is no key, wherever reads cut it")
    func synchronised() {
        for (answer, knows) in [("2", true), ("1", true), ("0", false), ("4", false)] {
            for cut in 1...11 {
                var decoder = KeyDecoder()
                let bytes = Array("\u{1B}[?2026;\(answer)$y".utf8)
                let keys = decoder.feed(bytes.prefix(cut)) + decoder.feed(bytes.dropFirst(cut))
                #expect(keys == [])
                #expect(decoder.knowsSynchronised == knows)
            }
        }
        var other = KeyDecoder()
        _ = other.feed(Array("\u{1B}[?2027;2$y".utf8))
        #expect(other.knowsSynchronised == nil)
    }

    @Test("A paste is text, not keys, wherever reads cut it", arguments: 1...12)
    func paste(cut: Int) {
        var decoder = KeyDecoder()
        let bytes = Array("x\u{1B}[200~q中\u{1B}[A\r\u{1B}[201~y".utf8)
        var keys: [Key] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + cut)
            keys += decoder.feed(bytes[start..<end])
            start = end
        }
        #expect(keys == [.character("x"), .paste("q中\u{1B}[A\r"), .character("y")])
    }

    @Test(
        "Noise makes no keys, and what follows it is read",
        arguments: [
            [0xFF, 0xFE], [0xC3, 0x28], [0xE4, 0xB8], [0x1B, 0x5B, 0x39, 0x39, 0x75],
        ] as [[UInt8]])
    func noise(bytes: [UInt8]) {
        var decoder = KeyDecoder()
        var keys = decoder.feed(bytes)
        keys += decoder.timedOut()
        keys += decoder.feed(Array("k".utf8))
        #expect(keys.last == .character("k"))
        #expect(!decoder.isWaiting)
    }

    @Test("A sequence without end does not hold the keyboard for ever")
    func endless() {
        var decoder = KeyDecoder()
        _ = decoder.feed([0x1B, 0x5B] + [UInt8](repeating: 0x31, count: 500))
        #expect(decoder.feed(Array("k".utf8)).last == .character("k"))
    }
}

/// Serialized: terminfo keeps one description for the whole process.
@Suite("Terminals", .serialized)
struct TerminalCapabilityTests {
    private func capabilities(
        _ term: String, _ others: [String: String] = ["LANG": "zh_CN.UTF-8"]
    ) throws -> TerminalCapabilities {
        let environment = others.merging(["TERM": term]) { a, _ in a }
        return try TerminalCapabilities(environment: { environment[$0] }, descriptor: 1)
    }

    @Test("Each terminal gets the colours and lines it has")
    func depths() throws {
        let xterm = try capabilities("xterm-256color").display
        #expect(xterm == DisplayCapabilities(colours: .palette256, glyphs: .full))
        #expect(try capabilities("linux").display.colours == .eight)
        #expect(try capabilities("linux").display.glyphs == .lines)
        let vt100 = try capabilities("vt100").display
        #expect(vt100 == DisplayCapabilities(colours: .monochrome, glyphs: .ascii))
        let plain = try capabilities("xterm-256color", ["NO_COLOR": "1", "LC_ALL": "C"]).display
        #expect(plain == DisplayCapabilities(colours: .monochrome, glyphs: .ascii))
    }

    @Test("The locale's encoding follows LC_ALL, then LC_CTYPE, then LANG")
    func locale() {
        func isUTF8(_ values: [String: String]) -> Bool {
            TerminalCapabilities.localeIsUTF8 { values[$0] }
        }
        #expect(isUTF8(["LANG": "zh_CN.utf8"]))
        #expect(isUTF8(["LC_ALL": "", "LANG": "en_US.UTF-8"]))
        #expect(!isUTF8(["LC_ALL": "C", "LANG": "en_US.UTF-8"]))
        #expect(!isUTF8([:]))
    }

    @Test("A terminal without a name or a description is refused with a cure")
    func refused() {
        #expect(throws: TerminalError.self) { try capabilities("no-such-terminal") }
        #expect(throws: TerminalError.self) { try capabilities("") }
        #expect(throws: TerminalError.self) { try capabilities("dumb") }
    }

    @Test("Colours have 24 bits where the terminal says so, and none where nobody wants them")
    func direct() throws {
        let said = ["LANG": "C.UTF-8", "COLORTERM": "truecolor"]
        #expect(try capabilities("xterm-256color", said).display.colours == .direct)
        // GNU screen hands the variable on and knows no such colours; tmux does.
        #expect(try capabilities("screen-256color", said).display.colours == .palette256)
        let inTmux = said.merging(["TMUX": "/tmp/tmux"]) { a, _ in a }
        #expect(try capabilities("screen-256color", inTmux).display.colours == .direct)
        let plain = said.merging(["NO_COLOR": "1"]) { a, _ in a }
        #expect(try capabilities("xterm-256color", plain).display.colours == .monochrome)
        #expect(try capabilities("linux", said).display.colours == .eight)
        var encoder = FrameEncoder(try capabilities("xterm-256color", said))
        var screen = Screen(size: Size(width: 10, height: 1))
        screen.put("31.6", x: 0, y: 0, Style(.onFill, fill: .heat7))
        let bytes = String(decoding: encoder.encode(screen), as: UTF8.self)
        #expect(bytes.contains("\u{1B}[48;2;224;123;63m"))
        #expect(bytes.contains("\u{1B}[38;2;16;16;16m"))
    }

    @Test("Only terminals that read a question to its end are asked one")
    func asked() {
        for name in ["xterm-256color", "tmux-256color", "foot", "alacritty"] {
            #expect(TerminalCapabilities.mayBeAsked(name, inTmux: false), "\(name)")
        }
        for name in ["linux", "vt100", "vt220", "ansi", "screen-256color", "cons25"] {
            #expect(!TerminalCapabilities.mayBeAsked(name, inTmux: false), "\(name)")
        }
        #expect(TerminalCapabilities.mayBeAsked("screen-256color", inTmux: true))
    }

    @Test("A frame is shown at once where the terminal can, and small ones cost nothing more")
    func whole() throws {
        var encoder = FrameEncoder(try capabilities("xterm-256color"))
        let begin = Array("\u{1B}[?2026h".utf8)
        let end = Array("\u{1B}[?2026l".utf8)
        var screen = Screen(size: Size(width: 80, height: 24))
        for y in 0..<24 { screen.put(String(repeating: "x", count: 80), x: 0, y: y) }
        #expect(!encoder.encode(screen).starts(with: begin))
        encoder.synchronise = (begin, end)
        encoder.invalidate()
        let whole = encoder.encode(screen)
        #expect(whole.starts(with: begin))
        #expect(whole.suffix(end.count) == end[...])
        screen.put("y", x: 3, y: 3)
        let small = encoder.encode(screen)
        #expect(!small.isEmpty && !small.starts(with: begin))
    }

    @Test("A frame is the terminal's own sequences, and an unchanged one is nothing")
    func frames() throws {
        var encoder = FrameEncoder(try capabilities("xterm-256color"))
        var screen = Screen(size: Size(width: 10, height: 2))
        screen.put("中x", x: 2, y: 1, Style(.critical))
        _ = encoder.encode(Screen(size: screen.size))
        let bytes = String(decoding: encoder.encode(screen), as: UTF8.self)
        #expect(bytes.contains("\u{1B}[2;3H"))
        #expect(bytes.contains("\u{1B}[38;5;203m"))
        #expect(bytes.contains("中x"))
        #expect(!bytes.contains(":"))
        #expect(encoder.encode(screen) == [])
        encoder.invalidate()
        #expect(encoder.encode(screen).count > bytes.utf8.count)
    }

    @Test("Without UTF-8 nothing beyond ASCII is written, and columns stay where they are")
    func ascii() throws {
        var encoder = FrameEncoder(try capabilities("vt100", ["LANG": "C"]))
        var screen = Screen(size: Size(width: 10, height: 1), glyphs: .ascii)
        screen.put("机房 A", x: 0, y: 0)
        let bytes = encoder.encode(screen)
        #expect(bytes.allSatisfy { $0 < 0x80 })
        #expect(String(decoding: bytes, as: UTF8.self).contains("???? A"))
    }
}
