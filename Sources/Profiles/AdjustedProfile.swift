package import Model

extension Profile {
    /// The same family as one device of the site has it: behind transformers, or with its registers
    /// elsewhere. Nil where registers would lie outside 0 to 65,535.
    package func adjusted(_ adjustment: DeviceAdjustment?) -> Profile? {
        guard let adjustment, adjustment != DeviceAdjustment() else { return self }
        var copy = self
        let change = Adjustment(adjustment)
        copy.points = points.map(change.point)
        for place in copy.tables.indices {
            copy.tables[place].points = copy.tables[place].points.map(change.point)
        }
        guard adjustment.registerOffset != 0 else { return copy }
        guard let plan = change.plan(requestPlan) else { return nil }
        copy.requestPlan = plan
        for (group, plan) in groupPlans {
            guard let moved = change.plan(plan) else { return nil }
            copy.groupPlans[group] = moved
        }
        copy.sunspecBases = sunspecBases.compactMap { change.address($0) }
        return copy
    }
}

private struct Adjustment {
    private let current: Fraction
    private let voltage: Fraction
    private let offset: Int

    init(_ adjustment: DeviceAdjustment) {
        func fraction(_ ratio: DeviceAdjustment.Ratio) -> Fraction {
            Fraction(Int128(ratio.numerator), Int128(ratio.denominator)) ?? .one
        }
        current = fraction(adjustment.current)
        voltage = fraction(adjustment.voltage)
        offset = adjustment.registerOffset
    }

    /// What a value of the unit is multiplied by: power and energy see both transformers.
    private func factor(_ unit: MeasurementUnit) -> Fraction {
        switch unit {
        case .ampere: current
        case .volt: voltage
        case .watt, .voltAmpere, .reactive, .wattHour, .voltAmpereHour, .reactiveHour:
            current.times(voltage) ?? .one
        default: .one
        }
    }

    func point(_ spec: PointSpec) -> PointSpec {
        let factor = factor(spec.unit)
        let sources = spec.sources.map { source in
            var rule = source.rule
            if let product = rule.conversion.factor.times(factor),
                let moved = rule.conversion.offset.times(factor)
            {
                rule.conversion = LinearConversion(factor: product, offset: moved)
            }
            if let choice = rule.unitChoice { rule.unitChoice?.from = reference(choice.from) }
            rule.scale = rule.scale.map { $0.moved(reference) }
            for place in rule.ratio.indices {
                rule.ratio[place].reference = reference(rule.ratio[place].reference)
            }
            if let high = rule.high {
                rule.high = ValueRule.High(reference: reference(high.reference), times: high.times)
            }
            return Source(
                value: reference(source.value), rule: rule,
                condition: source.condition.map(condition))
        }
        var kind = spec.kind
        if case .counter(let modulus?) = kind {
            let exact = Int128(modulus) * Int128(factor.numerator)
            let isWhole = exact % Int128(factor.denominator) == 0
            kind = .counter(
                modulus: isWhole ? UInt64(exactly: exact / Int128(factor.denominator)) : nil)
        }
        return PointSpec(
            position: spec.position, template: spec.template, kind: kind, unit: spec.unit,
            digits: spec.digits, range: spec.range, sources: sources, optional: spec.optional,
            label: spec.label.map(reference), available: spec.available.map(condition),
            valid: spec.valid.map(condition), only: spec.only, poll: spec.poll)
    }

    private func condition(_ condition: Condition) -> Condition {
        var copy = condition
        copy.reference = reference(condition.reference)
        return copy
    }

    /// Fields of models move with their chain.
    private func reference(_ reference: Reference) -> Reference {
        guard case .field(var field) = reference, field.models.isEmpty,
            let moved = address(field.address)
        else { return reference }
        field.address = moved
        return .field(field)
    }

    func address(_ address: UInt16) -> UInt16? { UInt16(exactly: Int(address) + offset) }

    func plan(_ plan: RequestPlan) -> RequestPlan? {
        guard case .modbus(let modbus) = plan else { return plan }
        func moved(_ spans: [RegisterSpan]) -> [RegisterSpan] {
            spans.compactMap { span in
                guard let start = address(span.start),
                    Int(start) + Int(span.count) <= 65_536
                else { return nil }
                return RegisterSpan(table: span.table, start: start, count: span.count)
            }
        }
        let spans = moved(modbus.spans)
        guard spans.count == modbus.spans.count else { return nil }
        return .modbus(ModbusRequestPlan(spans: spans, fields: moved(modbus.fields)))
    }
}

extension ValueRule.Scale {
    fileprivate func moved(_ move: (Reference) -> Reference) -> Self {
        switch self {
        case .digits(let reference): .digits(move(reference))
        case .power(let reference): .power(move(reference))
        case .signed(let reference): .signed(move(reference))
        case .divisor(let reference): .divisor(move(reference))
        }
    }
}
