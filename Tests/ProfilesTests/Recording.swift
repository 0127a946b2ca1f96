import Model
import TestSupport

/// A recording in the format of snmpsim, `OID|type|value`, as the answers of one device.
struct Recording {
    var varBinds: [VarBind] = []

    init(text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: "|", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3, let oid = ObjectID(String(parts[0])),
                let value = Self.value(tag: String(parts[1]), text: String(parts[2]))
            else { continue }
            varBinds.append(VarBind(oid: oid, value: value))
        }
        varBinds.sort { $0.oid < $1.oid }
    }

    /// Tags are the BER tags of the types; `x` marks hexadecimal text.
    private static func value(tag: String, text: String) -> SNMPValue? {
        switch tag {
        case "2": Int64(text).map { .integer($0) }
        case "4": .octets(Array(text.utf8))
        case "4x": .octets(bytes(hex: text))
        case "5": .null
        case "6": ObjectID(text).map { .objectID($0) }
        case "64": .ipAddress(text.split(separator: ".").compactMap { UInt8($0) })
        case "65": UInt32(text).map { .counter32($0) }
        case "66": UInt32(text).map { .gauge32($0) }
        case "67": UInt32(text).map { .timeTicks($0) }
        case "70": UInt64(text).map { .counter64($0) }
        default: nil
        }
    }

    private static func bytes(hex: String) -> [UInt8] {
        var result: [UInt8] = []
        var high: UInt8?
        for digit in hex {
            guard let value = digit.hexDigitValue else { continue }
            if let first = high {
                result.append(first << 4 | UInt8(value))
                high = nil
            } else {
                high = UInt8(value)
            }
        }
        return result
    }

    subscript(oid: String) -> SNMPValue? {
        varBinds.first { $0.oid == ObjectID(oid) }?.value
    }

    var systemObjectID: ObjectID? {
        if case .objectID(let oid) = self["1.3.6.1.2.1.1.2.0"] { oid } else { nil }
    }

    var systemDescription: String {
        if case .octets(let bytes) = self["1.3.6.1.2.1.1.1.0"] {
            String(decoding: bytes, as: UTF8.self)
        } else {
            ""
        }
    }

    /// What a poll with this plan would bring.
    func answers(to plan: RequestPlan) -> RawFrames {
        guard case .snmp(let plan) = plan else { return .snmp([]) }
        let scalars = Set(plan.scalars)
        return .snmp(
            varBinds.filter { varBind in
                scalars.contains(varBind.oid)
                    || plan.subtrees.contains { $0.isPrefix(of: varBind.oid) }
            })
    }

    func values(of oids: [ObjectID]) -> [ObjectID: SNMPValue] {
        let wanted = Set(oids)
        return Dictionary(
            varBinds.filter { wanted.contains($0.oid) }.map { ($0.oid, $0.value) }
        ) { first, _ in first }
    }
}

/// Rows of a file of comma-separated values; quotes as RFC 4180.
func commaSeparated(_ text: String) -> [[String]] {
    var rows: [[String]] = []
    var row: [String] = []
    var field = ""
    var quoted = false
    var previousQuote = false
    for character in text {
        if quoted {
            if character == "\"" {
                quoted = false
                previousQuote = true
            } else {
                field.append(character)
            }
            continue
        }
        switch character {
        case "\"":
            if previousQuote { field.append("\"") }
            quoted = true
        case ",":
            row.append(field)
            field = ""
        case _ where character.isNewline:
            row.append(field)
            rows.append(row)
            row = []
            field = ""
        default: field.append(character)
        }
        previousQuote = false
    }
    if !field.isEmpty || !row.isEmpty { rows.append(row + [field]) }
    return rows
}
