import Model

/// The month's intervals of every meter side by side, and what follows from them.
struct MonthFigures {
    let input: MonthlyReportInput
    let range: TimeRange
    let quarters: [QuarterHour]
    let allocation: Allocation
    let boundary: PUEBoundary
    /// By meter name, one value for each quarter hour.
    private(set) var entries: [String: [LedgerEntry]] = [:]
    private(set) var completeness: [String: Completeness] = [:]
    let pairs: [PUECategory: PairedEnergy]
    /// Energy of the billed meters together, as far as each was measured: what is billed is the sum
    /// of meters, so one that is missing takes nothing from another. Nil where all are missing.
    let billed: [Int64?]
    /// True for the quarter hours in which every billed meter has energy.
    let billedComplete: [Bool]

    init(_ input: MonthlyReportInput) {
        self.input = input
        range = TimeRange.month(
            year: input.year, month: input.month, offsetMinutes: input.site.offsetMinutes)
        allocation = Allocation(input.subsidiary, of: input.site)
        boundary = PUEBoundary(input.site.meters)
        var quarters: [QuarterHour] = []
        var next = QuarterHour(containing: range.start)
        while next.start < range.end {
            quarters.append(next)
            next = next.next
        }
        self.quarters = quarters
        var entries: [String: [LedgerEntry]] = [:]
        for meter in input.site.meters {
            let found = Dictionary(
                input.ledger(meter).map { ($0.interval, $0) }, uniquingKeysWith: { $1 })
            entries[meter.name] = quarters.map { quarter in
                found[quarter]
                    ?? LedgerEntry(interval: quarter, wattHours: nil, flag: .missing)
            }
        }
        self.entries = entries
        completeness = entries.mapValues { Completeness($0) }
        func sum(_ terms: [PUEBoundary.Term], _ index: Int) -> Int64? {
            PUEBoundary.sum(terms) { meter in
                entries[meter.name].flatMap { $0[index].flag == .missing ? nil : $0[index] }?
                    .wattHours
            }
        }
        var pairs: [PUECategory: PairedEnergy] = [:]
        for (category, terms) in boundary.it {
            var pair = PairedEnergy()
            for index in quarters.indices {
                pair.add(total: sum(boundary.total, index), it: sum(terms, index))
            }
            pairs[category] = pair
        }
        self.pairs = pairs
        let own = allocation.billed.map { PUEBoundary.Term(meter: $0, sign: 1) }
        billed = quarters.indices.map { index in
            let parts = own.compactMap { sum([$0], index) }
            return parts.isEmpty ? nil : parts.reduce(0, &+)
        }
        billedComplete = quarters.indices.map { sum(own, $0) != nil }
    }

    var offset: Int { input.site.offsetMinutes }

    /// Energy of a meter over the month's intervals, and how many of them are known.
    func energy(_ meter: Meter) -> (wattHours: Int64, known: Int) {
        var sum: Int64 = 0
        var known = 0
        for entry in entries[meter.name] ?? [] {
            guard entry.flag != .missing, let wattHours = entry.wattHours else { continue }
            sum &+= wattHours
            known += 1
        }
        return (sum, known)
    }

    /// Energy of all meters of a role; nil where there is none or it was never measured.
    func energy(role: Meter.Role) -> Int64? {
        let meters = input.site.meters.filter { $0.role == role }
        var sum: Int64 = 0
        for meter in meters {
            let part = energy(meter)
            guard part.known > 0 else { return nil }
            sum &+= part.wattHours
        }
        return meters.isEmpty ? nil : sum
    }

    var billedWattHours: Int64 { billed.reduce(0) { $0 &+ ($1 ?? 0) } }
    var billedMissing: Int { billedComplete.count { !$0 } }

    /// The period of the day by price; nil where energy has no such price: of users who buy in the
    /// market it is their contract's.
    func period(of quarter: QuarterHour) -> TimeOfUsePeriod? {
        guard let choice = input.site.tariff, choice.contractEnergyPrice == nil,
            let table = input.tariff, input.bill?.settlement == nil
        else { return nil }
        return (try? table.timeOfUse(on: civil(quarter)))?.value.period(civil(quarter))
    }

    func civil(_ quarter: QuarterHour) -> CivilTime {
        CivilTime(quarter.start, offsetMinutes: offset)
    }

    /// The register's difference times the multiplier, in whole kWh; or why it is unknown.
    func registerEnergy(_ meter: Meter) -> Result<Int64, Reason> {
        let span = input.registers(meter)
        guard let opening = span.opening else { return .failure(Reason("无上期示数")) }
        guard let closing = span.closing else { return .failure(Reason("无本期示数")) }
        if input.findings(meter).contains(where: { $0.kind == .replacement }) {
            return .failure(Reason("本期更换表计或互感器，见区间电量"))
        }
        let scale = max(opening.scale, closing.scale)
        let multiplier = meter.multiplier(at: closing.time)
        guard let first = opening.decimal.rescaled(to: scale)?.mantissa,
            let last = closing.decimal.rescaled(to: scale)?.mantissa,
            let factor = RegisterScale(
                scale: scale, multiplierNumerator: multiplier.numerator,
                multiplierDenominator: multiplier.denominator)
        else { return .failure(Reason("示数超出范围")) }
        let breaks = input.findings(meter).contains {
            [.reset, .jump, .rollover].contains($0.kind)
        }
        guard last >= first, !breaks else {
            return .failure(Reason("本期示数归零、翻转或跳变，见区间电量"))
        }
        guard let exact = factor.exactEnergy(Int128(last) - Int128(first)) else {
            return .failure(Reason("示数超出范围"))
        }
        let denominator = factor.denominator.multipliedReportingOverflow(by: 1000)
        guard !denominator.overflow else { return .failure(Reason("倍率超出范围")) }
        return .success(
            Int64(clamping: Exact.roundedHalfUp(exact, by: denominator.partialValue)))
    }

    struct Reason: Error {
        var text: String
        init(_ text: String) { self.text = text }
    }
}

/// Wh as kWh with three decimals, exactly.
func kilowattHours(_ wattHours: Int64) -> FixedDecimal {
    FixedDecimal(mantissa: wattHours, scale: 3)
}

/// Wh as whole kWh, rounded half away from zero.
func wholeKilowattHours(_ wattHours: Int64) -> FixedDecimal {
    FixedDecimal(mantissa: wattHours.dividedHalfUp(by: 1000), scale: 0)
}
