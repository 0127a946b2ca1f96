package import Model

/// Recordings as text: what `SNMPRecording` and `RegisterRecording` read.
package enum RecordingText {
    /// `OID|type|value` a line, in the order of the OIDs; nil for what is no value.
    package static func line(_ bind: VarBind) -> String? {
        guard let (type, text) = value(bind.value) else { return nil }
        return "\(bind.oid)|\(type)|\(text)"
    }

    private static func value(_ value: SNMPValue) -> (type: String, text: String)? {
        switch value {
        case .integer(let number): ("2", "\(number)")
        case .counter32(let number): ("65", "\(number)")
        case .gauge32(let number): ("66", "\(number)")
        case .timeTicks(let number): ("67", "\(number)")
        case .counter64(let number): ("70", "\(number)")
        case .objectID(let oid): ("6", "\(oid)")
        case .ipAddress(let bytes): ("64", bytes.map { "\($0)" }.joined(separator: "."))
        case .octets(let bytes):
            bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
                ? ("4", String(decoding: bytes, as: UTF8.self)) : ("4x", hex(bytes))
        // Opaque, as net-snmp wraps them: tag 0x9f 0x78 or 0x79, length, IEEE 754 big-endian.
        case .float(let number): ("68x", "9f7804" + hex(bigEndian(UInt64(number.bitPattern), 4)))
        case .double(let number): ("68x", "9f7908" + hex(bigEndian(number.bitPattern, 8)))
        case .null, .noSuchObject, .noSuchInstance, .endOfMibView: nil
        }
    }

    private static func bigEndian(_ bits: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: bits >> UInt64(8 * (count - 1 - $0))) }
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// `table,address,value_hex` a line, with the header.
    package static func registers(_ image: [RegisterTable: [UInt16: UInt16]]) -> String {
        var lines = ["table,address,value_hex"]
        for (table, name) in [
            (RegisterTable.holding, "hr"), (.input, "ir"), (.coils, "c"), (.discrete, "di"),
        ] {
            for (address, word) in (image[table] ?? [:]).sorted(by: { $0.key < $1.key }) {
                let digits = String(word, radix: 16)
                lines.append(
                    "\(name),\(address),"
                        + String(repeating: "0", count: 4 - digits.count) + digits)
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
