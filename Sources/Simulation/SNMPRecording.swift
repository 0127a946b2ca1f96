import Model

/// A recorded SNMP agent: one `OID|type|value` a line, as snmpsim and LibreNMS keep them.
///
/// Types are the ASN.1 tags in decimal: 2 integer, 4 octets, 5 null, 6 OID, 64 address,
/// 65 Counter32, 66 Gauge32, 67 TimeTicks, 68 opaque, 70 Counter64. A letter after the tag says how
/// the value is written: `x` hexadecimal, `e` with backslash escapes.
package struct SNMPRecording: Sendable {
    package var table: ObjectTable
    /// Lines that stood out of order, and OIDs that came twice (the first one counts).
    package var outOfOrder = 0
    package var repeated = 0

    /// The largest recordings of chassis agents have some 16,000 objects.
    package static let objectLimit = 500_000

    package init(_ bytes: [UInt8], file: String) throws(RecordingError) {
        var objects: [ObjectEntry] = []
        var number = 0
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for var line in lines {
            number += 1
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
            let object = try Self.object(line, file: file, number: number)
            if let last = objects.last, object.oid < last.oid { outOfOrder += 1 }
            objects.append(object)
            if objects.count > Self.objectLimit {
                throw RecordingError(
                    file: file, line: number, problem: "more than \(Self.objectLimit) objects",
                    cure: "split the recording")
            }
        }
        guard !objects.isEmpty else {
            throw RecordingError(
                file: file, line: nil, problem: "no objects",
                cure: "a recording has lines like `1.3.6.1.2.1.1.1.0|4|text`")
        }
        if outOfOrder > 0 { objects = Self.sorted(objects) }
        var unique: [ObjectEntry] = []
        unique.reserveCapacity(objects.count)
        for object in objects {
            if unique.last?.oid == object.oid { repeated += 1 } else { unique.append(object) }
        }
        table = ObjectTable(sorted: unique)
    }

    /// Stable, so that the first of two equal OIDs stays first.
    private static func sorted(_ objects: [ObjectEntry]) -> [ObjectEntry] {
        objects.enumerated()
            .sorted { a, b in
                a.element.oid == b.element.oid
                    ? a.offset < b.offset : a.element.oid < b.element.oid
            }
            .map(\.element)
    }

    private static func object(
        _ line: ArraySlice<UInt8>, file: String, number: Int
    ) throws(RecordingError) -> ObjectEntry {
        let parts = line.split(
            separator: UInt8(ascii: "|"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else {
            throw RecordingError(
                file: file, line: number, problem: "not `OID|type|value`",
                cure: "write three parts with | between them")
        }
        guard let oid = ObjectID(String(decoding: parts[0], as: UTF8.self)) else {
            throw RecordingError(
                file: file, line: number,
                problem: "`\(String(decoding: parts[0], as: UTF8.self))` is no OID",
                cure: "write numbers with dots between them")
        }
        let type = String(decoding: parts[1], as: UTF8.self)
        guard let value = SNMPRecordedValue.decode(type: type, parts[2]) else {
            throw RecordingError(
                file: file, line: number,
                problem: "value does not fit type `\(type)`",
                cure: "types are 2, 4, 5, 6, 64, 65, 66, 67, 70, also with x (hex) or e (escapes)")
        }
        return ObjectEntry(oid: oid, form: .constant(value))
    }
}

/// One value of a recording, from its text.
enum SNMPRecordedValue {
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
        switch tag {
        case "4": return .octets(raw)
        case "5": return .null
        case "6": return (isBinary ? nil : ObjectID(word(raw))).map(SNMPValue.objectID)
        case "64": return address(raw, isBinary: isBinary)
        case "68": return .octets(raw)
        default: return number(tag, raw, isBinary: isBinary)
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
}
