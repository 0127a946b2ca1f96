package import Model

/// An indicator of a data centre's use of resources with what it was computed from, so that it can
/// be recomputed by hand. The value is rounded only when it is printed.
package struct Indicator: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Renewable energy factor, ISO/IEC 30134-3.
        case ref = "REF"
        /// Energy reuse factor, ISO/IEC 30134-6.
        case erf = "ERF"
        /// Energy reuse effectiveness (The Green Grid): (1 − ERF) · PUE.
        case ere = "ERE"
        /// Cooling efficiency ratio, ISO/IEC 30134-7.
        case cer = "CER"
        /// Carbon usage effectiveness, ISO/IEC 30134-8, kgCO₂/kWh: all grid energy at the average
        /// factor of the region.
        case cueLocation = "CUE"
        /// The same for grid energy beyond certificates held and retired by the site.
        case cueAfterCertificates = "CUE after certificates"
        /// Water usage effectiveness, ISO/IEC 30134-9, L/kWh.
        case wue = "WUE"

        package var unit: String {
            switch self {
            case .cueLocation, .cueAfterCertificates: "kgCO₂/kWh"
            case .wue: "L/kWh"
            case .ref, .erf, .ere, .cer: ""
            }
        }
    }

    package var kind: Kind
    package var ratio: ExactRatio
    package var inputs: [BillLine.Input]

    package func decimal(_ digits: Int8) -> FixedDecimal { ratio.decimal(digits) }
}

/// What indicators are computed from, over one period; nil: not measured, and then what depends on
/// it does not exist rather than being smaller.
package struct IndicatorInput: Sendable {
    /// E_DC, the energy of the whole data centre.
    package var total: EnergyQuantity?
    package var it: EnergyQuantity?
    package var renewable: EnergyQuantity?
    /// Heat that left the data centre and was used.
    package var reusedHeat: EnergyQuantity?
    package var heatRemoved: EnergyQuantity?
    package var coolingElectricity: EnergyQuantity?
    package var grid: EnergyQuantity?
    /// Green certificates retired for this period.
    package var certificates: EnergyQuantity?
    /// kgCO₂/kWh with at most six decimals.
    package var emissionFactor: FixedDecimal?
    /// Litres.
    package var waterLitres: Int64?

    package init() {}

    /// The indicators that can be computed.
    package var indicators: [Indicator] {
        var result: [Indicator] = []
        func add(
            _ kind: Indicator.Kind, _ numerator: Int64?, _ denominator: Int64?,
            _ inputs: [(String, String?)]
        ) {
            guard let numerator, let denominator, let ratio = ExactRatio(numerator, denominator)
            else { return }
            result.append(
                Indicator(
                    kind: kind, ratio: ratio,
                    inputs: inputs.compactMap { name, value in
                        value.map { .init(name, $0) }
                    }))
        }
        func kilowattHours(_ quantity: EnergyQuantity?) -> String? {
            quantity.map { "\($0.decimal.trimmed) kWh" }
        }
        add(
            .ref, renewable?.wattHours, total?.wattHours,
            [("renewable", kilowattHours(renewable)), ("total", kilowattHours(total))])
        add(
            .erf, reusedHeat?.wattHours, total?.wattHours,
            [("reused heat", kilowattHours(reusedHeat)), ("total", kilowattHours(total))])
        if let total, let reusedHeat {
            add(
                .ere, (total - reusedHeat).wattHours, it?.wattHours,
                [
                    ("total", kilowattHours(total)), ("reused heat", kilowattHours(reusedHeat)),
                    ("IT", kilowattHours(it)),
                ])
        }
        add(
            .cer, heatRemoved?.wattHours, coolingElectricity?.wattHours,
            [
                ("heat removed", kilowattHours(heatRemoved)),
                ("cooling electricity", kilowattHours(coolingElectricity)),
            ])
        if let grid, let it, let emissionFactor {
            let factor = ("emission factor", Optional("\(emissionFactor) kgCO₂/kWh"))
            let shared = [("grid", kilowattHours(grid)), ("IT", kilowattHours(it)), factor]
            let (numerator, denominator) = Self.carbon(grid, it, emissionFactor)
            add(.cueLocation, numerator, denominator, shared)
            if let certificates {
                let (numerator, denominator) = Self.carbon(
                    max(.zero, grid - certificates), it, emissionFactor)
                add(
                    .cueAfterCertificates, numerator, denominator,
                    shared + [("certificates", kilowattHours(certificates))])
            }
        }
        // Litres per kWh: 1000 · litres over Wh.
        add(
            .wue, waterLitres.map { $0 &* 1000 }, it?.wattHours,
            [("water", waterLitres.map { "\($0) L" }), ("IT", kilowattHours(it))])
        return result
    }

    /// kgCO₂ of grid energy, exactly.
    package static func carbon(_ grid: EnergyQuantity, factor: FixedDecimal) -> FixedDecimal? {
        let product = Int128(grid.wattHours) * Int128(factor.mantissa)
        guard let mantissa = Int64(exactly: product), factor.scale <= 6 else { return nil }
        return FixedDecimal(mantissa: mantissa, scale: factor.scale + 3).trimmed
    }

    /// grid · factor over IT, as whole numbers that fit.
    private static func carbon(
        _ grid: EnergyQuantity, _ it: EnergyQuantity, _ factor: FixedDecimal
    ) -> (Int64?, Int64?) {
        // Whole kWh keep twelve digits of energy times six of the factor inside 64 bits.
        let numerator = grid.wholeKilowattHours.multipliedReportingOverflow(by: factor.mantissa)
        let power = Int64.powerOfTen(max(0, Int(factor.scale))) ?? 1
        let denominator = it.wholeKilowattHours.multipliedReportingOverflow(by: power)
        return (
            numerator.overflow ? nil : numerator.partialValue,
            denominator.overflow ? nil : denominator.partialValue
        )
    }
}

/// IT equipment utilisation of servers, ISO/IEC 30134-5: the mean of their processors' utilisation.
package enum ServerUtilisation {
    /// - Parameter groups: number of servers, and their mean utilisation 0…1.
    /// - Returns: nil without servers, and for utilisations outside 0…1.
    package static func itEUsv(_ groups: [(servers: Int64, utilisation: FixedDecimal)])
        -> ExactRatio?
    {
        var sum: Int128 = 0
        var servers: Int64 = 0
        for group in groups {
            guard group.servers >= 0, let micro = group.utilisation.rescaled(to: 6)?.mantissa,
                (0...1_000_000).contains(micro)
            else { return nil }
            sum += Int128(group.servers) * Int128(micro)
            servers &+= group.servers
        }
        return ExactRatio(Int64(clamping: sum), servers &* 1_000_000)
    }
}
