package import Model

/// The document of a sealed month: what is claimed, by whom, and what it rests on.
package struct SealDocument: Sendable, Hashable {
    package struct Meter: Sendable, Hashable {
        package var name: String?
        package var serial: String?
        /// The multiplier at the month's end.
        package var multiplier: String
        /// Registers at the ends of the month in kWh, before the multiplier.
        package var opening: String?
        package var closing: String?
        package var kilowattHours: String
        /// Quarter hours by how they were obtained; those that there are.
        package var flags: [LedgerFlag: Int]

        package init(
            name: String? = nil, serial: String?, multiplier: String, opening: String?,
            closing: String?, kilowattHours: String, flags: [LedgerFlag: Int] = [:]
        ) {
            self.name = name
            self.serial = serial
            self.multiplier = multiplier
            self.opening = opening
            self.closing = closing
            self.kilowattHours = kilowattHours
            self.flags = flags
        }

        fileprivate var value: CanonicalValue {
            var fields: [String: CanonicalValue] = [
                "k": .text(multiplier), "kwh": .text(kilowattHours),
            ]
            let texts = ["name": name, "serial": serial, "open": opening, "close": closing]
            for (key, text) in texts { fields[key] = text.map { .text($0) } }
            if !flags.isEmpty {
                fields["quarter_hours"] = .table(
                    Dictionary(
                        uniqueKeysWithValues: flags.map { ($0.key.rawValue, .count($0.value)) }))
            }
            return .table(fields)
        }
    }

    package struct Line: Sendable, Hashable {
        package var name: String
        package var amount: String?
        package init(name: String, amount: String?) {
            self.name = name
            self.amount = amount
        }
    }

    package static let schema = "frostline.energy.month/1"

    package var schema = Self.schema
    package var site: String
    /// As `2026-11`.
    package var month: String
    package var revision: Int
    /// SHA-256 of the revision before, in hexadecimal; empty in the first.
    package var previousHash: String
    package var billedKilowattHours: String?
    package var itKilowattHours: String?
    package var category: PUECategory?
    package var pue: String?
    package var measuredPercent: String?
    package var meters: [Meter] = []
    /// The bill's lines in yuan, and what they come to.
    package var lines: [Line] = []
    package var total: String?
    package var preparedBy: String
    package var approvedBy: String?
    package var reason: String?

    package init(
        site: String, month: String, revision: Int, previousHash: String, preparedBy: String,
        approvedBy: String? = nil, reason: String? = nil
    ) {
        self.site = site
        self.month = month
        self.revision = revision
        self.previousHash = previousHash
        self.preparedBy = preparedBy
        self.approvedBy = approvedBy
        self.reason = reason
    }

    /// What is not known is left out.
    package var value: CanonicalValue {
        var fields: [String: CanonicalValue] = [
            "schema": .text(schema), "site": .text(site), "month": .text(month),
            "revision": .count(revision), "prev_hash": .text(previousHash),
            "meters": .list(meters.map(\.value)), "prepared_by": .text(preparedBy),
        ]
        let texts = [
            "bill_kwh": billedKilowattHours, "it_kwh": itKilowattHours,
            "pue_category": category.map { "\($0.rawValue)" }, "ipue": pue,
            "completeness_pct": measuredPercent, "bill_yuan": total, "approved_by": approvedBy,
            "reason": reason,
        ]
        for (key, text) in texts { fields[key] = text.map { .text($0) } }
        if !lines.isEmpty {
            fields["bill"] = .list(
                lines.map { line in
                    var entry: [String: CanonicalValue] = ["name": .text(line.name)]
                    entry["yuan"] = line.amount.map { .text($0) }
                    return .table(entry)
                })
        }
        return .table(fields)
    }

    package var canonical: String { value.canonical }
}
