/// How the inlets of racks lie in the envelopes of standards, in °C.
package struct RackEnvelope: Sendable, Hashable {
    package var name: String
    package var recommended: ClosedRange<Double>
    package var allowable: ClosedRange<Double>

    /// ASHRAE TC 9.9, 5th edition (2021), class A1 to A4: recommended 18–27 °C.
    package static let ashraeA1 = RackEnvelope(
        name: "ASHRAE A1", recommended: 18...27, allowable: 15...32)
    package static let ashraeA2 = RackEnvelope(
        name: "ASHRAE A2", recommended: 18...27, allowable: 10...35)
    /// GB 50174-2017, cold aisle or rack inlet.
    package static let gb50174 = RackEnvelope(
        name: "GB 50174", recommended: 18...27, allowable: 18...27)

    /// Above 900 m the upper allowable dry bulb falls: 1 K each 300 m for A1 and A2.
    package func derated(altitudeMetres: Double) -> RackEnvelope {
        guard altitudeMetres > 900, name.hasPrefix("ASHRAE") else { return self }
        var result = self
        let upper = allowable.upperBound - (altitudeMetres - 900) / 300
        result.allowable = allowable.lowerBound...max(allowable.lowerBound, upper)
        return result
    }
}

/// The racks' inlets together.
package struct RackThermalIndices: Sendable, Hashable {
    /// Inlets with a temperature.
    package var inlets: Int
    /// Shares, 0…1.
    package var insideRecommended: Double
    package var insideAllowable: Double
    /// Rack cooling index, high side, in % (Herrlin, ASHRAE Transactions 111-2, 2005): 100 where no
    /// inlet is above the recommended range; below 0 where they lie far above the allowable one.
    package var rciHigh: Double
    package var rciLow: Double
    /// The three warmest above, and the three coldest below the recommended range.
    package var hotSpots: [Spot]
    package var coldSpots: [Spot]

    package struct Spot: Sendable, Hashable {
        package var rack: String
        package var celsius: Double
    }

    /// Nil without a temperature. Racks without one are no part of any share.
    package init?(_ racks: [(name: String, celsius: Double?)], _ envelope: RackEnvelope) {
        let known = racks.compactMap { rack in
            rack.celsius.flatMap { $0.isFinite ? Spot(rack: rack.name, celsius: $0) : nil }
        }
        guard !known.isEmpty else { return nil }
        let count = Double(known.count)
        let wanted = envelope.recommended
        let allowed = envelope.allowable
        inlets = known.count
        insideRecommended = Double(known.count { wanted.contains($0.celsius) }) / count
        insideAllowable = Double(known.count { allowed.contains($0.celsius) }) / count
        func index(_ excess: (Double) -> Double, _ room: Double) -> Double {
            let sum = known.reduce(0) { $0 + max(0, excess($1.celsius)) }
            if sum == 0 { return 100 }
            return room > 0 ? 100 * (1 - sum / (count * room)) : 0
        }
        rciHigh = index({ $0 - wanted.upperBound }, allowed.upperBound - wanted.upperBound)
        rciLow = index({ wanted.lowerBound - $0 }, wanted.lowerBound - allowed.lowerBound)
        let order = known.sorted { ($0.celsius, $0.rack) < ($1.celsius, $1.rack) }
        coldSpots = Array(order.prefix(3).filter { $0.celsius < wanted.lowerBound })
        hotSpots = Array(order.suffix(3).reversed().filter { $0.celsius > wanted.upperBound })
    }
}
