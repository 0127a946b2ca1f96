package import Model

/// Energy at one price: a component of the price in a period of the day.
package struct CostLine: Sendable, Hashable {
    package var kind: PriceComponent.Kind
    package var name: String
    package var english: String
    package var period: TimeOfUsePeriod?
    package var kilowattHours: Int64
    package var price: UnitPrice
    package var fee: Fee
    package var document: String
    package var basis: TariffBasis
}

/// Quarter hours put together by what they cost: whole kWh by period and component of the price.
package struct CostLines: Sendable {
    package var lines: [CostLine] = []
    /// Why some energy has no price.
    package var reasons: [String] = []

    package var fee: Fee { lines.reduce(.zero) { $0 + $1.fee } }

    /// Quarter hours with energy (nil where it is missing), at the prices of `choice`.
    package init(
        _ energy: [(quarter: QuarterHour, wattHours: Int64?)], table: TariffTable,
        choice: TariffChoice, offsetMinutes: Int
    ) {
        var known: [CivilTime: Result<PriceBreakdown, TariffError>] = [:]
        var order: [PriceBreakdown] = []
        var sums: [PriceBreakdown: Int64] = [:]
        for (quarter, wattHours) in energy {
            var hour = CivilTime(quarter.start, offsetMinutes: offsetMinutes)
            hour.minute = 0
            let price: Result<PriceBreakdown, TariffError>
            if let found = known[hour] {
                price = found
            } else {
                do throws(TariffError) {
                    price = .success(try table.price(choice, at: hour))
                } catch {
                    price = .failure(error)
                }
                known[hour] = price
            }
            switch price {
            case .success(let breakdown):
                if sums[breakdown] == nil { order.append(breakdown) }
                sums[breakdown, default: 0] &+= wattHours ?? 0
            case .failure(let error):
                if !reasons.contains(error.description), reasons.count < 10 {
                    reasons.append(error.description)
                }
            }
        }
        order = Self.sorted(order)
        // Whole kWh whose sum is the rounded sum.
        let whole = Exact.integerised(order.map { Int128(sums[$0] ?? 0) }, over: 1000)
            .map { Int64(clamping: $0) }
        for (breakdown, quantity) in zip(order, whole) {
            for component in breakdown.components {
                add(component, breakdown.period, quantity)
            }
        }
        lines.sort { Self.rank($0) < Self.rank($1) }
        for index in lines.indices {
            lines[index].fee = lines[index].price.fee(
                kilowattHours: lines[index].kilowattHours)
        }
    }

    /// Adds to the line of the same component and price; only what floats is kept by period.
    private mutating func add(
        _ component: PriceComponent, _ period: TimeOfUsePeriod?, _ quantity: Int64
    ) {
        let period = component.floats ? period : nil
        if let index = lines.firstIndex(where: {
            $0.name == component.name && $0.period == period && $0.price == component.price
                && $0.document == component.document
        }) {
            lines[index].kilowattHours &+= quantity
            return
        }
        lines.append(
            CostLine(
                kind: component.kind, name: component.name, english: component.english,
                period: period, kilowattHours: quantity, price: component.price, fee: .zero,
                document: component.document, basis: component.basis))
    }

    private static let periodOrder: [TimeOfUsePeriod?] = [
        .sharp, .peak, .flat, .valley, .deepValley, nil,
    ]

    private static func sorted(_ breakdowns: [PriceBreakdown]) -> [PriceBreakdown] {
        // Stable: equal periods keep the order of time.
        breakdowns.enumerated().sorted { a, b in
            let left = periodOrder.firstIndex(of: a.element.period) ?? 0
            let right = periodOrder.firstIndex(of: b.element.period) ?? 0
            return (left, a.offset) < (right, b.offset)
        }.map(\.element)
    }

    private static func rank(_ line: CostLine) -> Int {
        (PriceComponent.Kind.allCases.firstIndex(of: line.kind) ?? 0) * 10
            + (periodOrder.firstIndex(of: line.period) ?? 0)
    }
}
