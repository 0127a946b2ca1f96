import Model

/// Readings of one poll that cannot all be true: a factor or a sign is wrong in the profile, or the
/// device contradicts itself.
struct PhysicsCheck {
    private var values: [String: (value: Double, step: Double)] = [:]
    private(set) var warnings: [String] = []

    init(_ points: [PointDefinition], _ readings: [PointValue]) {
        for reading in readings where reading.quality == .good {
            let point = points[Int(reading.index)]
            if case .state = point.kind { continue }
            values[point.name] = (
                point.decimal(reading.mantissa).double, point.decimal(1).double
            )
        }
        for name in values.keys.sorted() {
            checkSum(name)
            checkPower(name)
        }
    }

    /// Of phases of one total: 5 %, and the last digit of each.
    private static let share = 0.05

    /// `input.power` against `input.l1.power`, `input.l2.power`, `input.l3.power`.
    private mutating func checkSum(_ name: String) {
        for quantity in ["power", "apparent.power", "energy"] where name.hasSuffix("." + quantity) {
            let side = name.dropLast(quantity.utf8.count)
            let phases = (1...3).compactMap { values["\(side)l\($0).\(quantity)"] }
            guard phases.count == 3, let total = values[name] else { continue }
            let sum = phases.reduce(0) { $0 + $1.value }
            let steps = phases.reduce(total.step) { $0 + $1.step }
            // Apparent power is no sum where phases differ in their angle.
            let allowed = (quantity == "apparent.power" ? 3 : 1) * Self.share
            if abs(sum - total.value) > allowed * max(abs(sum), abs(total.value)) + steps {
                warnings.append("`\(name)` is \(total.value), its phases add up to \(sum)")
            }
        }
    }

    /// Active power is at most apparent power, and both follow from voltage and current.
    private mutating func checkPower(_ name: String) {
        guard name.hasSuffix(".power"), !name.hasSuffix(".apparent.power"),
            !name.hasSuffix(".reactive.power"), let power = values[name]
        else { return }
        let side = name.dropLast("power".utf8.count)
        if let apparent = values["\(side)apparent.power"],
            abs(power.value) > abs(apparent.value) * (1 + Self.share) + power.step + apparent.step
        {
            warnings.append(
                "`\(name)` is \(power.value) W, more than its apparent power, \(apparent.value) VA")
        }
        // Of a side with phases the current is a sum and the voltage a mean.
        guard values["\(side)l1.current"] == nil, let voltage = values["\(side)voltage"],
            let current = values["\(side)current"]
        else { return }
        // A three-phase side may give the voltage between phases: × √3.
        let most =
            (abs(voltage.value) + voltage.step) * (abs(current.value) + current.step) * 1.7321
        if abs(power.value) > most * (1 + Self.share) + power.step {
            warnings.append(
                "`\(name)` is \(power.value) W at \(voltage.value) V and \(current.value) A")
        }
    }
}
