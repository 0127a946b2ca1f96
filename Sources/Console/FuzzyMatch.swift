/// How well a typed text fits a name: its letters in order, the better the closer they stand.
enum FuzzyMatch {
    /// Nil where letters are missing. Higher is better: an unbroken run beats scattered letters, a
    /// beginning of a word beats its middle, and the shorter name wins between equals. Blanks in
    /// `wanted` part words that may stand in any order.
    static func score(_ wanted: [[UInt8]], _ name: [UInt8]) -> Int? {
        var sum = 0
        for word in wanted {
            guard let score = score(word, name) else { return nil }
            sum += score
        }
        return sum - name.count
    }

    /// Lower-case words of what was typed.
    static func words(_ text: String) -> [[UInt8]] {
        text.lowercased().split(separator: " ").map { Array($0.utf8) }
    }

    static func letters(_ text: String) -> [UInt8] { Array(text.lowercased().utf8) }

    private static let whole = 1000
    private static let start = 120
    private static let run = 60
    private static let gap = 3

    private static func score(_ word: [UInt8], _ name: [UInt8]) -> Int? {
        guard let first = word.first, word.count <= name.count else { return nil }
        if let place = find(word, name) {
            return whole + run * word.count + (isStart(place, name) ? start : 0) - place
        }
        var best: Int?
        // Each place of the first letter, the rest greedily after it.
        for index in name.indices where name[index] == first {
            guard let score = scattered(word, name, from: index) else { break }
            best = max(best ?? .min, score)
        }
        return best
    }

    private static func scattered(_ word: [UInt8], _ name: [UInt8], from begin: Int) -> Int? {
        var sum = isStart(begin, name) ? start : 0
        var last = begin
        for letter in word.dropFirst() {
            guard let next = name[(last + 1)...].firstIndex(of: letter) else { return nil }
            sum += next == last + 1 ? run : isStart(next, name) ? start / 2 : -gap * (next - last)
            last = next
        }
        return sum
    }

    private static func find(_ word: [UInt8], _ name: [UInt8]) -> Int? {
        for place in 0...(name.count - word.count)
        where name[place] == word[0] && name[place..<place + word.count].elementsEqual(word) {
            return place
        }
        return nil
    }

    /// The first letter, or one after a character that parts words.
    private static func isStart(_ index: Int, _ name: [UInt8]) -> Bool {
        guard index > 0 else { return true }
        let before = name[index - 1]
        return !(0x30...0x39).contains(before) && !(0x61...0x7A).contains(before) && before < 0x80
    }
}
