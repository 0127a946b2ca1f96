import Screen

/// What must be true of every picture, whatever it shows.
enum ScreenCheck {
    static func faults(of screen: Screen, _ size: Size) -> [String] {
        let text = screen.text
        var faults = faults(inText: text, size)
        if isTorn(screen.cells.map { Int($0.width) }, columns: screen.size.width) {
            faults.append("a wide character is torn")
        }
        return faults
    }

    static func faults(inText text: String, _ size: Size) -> [String] {
        var faults: [String] = []
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.count > size.height + 1 { faults.append("\(lines.count) lines") }
        for (number, line) in lines.enumerated() {
            let columns = CharacterWidth.columns(of: String(line))
            if columns > size.width { faults.append("line \(number) has \(columns) columns") }
            if line.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) {
                faults.append("line \(number) has a control character")
            }
        }
        return faults
    }

    /// Whether one half of a wide character stands without the other. Widths 2 and 0 are its
    /// halves.
    static func isTorn(_ widths: [Int], columns: Int) -> Bool {
        for (index, width) in widths.enumerated() {
            let x = index % max(1, columns)
            if width == 2, x + 1 >= columns || widths[index + 1] != 0 { return true }
            if width == 0, x == 0 || widths[index - 1] != 2 { return true }
        }
        return false
    }
}
