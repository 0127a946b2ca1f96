/// The record of a meter, or only its transformers, being changed: from `time` on the register
/// counts with another multiplier.
package struct MeterReplacement: Sendable, Hashable {
    package var time: Instant
    /// What the old register showed last, and the new one first, in the register's unit. Nil where
    /// the register went on counting and only its transformers were changed.
    package var registers: (oldFinal: FixedDecimal, newInitial: FixedDecimal)? {
        get { oldFinal.flatMap { final in newInitial.map { (final, $0) } } }
        set { (oldFinal, newInitial) = (newValue?.oldFinal, newValue?.newInitial) }
    }
    private var oldFinal: FixedDecimal?
    private var newInitial: FixedDecimal?
    package var newMultiplierNumerator: Int64
    package var newMultiplierDenominator: Int64
    /// Of the new meter; nil where the meter stayed.
    package var serial: String?
    /// Who, why, by which certificate.
    package var note: String?

    package init(
        time: Instant, registers: (oldFinal: FixedDecimal, newInitial: FixedDecimal)? = nil,
        newMultiplierNumerator: Int64, newMultiplierDenominator: Int64, serial: String? = nil,
        note: String? = nil
    ) {
        self.time = time
        oldFinal = registers?.oldFinal
        newInitial = registers?.newInitial
        self.newMultiplierNumerator = newMultiplierNumerator
        self.newMultiplierDenominator = newMultiplierDenominator
        self.serial = serial
        self.note = note
    }
}

extension Meter {
    /// CT × PT ratio in force at a time.
    package func multiplier(at time: Instant) -> (numerator: Int64, denominator: Int64) {
        changes.last { $0.time <= time }.map {
            ($0.newMultiplierNumerator, $0.newMultiplierDenominator)
        } ?? (multiplierNumerator, multiplierDenominator)
    }

    /// `80`, or `7/3`.
    package func multiplierText(at time: Instant) -> String {
        let (numerator, denominator) = multiplier(at: time)
        return denominator == 1 ? "\(numerator)" : "\(numerator)/\(denominator)"
    }
}
