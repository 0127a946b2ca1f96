package import Model

/// The last value of a point, as the daemon knows it.
package struct LiveValue: Sendable, Hashable {
    package var decimal: FixedDecimal
    package var unit: MeasurementUnit
    package var quality: Quality
    /// For states: the name of the code.
    package var stateName: String?
    package init(
        decimal: FixedDecimal, unit: MeasurementUnit, quality: Quality, stateName: String? = nil
    ) {
        self.decimal = decimal
        self.unit = unit
        self.quality = quality
        self.stateName = stateName
    }
}

/// A power summed over meters. The sum is known only when every part is: what is missing is never
/// hidden in a smaller number.
package struct LivePower: Sendable, Hashable {
    package var milliwatts: Int64?
    package var needed: Int
    package var usable: Int
    /// Meters without a usable power, by name.
    package var missing: [String]

    package var watts: Double? { milliwatts.map { Double($0) / 1000 } }

    package static let none = LivePower(milliwatts: nil, needed: 0, usable: 0, missing: [])
}

/// One cooling unit now.
package struct LiveCooling: Sendable, Hashable {
    package var name: String
    package var mode: FreeCoolingMode
    /// True where the mode was inferred from compressor and valve, not read.
    package var inferred: Bool
    /// Share of its heat removed without a compressor, 0…1.
    package var freeFraction: Double?
    /// Heat it can remove in W; its weight in the site's figure.
    package var ratedWatts: Int64
    /// Share of its capacity in use, 0…1; nil where the unit does not tell.
    package var load: Double?
    package init(
        name: String, mode: FreeCoolingMode, inferred: Bool, freeFraction: Double?,
        ratedWatts: Int64, load: Double? = nil
    ) {
        self.name = name
        self.mode = mode
        self.inferred = inferred
        self.freeFraction = freeFraction
        self.ratedWatts = ratedWatts
        self.load = load
    }
}

/// The energy figures of one moment.
package struct LiveFigures: Sendable {
    package var total = LivePower.none
    package var it = LivePower.none
    package var cooling = LivePower.none
    /// Known other uses (role `other`).
    package var other = LivePower.none
    /// What remains of the total: losses of transformers, UPS and lines.
    package var lossMilliwatts: Int64?
    package var category: PUECategory?
    package var pue: ExactRatio?
    /// Share of the meters behind PUE that are usable, 0…1.
    package var coverage: Double = 0
    /// Why there is no PUE.
    package var reason: String?
    package var coolingUnits: [LiveCooling] = []
    package var mode: FreeCoolingMode = .unknown
    /// Share of the cooling capacity at work that is free, 0…1; nil where no unit is known.
    package var freeFraction: Double?
    package var price: PriceBreakdown?
    /// Why there is no price.
    package var priceReason: String?
    /// Total power times price, 10⁻⁸ yuan an hour; nil where either is unknown.
    package var costPerHour: Int128?

    package var costYuanPerHour: Double? { costPerHour.map { Double($0) / 100_000_000 } }
    package var priceYuanPerKWh: Double? { price.map { Double($0.total.raw) / 100_000_000 } }

    package init() {}
}

/// Computes what the console shows from the last values.
package struct LiveEnergy: Sendable {
    private let site: Site
    private let tariff: TariffTable?
    private let boundary: PUEBoundary
    /// Above any site; a larger value is a device's mistake, not power.
    private static let maximumWatts: Int64 = 1_000_000_000_000

    /// `tariff` is the table that the site chose, where it chose one.
    package init(site: Site, tariff: TariffTable?) {
        self.site = site
        self.tariff = tariff
        boundary = PUEBoundary(site.meters)
    }

    package func figures(
        at now: Instant, value: (PointName) -> LiveValue?
    ) -> LiveFigures {
        var figures = LiveFigures()
        figures.total = sum(boundary.total, value)
        figures.category = boundary.category
        if let category = boundary.category {
            figures.it = sum(boundary.it[category] ?? [], value)
        }
        figures.cooling = sum(terms(.cooling), value)
        figures.other = sum(terms(.other), value)
        setPUE(&figures)
        setLosses(&figures)
        figures.coolingUnits = site.coolingUnits.map { LiveCooling($0, value: value) }
        figures.freeFraction = Self.freeFraction(figures.coolingUnits)
        figures.mode = Self.mode(figures.coolingUnits)
        setCost(&figures, now, sum(terms(.utility), value))
        return figures
    }

    private func terms(_ role: Meter.Role) -> [PUEBoundary.Term] {
        site.meters.filter { $0.role == role }.map { PUEBoundary.Term(meter: $0, sign: 1) }
    }

    private func sum(
        _ terms: [PUEBoundary.Term], _ value: (PointName) -> LiveValue?
    ) -> LivePower {
        var result = LivePower(milliwatts: nil, needed: terms.count, usable: 0, missing: [])
        var sum: Int64 = 0
        for term in terms {
            guard let point = term.meter.power, let live = value(point), live.quality.isUsable,
                live.unit == .watt, let milliwatts = live.decimal.rescaled(to: 3)?.mantissa,
                milliwatts.magnitude <= UInt64(Self.maximumWatts) * 1000
            else {
                result.missing.append(term.meter.name)
                continue
            }
            result.usable += 1
            sum += term.sign * milliwatts
        }
        if !terms.isEmpty, result.missing.isEmpty { result.milliwatts = sum }
        return result
    }

    private func setPUE(_ figures: inout LiveFigures) {
        let needed = figures.total.needed + figures.it.needed
        if needed > 0 {
            figures.coverage =
                Double(figures.total.usable + figures.it.usable) / Double(needed)
        }
        guard figures.total.needed > 0 else {
            figures.reason = "the site file has no meter at the utility hand-over"
            return
        }
        guard figures.it.needed > 0 else {
            figures.reason = "the site file has no meter of IT energy"
            return
        }
        let missing = figures.total.missing + figures.it.missing
        guard let total = figures.total.milliwatts, let it = figures.it.milliwatts else {
            let names = missing.prefix(3).joined(separator: ", ")
            let more = missing.count > 3 ? " and \(missing.count - 3) more" : ""
            figures.reason = "no usable power from \(names)\(more)"
            return
        }
        guard it > 0 else {
            figures.reason = "IT power is zero"
            return
        }
        guard total >= it else {
            figures.reason = "IT power exceeds the total: meters or roles are wrong"
            return
        }
        figures.pue = ExactRatio(total, it)
    }

    private func setLosses(_ figures: inout LiveFigures) {
        guard let total = figures.total.milliwatts, let it = figures.it.milliwatts else { return }
        var rest = total - it
        for part in [figures.cooling, figures.other] where part.needed > 0 {
            guard let milliwatts = part.milliwatts else { return }
            rest -= milliwatts
        }
        // On batteries the racks draw more than the utility gives: no loss can be told then.
        figures.lossMilliwatts = rest >= 0 ? rest : nil
    }

    /// What is paid for is what the utility delivers, own generation apart.
    private func setCost(_ figures: inout LiveFigures, _ now: Instant, _ bought: LivePower) {
        guard let choice = site.tariff, let tariff else {
            figures.priceReason = "the site file chooses no tariff"
            return
        }
        do throws(TariffError) {
            let civil = CivilTime(now, offsetMinutes: site.offsetMinutes)
            figures.price = try tariff.price(choice, at: civil)
        } catch {
            figures.priceReason = error.description
            return
        }
        if let milliwatts = bought.milliwatts, let price = figures.price {
            figures.costPerHour = Exact.roundedHalfUp(
                Int128(milliwatts) * Int128(price.total.raw), by: 1_000_000)
        }
    }
}
