package import Model

/// A recorded Modbus unit: CSV with the columns `table,address,value_hex`, or `table,address,value`
/// with decimal values, as the golden answers of profiles have them. Tables are `hr` or `holding`,
/// `ir` or `input`, `c` or `coils`, `di` or `discrete`; addresses count from 0 as on the wire.
/// A request with a register that is not listed answers exception 2, illegal data address.
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

    /// What polling comes to with the unit. It refuses a request with a register that it does not
    /// have; then polling asks for less, down to the single fields, or registers where the plan
    /// knows no fields, and what is still refused is not there.
    package func answers(to plan: ModbusRequestPlan) -> [RegisterBlock] {
        plan.spans.flatMap { span in
            if let words = words(of: span) {
                return [RegisterBlock(span: span, content: .words(words))]
            }
            let fields = plan.fields.filter { $0.lies(in: span) }
            return (fields.isEmpty ? runs(of: span) : fields).map { part in
                RegisterBlock(
                    span: part, content: words(of: part).map { .words($0) } ?? .exception(2))
            }
        }
    }

    /// Nil where one of the registers is missing.
    private func words(of span: RegisterSpan) -> [UInt16]? {
        let found = span.addresses.compactMap { address in
            UInt16(exactly: address).flatMap { words[span.table]?[$0] }
        }
        return found.count == span.addresses.count ? found : nil
    }

    /// The registers of a span that there are, in unbroken runs; the span itself where none is.
    private func runs(of span: RegisterSpan) -> [RegisterSpan] {
        var runs: [RegisterSpan] = []
        for address in span.addresses {
            guard let start = UInt16(exactly: address), words[span.table]?[start] != nil else {
                continue
            }
            if let last = runs.last, last.addresses.upperBound == address {
                runs[runs.count - 1].count += 1
            } else {
                runs.append(RegisterSpan(table: span.table, start: start, count: 1))
            }
        }
        return runs.isEmpty ? [span] : runs
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

extension RegisterSpan {
    fileprivate var addresses: Range<Int> { Int(start)..<Int(start) + Int(count) }

    fileprivate func lies(in span: RegisterSpan) -> Bool {
        table == span.table && addresses.clamped(to: span.addresses) == addresses
    }
}
