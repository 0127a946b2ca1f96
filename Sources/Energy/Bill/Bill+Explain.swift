import Model

/// The figures of a bill by their names: `energy.bill.total@2026-11`, `energy.bill.block:market@…`,
/// `energy.bill.line:market/1@…` (the first line of the block), `energy.bill.average.all-in@…`.
extension Bill {
    package static let figures = "energy.bill"
    /// Whole kWh of the billing meter: explained from registers or from one's own meters.
    package static let billedFigure = "energy.billed"

    package var time: FigureTime { .month(year: year, month: month) }

    package func lineID(_ block: BillLine.Block, _ number: Int) -> FigureID {
        FigureID(Self.figures + ".line", of: "\(block.rawValue)/\(number)", at: time)
    }

    /// The ids of all lines, in their order.
    package var lineIDs: [FigureID] {
        var numbers: [BillLine.Block: Int] = [:]
        return lines.map { line in
            numbers[line.block, default: 0] += 1
            return lineID(line.block, numbers[line.block] ?? 0)
        }
    }

    /// Nil for a figure of another kind, or of another month.
    package func explain(_ id: FigureID) -> Explanation? {
        if case .day(let day)? = id.time, id.name == Self.figures + ".day" {
            return self.day(id, day)
        }
        guard id.time == time else { return nil }
        switch id.name {
        case Self.figures + ".total": return total(id)
        case Self.figures + ".block": return block(id)
        case Self.figures + ".line": return line(id)
        default:
            return id.isBelow(Self.figures + ".average") ? average(id) : nil
        }
    }

    private func total(_ id: FigureID) -> Explanation {
        Explanation(
            id: id, title: isComplete ? "the month's bill" : "the sum of what is known of the bill",
            value: total.description, unit: "yuan", formula: "sum of the blocks",
            source: "blocks of the utility's bill", combination: .sum(decimals: nil),
            inputs: BillLine.Block.allCases.filter { block in
                lines.contains { $0.block == block }
            }.map { block in
                .init(
                    block.chinese, sum(block).description, unit: "yuan",
                    id: FigureID(Self.figures + ".block", of: block.rawValue, at: time))
            }, notes: open)
    }

    private func block(_ id: FigureID) -> Explanation? {
        guard let block = id.subject.flatMap({ BillLine.Block(rawValue: $0) }) else { return nil }
        let own = zip(lines, lineIDs).filter { $0.0.block == block }
        return Explanation(
            id: id, title: block.chinese, value: sum(block).description, unit: "yuan",
            formula: "sum of the lines that are known", source: "",
            combination: .sum(decimals: nil),
            inputs: own.map { line, id in
                .init(
                    line.name, line.amount?.description, unit: "yuan",
                    quality: line.basis == .assumed ? "assumed price" : nil, id: id,
                    counts: line.amount != nil)
            })
    }

    private func line(_ id: FigureID) -> Explanation? {
        guard let index = lineIDs.firstIndex(of: id) else { return nil }
        let line = lines[index]
        var result = Explanation(
            id: id, title: "\(line.name) \(line.english)", value: line.amount?.description,
            unit: "yuan", formula: line.rule, source: line.document,
            quality: line.basis == .assumed ? "assumed price" : nil)
        let told = line.inputs.map {
            Explanation.Input($0.name, $0.value, counts: false)
        }
        if let days = subjectDays(line) {
            result.combination = .sum(decimals: nil)
            result.formula = "sum of the days, each rounded to 0.01 yuan (日清月结)"
            result.inputs =
                days.map { day, part in
                    .init(
                        day.dateText, part.fee.description, unit: "yuan",
                        id: FigureID(Self.figures + ".day", of: id.subject, at: .day(day)))
                } + told
            return result
        }
        if let quantity = line.quantity, let price = line.price {
            let isBilled =
                quantity.name == "kWh"
                && quantity.value == billed.decimal.trimmed.description
            result.inputs = [
                .init(
                    "quantity", quantity.value, unit: quantity.name,
                    id: isBilled ? FigureID(Self.billedFigure, at: time) : nil),
                .init("price", price.value, unit: price.name, quality: line.document),
            ]
            // A discount, a factor or a percentage is told by the rule and not multiplied here.
            result.combination = .product(decimals: 2)
            if result.check != .agrees {
                result.combination = .rule
                for index in result.inputs.indices { result.inputs[index].counts = false }
            }
        }
        result.inputs += told
        return result
    }

    private func subjectDays(
        _ line: BillLine
    ) -> [(day: CivilTime, part: MarketSettlement.Part)]? {
        guard line.block == .market, let settlement else { return nil }
        let days = settlement.days.compactMap { day in
            day.parts.first { $0.key.chinese == line.name }.map { (day: day.day, part: $0.value) }
        }
        return days.isEmpty ? nil : days
    }

    private func day(_ id: FigureID, _ day: CivilTime) -> Explanation? {
        guard let index = lineIDs.firstIndex(where: { $0.subject == id.subject }),
            let part = subjectDays(lines[index])?.first(where: { $0.day == day })?.part
        else { return nil }
        return Explanation(
            id: id, title: "\(lines[index].name) of a day", value: part.fee.description,
            unit: "yuan", formula: "Σ quantity × price of its quarter hours, rounded once",
            source: "电力市场计量结算基本规则, Art. 9 and 12", combination: .sum(decimals: 2),
            inputs: [
                .init("unrounded", part.exact.text, unit: "yuan"),
                .init(
                    "energy", part.energy.decimal.trimmed.description, unit: "kWh", counts: false),
            ])
    }

    /// The averages by the words of their ids.
    package static let averageNames = [
        "trading", "trading-with-green", "all-in", "all-in-energy", "all-in-without-vat",
    ]

    package func averageID(_ name: String) -> FigureID {
        FigureID(Self.figures + ".average." + name, at: time)
    }

    private func average(_ id: FigureID) -> Explanation? {
        let averages = averages
        let all: [String: (FixedDecimal?, Fee?, String)] = [
            "trading": (averages.trading, sum(.market), "market energy"),
            "trading-with-green": (
                averages.tradingWithGreen, sum(.market) + sum(.green),
                "market energy and green value"
            ),
            "all-in": (averages.allIn, total, "the whole bill"),
            "all-in-energy": (
                averages.allInEnergy, sum { $0.block != .basic && $0.block != .powerFactor },
                "the bill without basic charge and power factor adjustment"
            ),
            "all-in-without-vat": (
                averages.allInWithoutVAT, nil, "the whole bill / 1.13"
            ),
        ]
        let word = String(id.name.dropFirst(Self.figures.count + ".average.".count))
        guard let (value, fee, what) = all[word] else { return nil }
        return Explanation(
            id: id, title: "average price: \(what)", value: value?.description, unit: "yuan/kWh",
            formula: "fees rounded / whole kWh, six decimals", source: "docs/SETTLEMENT.md",
            combination: fee == nil ? .rule : .quotient(decimals: 6),
            inputs: [
                .init(
                    what, (fee ?? total).description, unit: "yuan",
                    id: word == "all-in" ? FigureID(Self.figures + ".total", at: time) : nil,
                    counts: fee != nil),
                .init(
                    "energy", "\(billed.wholeKilowattHours)", unit: "kWh",
                    id: FigureID(Self.billedFigure, at: time), counts: fee != nil),
            ])
    }
}
