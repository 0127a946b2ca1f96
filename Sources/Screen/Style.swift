/// What a colour stands for. Views name roles; `Theme` turns them into what the terminal has.
package enum Ink: UInt8, Sendable, CaseIterable {
    case plain, bright, muted, faint, accent
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

package enum ColourDepth: UInt8, Sendable, CaseIterable {
    case monochrome, eight, sixteen, palette256
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
    package var attributes: Attributes
    package init(foreground: UInt8?, background: UInt8?, attributes: Attributes) {
        self.foreground = foreground
        self.background = background
        self.attributes = attributes
    }
}

/// Roles to colours. Chosen for a dark background and readable on a light one: text keeps the
/// terminal's own colours, and every meaning that a colour has a letter has as well.
package enum Theme {
    package static func paint(_ style: Style, _ depth: ColourDepth) -> Paint {
        switch depth {
        case .monochrome: return monochrome(style)
        case .eight: return coloured(style, foreground: eight, background: eightFill)
        case .sixteen: return coloured(style, foreground: sixteen, background: eightFill)
        case .palette256: return coloured(style, foreground: palette, background: palette)
        }
    }

    private static func coloured(
        _ style: Style, foreground: (Ink) -> UInt8?, background: (Ink) -> UInt8?
    ) -> Paint {
        var paint = Paint(
            foreground: foreground(style.ink), background: style.fill.flatMap(background),
            attributes: style.attributes)
        // A fill that the palette cannot show is shown by reversing.
        if style.fill != nil, paint.background == nil { paint.attributes.insert(.reverse) }
        if style.ink == .onFill, let fill = style.fill { paint.foreground = text(on: fill) }
        return paint
    }

    /// Light text on dark fills: palette numbers 0 and 7 hold in every depth above monochrome.
    private static func text(on fill: Ink) -> UInt8 {
        switch fill {
        case .heat0, .heat1, .heat8, .critical: 7
        default: 0
        }
    }

    private static func monochrome(_ style: Style) -> Paint {
        var attributes = style.attributes
        switch style.ink {
        case .critical, .high, .bright, .accent: attributes.insert(.bold)
        case .faint: attributes.insert(.dim)
        default: break
        }
        if let fill = style.fill {
            if let level = fill.heatLevel {
                if level >= 6 { attributes.insert(.bold) }
                if level >= 8 { attributes.insert(.reverse) }
            } else {
                attributes.insert(.reverse)
            }
        }
        return Paint(foreground: nil, background: nil, attributes: attributes)
    }

    /// The 256-colour palette of xterm.
    private static func palette(_ ink: Ink) -> UInt8? {
        switch ink {
        case .plain: nil
        case .bright: nil
        case .muted: 245
        case .faint: 240
        case .accent: 80
        case .good: 108
        case .low: 110
        case .medium: 179
        case .high: 208
        case .critical: 203
        case .equipment: 74
        case .cooling: 80
        case .loss: 173
        case .other: 245
        case .onFill: 16
        case .titleBar: 236
        case .selection: 238
        case .heat0: 24
        case .heat1: 31
        case .heat2: 37
        case .heat3: 72
        case .heat4: 108
        case .heat5: 143
        case .heat6: 179
        case .heat7: 208
        case .heat8: 160
        }
    }

    private static func sixteen(_ ink: Ink) -> UInt8? {
        switch ink {
        case .muted, .faint, .other: 8
        case .critical: 9
        default: eight(ink)
        }
    }

    private static func eight(_ ink: Ink) -> UInt8? {
        switch ink {
        case .plain, .bright, .muted, .faint, .other: nil
        case .accent, .cooling: 6
        case .good: 2
        case .low, .equipment: 4
        case .medium, .high, .loss: 3
        case .critical: 1
        case .onFill: 0
        case .titleBar, .selection: nil
        case .heat0, .heat1: 4
        case .heat2: 6
        case .heat3, .heat4: 2
        case .heat5, .heat6, .heat7: 3
        case .heat8: 1
        }
    }

    private static func eightFill(_ ink: Ink) -> UInt8? { eight(ink) }
}
