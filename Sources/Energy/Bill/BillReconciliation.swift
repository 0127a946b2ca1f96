package import ConfigTree
package import Model

/// The utility's bill held against one's own, line by line.
package struct BillReconciliation: Sendable {
    /// A line as the utility printed it.
    package struct Printed: Sendable, Hashable {
        package var name: String
        package var amount: Fee
        /// Where the file has them.
        package var quantity: FixedDecimal?
        package var price: FixedDecimal?
    }

    package enum Verdict: String, Sendable {
        /// Inside the tolerance: 0.05 yuan a line, 1 yuan a bill.
        case agrees
        case amount, quantity, price
        case onlyOurs = "only-ours"
        case onlyTheirs = "only-theirs"

        package var chinese: String {
            switch self {
            case .agrees: "一致"
            case .amount: "金额不符"
            case .quantity: "电量或需量不符"
            case .price: "电价不符"
            case .onlyOurs: "账单缺此项"
            case .onlyTheirs: "测算缺此项"
            }
        }
    }

    package struct Line: Sendable, Hashable {
        package var name: String
        package var ours: Fee?
        package var theirs: Fee?
        package var verdict: Verdict
        /// Theirs less ours.
        package var difference: Fee {
            Fee(fen: (theirs ?? .zero).fen &- (ours ?? .zero).fen)
        }
    }

    /// Printed bills round products of printed figures once more.
    package static let lineTolerance: Int64 = 5
    package static let billTolerance: Int64 = 100

    package private(set) var lines: [Line] = []
    package private(set) var difference: Fee

    package var agrees: Bool {
        difference.fen.magnitude <= UInt64(Self.billTolerance)
            && lines.allSatisfy { $0.verdict == .agrees }
    }

    package init(_ bill: Bill, _ printed: [Printed]) {
        var left = printed
        for line in bill.lines {
            guard let index = left.firstIndex(where: { $0.name == line.name }) else {
                lines.append(
                    Line(name: line.name, ours: line.amount, theirs: nil, verdict: .onlyOurs))
                continue
            }
            let theirs = left.remove(at: index)
            lines.append(
                Line(
                    name: line.name, ours: line.amount, theirs: theirs.amount,
                    verdict: Self.verdict(line, theirs)))
        }
        for theirs in left {
            lines.append(
                Line(name: theirs.name, ours: nil, theirs: theirs.amount, verdict: .onlyTheirs))
        }
        let sum = printed.reduce(Fee.zero) { $0 + $1.amount }
        difference = Fee(fen: sum.fen &- bill.total.fen)
    }

    /// Names the first cause that explains a difference beyond the tolerance.
    private static func verdict(_ ours: BillLine, _ theirs: Printed) -> Verdict {
        let difference = theirs.amount.fen &- (ours.amount ?? .zero).fen
        if ours.amount != nil, difference.magnitude <= UInt64(lineTolerance) { return .agrees }
        func differs(_ own: BillLine.Input?, _ other: FixedDecimal?) -> Bool {
            guard let own = own.flatMap({ FixedDecimal($0.value) }), let other else { return false }
            return own.trimmed != other.trimmed
        }
        if differs(ours.quantity, theirs.quantity) { return .quantity }
        if differs(ours.price, theirs.price) { return .price }
        return .amount
    }

    /// Reads the utility's lines from CSV with the columns `name` and `amount`, and perhaps
    /// `quantity` and `price`.
    package static func parse(
        _ bytes: [UInt8], file: String, _ d: inout Diagnostics
    ) -> [Printed] {
        let table = CommaSeparated(bytes)
        guard table.has("name"), table.has("amount") else {
            d.add(
                SourcePosition(file: file, line: 1, column: 1),
                "the header has no columns `name` and `amount`",
                cure: "begin with a header such as name,quantity,price,amount")
            return []
        }
        var printed: [Printed] = []
        for (index, row) in table.rows.enumerated() {
            func number(_ column: String) -> FixedDecimal? {
                let text = table.text(column, row)
                if text.isEmpty { return nil }
                // Thousands are separated on paper.
                if let value = FixedDecimal(text.filter { $0 != "," }) { return value }
                d.add(
                    table.position(file: file, row: index, column: column),
                    "`\(text.prefix(40))` is no number", cure: "write it as 1234.56")
                return nil
            }
            let name = table.text("name", row)
            let quantity = number("quantity")
            let price = number("price")
            guard let amount = number("amount")?.rescaled(to: 2) else {
                if table.text("amount", row).isEmpty {
                    d.add(
                        table.position(file: file, row: index, column: "amount"),
                        "line `\(name.prefix(40))` has no amount", cure: "add it, in yuan")
                }
                continue
            }
            printed.append(
                Printed(
                    name: name, amount: Fee(fen: amount.mantissa), quantity: quantity, price: price)
            )
        }
        return printed
    }
}
