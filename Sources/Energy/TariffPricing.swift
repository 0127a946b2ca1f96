package import Model

/// One part of the price of a kWh.
package struct PriceComponent: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case energy, transmission, addition, fund
    }
    package var kind: Kind
    package var name: String
    package var english: String
    package var price: UnitPrice
    /// True where the time of day changes it.
    package var floats: Bool
    package var document: String
    package var basis: TariffBasis
}

/// The price of a kWh at a moment, in its parts.
package struct PriceBreakdown: Sendable, Hashable {
    /// Nil for users whose energy has no time-of-use price.
    package var period: TimeOfUsePeriod?
    package var components: [PriceComponent]

    package var total: UnitPrice { components.reduce(UnitPrice(raw: 0)) { $0 + $1.price } }

    package var isAssumed: Bool { components.contains { $0.basis == .assumed } }
}

extension TariffTable {
    /// All parts of the price of energy at a civil time. The basic charge and the power factor
    /// adjustment do not go with single kWh and are not in it.
    package func price(
        _ choice: TariffChoice, at civil: CivilTime
    ) throws(TariffError) -> PriceBreakdown {
        var period: TimeOfUsePeriod?
        var components: [PriceComponent] = []
        if let contract = choice.contractEnergyPrice {
            components.append(
                PriceComponent(
                    kind: .energy, name: "市场交易电价", english: "contract energy",
                    price: UnitPrice(raw: contract), floats: false, document: "站点配置",
                    basis: .official))
        } else {
            let agency = try agencyPrice(on: civil)
            let hours = try timeOfUse(on: civil)
            guard let now = hours.value.period(civil),
                let price = hours.value.price(flat: agency.value, in: now)
            else {
                throw TariffError(
                    table: name, what: "time-of-use period", day: civil.startOfDay,
                    covered: hours.span)
            }
            period = now
            components.append(
                PriceComponent(
                    kind: .energy, name: "代理购电电价", english: "agency purchase",
                    price: price, floats: true,
                    document: agency.document + "; " + hours.document,
                    basis: agency.basis == .assumed ? .assumed : hours.basis))
        }
        components.append(try transmissionPart(choice, civil))
        for addition in choice.additions {
            components.append(
                PriceComponent(
                    kind: .addition, name: addition.name, english: addition.name,
                    price: UnitPrice(raw: addition.price), floats: false,
                    document: "站点配置", basis: .official))
        }
        let funds = try funds(on: civil)
        for line in funds.value {
            components.append(
                PriceComponent(
                    kind: .fund, name: line.name, english: line.english, price: line.price,
                    floats: false, document: funds.document, basis: funds.basis))
        }
        return PriceBreakdown(period: period, components: components)
    }

    /// The two-part price where the class has one, as users with their own transformers pay it.
    private func transmissionPart(
        _ choice: TariffChoice, _ civil: CivilTime
    ) throws(TariffError) -> PriceComponent {
        let entry = try transmission(choice.voltage, on: civil)
        guard let price = entry.value.energy ?? entry.value.single else {
            throw TariffError(
                table: name, what: "transmission price per kWh of voltage `\(choice.voltage)`",
                day: civil.startOfDay, covered: entry.span)
        }
        return PriceComponent(
            kind: .transmission, name: "输配电价", english: "transmission and distribution",
            price: price, floats: false, document: entry.document, basis: entry.basis)
    }
}
