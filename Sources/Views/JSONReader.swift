/// Reads documents from JSON (RFC 8259), wherever it comes from: what does not fit fails, and
/// nothing that was read before may be used then.
struct JSONReader: FieldVisitor {
    /// Values inside values that are passed over; documents have a handful.
    private static let maximumDepth = 64

    private let bytes: [UInt8]
    private var position = 0
    private(set) var hasFailed = false

    /// Of the object that is being read: the key whose value comes next, and which fields there
    /// are, have come and must come, a bit for each.
    private struct Object {
        var isWhole = true
        var key: Range<Int>?
        var place = 0
        var seen: UInt64 = 0
        var required: UInt64 = 0
    }
    private var object = Object()

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// True where all was read and nothing follows.
    mutating func isAtEnd() -> Bool {
        skipSpace()
        return !hasFailed && position == bytes.count
    }

    mutating func fail() {
        hasFailed = true
        position = bytes.count
    }

    // MARK: Objects and lists

    /// - Parameter visit: goes through the fields in their order. Keys come in this order from our
    ///   own writer, so that one round takes them all; in another order there are more rounds.
    mutating func object(isWhole: Bool, _ visit: (inout JSONReader) -> Void) {
        let outer = object
        object = Object(isWhole: isWhole)
        object.key = firstKey()
        repeat {
            object.place = 0
            let before = position
            visit(&self)
            guard object.key != nil, position == before else { continue }
            skipValue()
            object.key = nextKey()
        } while object.key != nil && !hasFailed
        if isWhole, object.required & ~object.seen != 0 { fail() }
        object = outer
    }

    mutating func field<Value: DocumentValue>(
        _ name: StaticString, _ value: inout Value, _ old: Value
    ) {
        let bit: UInt64 = 1 << object.place
        object.place += 1
        if Value.isRequired { object.required |= bit }
        guard let key = object.key, isName(name, key) else { return }
        value.read(from: &self, isWhole: object.isWhole)
        object.seen |= bit
        object.key = nextKey()
    }

    /// An object whose keys are places in a list.
    mutating func places(below count: Int, _ read: (inout JSONReader, Int) -> Void) {
        var key = firstKey()
        while let digits = key, !hasFailed {
            var place = 0
            for byte in bytes[digits] {
                guard (0x30...0x39).contains(byte), place < count else { return fail() }
                place = place * 10 + Int(byte - 0x30)
            }
            guard !digits.isEmpty, place < count else { return fail() }
            read(&self, place)
            key = nextKey()
        }
    }

    mutating func list(_ element: (inout JSONReader) -> Void) {
        guard take(UInt8(ascii: "[")) else { return fail() }
        if take(UInt8(ascii: "]")) { return }
        repeat { element(&self) } while !hasFailed && take(UInt8(ascii: ","))
        if !take(UInt8(ascii: "]")) { fail() }
    }

    private mutating func firstKey() -> Range<Int>? {
        guard take(UInt8(ascii: "{")) else {
            fail()
            return nil
        }
        return take(UInt8(ascii: "}")) ? nil : key()
    }

    private mutating func nextKey() -> Range<Int>? {
        if take(UInt8(ascii: ",")) { return key() }
        if !take(UInt8(ascii: "}")) { fail() }
        return nil
    }

    /// As it stands: no name of ours needs an escape.
    private mutating func key() -> Range<Int>? {
        guard let text = quoted()?.range, take(UInt8(ascii: ":")) else {
            fail()
            return nil
        }
        return text
    }

    private func isName(_ name: StaticString, _ key: Range<Int>) -> Bool {
        guard name.utf8CodeUnitCount == key.count else { return false }
        return name.withUTF8Buffer { name in
            var place = key.lowerBound
            for byte in name {
                if byte != bytes[place] { return false }
                place += 1
            }
            return true
        }
    }

    // MARK: Values

