/// Text in which each scalar is a character of its own: what nearly all text on a screen is.
/// Cutting a text into characters by Unicode's rules costs many times as much.
struct PlainText: Sequence, IteratorProtocol {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0

    private init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// Calls `body` with the text; nil where a character of it may be more than one scalar, or
    /// must not be drawn as it is.
    static func with<Result>(_ text: String, _ body: (PlainText) -> Result) -> Result? {
        let found = text.utf8.withContiguousStorageIfAvailable { bytes -> Result? in
            var plain = PlainText(bytes)
            while plain.place < bytes.count {
                guard plain.next() != nil else { return nil }
            }
            return body(PlainText(bytes))
        }
        return found.flatMap(\.self)
    }

    /// The next scalar and its columns; nil at the end, and before what is not plain.
    mutating func next() -> (scalar: UInt32, width: Int)? {
        guard place < bytes.count else { return nil }
        let first = UInt32(bytes[place])
        if first < 0x80 {
            guard first >= 0x20, first < 0x7F else { return nil }
            place += 1
            return (first, 1)
        }
        // Text is valid UTF-8: a leading byte is followed by as many as it says.
        if first < 0xE0 {
            let scalar = (first & 0x1F) << 6 | UInt32(bytes[place + 1] & 0x3F)
            guard scalar >= 0xA0, scalar < 0x300, scalar != 0xAD else { return nil }
            place += 2
            return (scalar, 1)
        }
        guard first < 0xF0 else { return nil }
        let scalar =
            (first & 0x0F) << 12 | UInt32(bytes[place + 1] & 0x3F) << 6
            | UInt32(bytes[place + 2] & 0x3F)
        guard let width = Self.width(of: scalar) else { return nil }
        place += 3
        return (scalar, width)
    }

    /// Ranges in which all is assigned, nothing joins its neighbours, and all is equally wide:
    /// punctuation, arrows, mathematics, lines, blocks, braille; Chinese characters and the
    /// punctuation that goes with them.
    private static func width(of scalar: UInt32) -> Int? {
        switch scalar {
        case 0x2010...0x2027, 0x2030...0x205E, 0x2190...0x22FF, 0x2500...0x25FC, 0x2800...0x28FF:
            1
        case 0x3001...0x3029, 0x4E00...0x9FFF, 0xFF01...0xFF60: 2
        default: nil
        }
    }
}
