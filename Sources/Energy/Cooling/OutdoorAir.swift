package import Model

/// Air outdoors over a quarter hour.
package struct OutdoorAir: Sendable, Hashable {
    /// °C.
    package var dryBulb: Double
    /// 0…1; nil: not known.
    package var relativeHumidity: Double?
    /// Pa.
    package var pressure: Double

    /// - Parameter pressure: nil for that of the standard atmosphere at the height.
    package init(
        dryBulb: Double, relativeHumidity: Double?, pressure: Double? = nil, altitudeMetres: Int
    ) {
        self.dryBulb = dryBulb
        self.relativeHumidity = relativeHumidity
        self.pressure =
            pressure ?? Psychrometrics.pressure(altitudeMetres: Double(altitudeMetres))
    }

    package var wetBulb: Double? {
        relativeHumidity.flatMap {
            Psychrometrics.wetBulb(dryBulb: dryBulb, relativeHumidity: $0, pressure: pressure)
        }
    }

    package var dewPoint: Double? {
        relativeHumidity.flatMap {
            Psychrometrics.dewPoint(dryBulb: dryBulb, relativeHumidity: $0)
        }
    }

    /// What a plant could do in it; nil where that hangs on a humidity that is not known.
    package func potential(_ plant: EconomiserPlant) -> FreeCoolingPotential? {
        guard plant.needsHumidity else {
            return plant.potential(dryBulb: dryBulb, wetBulb: dryBulb, dewPoint: dryBulb)
        }
        guard let wetBulb, let dewPoint else { return nil }
        return plant.potential(dryBulb: dryBulb, wetBulb: wetBulb, dewPoint: dewPoint)
    }
}

extension WeatherFile {
    /// The air of a typical year, by month, day and hour: its years are of many, its 29th of
    /// February is the 28th. Hours are those of the file's own standard time.
    package struct TypicalYear: Sendable {
        private let hours: [Int: Hour]
        private let offsetMinutes: Int
        private let altitude: Double
        package let place: String

        package init(_ file: WeatherFile) {
            offsetMinutes = file.offsetMinutes
            altitude = file.altitude
            place = file.place
            hours = Dictionary(
                file.hours.map { hour in
                    let civil = CivilTime(hour.start, offsetMinutes: file.offsetMinutes)
                    return (Self.key(civil), hour)
                }, uniquingKeysWith: { first, _ in first })
        }

        private static func key(_ civil: CivilTime) -> Int {
            let day = civil.month == 2 && civil.day == 29 ? 28 : civil.day
            return (civil.month * 100 + day) * 100 + civil.hour
        }

        /// Nil where the file has a gap.
        package func air(at instant: Instant) -> OutdoorAir? {
            let civil = CivilTime(instant, offsetMinutes: offsetMinutes)
            guard let hour = hours[Self.key(civil)], let dryBulb = hour.dryBulb else { return nil }
            return OutdoorAir(
                dryBulb: dryBulb,
                relativeHumidity: hour.relativeHumidity.map { min(1, max(0, $0)) },
                pressure: hour.pressure, altitudeMetres: Int(altitude))
        }
    }
}
