package import Model

/// One place that a point may be read from, and what its own rule makes of the answer: for people
/// who want to know where a value comes from, and for comparing profiles with other programs.
package struct SourceReading: Sendable {
    package enum Form: Hashable, Sendable {
        case number
        case state(StateLabel?)
        /// One bit of a number, 0 the lowest; nil for bits of texts.
        case bit(Int?)
    }
    /// The point, as `DeviceDecoder.points` counts.
    package var point: Int
    /// Every object that the value is made of.
    package var objects: [ObjectID]
    package var mantissa: Int64
    package var quality: Quality
    package var form: Form
    /// What the device answered, as text; nil where it did not.
    package var raw: String?
    /// The raw whole number, where it is one.
    package var rawInteger: Int64?
    /// True where the profile gives a code or a text of the device a code of its own.
    package var isTranslated: Bool
}

extension DeviceDecoder {
    /// Every source of every point, alternatives that did not count included. `decode` of the same
    /// answers came before.
    package func sourceReadings(_ varBinds: [VarBind]) -> [SourceReading] {
        let layout = AnswerLayout(varBinds)
        var answers = Answers(layout, varBinds)
        var result: [SourceReading] = []
        for place in live.indices {
            guard case .objects(let sources, let spec) = live[place].kind else { continue }
            let isActive = live[place].conditionsHold(&answers)
            for source in sources {
                result.append(reading(place, source, spec, isActive, &answers))
            }
        }
        return result
    }

    private func reading(
        _ place: Int, _ source: LiveSource, _ spec: PointSpec, _ isActive: Bool,
        _ answers: inout Answers
    ) -> SourceReading {
        let rule = source.source.rule
        let raw = answers.value(of: source.value)
        var reading = SourceReading(
            point: place, objects: [source.value] + [source.high].compactMap(\.self),
            mantissa: 0, quality: .absent, form: .number, raw: raw?.trimmedText,
            rawInteger: raw?.integer, isTranslated: !rule.matches.isEmpty)
        if let raw, isActive, source.condition?.holds(&answers) ?? true {
            let outcome = rule.outcome(
                raw, spec: spec,
                scaleValue: source.scale.flatMap { answers.value(of: $0)?.integer },
                unitCode: rule.unitCode(source.unit.flatMap { answers.value(of: $0) }),
                highValue: source.high.flatMap { answers.value(of: $0)?.integer },
                ratioValues: source.ratio.map { answers.value(of: $0)?.integer })
            switch outcome {
            case .good(let mantissa):
                let isValid = live[place].valid?.holds(&answers) ?? true
                (reading.mantissa, reading.quality) = (mantissa, isValid ? .good : .bad)
            case .bad(let mantissa): (reading.mantissa, reading.quality) = (mantissa, .bad)
            case .absent: break
            }
        }
        if case .number(let bit)? = rule.bit {
            reading.form = .bit(bit)
        } else if rule.bit != nil {
            reading.form = .bit(nil)
        } else if case .state(let labels) = spec.kind {
            reading.form = .state(labels.first { $0.code == reading.mantissa })
        }
        return reading
    }
}
