/// Accuracy classes of the chain of a meter, limits in percent: of the meter, and of the
/// instrument transformers before it (0.2S counts as 0.2).
package struct MeterAccuracy: Sendable, Hashable {
    /// Each in 0.01 %.
    package var meter: Int64
    package var current: Int64?
    package var voltage: Int64?
    package init(meter: Int64, current: Int64? = nil, voltage: Int64? = nil) {
        self.meter = meter
        self.current = current
        self.voltage = voltage
    }
    package var percents: [Double] {
        [meter, current, voltage].compactMap { $0.map { Double($0) / 100 } }
    }
}

/// A sum of meters, each times a factor: `Σ cᵢ·Eᵢ`. Terms name meters or virtual meters that stand
/// before; there are no cycles.
package struct VirtualMeter: Sendable, Hashable {
    package struct Term: Sendable, Hashable {
        package var meter: String
        /// May be negative: then the energy is taken off.
        package var factor: FixedDecimal
        package init(meter: String, factor: FixedDecimal) {
            self.meter = meter
            self.factor = factor
        }
    }
    package var name: String
    package var displayName: String
    package var terms: [Term]
    package init(name: String, displayName: String, terms: [Term]) {
        self.name = name
        self.displayName = displayName
        self.terms = terms
    }
}

/// What a main meter measures against the sum of its children; each is a meter or a virtual one.
package struct EnergyBalance: Sendable, Hashable {
    package var name: String
    package var displayName: String
    package var main: String
    package var children: [String]
    /// Known losses between them in percent of the main meter; nil: none are known.
    package var losses: ClosedRange<Double>?
    package init(
        name: String, displayName: String, main: String, children: [String],
        losses: ClosedRange<Double>? = nil
    ) {
        self.name = name
        self.displayName = displayName
        self.main = main
        self.children = children
        self.losses = losses
    }
}
