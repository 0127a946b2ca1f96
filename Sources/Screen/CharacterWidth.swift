/// How many columns text takes on a terminal, and which text may go there at all.
///
/// Widths follow Unicode's East Asian Width (UAX #11, version 15.1): wide and fullwidth 2,
/// ambiguous 1, marks 0. A cluster becomes its base character and at most two marks: terminals
/// disagree on joined emoji and variation selectors, and agree on this.
package enum CharacterWidth {
    /// Marks kept on one base character; more is text made to break screens.
    static let maximumMarks = 2

    /// What stands for a character that must not reach a terminal.
    static let replacement: Character = "\u{00B7}"

    /// The character as it may be drawn, and its columns: 1 or 2; nil where it takes no room.
    package static func cell(for character: Character) -> (text: Character, width: Int)? {
        if let ascii = character.asciiValue {
            return ascii >= 0x20 && ascii < 0x7F ? (character, 1) : (replacement, 1)
        }
        var scalars = String.UnicodeScalarView()
        var columns = 0
        for scalar in character.unicodeScalars {
            if isInvisible(scalar) { continue }
            let width = width(of: scalar)
            if scalars.isEmpty {
                if width == 0 { continue }
                if isForbidden(scalar) { return (replacement, 1) }
                scalars.append(scalar)
                columns = width
            } else if scalars.count <= maximumMarks, width == 0 {
                scalars.append(scalar)
            }
        }
        return scalars.isEmpty ? nil : (Character(String(scalars)), columns)
    }

    package static func columns(of text: String) -> Int {
        if let sum = PlainText.with(text, { $0.reduce(0) { $0 + $1.width } }) { return sum }
        var sum = 0
        for character in text { sum += cell(for: character)?.width ?? 0 }
        return sum
    }

    /// The longest beginning of `text` of at most `columns`, with `ellipsis` at its end where
    /// something is cut off. A wide character is never split.
    package static func clipped(_ text: String, to columns: Int, ellipsis: Character) -> String {
        guard columns > 0 else { return "" }
        if self.columns(of: text) <= columns { return text }
        var result = ""
        var used = 0
        for character in text {
            guard let cell = cell(for: character) else { continue }
            if used + cell.width > columns - 1 { break }
            result.append(cell.text)
            used += cell.width
        }
        result.append(ellipsis)
        return result
    }

    /// 0, 1 or 2 columns of one scalar.
    static func width(of scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x300 { return 1 }
        // Vowels and finals of conjoining Hangul sit inside their leading consonant.
        if (0x1160...0x11FF).contains(scalar.value) { return 0 }
        if isWide(scalar.value) { return 2 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .spacingMark: return 0
        default: return 1
        }
    }

    /// Dropped without trace: they take no room and change how neighbours look.
    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x200B...0x200D, 0x2060...0x2064, 0xFE00...0xFE0F, 0xFEFF, 0xE0100...0xE01EF,
            0x1F3FB...0x1F3FF, 0xE0000...0xE007F, 0x00AD:
            return true
        default: return false
        }
    }

    /// Controls, direction overrides, separators, private use and unassigned.
    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
            .paragraphSeparator:
            return true
        default: return false
        }
    }

    private static func isWide(_ value: UInt32) -> Bool {
        guard value >= 0x1100 else { return false }
        var low = 0
        var high = wideRanges.count
        while low < high {
            let middle = (low + high) / 2
            if wideRanges[middle].upperBound < value { low = middle + 1 } else { high = middle }
        }
        return low < wideRanges.count && wideRanges[low].contains(value)
    }

    /// Wide and fullwidth ranges, ascending. Source: EastAsianWidth-15.1.0.txt, neighbours joined
    /// over unassigned gaps.
    private static let wideRanges: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x231A...0x231B, 0x2329...0x232A, 0x23E9...0x23EC, 0x23F0...0x23F0,
        0x23F3...0x23F3, 0x25FD...0x25FE, 0x2614...0x2615, 0x2648...0x2653, 0x267F...0x267F,
        0x2693...0x2693, 0x26A1...0x26A1, 0x26AA...0x26AB, 0x26BD...0x26BE, 0x26C4...0x26C5,
        0x26CE...0x26CE, 0x26D4...0x26D4, 0x26EA...0x26EA, 0x26F2...0x26F3, 0x26F5...0x26F5,
        0x26FA...0x26FA, 0x26FD...0x26FD, 0x2705...0x2705, 0x270A...0x270B, 0x2728...0x2728,
        0x274C...0x274C, 0x274E...0x274E, 0x2753...0x2755, 0x2757...0x2757, 0x2795...0x2797,
        0x27B0...0x27B0, 0x27BF...0x27BF, 0x2B1B...0x2B1C, 0x2B50...0x2B50, 0x2B55...0x2B55,
        0x2E80...0x303E, 0x3041...0x3247, 0x3250...0x4DBF, 0x4E00...0xA4C6, 0xA960...0xA97C,
        0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6B, 0xFF01...0xFF60,
        0xFFE0...0xFFE6, 0x16FE0...0x18D08, 0x1AFF0...0x1B2FB, 0x1F004...0x1F004,
        0x1F0CF...0x1F0CF, 0x1F18E...0x1F18E, 0x1F191...0x1F19A, 0x1F200...0x1F320,
        0x1F32D...0x1F335, 0x1F337...0x1F37C, 0x1F37E...0x1F393, 0x1F3A0...0x1F3CA,
        0x1F3CF...0x1F3D3, 0x1F3E0...0x1F3F0, 0x1F3F4...0x1F3F4, 0x1F3F8...0x1F43E,
        0x1F440...0x1F440, 0x1F442...0x1F4FC, 0x1F4FF...0x1F53D, 0x1F54B...0x1F54E,
        0x1F550...0x1F567, 0x1F57A...0x1F57A, 0x1F595...0x1F596, 0x1F5A4...0x1F5A4,
        0x1F5FB...0x1F64F, 0x1F680...0x1F6C5, 0x1F6CC...0x1F6CC, 0x1F6D0...0x1F6D2,
        0x1F6D5...0x1F6D7, 0x1F6DC...0x1F6DF, 0x1F6EB...0x1F6EC, 0x1F6F4...0x1F6FC,
        0x1F7E0...0x1F7EB, 0x1F7F0...0x1F7F0, 0x1F90C...0x1F93A, 0x1F93C...0x1F945,
        0x1F947...0x1F9FF, 0x1FA70...0x1FAFF, 0x20000...0x2FFFD, 0x30000...0x3FFFD,
    ]
}
