import Screen

/// How a quantity of racks becomes a colour: the ends of the scale and the unit of its legend.
struct HeatScale {
    var title: String
    var unit: String
    var low: Double
    var high: Double

    /// Inlet air, °C. ASHRAE TC 9.9 recommends 18 to 27 and allows 15 to 32 in class A1.
    static let inlet = HeatScale(title: "inlet temperature", unit: "C", low: 15, high: 35)
    /// Per cent of the rated power.
    static let load = HeatScale(title: "load", unit: "%", low: 0, high: 100)
    /// What parts feed A from feed B, per cent of both: of two supplies that carry a load together
    /// either should carry half.
    static let balance = HeatScale(title: "A/B apart", unit: "%", low: 0, high: 50)
    /// Relative humidity. ASHRAE TC 9.9 recommends at most 60 and allows 20 to 80 in class A1.
    static let humidity = HeatScale(title: "humidity", unit: "%", low: 20, high: 80)
    /// Seconds since the oldest reading; a minute is several missed polls.
    static let age = HeatScale(title: "age of the oldest reading", unit: "s", low: 0, high: 60)
    /// Kilowatts up to the largest rating of the site.
    static func power(ratedKilowatts: Double) -> HeatScale {
        HeatScale(title: "power", unit: "kW", low: 0, high: max(1, ratedKilowatts))
    }

    func fraction(_ value: Double) -> Double {
        high > low ? (value - low) / (high - low) : 0
    }

    func ink(_ value: Double) -> Ink { .heat(fraction(value)) }
}
