package import Model

/// One part of the price of a kWh.
package struct PriceComponent: Sendable, Hashable {
    package enum Kind: String, Sendable {
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

/// The monthly charge for what may be drawn at most (容(需)量电费), as far as it follows from the
/// contract alone.
package struct BasicCharge: Sendable, Hashable {
    /// kW that are billed at least: the contract demand, and not less than 40 % of the capacity.
    package var billedKilowatts: FixedDecimal
    /// 10⁻⁸ yuan per kW and month, after the discount.
    package var price: UnitPrice
    /// True where the month's energy reached 260 kWh per kVA and the price is a tenth lower.
    package var discounted: Bool
    package var fee: Fee

    /// Nil where the class has no demand price or the site no capacity. `kilowattHours` is the
    /// month's billed energy of the whole connection.
    package init?(
        _ voltage: VoltageClass, capacityKVA: Int64, contractKilowatts: Int64, kilowattHours: Int64
    ) {
        guard let demand = voltage.demand, (1...10_000_000).contains(capacityKVA),
            (0...10_000_000).contains(contractKilowatts)
        else { return nil }
        let tenths = max(contractKilowatts * 10, capacityKVA * 4)
        billedKilowatts = FixedDecimal(mantissa: tenths, scale: 1)
        discounted = Int128(kilowattHours) >= Int128(capacityKVA) * 260
        price =
            discounted
            ? UnitPrice(raw: Int64(Exact.roundedHalfUp(Int128(demand.raw) * 9, by: 10))) : demand
        // The discount is on the product, so that no unit price is rounded before it.
        let exact = Int128(demand.raw) * Int128(tenths) * (discounted ? 9 : 10)
        fee = Fee(fen: Int64(clamping: Exact.roundedHalfUp(exact, by: 100_000_000)))
    }
}
