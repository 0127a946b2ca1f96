import Model

/// A recorded Modbus unit: CSV with the columns `table,address,value_hex`. Tables are `hr` holding,
/// `ir` input, `c` coils, `di` discrete inputs; addresses count from 0 as on the wire. Registers
/// that are not listed answer with exception 2, illegal data address.
package struct RegisterRecording: Sendable {
    package var map: RegisterMap

    package init(_ text: String, file: String) throws(RecordingError) {
        var map = RegisterMap()
        var number = 0
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            if number == 1 {
                guard line.hasPrefix("table,address,value_hex") else {
                    throw RecordingError(
                        file: file, line: 1, problem: "the header is not `table,address,value_hex`",
                        cure: "give the file this header line")
                }
                continue
            }
            if line.isEmpty || line.hasPrefix("#") { continue }
            let parts = line.split(separator: ",", omittingEmptySubsequences: false)
            guard parts.count >= 3, let table = Self.table(parts[0]),
                let address = UInt16(parts[1]), let value = UInt16(parts[2], radix: 16),
                !table.isBits || value <= 1
            else {
                throw RecordingError(
                    file: file, line: number, problem: "not `table,address,value_hex`",
                    cure: "write such as `hr,40001,0A1F`: hr, ir, c or di; 0…65535; 0000…FFFF")
            }
            map.set(table, address, .constant(value))
        }
        guard map.count > 0 else {
            throw RecordingError(
                file: file, line: nil, problem: "no registers",
                cure: "list at least one, such as `hr,0,0003`")
        }
        self.map = map
    }

    private static func table(_ text: Substring) -> RegisterTable? {
        switch text {
        case "hr": .holding
        case "ir": .input
        case "c": .coils
        case "di": .discrete
        default: nil
        }
    }
}
