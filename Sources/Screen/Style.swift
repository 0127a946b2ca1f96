/// What a colour stands for. Views name roles; `Theme` turns them into what the terminal has.
package enum Ink: UInt8, Sendable, CaseIterable {
    case plain, bright, muted, faint, accent
    /// Lines that part and frame; never text.
    case rule
    case good, low, medium, high, critical
    /// Where power goes.
    case equipment, cooling, loss, other
    /// Text on a coloured fill.
    case onFill
    /// Fills of whole lines.
    case titleBar, selection
    /// From cold or idle to hot or overloaded.
    case heat0, heat1, heat2, heat3, heat4, heat5, heat6, heat7, heat8

    package static let heatLevels = 9

    /// The step of the scale for a fraction, 0…1 and clamped.
    package static func heat(_ fraction: Double) -> Ink {
        guard fraction.isFinite else { return .heat0 }
        let step = Int(min(max(fraction, 0), 1) * Double(heatLevels - 1) + 0.5)
        return Ink(rawValue: Ink.heat0.rawValue + UInt8(step)) ?? .heat0
    }

    /// 0…8 for the heat scale, nil for other roles.
    var heatLevel: Int? {
        rawValue >= Ink.heat0.rawValue ? Int(rawValue - Ink.heat0.rawValue) : nil
    }
}

package struct Attributes: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let bold = Attributes(rawValue: 1)
    package static let dim = Attributes(rawValue: 2)
    package static let underline = Attributes(rawValue: 4)
    package static let reverse = Attributes(rawValue: 8)
}

/// How a cell looks, by role.
package struct Style: Hashable, Sendable {
    package var ink: Ink
    package var fill: Ink?
    package var attributes: Attributes
    package init(_ ink: Ink = .plain, fill: Ink? = nil, _ attributes: Attributes = []) {
        self.ink = ink
        self.fill = fill
        self.attributes = attributes
    }
    package static let plain = Style()
    package static let muted = Style(.muted)
    package static let faint = Style(.faint)
    package static let rule = Style(.rule)
    package static let bright = Style(.bright, .bold)
    package static let title = Style(.accent, .bold)
    package static let accent = Style(.accent)
    package static let good = Style(.good)
    package static let low = Style(.low)
    package static let medium = Style(.medium)
    package static let high = Style(.high)
    package static let critical = Style(.critical)

    package init(_ ink: Ink, _ attributes: Attributes) {
        self.init(ink, fill: nil, attributes)
    }

    package func filled(_ fill: Ink?) -> Style { Style(ink, fill: fill, attributes) }
}

package enum ColourDepth: UInt8, Sendable, CaseIterable, Comparable {
    case monochrome, eight, sixteen, palette256
    /// 24 bits a colour.
    case direct

    package static func < (a: ColourDepth, b: ColourDepth) -> Bool { a.rawValue < b.rawValue }
}

/// What the view may use of the terminal.
package struct DisplayCapabilities: Hashable, Sendable {
    package var colours: ColourDepth
    package var glyphs: GlyphSet
    package init(colours: ColourDepth, glyphs: GlyphSet) {
        self.colours = colours
        self.glyphs = glyphs
    }
}

/// A style as numbers of the terminal's palette; nil is the terminal's own default.
package struct Paint: Hashable, Sendable {
    package var foreground: UInt8?
    package var background: UInt8?
    /// The same as `0xRRGGBB`, only where colours have 24 bits.
    package var directForeground: UInt32?
    package var directBackground: UInt32?
    package var attributes: Attributes
    package init(foreground: UInt8?, background: UInt8?, attributes: Attributes) {
        self.foreground = foreground
        self.background = background
        self.attributes = attributes
    }
}
