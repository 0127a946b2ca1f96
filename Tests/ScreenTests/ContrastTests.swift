import Screen
import Testing

/// What an eye needs to read text: WCAG 2.2, success criterion 1.4.3, 4.5 to 1.
@Suite("Contrast")
struct ContrastTests {
    private static let least = 4.5
    /// Backgrounds that terminals of a theme have, and text of theirs at its weakest.
    private static func terminals(_ theme: Theme) -> (grounds: [UInt32], text: UInt32) {
        theme == .light ? ([0xFFFFFF], 0x333333) : ([0x000000, 0x1E1E1E], 0xCCCCCC)
    }

    /// xterm's colours; the first 16 as the common terminals have black, white and grey.
    private static func colour(_ number: UInt8) -> UInt32 {
        switch number {
        case 0: return 0x101010
        case 7: return 0xF0F0F0
        case 16..<232:
            let steps: [UInt32] = [0, 95, 135, 175, 215, 255]
            let index = Int(number) - 16
            return steps[index / 36] << 16 | steps[index / 6 % 6] << 8 | steps[index % 6]
        default:
            let grey = 8 + 10 * (UInt32(number) - 232)
            return grey << 16 | grey << 8 | grey
        }
    }

    /// A part of a colour as light; without `pow`, which the test has no library for.
    private static func linear(_ part: UInt32) -> Double {
        let value = Double(part & 255) / 255
        guard value > 0.04045 else { return value / 12.92 }
        let base = (value + 0.055) / 1.055
        // base^2.4 = (base^12)^(1/5), by Newton's way.
        var power = 1.0
        for _ in 0..<12 { power *= base }
        var root = max(base * base, 1e-6)
        for _ in 0..<60 {
            let fourth = root * root * root * root
            root -= (fourth * root - power) / (5 * fourth)
        }
        return root
    }

    private static func luminance(_ colour: UInt32) -> Double {
        0.2126 * linear(colour >> 16) + 0.7152 * linear(colour >> 8) + 0.0722 * linear(colour)
    }

    private static func contrast(_ a: UInt32, _ b: UInt32) -> Double {
        let (x, y) = (luminance(a), luminance(b))
        return (max(x, y) + 0.05) / (min(x, y) + 0.05)
    }

    @Test("The measure is the one of the standard")
    func measure() {
        #expect(abs(Self.contrast(0x000000, 0xFFFFFF) - 21) < 0.01)
        #expect(abs(Self.contrast(0x777777, 0xFFFFFF) - 4.48) < 0.01)
    }

    private static func shown(_ paint: Paint, _ theme: Theme) -> (text: UInt32, ground: UInt32?) {
        let text = paint.directForeground ?? paint.foreground.map(colour) ?? terminals(theme).text
        return (text, paint.directBackground ?? paint.background.map(colour))
    }

    @Test(
        "Text can be read on the terminal's background, the title and the selected line",
        arguments: Theme.allCases, [ColourDepth.palette256, .direct])
    func text(theme: Theme, depth: ColourDepth) {
        let notText: Set<Ink> = [.rule, .onFill, .titleBar, .selection]
        for ink in Ink.allCases where !notText.contains(ink) {
            for fill in [nil, Ink.titleBar, .selection] as [Ink?] {
                let (text, ground) = Self.shown(theme.paint(Style(ink, fill: fill), depth), theme)
                for ground in ground.map({ [$0] }) ?? Self.terminals(theme).grounds {
                    let ratio = Self.contrast(text, ground)
                    #expect(ratio >= Self.least, "\(ink) on \(fill.map { "\($0)" } ?? "nothing")")
                }
            }
        }
    }

    @Test(
        "Text on every fill can be read",
        arguments: Theme.allCases, [ColourDepth.palette256, .direct])
    func fills(theme: Theme, depth: ColourDepth) {
        let priorities: [Ink] = [.critical, .high, .medium, .low]
        let heat = Ink.allCases.filter { $0.rawValue >= Ink.heat0.rawValue }
        for fill in priorities + heat {
            let paint = theme.paint(Style(.onFill, fill: fill), depth)
            let (text, ground) = Self.shown(paint, theme)
            #expect(Self.contrast(text, ground ?? 0) >= Self.least, "on \(fill)")
        }
    }

    @Test("Steps of heat differ from each other, and priorities from each other")
    func steps() {
        for theme in Theme.allCases {
            for depth in [ColourDepth.palette256, .direct] {
                let heat = Ink.allCases.filter { $0.rawValue >= Ink.heat0.rawValue }
                let fills = heat.map {
                    Self.shown(theme.paint(Style(.onFill, fill: $0), depth), theme)
                }
                #expect(Set(fills.compactMap(\.ground)).count == Ink.heatLevels)
                let inks = [Ink.critical, .high, .medium, .good].map {
                    Self.shown(theme.paint(Style($0), depth), theme).text
                }
                #expect(Set(inks).count == inks.count)
            }
        }
    }
}
