package import Model

/// Where IT energy is measured (ISO/IEC 30134-2): the more losses count as overhead, the higher
/// the category, and the higher the figure.
package enum PUECategory: Int, Sendable, CaseIterable, Comparable {
    /// At the UPS output.
    case basic = 1
    /// At the output of the PDU or column cabinet.
    case intermediate = 2
    /// At the input of the IT equipment.
    case advanced = 3

    package var role: Meter.Role {
        switch self {
        case .basic: .itCategory1
        case .intermediate: .itCategory2
        case .advanced: .itCategory3
        }
    }

    package static func < (a: PUECategory, b: PUECategory) -> Bool { a.rawValue < b.rawValue }
}

/// Which meters make up the two sides of PUE at a site.
package struct PUEBoundary: Sendable {
    package struct Term: Sendable {
        package var meter: Meter
        /// +1 or -1.
        package var sign: Int64
    }
    package var total: [Term]
    package var it: [PUECategory: [Term]]

    package init(_ meters: [Meter]) {
        total = []
        it = [:]
        for meter in meters {
            switch meter.role {
            case .utility, .generation: total.append(Term(meter: meter, sign: 1))
            case .export, .excluded: total.append(Term(meter: meter, sign: -1))
            case .itCategory1: it[.basic, default: []].append(Term(meter: meter, sign: 1))
            case .itCategory2: it[.intermediate, default: []].append(Term(meter: meter, sign: 1))
            case .itCategory3: it[.advanced, default: []].append(Term(meter: meter, sign: 1))
            case .cooling, .other, .information: break
            }
        }
    }

    /// Paired energy of the quarter hours that begin in `range`. `entry` gives the Wh of one meter
    /// in one of them, nil where it is missing.
    package func paired(
        _ category: PUECategory, in range: TimeRange, entry: (Meter, QuarterHour) -> Int64?
    ) -> PairedEnergy {
        var pair = PairedEnergy()
        var quarter = QuarterHour(containing: range.start)
        while quarter.start < range.end {
            pair.add(
                total: Self.sum(total) { entry($0, quarter) },
                it: Self.sum(it[category] ?? []) { entry($0, quarter) })
            quarter = quarter.next
        }
        return pair
    }

    /// Paired energy of the quarter hours that lie in `range`, from the ledgers of whole meters.
    package func paired<Failure: Error>(
        _ category: PUECategory, in range: TimeRange,
        ledger: (Meter) throws(Failure) -> [LedgerEntry]
    ) throws(Failure) -> PairedEnergy {
        let sides = try sums(category, in: range, ledger: ledger)
        var pair = PairedEnergy()
        for index in 0..<sides.total.count {
            pair.add(total: sides.total[index], it: sides.it[index])
        }
        return pair
    }

    /// Both sides by quarter hours, from the ledgers of whole meters.
    package func sums<Failure: Error>(
        _ category: PUECategory, in range: TimeRange,
        ledger: (Meter) throws(Failure) -> [LedgerEntry]
    ) throws(Failure) -> (total: QuarterSums, it: QuarterSums) {
        var sums = (total: QuarterSums(range), it: QuarterSums(range))
        for term in total { sums.total.add(try ledger(term.meter), sign: term.sign) }
        for term in it[category] ?? [] { sums.it.add(try ledger(term.meter), sign: term.sign) }
        return sums
    }

    /// The signed sum; nil where any term is missing, or there is none.
    static func sum(_ terms: [Term], _ value: (Meter) -> Int64?) -> Int64? {
        guard !terms.isEmpty else { return nil }
        var sum: Int64 = 0
        for term in terms {
            guard let part = value(term.meter) else { return nil }
            sum &+= term.sign &* part
        }
        return sum
    }

    /// The highest category that has meters: the one that is printed first.
    package var category: PUECategory? { it.keys.max() }
}

/// Energy of the two sides over the same intervals. An interval in which either side is missing
/// leaves both sums.
package struct PairedEnergy: Sendable, Hashable {
    package var totalWattHours: Int64 = 0
    package var itWattHours: Int64 = 0
    package var paired = 0
    package var expected = 0

    package init() {}

    package init(totalWattHours: Int64, itWattHours: Int64, paired: Int = 1, expected: Int = 1) {
        self.totalWattHours = totalWattHours
        self.itWattHours = itWattHours
        self.paired = paired
        self.expected = expected
    }

    package mutating func add(total: Int64?, it: Int64?) {
        expected += 1
        guard let total, let it else { return }
        paired += 1
        totalWattHours &+= total
        itWattHours &+= it
    }

    /// Sums of sums: a year is the sum of its months, never the mean of their ratios.
    package mutating func merge(_ other: PairedEnergy) {
        totalWattHours &+= other.totalWattHours
        itWattHours &+= other.itWattHours
        paired += other.paired
        expected += other.expected
    }

    /// Nil without IT energy.
    package var pue: ExactRatio? { ExactRatio(totalWattHours, itWattHours) }
    /// Share of intervals in which both sides are known, 0…1.
    package var coverage: Double { expected > 0 ? Double(paired) / Double(expected) : 0 }
}

