/// Which drawing characters the terminal's font can be trusted with.
package enum GlyphSet: UInt8, Sendable, CaseIterable {
    /// Nothing beyond ASCII.
    case ascii
    /// Lines and half blocks: the fonts of the Linux console.
    case lines
    /// Eighth blocks as well.
    case full

    package var isUnicode: Bool { self != .ascii }

    package var horizontal: Character { self == .ascii ? "-" : "─" }
    package var vertical: Character { self == .ascii ? "|" : "│" }
    package var corners: (Character, Character, Character, Character) {
        self == .ascii ? ("+", "+", "+", "+") : ("┌", "┐", "└", "┘")
    }
    package var branch: String { self == .ascii ? "|- " : "├─ " }
    package var lastBranch: String { self == .ascii ? "`- " : "└─ " }
    package var trunk: String { self == .ascii ? "|  " : "│  " }
    /// The same where levels are many and columns are few.
    package var shortBranch: String { self == .ascii ? "|-" : "├─" }
    package var shortLastBranch: String { self == .ascii ? "`-" : "└─" }
    package var shortTrunk: String { self == .ascii ? "| " : "│ " }
    package var ellipsis: Character { self == .ascii ? "~" : "…" }
    /// Stands for a value that is not known.
    package var unknown: String { self == .ascii ? "-" : "–" }
    package var cursor: String { self == .ascii ? ">" : "▸" }
    package var dot: String { self == .ascii ? "*" : "●" }
    package var degree: String { self == .ascii ? "" : "°" }
    package var up: String { self == .ascii ? "^" : "↑" }
    package var down: String { self == .ascii ? "v" : "↓" }
    package var barEmpty: Character { self == .ascii ? "." : "·" }
    package var barFull: Character { self == .ascii ? "#" : "█" }
    package var separator: String { self == .ascii ? "|" : "│" }

    /// Parts of a column cell from low to full.
    package var rising: [Character] {
        switch self {
        case .ascii: Self.asciiRising
        case .lines: Self.linesRising
        case .full: Self.fullRising
        }
    }

    /// Parts of a bar's last cell, from nothing to just below full.
    package var growing: [Character] {
        switch self {
        case .ascii: Self.asciiGrowing
        case .lines: Self.linesGrowing
        case .full: Self.fullGrowing
        }
    }

    private static let asciiRising = Array("_.-=#")
    private static let linesRising = Array("_▄█")
    private static let fullRising = Array("▁▂▃▄▅▆▇█")
    private static let asciiGrowing = Array(" ")
    private static let linesGrowing = Array(" ▌")
    private static let fullGrowing = Array(" ▏▎▍▌▋▊▉")
}
