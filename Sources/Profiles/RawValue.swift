import Model

/// A raw value of either protocol.
enum RawValue: Sendable {
    case number(RawNumber)
    case text([UInt8])

    /// Nil for what stands for "no such object".
    init?(_ value: SNMPValue) {
        switch value {
        case .integer(let number): self = .number(.decimal(mantissa: Int128(number), digits: 0))
        case .counter32(let number), .gauge32(let number), .timeTicks(let number):
            self = .number(.decimal(mantissa: Int128(number), digits: 0))
        case .counter64(let number):
            self = .number(.decimal(mantissa: Int128(number), digits: 0))
        case .float(let number): self = .number(.binary(Double(number)))
        case .double(let number): self = .number(.binary(number))
        case .octets(let bytes): self = .text(bytes)
        case .objectID(let oid): self = .text(Array(oid.description.utf8))
        case .ipAddress(let bytes):
            self = .text(Array(bytes.map(String.init).joined(separator: ".").utf8))
        case .null, .noSuchObject, .noSuchInstance, .endOfMibView: return nil
        }
    }

    /// A whole number, also when it comes as text.
    var integer: Int64? {
        switch self {
        case .number(.decimal(let mantissa, 0)): Int64(exactly: mantissa)
        case .number(.decimal): nil
        case .number(.binary(let value)): Int64(exactly: value)
        case .text: Int64(trimmedText)
        }
    }

    /// Text without surrounding blanks and without the zero bytes some agents append.
    var trimmedText: String {
        switch self {
        case .number(.decimal(let mantissa, 0)): return String(mantissa)
        case .number(.decimal(let mantissa, let digits)): return "\(mantissa)e-\(digits)"
        case .number(.binary(let value)): return "\(value)"
        case .text(let bytes):
            let isBlank = { (byte: UInt8) in byte <= 0x20 }
            let tail = bytes.drop(while: isBlank)
            let end = tail.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? tail.startIndex
            return String(decoding: tail[tail.startIndex..<end], as: UTF8.self)
        }
    }
}

extension Condition {
    /// A value that is not there meets only a `not`.
    func holds(_ value: RawValue?) -> Bool {
        guard let value else { return negated }
        var found = false
        if let number = value.integer.map({ parts.apply($0) }) {
            found = numbers.contains(number) || range?.contains(number) ?? false
            // A pattern looks at numbers as they are written.
            if !found, !patterns.isEmpty {
                found = patterns.contains { $0.matches("\(number)") }
            }
        }
        if !found, case .text = value {
            let text = value.trimmedText
            found = texts.contains(text) || patterns.contains { $0.matches(text) }
        }
        return found != negated
    }
}

/// Text of a device made harmless for screens, logs and files.
enum DeviceText {
    /// Bytes kept of a label: longer ones fill a screen.
    static let maximumLabelBytes = 64
    /// Sensors on a bus are told apart by the ends of long addresses.
    static let maximumInstanceBytes = 64

    /// Without control and format characters, at most 64 bytes; nil where nothing remains.
    static func label(_ bytes: [UInt8]) -> String? {
        var result = ""
        for character in String(decoding: bytes.prefix(1_024), as: UTF8.self) {
            let isPrintable = character.unicodeScalars.allSatisfy { scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
                    .paragraphSeparator:
                    false
                default: scalar != "\u{FFFD}"
                }
            }
            guard isPrintable else { continue }
            if character == " ", result.isEmpty || result.last == " " { continue }
            guard result.utf8.count + character.utf8.count <= maximumLabelBytes else { break }
            result.append(character)
        }
        if result.last == " " { result.removeLast() }
        return result.isEmpty ? nil : result
    }

    /// An instance as part of a name: letters, digits, `_` and `-`; nil where nothing remains.
    static func instance(_ text: String) -> String? {
        var result = ""
        for byte in text.utf8.prefix(maximumInstanceBytes) {
            let isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7A
            let isDigit = byte >= 0x30 && byte <= 0x39
            if isLetter || isDigit || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else if result.last != "-" {
                result.append("-")
            }
        }
        while result.last == "-" { result.removeLast() }
        while result.first == "-" { result.removeFirst() }
        return result.isEmpty ? nil : result
    }
}
