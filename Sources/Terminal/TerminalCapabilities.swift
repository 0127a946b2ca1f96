import CTerminfoShims
package import Screen

/// What the terminal can do, from its terminfo description and the locale.
package struct TerminalCapabilities: Sendable {
    package var display: DisplayCapabilities
    /// The locale's encoding is UTF-8; otherwise only ASCII is written.
    package var isUTF8: Bool
    /// False where writing the last cell would scroll the screen.
    package var canWriteLastCell: Bool
    var enter: [UInt8]
    var leave: [UInt8]
    var clear: [UInt8]
    var plain: [UInt8]
    var attributes: [(Attributes, [UInt8])]
    /// What begins and ends a frame that is shown at once (mode 2026), where the description has
    /// it; otherwise the terminal is asked whether it knows the mode.
    var synchronise: (begin: [UInt8], end: [UInt8])?
    /// Whether a question about a mode does no harm: the terminal answers it or drops it whole.
    package var mayBeAsked: Bool

    /// Reads the description of `TERM`. Not thread-safe: terminfo keeps one description.
    package init(
        environment: (String) -> String?, descriptor: Int32
    ) throws(TerminalError) {
        guard let name = environment("TERM"), !name.isEmpty else {
            throw TerminalError("TERM is not set; set it to the terminal's name, as xterm-256color")
        }
        guard cterminfo_load(name, descriptor) == 1 else {
            throw TerminalError(
                "no terminfo description for `\(name)`; install ncurses-term or set TERM=xterm")
        }
        guard !Self.expanded("cup", 0, 0).isEmpty else {
            throw TerminalError("the terminal `\(name)` cannot place its cursor; use another TERM")
        }
        isUTF8 = Self.localeIsUTF8(environment)
        mayBeAsked = Self.mayBeAsked(name, inTmux: environment("TMUX")?.isEmpty == false)
        let begin = Self.expanded("Sync", 1, 0)
        let end = Self.expanded("Sync", 2, 0)
        synchronise = begin.isEmpty || end.isEmpty ? nil : (begin, end)
        display = DisplayCapabilities(
            colours: Self.depth(name, environment), glyphs: Self.glyphs(name, isUTF8: isUTF8))
        canWriteLastCell = cterminfo_flag("am") == 0 || cterminfo_flag("xenl") == 1
        clear = Self.string("clear")
        plain = Self.string("sgr0")
        enter = Self.string("smcup") + Self.string("civis") + Self.string("BE") + plain + clear
        leave =
            plain + Self.string("BD") + Self.string("cnorm")
            + (Self.string("rmcup").isEmpty ? clear : Self.string("rmcup"))
        attributes = [
            (.bold, Self.string("bold")), (.dim, Self.string("dim")),
            (.underline, Self.string("smul")), (.reverse, Self.string("rev")),
        ]
    }

    private static func depth(
        _ name: String, _ environment: (String) -> String?
    ) -> ColourDepth {
        if let no = environment("NO_COLOR"), !no.isEmpty { return .monochrome }
        switch cterminfo_number("colors") {
        case 256...: return isDirect(name, environment) ? .direct : .palette256
        case 16...: return .sixteen
        case 8...: return .eight
        default: return .monochrome
        }
    }

    /// COLORTERM is the terminal's word; GNU screen hands on that of the terminal around it and
    /// knows no such colours itself, while tmux turns them into what it has.
    private static func isDirect(_ name: String, _ environment: (String) -> String?) -> Bool {
        if cterminfo_flag("RGB") == 1 || cterminfo_flag("Tc") == 1 { return true }
        let isScreen = name.hasPrefix("screen") && environment("TMUX")?.isEmpty != false
        return !isScreen && ["truecolor", "24bit"].contains(environment("COLORTERM") ?? "")
    }

    /// Families whose programs read control sequences to their end, known or not. A terminal that
    /// does not would show the rest of the question as text.
    package static func mayBeAsked(_ name: String, inTmux: Bool) -> Bool {
        if name.hasPrefix("screen") { return inTmux }
        return [
            "xterm", "tmux", "foot", "alacritty", "kitty", "wezterm", "contour", "ghostty", "iterm",
            "mintty", "vte", "gnome", "konsole", "st-",
        ].contains { name.hasPrefix($0) }
    }

    /// POSIX order: LC_ALL over LC_CTYPE over LANG; an empty value counts as unset.
    package static func localeIsUTF8(_ environment: (String) -> String?) -> Bool {
        let value = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(environment)
            .first { !$0.isEmpty }
        let text = (value ?? "").lowercased()
        return text.hasSuffix("utf-8") || text.hasSuffix("utf8") || text.contains("utf-8@")
    }

    package static func glyphs(_ name: String, isUTF8: Bool) -> GlyphSet {
        guard isUTF8, name != "dumb", name != "ansi", !name.hasPrefix("vt") else { return .ascii }
        return name.hasPrefix("linux") ? .lines : .full
    }

    /// The bytes that move the cursor; column and row from 0.
    func move(x: Int, y: Int) -> [UInt8] {
        Self.expanded("cup", Int32(clamping: y), Int32(clamping: x))
    }

    /// The bytes that make what follows look like `paint`.
    func select(_ paint: Paint) -> [UInt8] {
        var bytes = plain
        for (attribute, sequence) in attributes where paint.attributes.contains(attribute) {
            bytes += sequence
        }
        if let colour = paint.directForeground {
            bytes += Self.direct(38, colour)
        } else if let colour = paint.foreground {
            bytes += Self.expanded("setaf", Int32(colour), 0)
        }
        if let colour = paint.directBackground {
            bytes += Self.direct(48, colour)
        } else if let colour = paint.background {
            bytes += Self.expanded("setab", Int32(colour), 0)
        }
        return bytes
    }

    /// ISO 8613-6 with semicolons, as every terminal with such colours reads it.
    private static func direct(_ selector: Int, _ colour: UInt32) -> [UInt8] {
        let parts = "\(colour >> 16 & 255);\(colour >> 8 & 255);\(colour & 255)"
        return Array("\u{1B}[\(selector);2;\(parts)m".utf8)
    }

    private static let capacity = 256

    private static func string(_ name: String) -> [UInt8] {
        copied { cterminfo_string(name, $0, $1) }
    }

    private static func expanded(_ name: String, _ first: Int32, _ second: Int32) -> [UInt8] {
        copied { cterminfo_expanded(name, first, second, $0, $1) }
    }

    private static func copied(_ fill: (UnsafeMutablePointer<CChar>, Int) -> Int) -> [UInt8] {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
            guard let base = buffer.baseAddress else { return [] }
            let count = fill(base, capacity)
            return buffer.prefix(count).map { UInt8(bitPattern: $0) }
        }
    }
}

/// Why there is no terminal to draw on, with a cure.
package struct TerminalError: Error, Sendable, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}
