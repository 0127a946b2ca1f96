import Energy
import Interchange
package import Model
import Profiles

extension RemoteReader {
    /// A quarter hour is known by the readings before and behind its ends.
    private static let marginMilliseconds: Int64 = 3_600_000

    /// Energy of a meter by quarter hours that start in `range`: derived from the register's
    /// readings by the rules of the ledger, as the site itself does, and not by extrapolation.
    package func ledger(
        _ meter: Meter, _ configuration: LoadedConfiguration, _ range: TimeRange
    ) throws(RemoteReadError) -> [LedgerEntry] {
        let wide = TimeRange(
            start: range.start.advanced(byMilliseconds: -Self.marginMilliseconds),
            end: range.end.advanced(byMilliseconds: Self.marginMilliseconds))
        let found = try points(matching: Glob("\(meter.energy)"), wide)
        guard let register = found.first(where: { $0.definition.unit == .wattHour }),
            let spec = configuration.site.devices.first(where: { $0.name == meter.energy.device })
        else { return [] }
        // The width of the register stands in its profile, and in no answer.
        let points = DeviceDecoder(profile: configuration.profile(of: spec)).points
        let kind = points.first { $0.name == meter.energy.point }?.kind
        var ledger = MeterLedger(
            settings: MeterSettings(
                meter, kind: kind ?? register.definition.kind,
                samplePeriodMilliseconds: spec.intervalMilliseconds(of: .normal)))
        var entries: [QuarterHour: LedgerEntry] = [:]
        for sample in register.samples {
            let reading = RegisterReading(
                time: Instant(milliseconds: sample.time), mantissa: sample.mantissa,
                scale: register.definition.scale)
            for entry in ledger.observe(reading) where range.contains(entry.interval.start) {
                entries[entry.interval] = entry
            }
        }
        return entries.values.sorted { $0.interval < $1.interval }
    }
}
