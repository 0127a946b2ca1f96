/// Moist air after ASHRAE Handbook Fundamentals 2017, chapter 1, without enhancement factor.
/// Temperatures in °C, pressures in Pa, relative humidity 0…1.
package enum Psychrometrics {
    /// Standard atmosphere, equation 3.
    package static func pressure(altitudeMetres: Double) -> Double {
        101_325 * power(1 - 2.25577e-5 * altitudeMetres, 5.2559)
    }

    /// Saturation over ice below 0 °C and over water above (equations 5 and 6, Hyland and Wexler).
    package static func saturationPressure(_ celsius: Double) -> Double {
        let t = celsius + 273.15
        if celsius < 0 {
            let polynomial =
                -5.674_535_9e3 / t + 6.392_524_7 - 9.677_843e-3 * t + 6.221_570_1e-7 * t * t
                + 2.074_782_5e-9 * t * t * t - 9.484_024e-13 * t * t * t * t
            return exponential(polynomial + 4.163_501_9 * logarithm(t))
        }
        let polynomial =
            -5.800_220_6e3 / t + 1.391_499_3 - 4.864_023_9e-2 * t + 4.176_476_8e-5 * t * t
            - 1.445_209_3e-8 * t * t * t
        return exponential(polynomial + 6.545_967_3 * logarithm(t))
    }

    /// kg water per kg dry air (equation 20).
    package static func humidityRatio(vapourPressure: Double, pressure: Double) -> Double {
        0.621_945 * vapourPressure / (pressure - vapourPressure)
    }

    /// Dew (frost) point by bisection of the saturation curve; nil outside -100…200 °C or for air
    /// without any water.
    package static func dewPoint(dryBulb: Double, relativeHumidity: Double) -> Double? {
        guard isAir(dryBulb, relativeHumidity), relativeHumidity > 0 else { return nil }
        let target = saturationPressure(dryBulb) * relativeHumidity
        return bisect(from: -100, to: dryBulb) { saturationPressure($0) - target }
    }

    /// Thermodynamic wet bulb (equations 33 and 35) by bisection; nil outside the formulas' range.
    package static func wetBulb(
        dryBulb: Double, relativeHumidity: Double, pressure: Double
    ) -> Double? {
        guard isAir(dryBulb, relativeHumidity),
            let dew = relativeHumidity > 0
                ? dewPoint(dryBulb: dryBulb, relativeHumidity: relativeHumidity) : -100
        else { return nil }
        let actual = humidityRatio(
            vapourPressure: saturationPressure(dryBulb) * relativeHumidity, pressure: pressure)
        return bisect(from: dew, to: dryBulb) { wet in
            let saturated = humidityRatio(
                vapourPressure: saturationPressure(wet), pressure: pressure)
            let ratio: Double
            if wet >= 0 {
                ratio =
                    ((2501 - 2.326 * wet) * saturated - 1.006 * (dryBulb - wet))
                    / (2501 + 1.86 * dryBulb - 4.186 * wet)
            } else {
                ratio =
                    ((2830 - 0.24 * wet) * saturated - 1.006 * (dryBulb - wet))
                    / (2830 + 1.86 * dryBulb - 2.1 * wet)
            }
            return ratio - actual
        }
    }

    private static func isAir(_ dryBulb: Double, _ relativeHumidity: Double) -> Bool {
        dryBulb > -100 && dryBulb < 200 && relativeHumidity >= 0 && relativeHumidity <= 1
    }

    /// The zero of a rising function, to a ten-thousandth of a kelvin.
    private static func bisect(
        from low: Double, to high: Double, _ function: (Double) -> Double
    ) -> Double {
        var low = low
        var high = high
        // 300 K halved 40 times is far below a microkelvin.
        for _ in 0..<40 {
            let middle = (low + high) / 2
            if function(middle) > 0 { high = middle } else { low = middle }
        }
        return (low + high) / 2
    }
}

// The core links no mathematics library; these three are what the formulas need, good to a few
// units in the last place over their range.

/// Natural logarithm of a positive, finite number.
func logarithm(_ x: Double) -> Double {
    // x = m·2^e with m in [√½, √2); ln m = 2·artanh((m-1)/(m+1)).
    var exponent = Double(x.exponent)
    var m = x.significand
    if m > 1.414_213_562_373_095_1 {
        m /= 2
        exponent += 1
    }
    let z = (m - 1) / (m + 1)
    let square = z * z
    var term = z
    var sum = 0.0
    // |z| < 0.172: the 12th term is below 10⁻¹⁸.
    for k in 0..<12 {
        sum += term / Double(2 * k + 1)
        term *= square
    }
    return 2 * sum + exponent * 0.693_147_180_559_945_3
}

func exponential(_ x: Double) -> Double {
    if x > 700 { return .infinity }
    if x < -700 { return 0 }
    let whole = (x / 0.693_147_180_559_945_3).rounded()
    let rest = x - whole * 0.693_147_180_559_945_3
    var term = 1.0
    var sum = 1.0
    // |rest| < 0.347: the 16th term is below 10⁻²⁰.
    for k in 1..<17 {
        term *= rest / Double(k)
        sum += term
    }
    return Double(sign: .plus, exponent: Int(whole), significand: sum)
}

/// `base^exponent` for a positive base.
func power(_ base: Double, _ exponent: Double) -> Double {
    exponential(exponent * logarithm(base))
}
