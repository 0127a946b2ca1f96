/// Matches text against a pattern with `*` (any run of characters, also none) and `?` (one), in
/// linear space and at most quadratic time, so that no pattern can hang a query.
package struct Glob: Hashable, Sendable {
    package let pattern: String
    private let bytes: [UInt8]

    package init(_ pattern: String) {
        self.pattern = pattern
        bytes = Array(pattern.utf8)
    }

    package func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { matches($0) }
    }

    private func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var patternIndex = 0
        var textIndex = 0
        var starIndex = -1
        var starText = 0
        while textIndex < text.count {
            if patternIndex < bytes.count, bytes[patternIndex] == UInt8(ascii: "*") {
                starIndex = patternIndex
                starText = textIndex
                patternIndex += 1
            } else if patternIndex < bytes.count,
                bytes[patternIndex] == UInt8(ascii: "?") || bytes[patternIndex] == text[textIndex]
            {
                patternIndex += 1
                textIndex += 1
            } else if starIndex >= 0 {
                patternIndex = starIndex + 1
                starText += 1
                textIndex = starText
            } else {
                return false
            }
        }
        return bytes[patternIndex...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
