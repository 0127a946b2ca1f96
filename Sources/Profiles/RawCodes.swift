/// Raw values with one meaning, as a profile lists them: whole numbers, texts, and `NaN`.
struct RawCodes: Equatable, Sendable {
    private(set) var numbers: Set<Int128> = []
    /// Everything that was listed, numbers too.
    private(set) var texts: Set<String> = []

    var isEmpty: Bool { texts.isEmpty }
    /// No number of a floating-point register.
    var hasNaN: Bool { texts.contains(Self.notANumber) }

    private static let notANumber = "NaN"

    mutating func insert(_ text: String) {
        if let number = Int128(text) { numbers.insert(number) }
        texts.insert(text)
    }

    func contains(_ raw: RawValue) -> Bool {
        if isEmpty { return false }
        switch raw {
        case .number(.decimal(let number, 0)): return numbers.contains(number)
        case .number(.decimal): return false
        case .number(.binary(let value)):
            if value.isNaN { return hasNaN }
            return Int128(exactly: value).map(numbers.contains) ?? false
        case .text:
            let text = raw.trimmedText
            return texts.contains(text) || Int128(text).map(numbers.contains) ?? false
        }
    }
}
