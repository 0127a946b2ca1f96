import Glibc
package import Model

/// Outdoor air of a cold-climate site: Lüliang, 37.5° N, 950 m above the sea. Annual mean about
/// 9 °C, January -7 °C, July 23 °C; clear dry winters with large daily swings.
package struct Weather: Sendable {
    /// Minutes east of UTC.
    static let offsetMinutes: Int64 = 480
    private let noise: Noise

    package init(noise: Noise) { self.noise = noise }

    /// Dry bulb, °C.
    package func temperature(at instant: Instant) -> Double {
        let seconds = instant.milliseconds.flooredDivision(by: 1000)
        let season = Self.season(seconds)
        // Fronts every few days; local clouds within the day.
        let front = noise.smooth(11, seconds: seconds, period: 259_200) * 5.0
        let clouds = noise.smooth(12, seconds: seconds, period: 14_400) * 0.9
        return 8.8 + 14.8 * season + dayShape(seconds) * (4.6 + 1.4 * season) + front + clouds
    }

    /// Relative humidity, %.
    package func humidity(at instant: Instant) -> Double {
        let seconds = instant.milliseconds.flooredDivision(by: 1000)
        let mean = 54 + 11 * Self.season(seconds)
        let front = noise.smooth(13, seconds: seconds, period: 216_000) * 16
        return min(98, max(12, mean + front - dayShape(seconds) * 14))
    }

    /// Irradiance on the module plane as a share of 1,000 W/m², 0…1.
    package func irradiance(at instant: Instant) -> Double {
        let seconds = instant.milliseconds.flooredDivision(by: 1000)
        let localDay = Double(Self.secondOfDay(seconds)) / 86_400
        let latitude = 37.5 * Double.pi / 180
        let declination = 23.45 * Double.pi / 180 * Self.solarSeason(seconds)
        // Solar noon at 111.1° E falls 36 minutes after 12:00 of +08:00.
        let hourAngle = (localDay - 0.525) * 2 * Double.pi
        let vertical = sin(latitude) * sin(declination)
        let swept = cos(latitude) * cos(declination) * cos(hourAngle)
        let elevation = vertical + swept
        guard elevation > 0.02 else { return 0 }
        let clearness = 0.72 + 0.26 * noise.smooth(14, seconds: seconds, period: 28_800)
        let tilted = min(1, elevation * 1.1 + 0.12)
        return max(0, tilted * clearness)
    }

    /// -1 at dawn, 1 in mid-afternoon.
    private func dayShape(_ seconds: Int64) -> Double {
        let part = Double(Self.secondOfDay(seconds)) / 86_400
        return cos((part - 15.0 / 24) * 2 * Double.pi)
    }

    /// -1 in mid-January, 1 in mid-July.
    private static func season(_ seconds: Int64) -> Double {
        cos((yearPart(seconds) - 0.545) * 2 * Double.pi)
    }

    /// -1 at the winter solstice, 1 at the summer one.
    private static func solarSeason(_ seconds: Int64) -> Double {
        cos((yearPart(seconds) - 0.4713) * 2 * Double.pi)
    }

    private static func yearPart(_ seconds: Int64) -> Double {
        let year: Int64 = 31_556_952
        let rest = seconds - seconds.flooredDivision(by: year) * year
        return Double(rest) / Double(year)
    }

    static func secondOfDay(_ seconds: Int64) -> Int64 {
        let local = seconds + offsetMinutes * 60
        return local - local.flooredDivision(by: 86_400) * 86_400
    }

    /// 0 is Monday.
    static func weekday(_ seconds: Int64) -> Int64 {
        let days = (seconds + offsetMinutes * 60).flooredDivision(by: 86_400) + 3
        return days - days.flooredDivision(by: 7) * 7
    }
}
