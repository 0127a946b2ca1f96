/// The colours themselves. Text has a contrast of at least 4.5 to the background that its theme is
/// for, on lines that are shaded and on fills (WCAG 2.2, 1.4.3); a test holds that.
extension Theme {
    /// Text and lines in numbers of xterm's 256 colours; nil is the terminal's own.
    func palette(_ ink: Ink) -> UInt8? {
        switch self {
        case .dark: Self.dark(ink)
        case .light: Self.light(ink)
        case .colourBlind: Self.colourBlind(ink) ?? Self.dark(ink)
        }
    }

    private static func dark(_ ink: Ink) -> UInt8? {
        switch ink {
        case .plain, .bright: nil
        case .muted, .other: 248
        case .faint: 245
        case .rule: 240
        case .accent, .cooling: 80
        case .good: 108
        case .low: 110
        case .medium: 179
        case .high: 208
        case .critical: 203
        case .equipment: 74
        case .loss: 173
        case .onFill: 16
        case .titleBar, .selection: nil
        case .heat0: 68
        case .heat1: 74
        case .heat2: 80
        case .heat3: 79
        case .heat4: 108
        case .heat5: 143
        case .heat6: 179
        case .heat7: 208
        case .heat8: 203
        }
    }

    /// Darker text than that of the dark theme.
    private static func light(_ ink: Ink) -> UInt8? {
        switch ink {
        case .plain, .bright: nil
        case .muted, .other: 240
        case .faint: 242
        case .rule: 249
        case .accent, .low, .equipment: 25
        case .good: 22
        case .medium: 58
        case .high: 130
        case .critical: 160
        case .cooling: 23
        case .loss: 94
        case .onFill: 16
        case .titleBar, .selection: nil
        case .heat0: 25
        case .heat1: 24
        case .heat2: 23
        case .heat3: 22
        case .heat4, .heat5: 58
        case .heat6: 94
        case .heat7: 130
        case .heat8: 160
        }
    }

    /// What differs from the dark theme: no red against green anywhere.
    private static func colourBlind(_ ink: Ink) -> UInt8? {
        switch ink {
        case .accent, .cooling: 75
        case .good: 74
        case .medium: 185
        case .high: 214
        case .critical: 220
        case .loss: 178
        case .heat0, .heat1: 68
        case .heat2, .heat3: 109
        case .heat4, .heat5: 144
        case .heat6: 178
        case .heat7: 220
        case .heat8: 226
        default: nil
        }
    }

    /// Text on the line of the title and on the selected line, which are nearer to it.
    func paletteOnLine(_ ink: Ink) -> UInt8? {
        switch (self, ink) {
        case (_, .muted), (_, .faint), (_, .other), (_, .rule): nil
        case (.light, .high), (.light, .heat7): 94
        case (.light, .critical), (.light, .heat8): 124
        case (.dark, .critical), (.dark, .heat8): 210
        case (.dark, .loss): 216
        case (.dark, .heat0), (.colourBlind, .heat0), (.colourBlind, .heat1): 111
        default: palette(ink)
        }
    }

    /// Backgrounds. Those of heat and of priorities are the same in the light theme.
    func paletteFill(_ ink: Ink) -> UInt8? {
        switch (self, ink) {
        case (.light, .titleBar), (.light, .selection): 254
        case (_, .titleBar): 236
        case (_, .selection): 237
        case (.colourBlind, .critical): 220
        case (_, .critical): 160
        case (.light, .high): 208
        case (.light, .medium): 179
        case (.light, .low): 110
        case (.light, .good): 108
        default: ink.heatLevel.map { heatFill[$0] } ?? palette(ink)
        }
    }

    private var heatFill: [UInt8] {
        self == .colourBlind
            ? [17, 18, 25, 31, 67, 109, 144, 178, 226] : [24, 31, 37, 72, 108, 143, 179, 208, 160]
    }

    /// The heat scale in even steps of lightness, where the palette has only its own: from blue
    /// over green and yellow to red. For eyes that do not part red from green from blue to yellow
    /// (after Nuñez, Anderton and Renslow, "Optimizing colormaps with consideration for color
    /// vision deficiency", 2018).
    var directFill: [UInt32] {
        self == .colourBlind
            ? [
                0x00224E, 0x1B3767, 0x3F4D6B, 0x5A636F, 0x7C827B, 0x8F9274, 0xAEAB6B, 0xCFC657,
                0xFEE838,
            ]
            : [
                0x2C4B8E, 0x2F6FA8, 0x3A93B0, 0x5BA893, 0x86B66F, 0xB9BE5B, 0xE0AC4E, 0xE07B3F,
                0xC23530,
            ]
    }

    /// The same scale for bars and text on the background of the theme.
    var directText: [UInt32] {
        switch self {
        case .dark:
            [
                0x7E9CE0, 0x64A5DC, 0x4FB3CF, 0x5BB39D, 0x86B66F, 0xB9BE5B, 0xE0AC4E, 0xE8894F,
                0xF2837C,
            ]
        case .light:
            [
                0x2C4B8E, 0x245A8C, 0x1B6270, 0x256640, 0x456218, 0x5E5A00, 0x754A00, 0x8F3A0C,
                0xA62622,
            ]
        case .colourBlind:
            [
                0x8CA6D6, 0x90A8C8, 0x9AACB8, 0xA4B0A8, 0xAEB398, 0xBAB787, 0xCABD74, 0xE0CA58,
                0xFEE838,
            ]
        }
    }
}
