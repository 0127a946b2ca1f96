package import Model
package import Serve

extension LedgerEditRequest {
    /// The edits that this asks for; the store adds what the meter said.
    package func edits(of site: Site, at now: Instant) throws(APIRefusal) -> [LedgerEdit] {
        guard let metered = site.meters.first(where: { $0.name == meter }) else {
            throw APIRefusal(status: 404, message: "no meter `\(meter.prefix(60))` at this site")
        }
        let named = [by, reason].allSatisfy {
            !$0.isEmpty && $0.utf8.count <= LedgerEdit.maximumBytes
        }
        guard named else {
            throw APIRefusal(
                status: 400,
                message: "say who edits and why, each in at most \(LedgerEdit.maximumBytes) bytes")
        }
        let first = QuarterHour(containing: Instant(milliseconds: fromMS))
        guard first.number > 0, first.start.milliseconds == fromMS,
            (1...Self.maximumQuarterHours).contains(quarterHours)
        else {
            throw APIRefusal(
                status: 400,
                message: "an edit is of 1 to \(Self.maximumQuarterHours) quarter hours, from the "
                    + "start of one")
        }
        let all = (0..<Int64(quarterHours)).map { QuarterHour(number: first.number + $0) }
        guard let last = all.last, last.end <= now else {
            throw APIRefusal(status: 409, message: "the quarter hours have not ended")
        }
        if let wattHours, !(0...Self.maximumWattHours).contains(wattHours) {
            throw APIRefusal(
                status: 400, message: "\(wattHours) Wh is no energy of a quarter hour")
        }
        // What no register step may be, no person's word is either.
        let most = metered.maximumWatts / 4
        if let wattHours, wattHours > most {
            let limit = FixedDecimal(mantissa: most, scale: 3).trimmed
            let power = FixedDecimal(mantissa: metered.maximumWatts, scale: 3).trimmed
            throw APIRefusal(
                status: 400,
                message: "\(FixedDecimal(mantissa: wattHours, scale: 3).trimmed) kWh is more than "
                    + "`\(meter.prefix(60))` can count in a quarter hour: at most \(limit) kWh, "
                    + "`maximum: \(power) kW` of the site file × 0.25 h; write the kWh of one "
                    + "quarter hour, or correct `maximum`")
        }
        return all.map { quarter in
            LedgerEdit(
                meter: meter, interval: quarter, wattHours: wattHours,
                original: LedgerEntry(interval: quarter, wattHours: nil, flag: .missing),
                made: now, person: by, reason: reason)
        }
    }
}