    mutating func takeNull() -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: "n") else { return false }
        if !takeWord("null") { fail() }
        return true
    }

    mutating func bool() -> Bool {
        skipSpace()
        if takeWord("true") { return true }
        if !takeWord("false") { fail() }
        return false
    }

    mutating func integer() -> Int64 {
        let number = scanNumber()
        guard number.isInteger, number.isExact, number.mantissa <= UInt64(Int64.max) else {
            fail()
            return 0
        }
        let value = Int64(number.mantissa)
        return number.isNegative ? -value : value
    }

    mutating func number() -> Double {
        let number = scanNumber()
        guard !hasFailed else { return 0 }
        // Both are exact then, and one operation rounds once (Clinger, "How to read floating point
        // numbers accurately", 1990).
        if number.isExact, number.mantissa < 1 << 53, number.exponent.magnitude < Self.powers.count
        {
            let magnitude = Double(number.mantissa)
            let power = Self.powers[Int(number.exponent.magnitude)]
            let value = number.exponent < 0 ? magnitude / power : magnitude * power
            return number.isNegative ? -value : value
        }
        let text = String(decoding: bytes[number.range], as: UTF8.self)
        guard let value = Double(text), value.isFinite else {
            fail()
            return 0
        }
        return value
    }

    private static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]

    private struct Number {
        var range: Range<Int>
        var isNegative = false
        var isInteger = true
        /// False where the digits are more than `mantissa` holds.
        var isExact = true
        var mantissa: UInt64 = 0
        var exponent = 0
    }

    /// Checks the grammar of RFC 8259, section 6.
    private mutating func scanNumber() -> Number {
        skipSpace()
        var number = Number(range: position..<position)
        let start = position
        number.isNegative = takeByte(UInt8(ascii: "-"))
        let first = position
        let digits = scanDigits(&number)
        guard digits == 1 || digits > 1 && bytes[first] != UInt8(ascii: "0") else {
            fail()
            return number
        }
        if takeByte(UInt8(ascii: ".")) {
            number.isInteger = false
            let digits = scanDigits(&number)
            if digits == 0 { fail() }
            number.exponent = -digits
        }
        if takeByte(UInt8(ascii: "e")) || takeByte(UInt8(ascii: "E")) {
            number.isInteger = false
            let isNegative = takeByte(UInt8(ascii: "-"))
            if !isNegative { _ = takeByte(UInt8(ascii: "+")) }
            var exponent = Number(range: position..<position)
            if scanDigits(&exponent) == 0 { fail() }
            // Beyond any number; the text decides.
            if exponent.isExact, exponent.mantissa < 1000 {
                number.exponent += Int(exponent.mantissa) * (isNegative ? -1 : 1)
            } else {
                number.isExact = false
            }
        }
        number.range = start..<position
        return number
    }

    private mutating func scanDigits(_ number: inout Number) -> Int {
        let start = position
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
            let (times, isLong) = number.mantissa.multipliedReportingOverflow(by: 10)
            let (sum, isLonger) = times.addingReportingOverflow(UInt64(bytes[position] - 0x30))
            if isLong || isLonger { number.isExact = false }
            number.mantissa = sum
            position += 1
        }
        return hasFailed ? 0 : position - start
    }

    // MARK: Texts

    mutating func string() -> String {
        guard let quoted = quoted() else { return "" }
        let whole =
            quoted.hasEscapes
            ? unescaped(quoted.range) : String(validating: bytes[quoted.range], as: UTF8.self)
        guard let whole else {
            fail()
            return ""
        }
        return whole
    }

    /// What stands between quotation marks.
    private mutating func quoted() -> (range: Range<Int>, hasEscapes: Bool)? {
        guard take(UInt8(ascii: "\"")) else {
            fail()
            return nil
        }
        let start = position
        var hasEscapes = false
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "\"") { return (start..<position - 1, hasEscapes) }
            if byte < 0x20 { break }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                position += 1
            }
        }
        fail()
        return nil
    }

    /// Nil for what is no escape, no character, or half of one.
    private func unescaped(_ range: Range<Int>) -> String? {
        var result: [UInt8] = []
        var place = range.lowerBound
        while place < range.upperBound {
            let byte = bytes[place]
            place += 1
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            guard place < range.upperBound else { return nil }
            let escape = bytes[place]
            place += 1
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(escape)
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "f"): result.append(0x0C)
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "u"):
                guard let scalar = scalar(&place, range.upperBound) else { return nil }
                result.append(contentsOf: String(scalar).utf8)
            default: return nil
            }
        }
        return String(validating: result, as: UTF8.self)
    }

    /// Behind `\u`: four digits, or two such escapes for a character beyond 16 bits.
    private func scalar(_ place: inout Int, _ end: Int) -> Unicode.Scalar? {
        guard let first = hexadecimal(&place, end) else { return nil }
        guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) }
        guard place + 2 <= end, bytes[place] == UInt8(ascii: "\\"),
            bytes[place + 1] == UInt8(ascii: "u")
        else { return nil }
        place += 2
        guard let second = hexadecimal(&place, end), (0xDC00..<0xE000).contains(second) else {
            return nil
        }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    }

    private func hexadecimal(_ place: inout Int, _ end: Int) -> UInt32? {
        guard place + 4 <= end else { return nil }
        var code: UInt32 = 0
        for byte in bytes[place..<place + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            code = code << 4 | UInt32(digit)
        }
        place += 4
        return code
    }

    // MARK: Bytes

    private mutating func skipSpace() {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            position += 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        return takeByte(byte)
    }

    private mutating func takeByte(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        let end = position + word.utf8CodeUnitCount
        guard end <= bytes.count, isName(word, position..<end) else { return false }
        position = end
        return true
    }

    /// Passes over a value that nobody asks for.
    private mutating func skipValue() {
        var depth = 0
        repeat {
            skipSpace()
            guard position < bytes.count, depth < Self.maximumDepth else { return fail() }
            switch bytes[position] {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                position += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                guard depth > 0 else { return fail() }
                position += 1
            case UInt8(ascii: "\""): _ = quoted()
            case UInt8(ascii: "t"), UInt8(ascii: "f"): _ = bool()
            case UInt8(ascii: "n"): _ = takeNull()
            default: _ = scanNumber()
            }
        } while depth > 0 && !hasFailed
        if depth < 0 { fail() }
    }
}
