package import Model

/// A recorded Modbus unit: CSV with the columns `table,address,value_hex`, or `table,address,value`
/// with decimal values, as the golden answers of profiles have them. Tables are `hr` or `holding`,
/// `ir` or `input`, `c` or `coils`, `di` or `discrete`; addresses count from 0 as on the wire.
/// Registers that are not listed answer with exception 2, illegal data address.
package struct RegisterRecording: Sendable {
    package private(set) var words: [RegisterTable: [UInt16: UInt16]] = [:]

    package init(_ text: String, file: String) throws(RecordingError) {
        var number = 0
        var radix = 16
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            number += 1
            if number == 1 {
                guard let found = Self.radix(header: line) else {
                    throw RecordingError(
                        file: file, line: 1, problem: "the header is not `table,address,value_hex`",
                        cure: "give the file this header line, or `table,address,value` where "
                            + "values are decimal")
                }
                radix = found
                continue
            }
            if line.isEmpty || line.hasPrefix("#") { continue }
            let parts = line.split(separator: ",", omittingEmptySubsequences: false)
            guard parts.count >= 3, let table = Self.table(parts[0]),
                let address = UInt16(parts[1]), let value = UInt16(parts[2], radix: radix),
                !table.isBits || value <= 1
            else {
                throw RecordingError(
                    file: file, line: number, problem: "not as the header says",
                    cure: radix == 16
                        ? "write such as `hr,10,0A1F`: hr, ir, c or di; 0…65535; 0000…FFFF"
                        : "write such as `holding,10,2591`: holding, input, coils or discrete; "
                            + "0…65535; 0…65535")
            }
            words[table, default: [:]][address] = value
        }
        guard !words.isEmpty else {
            throw RecordingError(
                file: file, line: nil, problem: "no registers",
                cure: "list at least one, such as `hr,0,0003`")
        }
    }

    /// A span with a register the unit does not have is refused with exception 2.
    package func answers(to plan: ModbusRequestPlan) -> [RegisterBlock] {
        plan.spans.map { span in
            let range = Int(span.start)..<Int(span.start) + Int(span.count)
            let found = range.compactMap { address in
                UInt16(exactly: address).flatMap { words[span.table]?[$0] }
            }
            return RegisterBlock(
                span: span, content: found.count == range.count ? .words(found) : .exception(2))
        }
    }

    private static func radix(header: Substring) -> Int? {
        if header.hasPrefix("table,address,value_hex") { return 16 }
        return header == "table,address,value" ? 10 : nil
    }

    private static func table(_ text: Substring) -> RegisterTable? {
        switch text {
        case "hr", "holding": .holding
        case "ir", "input": .input
        case "c", "coils": .coils
        case "di", "discrete": .discrete
        default: nil
        }
    }
}
