/// Roles to colours. Text keeps the terminal's own colours, and every meaning that a colour has a
/// letter or a shape has as well.
package enum Theme: String, Sendable, CaseIterable {
    /// For a dark background, and readable on most light ones.
    case dark
    case light
    /// For eyes that do not part red from green: blue to yellow in steps of brightness (after
    /// Okabe and Ito, "Color universal design", 2008).
    case colourBlind = "colour-blind"

    package func paint(_ style: Style, _ depth: ColourDepth) -> Paint {
        switch depth {
        case .monochrome: return monochrome(style)
        case .eight: return coloured(style, foreground: eight, background: eight)
        case .sixteen: return coloured(style, foreground: sixteen, background: eight)
        case .palette256: return coloured(style, foreground: palette, background: palette)
        case .direct:
            var paint = coloured(style, foreground: palette, background: palette)
            paint.directForeground =
                style.ink == .onFill
                ? paint.foreground.map(Self.direct) : direct(style.ink, paint.foreground)
            paint.directBackground = style.fill.flatMap { direct($0, paint.background) }
            return paint
        }
    }

    /// The heat scale in even steps of lightness, where the palette has only its own; other roles
    /// as the palette has them.
    private func direct(_ ink: Ink, _ number: UInt8?) -> UInt32? {
        if let level = ink.heatLevel {
            return (self == .colourBlind ? Self.cividis : Self.directHeat)[level]
        }
        return number.map(Self.direct)
    }

    /// From blue over green and yellow to red.
    private static let directHeat: [UInt32] = [
        0x2C4B8E, 0x2F6FA8, 0x3A93B0, 0x5BA893, 0x86B66F, 0xB9BE5B, 0xE0AC4E, 0xE07B3F, 0xCC3B36,
    ]

    /// Blue to yellow for eyes that do not part red from green (after Nuñez, Anderton and Renslow,
    /// "Optimizing colormaps with consideration for color vision deficiency", 2018).
    private static let cividis: [UInt32] = [
        0x00224E, 0x1B3767, 0x3F4D6B, 0x5A636F, 0x737A76, 0x8F9274, 0xAEAB6B, 0xCFC657, 0xFEE838,
    ]

    /// A number of the 256-colour palette as xterm has it. The first 16 are the user's own: those
    /// used for text on fills are black and white.
    private static func direct(_ number: UInt8) -> UInt32 {
        switch number {
        case 0: return 0x101010
        case 1..<16: return 0xF0F0F0
        case 16..<232:
            let index = UInt32(number) - 16
            func level(_ step: UInt32) -> UInt32 { step == 0 ? 0 : 55 + 40 * step }
            return level(index / 36) << 16 | level(index / 6 % 6) << 8 | level(index % 6)
        default:
            let grey = 8 + 10 * (UInt32(number) - 232)
            return grey << 16 | grey << 8 | grey
        }
    }

    private func coloured(
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
    private func text(on fill: Ink) -> UInt8 {
        switch fill {
        case .heat0, .heat1, .critical: 7
        case .heat2, .heat3: self == .colourBlind ? 7 : 0
        case .heat8: self == .colourBlind ? 0 : 7
        default: 0
        }
    }

    private func monochrome(_ style: Style) -> Paint {
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
    private func palette(_ ink: Ink) -> UInt8? {
        switch self {
        case .dark: Self.dark(ink)
        case .light: Self.light(ink) ?? Self.dark(ink)
        case .colourBlind: Self.colourBlind(ink) ?? Self.dark(ink)
        }
    }

    private static func dark(_ ink: Ink) -> UInt8? {
        switch ink {
        case .plain, .bright: nil
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

    /// What differs from the dark theme: darker text, lighter bars.
    private static func light(_ ink: Ink) -> UInt8? {
        switch ink {
        case .muted: 242
        case .faint: 248
        case .accent: 25
        case .good: 28
        case .low: 25
        case .medium: 130
        case .high: 166
        case .critical: 160
        case .equipment: 25
        case .cooling: 30
        case .loss: 130
        case .other: 242
        case .titleBar: 254
        case .selection: 252
        default: nil
        }
    }

    /// What differs from the dark theme: no red against green anywhere.
    private static func colourBlind(_ ink: Ink) -> UInt8? {
        switch ink {
        case .accent, .cooling: 75
        case .good: 74
        case .low: 110
        case .medium: 185
        case .high: 214
        case .critical: 220
        case .loss: 178
        case .heat0: 17
        case .heat1: 18
        case .heat2: 25
        case .heat3: 31
        case .heat4: 67
        case .heat5: 109
        case .heat6: 144
        case .heat7: 178
        case .heat8: 226
        default: nil
        }
    }

    private func sixteen(_ ink: Ink) -> UInt8? {
        switch ink {
        case .muted, .faint, .other: 8
        case .critical: self == .colourBlind ? 11 : 9
        default: eight(ink)
        }
    }

    private func eight(_ ink: Ink) -> UInt8? {
        let usual: UInt8? =
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
        guard self == .colourBlind else { return usual }
        switch ink {
        case .good: return 4
        case .critical, .heat8: return 3
        case .heat3, .heat4, .heat5: return 6
        default: return usual
        }
    }
}
