/// A baseline of the energy beyond IT, from a year before a change (IPMVP, option C):
/// `overhead = b0 + b1 · IT + b2 · weather`, by ordinary least squares.
///
/// Binary floating point: this ends in a comparison of energies, never in money that is claimed.
package struct SavingsBaseline: Sendable, Hashable {
    package struct Month: Sendable, Hashable {
        /// MWh.
        package var it: Double
        /// Mean of max(0, wet bulb − base) over the month, K.
        package var weather: Double
        /// MWh.
        package var overhead: Double
        package init(it: Double, weather: Double, overhead: Double) {
            self.it = it
            self.weather = weather
            self.overhead = overhead
        }
    }

    package var coefficients: [Double]
    /// Coefficient of determination.
    package var r2: Double
    /// Root mean square of the residuals over the mean, with three coefficients taken off.
    package var cvRMSE: Double
    /// Sum of the residuals over the sum.
    package var nmbe: Double

    /// ASHRAE Guideline 14 for monthly models.
    package var isGood: Bool { cvRMSE <= 0.15 && abs(nmbe) <= 0.05 }

    /// Nil for fewer than twelve months, or months that are all alike.
    package init?(_ months: [Month]) {
        guard months.count >= 12 else { return nil }
        // Normal equations, centred: with a dozen rows and two columns that is exact enough.
        let n = Double(months.count)
        func mean(_ value: (Month) -> Double) -> Double {
            months.reduce(0) { $0 + value($1) } / n
        }
        let (m1, m2, my) = (mean(\.it), mean(\.weather), mean(\.overhead))
        func moment(_ a: (Month) -> Double, _ b: (Month) -> Double) -> Double {
            months.reduce(0) { $0 + a($1) * b($1) }
        }
        func x1(_ m: Month) -> Double { m.it - m1 }
        func x2(_ m: Month) -> Double { m.weather - m2 }
        func y(_ m: Month) -> Double { m.overhead - my }
        let (s11, s22, s12) = (moment(x1, x1), moment(x2, x2), moment(x1, x2))
        let (s1y, s2y, syy) = (moment(x1, y), moment(x2, y), moment(y, y))
        let determinant = s11 * s22 - s12 * s12
        guard determinant > 1e-9 * s11 * s22, syy > 0, my != 0 else { return nil }
        let b1 = (s1y * s22 - s2y * s12) / determinant
        let b2 = (s2y * s11 - s1y * s12) / determinant
        let b0 = my - b1 * m1 - b2 * m2
        coefficients = [b0, b1, b2]
        let residuals = months.map { $0.overhead - (b0 + b1 * $0.it + b2 * $0.weather) }
        let squares = residuals.reduce(0) { $0 + $1 * $1 }
        r2 = 1 - squares / syy
        cvRMSE = (squares / (n - 3)).squareRoot() / my
        nmbe = residuals.reduce(0, +) / ((n - 3) * my)
    }

    /// MWh that would have been used.
    package func predicted(it: Double, weather: Double) -> Double {
        coefficients[0] + coefficients[1] * it + coefficients[2] * weather
    }
}
