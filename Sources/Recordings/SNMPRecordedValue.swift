import Model

/// One value of a recording, from its text.
enum SNMPRecordedValue {
    /// The application types of RFC 2578 as some recorders write them: in hexadecimal.
    private static let decimalTags = [
        "40": "64", "41": "65", "42": "66", "43": "67", "44": "68", "46": "70",
    ]

    static func decode(type: String, _ text: ArraySlice<UInt8>) -> SNMPValue? {
        var tag = type
        var raw = Array(text)
        var isBinary = false
        if let last = tag.last, last == "x" || last == "e" {
            tag.removeLast()
            guard let bytes = last == "x" ? hex(raw) : unescaped(raw) else { return nil }
            raw = bytes
            isBinary = true
        }
        switch decimalTags[tag] ?? tag {
        case "4": return .octets(raw)
        case "5": return .null
        case "6": return (isBinary ? nil : ObjectID(word(raw))).map(SNMPValue.objectID)
        case "64": return address(raw, isBinary: isBinary)
        case "68": return opaque(raw)
        default: return number(decimalTags[tag] ?? tag, raw, isBinary: isBinary)
        }
    }

    private static func number(_ tag: String, _ raw: [UInt8], isBinary: Bool) -> SNMPValue? {
        if tag == "2" {
            let value = isBinary ? bigEndian(raw, signed: true) : Int64(word(raw))
            return value.map(SNMPValue.integer)
        }
        let value: UInt64?
        if isBinary {
            value = bigEndian(raw, signed: false).map(UInt64.init(bitPattern:))
        } else {
            value = UInt64(word(raw))
        }
        guard let value else { return nil }
        switch tag {
        case "65": return UInt32(exactly: value).map(SNMPValue.counter32)
        case "66": return UInt32(exactly: value).map(SNMPValue.gauge32)
        case "67": return UInt32(exactly: value).map(SNMPValue.timeTicks)
        case "70": return .counter64(value)
        default: return nil
        }
    }

    /// Without the blanks around it.
    private static func word(_ raw: [UInt8]) -> String {
        let blank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        let start = raw.drop(while: blank)
        let end = start.reversed().drop(while: blank).reversed()
        return String(decoding: end, as: UTF8.self)
    }

    private static func address(_ raw: [UInt8], isBinary: Bool) -> SNMPValue? {
        if isBinary { return raw.count == 4 ? .ipAddress(raw) : nil }
        let text = word(raw)
        // Blotted out by who recorded it.
        if text.hasPrefix("<") { return .ipAddress([0, 0, 0, 0]) }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { UInt8($0) }
        return parts.count == 4 && bytes.count == 4 ? .ipAddress(bytes) : nil
    }

    private static func bigEndian(_ raw: [UInt8], signed: Bool) -> Int64? {
        guard !raw.isEmpty, raw.count <= 8 else { return nil }
        var value: UInt64 = signed && raw[0] >= 0x80 ? .max : 0
        for byte in raw { value = value << 8 | UInt64(byte) }
        return Int64(bitPattern: value)
    }

    static func hex(_ raw: [UInt8]) -> [UInt8]? {
        var digits: [UInt8] = []
        digits.reserveCapacity(raw.count)
        for byte in raw where byte != 0x20 {
            guard let digit = hexDigit(byte) else { return nil }
            digits.append(digit)
        }
        guard digits.count % 2 == 0 else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    /// Backslash escapes as in C and Python: `\n \r \t \\ \' \" \a \b \f \v \0 \xHH`.
    private static func unescaped(_ raw: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        var index = 0
        while index < raw.count {
            let byte = raw[index]
            index += 1
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            guard index < raw.count else { return nil }
            let letter = raw[index]
            index += 1
            switch letter {
            case UInt8(ascii: "n"): bytes.append(0x0a)
            case UInt8(ascii: "r"): bytes.append(0x0d)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "a"): bytes.append(0x07)
            case UInt8(ascii: "b"): bytes.append(0x08)
            case UInt8(ascii: "f"): bytes.append(0x0c)
            case UInt8(ascii: "v"): bytes.append(0x0b)
            case UInt8(ascii: "0"): bytes.append(0x00)
            case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): bytes.append(letter)
            case UInt8(ascii: "x"):
                guard index + 1 < raw.count, let high = hexDigit(raw[index]),
                    let low = hexDigit(raw[index + 1])
                else { return nil }
                bytes.append(high << 4 | low)
                index += 2
            default: return nil
            }
        }
        return bytes
    }

    /// Floating-point numbers as net-snmp wraps them: 9F 78 04 and four octets, 9F 79 08 and eight.
    private static func opaque(_ raw: [UInt8]) -> SNMPValue {
        let bits = raw.dropFirst(3).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        if raw.count == 7, raw.starts(with: [0x9F, 0x78, 0x04]) {
            return .float(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
        }
        if raw.count == 11, raw.starts(with: [0x9F, 0x79, 0x08]) {
            return .double(Double(bitPattern: bits))
        }
        return .octets(raw)
    }
}