/// Grades of GB 40879-2021, for twelve months of a whole data centre.
package enum GB40879Grade: String, Sendable {
    case one = "1"
    case two = "2"
    case three = "3"
    case exceeds = "EXCEEDS"
    /// Below 1: the data are wrong.
    case invalid = "INVALID"

    /// Compares the unrounded ratio: 1.204 prints as 1.20 and is grade 2.
    package init(_ pue: ExactRatio) {
        func atMost(_ hundredths: Int64) -> Bool {
            pue.isAtMost(FixedDecimal(mantissa: hundredths, scale: 2))
        }
        if pue.numerator < pue.denominator {
            self = .invalid
        } else if atMost(120) {
            self = .one
        } else if atMost(130) {
            self = .two
        } else if atMost(150) {
            self = .three
        } else {
            self = .exceeds
        }
    }
}

/// Indicators beside the plain ratio.
package enum PUEIndicators {
    /// Partial PUE of one part of the overhead: `(IT + part) / IT`.
    package static func partial(it: Int64, part: Int64) -> ExactRatio? {
        ExactRatio(it &+ part, it)
    }

    /// The share of a plant's electricity that falls to the data centre, by heat removed.
    /// Nil where the heats make no sense.
    package static func sharedPlant(
        wattHours: Int64, heatOfDataCentre: Int64, heatOfAll: Int64
    ) -> Int64? {
        guard wattHours >= 0, heatOfDataCentre >= 0, heatOfAll >= heatOfDataCentre, heatOfAll > 0
        else { return nil }
        let product = Int128(wattHours) * Int128(heatOfDataCentre)
        return Int64(Exact.roundedHalfUp(product, by: Int128(heatOfAll)))
    }

    /// Loss of a battery store inside the boundary, and what its change of charge does to the
    /// total. The upstream meter already holds charge and loss.
    package static func storage(
        charged: Int64, discharged: Int64, stateAtStart: Int64, stateAtEnd: Int64
    ) -> (loss: Int64, correction: Int64) {
        let change = stateAtEnd &- stateAtStart
        return (charged &- discharged &- change, 0 &- change)
    }

    /// Five-point method of GB 40879-2021: weights of the five temperatures, and the powers there.
    /// Energies are per year of 8760 h, in W·h times 10^-scale of the weights. Nil where a list is
    /// not of five, or IT energy is zero.
    package static func fivePoint(
        weights: [FixedDecimal], totalWatts: [Int64], itWatts: [Int64]
    ) -> (totalEnergy: FixedDecimal, itEnergy: FixedDecimal, ratio: ExactRatio)? {
        guard weights.count == 5, totalWatts.count == 5, itWatts.count == 5,
            let scale = weights.map(\.scale).max(), (0...6).contains(scale)
        else { return nil }
        func energy(_ watts: [Int64]) -> Int64? {
            var sum: Int128 = 0
            for (weight, power) in zip(weights, watts) {
                guard let share = weight.rescaled(to: scale), power >= 0, share.mantissa >= 0 else {
                    return nil
                }
                sum += Int128(share.mantissa) * Int128(power) * 8760
            }
            return Int64(exactly: sum)
        }
        guard let total = energy(totalWatts), let it = energy(itWatts),
            let ratio = ExactRatio(total, it)
        else { return nil }
        return (
            FixedDecimal(mantissa: total, scale: scale), FixedDecimal(mantissa: it, scale: scale),
            ratio
        )
    }
}

/// Relative uncertainties; binary numbers suffice, nothing here ends in money.
package enum Uncertainty {
    /// Root of the sum of squares.
    package static func combined(_ parts: [Double]) -> Double {
        parts.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }

    /// Of a PUE from two independently metered totals, absolute.
    package static func ofRatio(pue: Double, total: Double, it: Double) -> Double {
        pue * combined([total, it])
    }

    /// Of a PUE as `1 + overhead / IT` with the overhead metered by itself, absolute. Far smaller:
    /// most of the total is not measured twice.
    package static func ofOverhead(pue: Double, overhead: Double, it: Double) -> Double {
        (pue - 1) * combined([overhead, it])
    }

    /// Of the sum of `count` meters with the same relative limit: independent errors grow with the
    /// root of their number, systematic ones with the number.
    package static func ofSum(
        count: Int, each: Double, relativeLimit: Double
    ) -> (independent: Double, systematic: Double) {
        let one = each * relativeLimit
        return (one * Double(count).squareRoot(), one * Double(count))
    }
}
