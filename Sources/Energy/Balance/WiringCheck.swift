/// What hourly means of a device say of its wiring. Physics decides: phases sum to the total, no
/// power is above U·I, energy grows by power, loads draw and do not give.
package struct WiringCheck: Sendable {
    /// The hourly means of one device, by the names of its points; all of the same length.
    package struct Means: Sendable {
        package var device: String
        /// W, V, A by name; nil where there was no reading.
        package var values: [String: [Double?]]
        /// Wh by hour of the register, after its multiplier.
        package var energy: [Double?]
        /// Power that may be negative: at the hand-over, of storage.
        package var mayGive: Bool

        package init(
            device: String, values: [String: [Double?]], energy: [Double?] = [],
            mayGive: Bool = false
        ) {
            self.device = device
            self.values = values
            self.energy = energy
            self.mayGive = mayGive
        }
    }

    package enum Kind: String, Sendable, CaseIterable {
        /// The phases do not sum to the total.
        case phaseSum = "phase-sum"
        /// The outlets draw more than the inlet, or far less.
        case outletSum = "outlet-sum"
        /// A power above voltage times current.
        case apparentPower = "power-above-apparent"
        /// The register does not grow by the power.
        case energyRate = "energy-against-power"
        /// It does so by a constant factor: a wrong ratio of transformers.
        case transformerRatio = "wrong-transformer-ratio"
        /// A load that gives power: reversed polarity.
        case negativePower = "negative-power"
        /// One phase gives while the others draw.
        case reversedPhase = "reversed-phase"
        /// Two feeds of a rack are exchanged.
        case feedsSwapped = "feeds-swapped"

        package var chinese: String {
            switch self {
            case .phaseSum: "分相功率之和与总功率不符"
            case .outletSum: "分路功率之和与进线不符"
            case .apparentPower: "功率大于电压乘电流"
            case .energyRate: "电量增长与功率不符"
            case .transformerRatio: "互感器倍率错误"
            case .negativePower: "负载功率为负，极性接反"
            case .reversedPhase: "一相极性接反"
            case .feedsSwapped: "A、B 两路接反"
            }
        }
    }

    package struct Finding: Sendable, Hashable {
        package var kind: Kind
        package var device: String
        /// Hours that failed, and hours that could be looked at.
        package var failed: Int
        package var looked: Int
        /// The numbers of the worst hour, or of the whole, in words.
        package var numbers: String
        package init(kind: Kind, device: String, failed: Int, looked: Int, numbers: String) {
            self.kind = kind
            self.device = device
            self.failed = failed
            self.looked = looked
            self.numbers = numbers
        }
    }

    /// Hours that have to fail before it is a finding: readings of a device are not of one moment.
    static let minimumHours = 3
    /// A tenth of the hours.
    static let minimumShare = 10
    /// Sums and products of readings that are rounded, and a moment apart.
    static let relative = 0.05
    /// Below, rounding decides; W.
    static let floor = 30.0

    package let device: String
    package private(set) var findings: [Finding] = []
    /// Which checks there were readings for.
    package private(set) var checked: Set<Kind> = []
    private let means: Means
    private let hours: Int

    package init(_ means: Means) {
        self.means = means
        device = means.device
        hours = means.values.values.map(\.count).max() ?? 0
        for side in ["input", "output"] {
            checkPhases(side)
            checkApparent(side)
            checkNegative(side)
        }
        checkOutlets()
        checkEnergy()
    }

    private func value(_ name: String, _ hour: Int) -> Double? {
        guard let values = means.values[name], hour < values.count,
            let value = values[hour], value.isFinite
        else { return nil }
        return value
    }

    private static func text(_ value: Double) -> String { KPIStatement.decimal(value, 1) }

    /// Looks at every hour; `test` gives how far beyond the limit it is, and the numbers. Nil: it
    /// cannot be told.
    private mutating func check(
        _ kind: Kind, _ test: (Int) -> (excess: Double, numbers: String)?
    ) {
        var looked = 0
        var failed = 0
        var worst: (excess: Double, numbers: String) = (0, "")
        for hour in 0..<hours {
            guard let found = test(hour) else { continue }
            looked += 1
            guard found.excess > 0 else { continue }
            failed += 1
            if found.excess > worst.excess { worst = found }
        }
        guard looked > 0 else { return }
        checked.insert(kind)
        guard failed >= Self.minimumHours, failed * Self.minimumShare >= looked else { return }
        findings.append(
            Finding(
                kind: kind, device: means.device, failed: failed, looked: looked,
                numbers: worst.numbers))
    }

    private func phases(_ side: String, _ what: String, _ hour: Int) -> [Double]? {
        let values = (1...3).compactMap { value("\(side).l\($0).\(what)", hour) }
        return values.count == 3 ? values : nil
    }

    private mutating func checkPhases(_ side: String) {
        let copy = self
        check(.phaseSum) { hour in
            guard let total = copy.value("\(side).power", hour),
                let phases = copy.phases(side, "power", hour)
            else { return nil }
            let sum = phases.reduce(0, +)
            let room = max(Self.floor, Self.relative * max(abs(total), abs(sum)))
            let parts = phases.map(Self.text).joined(separator: " + ")
            return (
                abs(sum - total) - room,
                "\(side): \(parts) = \(Self.text(sum)) W, total \(Self.text(total)) W"
            )
        }
    }

    private mutating func checkApparent(_ side: String) {
        let copy = self
        let prefixes = (1...3).map { "\(side).l\($0)" } + [side]
        check(.apparentPower) { hour in
            var worst: (excess: Double, numbers: String)?
            for prefix in prefixes {
                guard let power = copy.value(prefix + ".power", hour),
                    let voltage = copy.value(prefix + ".voltage", hour),
                    let current = copy.value(prefix + ".current", hour)
                else { continue }
                // Of a whole three-phase side voltage and current are means: no product.
                if prefix == side, copy.value("\(side).l1.power", hour) != nil { continue }
                let apparent = abs(voltage * current)
                let excess =
                    abs(power) - apparent - max(Self.floor, Self.relative * abs(power))
                if excess > worst?.excess ?? -.infinity {
                    worst = (
                        excess,
                        "\(prefix): \(Self.text(power)) W > \(Self.text(voltage)) V × "
                            + "\(KPIStatement.decimal(current, 2)) A = \(Self.text(apparent)) VA"
                    )
                }
            }
            return worst
        }
    }

    private mutating func checkNegative(_ side: String) {
        let copy = self
        if !means.mayGive {
            check(.negativePower) { hour in
                guard let power = copy.value("\(side).power", hour) else { return nil }
                let factor = copy.value("\(side).power.factor", hour)
                let isNegative = power < -Self.floor || (factor ?? 0) < -0.05
                let more = factor.map { ", power factor \(KPIStatement.decimal($0, 3))" } ?? ""
                return (
                    isNegative ? max(1, -power) : -1, "\(side): \(Self.text(power)) W\(more)"
                )
            }
        }
        check(.reversedPhase) { hour in
            guard let phases = copy.phases(side, "power", hour) else { return nil }
            let negative = phases.filter { $0 < -Self.floor }
            let isMixed = !negative.isEmpty && negative.count < 3
            let parts = phases.map(Self.text).joined(separator: ", ")
            return (isMixed ? -(negative.min() ?? 0) : -1, "\(side): phases \(parts) W")
        }
    }

    /// Outlets cannot draw more than their inlet; far less is an inlet of something else.
    private mutating func checkOutlets() {
        let copy = self
        let names = means.values.keys.filter {
            $0.hasPrefix("outlet.") && $0.hasSuffix(".power")
        }.sorted()
        guard !names.isEmpty else { return }
        check(.outletSum) { hour in
            guard let inlet = copy.value("input.power", hour) else { return nil }
            let outlets = names.compactMap { copy.value($0, hour) }
            guard outlets.count == names.count else { return nil }
            let sum = outlets.reduce(0, +)
            // Each outlet is rounded by itself.
            let room = max(
                Self.floor + Double(outlets.count), Self.relative * max(abs(inlet), abs(sum)))
            return (
                abs(sum - inlet) - room,
                "\(outlets.count) outlets \(Self.text(sum)) W, inlet \(Self.text(inlet)) W"
            )
        }
    }

    /// dE/dt ≈ P, and where it is not: is it so by one factor all the time?
    private mutating func checkEnergy() {
        let copy = self
        let energy = means.energy
        check(.energyRate) { hour in
            guard hour < energy.count, let grown = energy[hour],
                let power = copy.value("input.power", hour) ?? copy.value("output.power", hour)
            else { return nil }
            let room = max(2 * Self.floor, 2 * Self.relative * max(abs(power), grown))
            return (
                abs(grown - abs(power)) - room,
                "\(Self.text(grown)) Wh in an hour at \(Self.text(power)) W"
            )
        }
        guard let last = findings.last, last.kind == .energyRate else { return }
        let ratios = energy.indices.compactMap { hour -> Double? in
            guard let grown = energy[hour],
                let power = copy.value("input.power", hour) ?? copy.value("output.power", hour),
                abs(power) > 2 * Self.floor
            else { return nil }
            return grown / abs(power)
        }.sorted()
        guard ratios.count >= Self.minimumHours else { return }
        let median = ratios[ratios.count / 2]
        let low = ratios[ratios.count / 10]
        let high = ratios[ratios.count * 9 / 10]
        checked.insert(.transformerRatio)
        if median > 0, low > median * 0.9, high < median * 1.1 {
            findings.append(
                Finding(
                    kind: .transformerRatio, device: device, failed: ratios.count,
                    looked: ratios.count,
                    numbers: "energy is \(KPIStatement.decimal(median, 3)) times the power all the "
                        + "time (\(KPIStatement.decimal(low, 3))…\(KPIStatement.decimal(high, 3)))")
            )
        }
    }
}
