package import Model

/// Parts of the day by price.
package enum TimeOfUsePeriod: String, Sendable, CaseIterable {
    case sharp = "S"
    case peak = "P"
    case flat = "F"
    case valley = "V"
    case deepValley = "D"

    /// As the bill names it.
    package var chinese: String {
        switch self {
        case .sharp: "尖峰"
        case .peak: "峰"
        case .flat: "平"
        case .valley: "谷"
        case .deepValley: "深谷"
        }
    }

    package var english: String {
        switch self {
        case .sharp: "sharp"
        case .peak: "peak"
        case .flat: "flat"
        case .valley: "valley"
        case .deepValley: "deep valley"
        }
    }
}

/// Whether a figure is that of a document, or stands in for one.
package enum TariffBasis: String, Sendable, CaseIterable {
    case official, assumed
}

/// One entry of a dated list: valid from 00:00 of `from` to 24:00 of `to`.
package struct Dated<Value: Sendable>: Sendable {
    package var from: CivilTime
    /// Nil: until further notice.
    package var to: CivilTime?
    package var document: String
    package var basis: TariffBasis
    package var value: Value

    /// The same entry, of which only a part is meant.
    func with<Part>(_ part: Part) -> Dated<Part> {
        Dated<Part>(from: from, to: to, document: document, basis: basis, value: part)
    }

    package func covers(_ day: CivilTime) -> Bool {
        let day = day.startOfDay.instant(offsetMinutes: 0)
        guard from.instant(offsetMinutes: 0) <= day else { return false }
        return to.map { day <= $0.instant(offsetMinutes: 0) } ?? true
    }

    /// `2026-08-01…`, `2022-01-01…2026-04-30`.
    package var span: String { from.dateText + "…" + (to?.dateText ?? "") }
}

package struct VoltageClass: Sendable {
    package var voltage: String
    /// Two-part tariff, per kWh; nil where the class has none.
    package var energy: UnitPrice?
    /// Per kW and month.
    package var demand: PowerPrice?
    /// Per kVA and month.
    package var capacity: PowerPrice?
    /// Single-part tariff, per kWh.
    package var single: UnitPrice?
}

package struct FundLine: Sendable {
    package var name: String
    package var english: String
    package var price: UnitPrice
}

/// The hours of one notice on time-of-use prices.
package struct TimeOfUse: Sendable {
    package struct Season: Sendable {
        package var name: String
        package var months: [Int]
        /// 24, from 00:00.
        package var hours: [TimeOfUsePeriod]
    }
    package var ratios: [TimeOfUsePeriod: FixedDecimal]
    package var seasons: [Season]
    package var deepValleyHours: Set<Int>
    package var deepValleyDays: Set<CivilTime>

    package func season(month: Int) -> Season? { seasons.first { $0.months.contains(month) } }

    package func period(_ civil: CivilTime) -> TimeOfUsePeriod? {
        codes(month: civil.month, isHoliday: deepValleyDays.contains(civil.startOfDay))?[civil.hour]
    }

    /// The 24 periods of a day; `isHoliday` for the days of the deep valley.
    package func codes(month: Int, isHoliday: Bool) -> [TimeOfUsePeriod]? {
        guard var hours = season(month: month)?.hours else { return nil }
        if isHoliday { for hour in deepValleyHours { hours[hour] = .deepValley } }
        return hours
    }

    package func price(flat: UnitPrice, in period: TimeOfUsePeriod) -> UnitPrice? {
        ratios[period].map { flat.multiplied(by: $0) }
    }
}

/// No price for a time: which list has a hole there.
package struct TariffError: Error, Sendable, Hashable, CustomStringConvertible {
    package var table: String
    package var what: String
    package var day: CivilTime
    /// What the table does have.
    package var covered: String
    package var description: String {
        "tariff `\(table)` has no \(what) for \(day.dateText); it has \(covered); "
            + "add the entry that was valid then to Tariffs/\(table).yaml"
    }
}

/// The dated prices of one province.
package struct TariffTable: Sendable {
    package var name: String
    package var title: String
    package var transmission: [Dated<[VoltageClass]>]
    package var funds: [Dated<[FundLine]>]
    package var agency: [Dated<UnitPrice>]
    package var timeOfUse: [Dated<TimeOfUse>]
    package var demand: [Dated<DemandRules>]
    package var powerFactor: [Dated<[PowerFactorTable]>]
    /// kgCO₂ per kWh of the grid; dated by when each was published.
    package var emission: [Dated<FixedDecimal>]
    /// By the name that a support sheet chooses.
    package var support: [String: [Dated<SupportPolicy>]]

    /// What a site file may choose.
    package var voltageNames: [String] {
        var names: [String] = []
        for entry in transmission {
            for voltage in entry.value.map(\.voltage) where !names.contains(voltage) {
                names.append(voltage)
            }
        }
        return names
    }

    package func transmission(
        _ voltage: String, on civil: CivilTime
    ) throws(TariffError) -> Dated<VoltageClass> {
        let entry = try find(transmission, "transmission price", civil)
        guard let found = entry.value.first(where: { $0.voltage == voltage }) else {
            throw TariffError(
                table: name, what: "transmission price of voltage `\(voltage)`",
                day: civil.startOfDay,
                covered: entry.value.map(\.voltage).joined(separator: ", "))
        }
        return entry.with(found)
    }

    package func funds(on civil: CivilTime) throws(TariffError) -> Dated<[FundLine]> {
        try find(funds, "government funds", civil)
    }

    package func agencyPrice(on civil: CivilTime) throws(TariffError) -> Dated<UnitPrice> {
        try find(agency, "agency purchase price", civil)
    }

    package func timeOfUse(on civil: CivilTime) throws(TariffError) -> Dated<TimeOfUse> {
        try find(timeOfUse, "time-of-use hours", civil)
    }

    package func demandRules(on civil: CivilTime) throws(TariffError) -> Dated<DemandRules> {
        try find(demand, "rules of the demand charge", civil)
    }

    /// The newest that was published on that day.
    package func emissionFactor(
        on civil: CivilTime
    ) throws(TariffError) -> Dated<FixedDecimal> {
        try find(emission, "emission factor", civil)
    }

    /// `standard` in hundredths.
    package func powerFactor(
        standard: Int, on civil: CivilTime
    ) throws(TariffError) -> Dated<PowerFactorTable> {
        let entry = try find(powerFactor, "power factor table", civil)
        guard let found = entry.value.first(where: { $0.standard == standard }) else {
            throw TariffError(
                table: name, what: "power factor table for the standard 0.\(standard)",
                day: civil.startOfDay,
                covered: entry.value.map { "0.\($0.standard)" }.joined(separator: ", "))
        }
        return entry.with(found)
    }

    private func find<Value>(
        _ list: [Dated<Value>], _ what: String, _ civil: CivilTime
    ) throws(TariffError) -> Dated<Value> {
        if let entry = list.first(where: { $0.covers(civil) }) { return entry }
        let spans = list.map(\.span).joined(separator: ", ")
        throw TariffError(
            table: name, what: what, day: civil.startOfDay,
            covered: spans.isEmpty ? "none" : spans)
    }
}
