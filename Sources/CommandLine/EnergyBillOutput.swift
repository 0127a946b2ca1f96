import Energy
import Model

/// A bill as JSON: amounts and prices as decimal texts, so that no reader rounds them.
struct BillAnswer: Encodable {
    struct Line: Encodable {
        var id: String
        var block: String
        var name: String
        var english: String
        var quantity: String?
        var unit: String?
        var price: String?
        var priceUnit: String?
        var amount: String?
        var rule: String
        var inputs: [String: String]
        var document: String
        var basis: String
        var inPowerFactorBase: Bool
    }
    struct Averages: Encodable {
        var trading: String?
        var tradingWithGreen: String?
        var allIn: String?
        var allInEnergy: String?
        var allInWithoutVAT: String?
    }
    struct Day: Encodable {
        var day: String
        var kilowattHours: String
        var fees: [String: String]
    }
    var month: String
    var complete: Bool
    var open: [String]
    var choices: [String: String]
    var billedKilowattHours: String
    var lines: [Line]
    var blocks: [String: String]
    var days: [Day]
    var powerFactor: String?
    var powerFactorBase: String
    var averages: Averages
    /// The sum of the lines that are known; the bill's total where it is complete.
    var total: String
    /// Of total, energy and averages, as `frostline explain` takes them.
    var ids: [String]

    init(_ bill: Bill) {
        month = "\(bill.year)-" + (bill.month < 10 ? "0" : "") + "\(bill.month)"
        complete = bill.isComplete
        open = bill.open
        choices = Dictionary(
            bill.choices.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        billedKilowattHours = "\(bill.billed.wholeKilowattHours)"
        lines = zip(bill.lines, bill.lineIDs).map { line, id in
            Line(
                id: "\(id)", block: line.block.rawValue, name: line.name, english: line.english,
                quantity: line.quantity?.value, unit: line.quantity?.name,
                price: line.price?.value, priceUnit: line.price?.name,
                amount: line.amount?.description, rule: line.rule,
                inputs: Dictionary(
                    line.inputs.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }
                ), document: line.document, basis: line.basis.rawValue,
                inPowerFactorBase: line.isInPowerFactorBase)
        }
        blocks = Dictionary(
            uniqueKeysWithValues: BillLine.Block.allCases.map {
                ($0.rawValue, bill.sum($0).description)
            })
        days = (bill.settlement?.days ?? []).map { day in
            Day(
                day: day.day.dateText, kilowattHours: day.energy.decimal.trimmed.description,
                fees: Dictionary(
                    uniqueKeysWithValues: day.parts.map {
                        ($0.key.chinese, $0.value.fee.description)
                    }
                ))
        }
        powerFactor = bill.powerFactor?.decimal.description
        powerFactorBase = bill.powerFactorBase.description
        let averages = bill.averages
        self.averages = Averages(
            trading: averages.trading?.description,
            tradingWithGreen: averages.tradingWithGreen?.description,
            allIn: averages.allIn?.description, allInEnergy: averages.allInEnergy?.description,
            allInWithoutVAT: averages.allInWithoutVAT?.description)
        total = bill.total.description
        ids = Self.ids(bill)
    }

    static func ids(_ bill: Bill) -> [String] {
        ([
            FigureID(Bill.figures + ".total", at: bill.time),
            FigureID(Bill.billedFigure, at: bill.time),
        ]
            + Bill.averageNames.map(bill.averageID)).map { "\($0)" }
    }
}

struct ReconciliationAnswer: Encodable {
    struct Line: Encodable {
        var name: String
        var ours: String?
        var theirs: String?
        var difference: String
        var verdict: String
    }
    var agrees: Bool
    var difference: String
    var lines: [Line]

    init(_ result: BillReconciliation) {
        agrees = result.agrees
        difference = result.difference.description
        lines = result.lines.map {
            Line(
                name: $0.name, ours: $0.ours?.description, theirs: $0.theirs?.description,
                difference: $0.difference.description, verdict: $0.verdict.rawValue)
        }
    }
}

/// The same for people.
enum BillText {
    static func write(_ bill: Bill, verbose: Bool) {
        var table = TextTable([
            ("LINE", .left), ("QUANTITY", .right), ("PRICE", .right), ("YUAN", .right),
        ])
        for block in BillLine.Block.allCases {
            let lines = bill.lines.filter { $0.block == block }
            for line in lines {
                table.add([
                    line.name + (line.basis == .assumed ? " *" : ""),
                    line.quantity.map { "\($0.value) \($0.name)" } ?? "",
                    line.price.map { "\($0.value) \($0.name)" } ?? "",
                    line.amount?.description ?? "unknown",
                ])
            }
            if lines.count > 1 {
                table.add(["  = \(block.chinese)", "", "", bill.sum(block).description])
            }
        }
        let total = bill.isComplete ? "合计 TOTAL" : "已知各项之和 SUM OF WHAT IS KNOWN"
        table.add([total, "", "", bill.total.description])
        table.write()
        let averages: [(String, FixedDecimal?)] = [
            ("交易均价 trading", bill.averages.trading),
            ("到户均价 all-in", bill.averages.allIn),
            ("不含容需量与力调 without basic charge and power factor", bill.averages.allInEnergy),
            ("到户均价，不含税 all-in without 13 % VAT", bill.averages.allInWithoutVAT),
        ]
        for (name, value) in averages {
            if let value { Output.line("\(name): \(value) 元/kWh") }
        }
        for choice in bill.choices { Output.line("\(choice.name): \(choice.value)") }
        if bill.lines.contains(where: { $0.basis == .assumed }) {
            Output.line("* an assumed price stands in for one that is not entered")
        }
        for reason in bill.open { Output.line("open: \(reason)") }
        guard verbose else { return }
        for id in BillAnswer.ids(bill) { Output.line(id) }
        for (line, id) in zip(bill.lines, bill.lineIDs) {
            Output.line("\(line.name): \(line.rule)；\(line.document)  \(id)")
            for input in line.inputs { Output.line("    \(input.name) = \(input.value)") }
        }
    }

    static func write(_ result: BillReconciliation) {
        var table = TextTable([
            ("LINE", .left), ("OURS", .right), ("THEIRS", .right), ("DIFFERENCE", .right),
            ("VERDICT", .left),
        ])
        for line in result.lines {
            table.add([
                line.name, line.ours?.description ?? "–", line.theirs?.description ?? "–",
                line.difference.description, "\(line.verdict.chinese) \(line.verdict.rawValue)",
            ])
        }
        table.write()
        Output.line(
            "difference \(result.difference) yuan; tolerance 0.05 a line, 1.00 a bill: "
                + (result.agrees ? "agrees" : "does not agree"))
    }
}
