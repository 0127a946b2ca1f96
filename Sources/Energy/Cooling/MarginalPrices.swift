package import Model

/// What a kWh more or less costs in a quarter hour, the basic charge apart.
package struct MarginalPrice: Sendable, Hashable {
    package enum Basis: String, Sendable {
        /// The real-time price of the market, and what is paid on every kWh.
        case realTime = "real-time"
        /// The tariff's or the contract's price of the hour: no market prices are entered.
        case tariff
    }
    package struct Part: Sendable, Hashable {
        package var name: String
        package var price: UnitPrice
        package var document: String
    }
    package var basis: Basis
    package var parts: [Part]
    package var total: UnitPrice { parts.reduce(UnitPrice(raw: 0)) { $0 + $1.price } }
}

/// Marginal prices of a month: from its settlement sheet where that has a market, else from the
/// tariff. A market user saves at the real-time price, whatever the contracts say.
package struct MarginalPrices: Sendable {
    private let realTime: [QuarterHour: UnitPrice]
    private let hasMarket: Bool
    private let published: [MarginalPrice.Part]
    private let choice: TariffChoice?
    private let table: TariffTable?
    private let offsetMinutes: Int

    package init(
        sheet: SettlementSheet?, choice: TariffChoice?, table: TariffTable?, offsetMinutes: Int
    ) {
        var realTime: [QuarterHour: UnitPrice] = [:]
        for interval in sheet?.market?.intervals ?? [] {
            realTime[interval.quarter] = interval.realTime
        }
        self.realTime = realTime
        hasMarket = sheet?.market != nil
        let prices = (sheet?.loss.map { [$0] } ?? []) + (sheet?.systemOperation ?? [])
        published = prices.map {
            MarginalPrice.Part(name: $0.name, price: $0.price, document: $0.document)
        }
        self.choice = choice
        self.table = table
        self.offsetMinutes = offsetMinutes
    }

    /// Nil where no price is known: no tariff, a hole in its table, a quarter hour without a
    /// real-time price in a month of the market.
    package func price(of quarter: QuarterHour) -> MarginalPrice? {
        guard let choice, let table else { return nil }
        let civil = CivilTime(quarter.start, offsetMinutes: offsetMinutes)
        guard let tariff = try? table.price(choice, at: civil) else { return nil }
        func part(_ component: PriceComponent) -> MarginalPrice.Part {
            let basis = component.basis == .assumed ? " (assumed)" : ""
            return MarginalPrice.Part(
                name: component.name, price: component.price,
                document: component.document + basis)
        }
        guard hasMarket else {
            return MarginalPrice(basis: .tariff, parts: tariff.components.map(part))
        }
        guard let realTime = realTime[quarter] else { return nil }
        // The sheet's published prices stand in for the additions of the site file.
        let adders = tariff.components.filter {
            $0.kind == .transmission || $0.kind == .fund
                || ($0.kind == .addition && published.isEmpty)
        }
        let market = MarginalPrice.Part(
            name: "实时电价", price: realTime, document: "settlement sheet, market prices")
        return MarginalPrice(
            basis: .realTime, parts: [market] + adders.map(part) + published)
    }
}
