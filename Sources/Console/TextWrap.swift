import Screen

/// Breaks text into lines: at blanks where there are some, anywhere in scripts without blanks.
enum TextWrap {
    /// More lines than any panel has.
    private static let maximumLines = 50

    static func lines(_ text: String, width: Int) -> [String] {
        guard width > 0 else { return [] }
        var lines: [String] = []
        var line = ""
        var used = 0
        for word in words(text) {
            let columns = CharacterWidth.columns(of: word)
            if used + columns > width, used > 0 {
                lines.append(line)
                line = ""
                used = 0
                if word == " " { continue }
            }
            for character in word {
                let columns = CharacterWidth.columns(of: String(character))
                if used + columns > width {
                    lines.append(line)
                    line = ""
                    used = 0
                }
                line.append(character)
                used += columns
            }
            if lines.count >= maximumLines { return lines }
        }
        if !line.isEmpty { lines.append(line) }
        return lines
    }

    /// Words, single blanks, and wide characters one by one.
    private static func words(_ text: String) -> [String] {
        var result: [String] = []
        var word = ""
        for character in text {
            let isWide = CharacterWidth.columns(of: String(character)) == 2
            guard character == " " || character.isNewline || isWide else {
                word.append(character)
                continue
            }
            if !word.isEmpty { result.append(word) }
            word = ""
            result.append(isWide ? String(character) : " ")
        }
        if !word.isEmpty { result.append(word) }
        return result
    }
}
