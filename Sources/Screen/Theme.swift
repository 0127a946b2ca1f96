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
        case .eight: return coloured(style, depth, foreground: eight, background: eight)
        case .sixteen: return coloured(style, depth, foreground: sixteen, background: eight)
        case .palette256:
            return coloured(style, depth, foreground: palette, background: paletteFill)
        case .direct:
            var paint = coloured(style, depth, foreground: palette, background: paletteFill)
            paint.directForeground = directForeground(style, paint.foreground)
            paint.directBackground = style.fill.flatMap { fill in
                fill.heatLevel.map { directFill[$0] } ?? paint.background.map(Self.direct)
            }
            return paint
        }
    }

    private func directForeground(_ style: Style, _ number: UInt8?) -> UInt32? {
        let level = Self.isLine(style.fill) ? nil : style.ink.heatLevel
        return level.map { directText[$0] } ?? number.map(Self.direct)
    }

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
        _ style: Style, _ depth: ColourDepth, foreground: (Ink) -> UInt8?,
        background: (Ink) -> UInt8?
    ) -> Paint {
        var number = foreground(style.ink)
        if Self.isLine(style.fill), depth >= .palette256 { number = paletteOnLine(style.ink) }
        var paint = Paint(
            foreground: number, background: style.fill.flatMap(background),
            attributes: style.attributes)
        // A fill that the palette cannot show is shown by reversing.
        if style.fill != nil, paint.background == nil { paint.attributes.insert(.reverse) }
        if style.ink == .onFill, let fill = style.fill { paint.foreground = text(on: fill, depth) }
        return paint
    }

    private static func isLine(_ fill: Ink?) -> Bool { fill == .selection || fill == .titleBar }

    /// Light text on dark fills: palette numbers 0 and 7 hold in every depth above monochrome.
    private func text(on fill: Ink, _ depth: ColourDepth) -> UInt8 {
        let isBlind = self == .colourBlind
        switch fill {
        case .heat0: return 7
        case .heat1: return depth == .palette256 && !isBlind ? 0 : 7
        case .heat2: return depth >= .palette256 && isBlind ? 7 : 0
        case .heat3: return depth == .direct && isBlind ? 7 : 0
        case .heat8, .critical: return isBlind ? 0 : 7
        default: return 0
        }
    }

    private func monochrome(_ style: Style) -> Paint {
        var attributes = style.attributes
        switch style.ink {
        case .critical, .high, .bright, .accent: attributes.insert(.bold)
        case .faint, .rule: attributes.insert(.dim)
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

    private func sixteen(_ ink: Ink) -> UInt8? {
        switch ink {
        case .muted, .faint, .rule, .other: 8
        case .critical: self == .colourBlind ? 11 : 9
        default: eight(ink)
        }
    }

    private func eight(_ ink: Ink) -> UInt8? {
        let usual: UInt8? =
            switch ink {
            case .plain, .bright, .muted, .faint, .rule, .other: nil
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
