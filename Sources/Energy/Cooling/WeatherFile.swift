package import ConfigTree
package import Model

/// Hours of weather from an EPW file (EnergyPlus weather data): a typical or a real year.
package struct WeatherFile: Sendable {
    package struct Hour: Sendable, Hashable {
        /// Start of the hour; EPW labels hours 1 to 24 by their end, in local standard time.
        package var start: Instant
        /// °C; nil: missing.
        package var dryBulb: Double?
        package var dewPoint: Double?
        /// 0…1.
        package var relativeHumidity: Double?
        /// Pa.
        package var pressure: Double?
        package var isMissing: Bool {
            dryBulb == nil && dewPoint == nil && relativeHumidity == nil && pressure == nil
        }
    }

    package var place: String
    /// Metres above the sea.
    package var altitude: Double
    package var offsetMinutes: Int
    package var hours: [Hour]

    private static let headerLines = 8
    /// A leap year.
    private static let maximumHours = 8784

    package static func parse(
        _ text: String, file: String, _ d: inout Diagnostics
    ) -> WeatherFile? {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        func position(_ line: Int, _ column: Int = 1) -> SourcePosition {
            SourcePosition(file: file, line: line + 1, column: column)
        }
        let head = (lines.first ?? "").split(separator: ",", omittingEmptySubsequences: false)
        guard lines.count > headerLines, head.count >= 10, head[0] == "LOCATION",
            let zone = Double(head[8]), let altitude = Double(head[9]), abs(zone) <= 14,
            (-500...9000).contains(altitude)
        else {
            d.add(
                position(0), "this is no EPW file",
                cure:
                    "give one whose first line begins with LOCATION, as climate.onebuilding.org has"
            )
            return nil
        }
        let before = d.all.count
        var result = WeatherFile(
            place: String(head[1]), altitude: altitude, offsetMinutes: Int((zone * 60).rounded()),
            hours: [])
        for (index, line) in lines.enumerated().dropFirst(headerLines) where !line.isEmpty {
            guard result.hours.count < maximumHours else {
                d.add(position(index), "more than \(maximumHours) hours", cure: "give one year")
                return nil
            }
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            guard fields.count >= 10, let hour = result.hour(fields) else {
                d.add(
                    position(index), "no hour of weather: \(line.prefix(40))…",
                    cure: "35 fields with year, month, day and an hour from 1 to 24")
                continue
            }
            result.hours.append(hour)
        }
        return d.all.count == before ? result : nil
    }

    private func hour(_ fields: [Substring]) -> Hour? {
        guard let year = Int(fields[0]), let month = Int(fields[1]), let day = Int(fields[2]),
            let hour = Int(fields[3]), (1900...2200).contains(year), (1...12).contains(month),
            (1...31).contains(day), (1...24).contains(hour)
        else { return nil }
        let civil = CivilTime(year: year, month: month, day: day, hour: hour - 1)
        func value(_ index: Int, missingFrom limit: Double) -> Double? {
            Double(fields[index]).flatMap { $0.isFinite && $0 < limit ? $0 : nil }
        }
        return Hour(
            start: civil.instant(offsetMinutes: offsetMinutes),
            dryBulb: value(6, missingFrom: 99.9), dewPoint: value(7, missingFrom: 99.9),
            relativeHumidity: value(8, missingFrom: 999).map { $0 / 100 },
            pressure: value(9, missingFrom: 999_999))
    }
}
