/// Finds one text in another, large and small letters alike.
enum TextSearch {
    /// - Parameter wanted: in small letters.
    static func contains(_ text: String, _ wanted: String) -> Bool {
        plainContains(text, wanted) ?? text.lowercased().contains(wanted)
    }

    /// For ASCII, of which nearly all names are, letter by letter in place; nil for other texts.
    private static func plainContains(_ text: String, _ wanted: String) -> Bool? {
        let found = text.utf8.withContiguousStorageIfAvailable { text in
            wanted.utf8.withContiguousStorageIfAvailable { wanted -> Bool? in
                guard text.allSatisfy({ $0 < 0x80 }), wanted.allSatisfy({ $0 < 0x80 }) else {
                    return nil
                }
                guard wanted.count <= text.count else { return false }
                return (0...text.count - wanted.count).contains { start in
                    wanted.indices.allSatisfy { small(text[start + $0]) == wanted[$0] }
                }
            }
        }
        return found.flatMap(\.self).flatMap(\.self)
    }

    private static func small(_ letter: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(letter) ? letter | 0x20 : letter
    }
}
