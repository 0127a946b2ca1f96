package import Energy
package import Model
package import Serve
package import Store

/// Makes the seal of a month from a store, and holds a seal against what the store says now.
package struct MonthSealer: Sendable {
    private let configuration: LoadedConfiguration
    private let directory: String
    private var site: Site { configuration.site }

    package init(configuration: LoadedConfiguration, directory: String) {
        self.configuration = configuration
        self.directory = directory
    }

    /// Why a month is not sealed.
    package enum Refusal: Error, CustomStringConvertible {
        case notOver(month: String)
        case noMeters
        /// A seal says that figures stay: there are none.
        case nothingKnown(month: String)
        /// A correction says why.
        case isSealed(month: String, LedgerSeal)
        case sameHands(String)
        case books(MonthBookError)

        package var description: String {
            switch self {
            case .notOver(let month): "\(month) is not over; a month is sealed after its end"
            case .noMeters:
                "the site file has no meters: there is nothing to seal; add `meters`"
            case .nothingKnown(let month):
                "of \(month) no quarter hour of any meter is known: there is nothing to seal. "
                    + "Bring its readings in with frostline store import, or enter its energy "
                    + "with frostline energy edit"
            case .isSealed(let month, let seal):
                "\(month) is sealed, revision \(seal.revision) by \(seal.person); a correction is "
                    + "its next revision: say why with --reason"
            case .sameHands(let name): "`\(name)` cannot both prepare and approve; name another"
            case .books(let error): error.description
            }
        }
    }

    /// What is to be appended to the store.
    package struct Prepared: Sendable {
        package var seal: LedgerSeal
        package var meters: SiteStore.SealedMeters
        /// What keeps figures from the document, or makes them doubtful.
        package var notes: [String]
    }

    /// Reads a month of every meter: seconds of a large site. Blocks.
    package func prepare(
        _ request: SealRequest, at now: Instant
    ) throws(Refusal) -> Prepared {
        do {
            return try prepared(request, now)
        } catch let refusal as Refusal {
            throw refusal
        } catch let error as MonthBookError {
            throw .books(error)
        } catch {
            throw .books(.ledger("\(error)"))
        }
    }

    private func prepared(_ request: SealRequest, _ now: Instant) throws -> Prepared {
        let range = TimeRange.month(
            year: request.year, month: request.month, offsetMinutes: site.offsetMinutes)
        let month = MonthBooks.monthText(request.year, request.month)
        guard range.end <= now else { throw Refusal.notOver(month: month) }
        guard !site.meters.isEmpty else { throw Refusal.noMeters }
        if let approver = request.approvedBy, approver == request.by {
            throw Refusal.sameHands(approver)
        }
        let reader = try StoreReader(directory: directory)
        let previous = try reader.seals(range).last { $0.range == range }
        if let previous, request.reason == nil {
            throw Refusal.isSealed(month: month, previous)
        }
        var document = SealDocument(
            site: site.name, month: month, revision: (previous?.revision ?? -1) + 1,
            previousHash: previous?.hash ?? "", preparedBy: request.by,
            approvedBy: request.approvedBy, reason: request.reason)
        let source = LedgerSource(reader: reader, site: site, now: now)
        var meters: [String: [LedgerEntry]] = [:]
        for meter in site.meters {
            let derived = try source.whole(meter, range, isFresh: true)
            meters[meter.name] = derived.entries
            document.meters.append(
                Self.line(meter, derived, MonthlyReportSource.span(derived.readings, range)))
        }
        guard meters.values.contains(where: { Completeness($0).covered > 0 }) else {
            throw Refusal.nothingKnown(month: month)
        }
        let notes = fill(&document, request, range, meters, source)
        return Prepared(
            seal: LedgerSeal(
                range: range, revision: document.revision, made: now, person: request.by,
                reason: request.reason ?? "", document: Array(document.canonical.utf8)),
            meters: meters.sorted { $0.key < $1.key }.map { (meter: $0.key, entries: $0.value) },
            notes: notes)
    }

    private static func line(
        _ meter: Meter, _ derived: LedgerSource.Derived, _ registers: MonthRegisters
    ) -> SealDocument.Meter {
        func kilowattHours(_ reading: RegisterReading?) -> String? {
            guard let reading, (-3...15).contains(reading.scale) else { return nil }
            return FixedDecimal(mantissa: reading.mantissa, scale: reading.scale + 3).description
        }
        let last = registers.closing?.time ?? derived.readings.last?.time
        return SealDocument.Meter(
            name: meter.name, serial: meter.changes.compactMap(\.serial).last ?? meter.serial,
            multiplier: meter.multiplierText(at: last ?? Instant(milliseconds: 0)),
            opening: kilowattHours(registers.opening), closing: kilowattHours(registers.closing),
            kilowattHours: EnergyQuantity(wattHours: Completeness(derived.entries).wattHours)
                .description,
            flags: derived.entries.reduce(into: [:]) { $0[$1.flag, default: 0] += 1 })
    }

    /// Bill and PUE of the whole site from these entries; what cannot be told is left out, and the
    /// reason returned.
    private func fill(
        _ document: inout SealDocument, _ request: SealRequest, _ range: TimeRange,
        _ meters: [String: [LedgerEntry]], _ source: LedgerSource
    ) -> [String] {
        var notes: [String] = []
        let boundary = PUEBoundary(site.meters)
        if let category = boundary.category {
            let paired = boundary.paired(category, in: range) { meters[$0.name] ?? [] }
            document.category = category
            document.itKilowattHours = EnergyQuantity(wattHours: paired.itWattHours).description
            document.pue = paired.pue?.decimal(4).description
        }
        var completeness = Completeness()
        for meter in site.meters where meter.role == .utility {
            completeness.merge(Completeness(meters[meter.name] ?? []))
        }
        document.measuredPercent = completeness.measuredPercent?.rescaled(to: 2)?.description
        if completeness.expected > 0, !completeness.isFirm {
            notes.append("less than 98 % measured, or more than 2 % estimated: provisional")
        }
        let books = MonthBooks(configuration) { meter, asked throws(MonthBookError) in
            if asked == range { return meters[meter.name] ?? [] }
            do throws(StoreError) {
                return try source.entries(meter, asked)
            } catch {
                throw .ledger("\(error)")
            }
        }
        do throws(MonthBookError) {
            let bill = try books.bill(
                request.year, request.month,
                sheet: try books.settlement(request.year, request.month), subsidiary: nil)
            document.billedKilowattHours = "\(bill.billed.wholeKilowattHours)"
            document.lines = bill.lines.map {
                SealDocument.Line(name: $0.name, amount: $0.amount?.description)
            }
            document.total = bill.isComplete ? bill.total.description : nil
            notes += bill.open.map { "the bill is not complete: \($0)" }
        } catch {
            notes.append("no bill: \(error)")
        }
        return notes
    }

    // MARK: - What a seal says, and what the store says now

    /// One meter whose sealed quarter hours are no longer what the readings say.
    package struct Difference: Sendable, Hashable {
        package var meter: String
        package var quarterHours: Int
        package var sealed: EnergyQuantity
        package var now: EnergyQuantity
    }

    /// Meters of a sealed month that would be sealed otherwise today: late readings, edits, or a
    /// changed site file. Blocks.
    package func differences(
        from seal: LedgerSeal, at now: Instant
    ) throws(StoreError) -> [Difference] {
        let reader = try StoreReader(directory: directory)
        let source = LedgerSource(reader: reader, site: site, now: now)
        var found: [Difference] = []
        for meter in site.meters {
            let sealed = try reader.ledger(meter: meter.name, seal.range)
            let fresh = try source.whole(meter, seal.range, isFresh: true).entries
            let known = Dictionary(
                sealed.map { ($0.interval, $0) }, uniquingKeysWith: { first, _ in first })
            let count = fresh.count { known[$0.interval] != $0 }
            guard count > 0 else { continue }
            found.append(
                Difference(
                    meter: meter.name, quarterHours: count,
                    sealed: EnergyQuantity(wattHours: Completeness(sealed).wattHours),
                    now: EnergyQuantity(wattHours: Completeness(fresh).wattHours)))
        }
        return found
    }
}
