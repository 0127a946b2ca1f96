/// What one device of the site is wired or set up with, and no other of its family.
package struct DeviceAdjustment: Hashable, Sendable {
    /// Ratio of the current transformers before a meter that does not know them: 100/5 is 20.
    package var current: Ratio
    /// Ratio of the voltage transformers: 10 kV/100 V is 100.
    package var voltage: Ratio
    /// Added to every register address.
    package var registerOffset: Int

    /// A positive fraction.
    package struct Ratio: Hashable, Sendable {
        package var numerator: Int64
        package var denominator: Int64
        package static let one = Ratio(numerator: 1, denominator: 1)
        package init(numerator: Int64, denominator: Int64) {
            precondition(
                numerator > 0 && denominator > 0, "BUG: ratio \(numerator)/\(denominator)")
            self.numerator = numerator
            self.denominator = denominator
        }
    }

    package init(current: Ratio = .one, voltage: Ratio = .one, registerOffset: Int = 0) {
        self.current = current
        self.voltage = voltage
        self.registerOffset = registerOffset
    }
}
