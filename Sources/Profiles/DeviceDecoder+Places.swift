package import Model

/// A place that a point's value was made of or depended on, and what the device answered there.
package struct PlaceRead: Sendable {
    /// `read`, `scale`, `only if` and the like.
    package var role: String
    /// An object identifier, or a register.
    package var place: String
    /// Nil where there was no answer.
    package var raw: String?
    /// Whether the condition that looks there holds; nil for what is no condition.
    package var holds: Bool?
}

extension DeviceDecoder {
    /// For people who want to know why a value is what it is: every place, alternatives that did
    /// not count included. `decode` of the same answers came before.
    package func placesRead(for index: Int, in frames: RawFrames) -> [PlaceRead] {
        switch (live[index].kind, frames) {
        case (.objects(let sources, _), .snmp(let varBinds)):
            var reader = ObjectReader(varBinds)
            for source in sources { reader.add(source) }
            for condition in live[index].conditions { reader.add("counts if", condition) }
            if let valid = live[index].valid { reader.add("bad unless", valid) }
            return reader.places
        case (.fields(let place), .registers(let blocks)):
            return registersRead(profile.points[place], RegisterLayout(blocks), blocks)
        case (.derived, _), (.objects, .registers), (.fields, .snmp): return []
        }
    }

    /// For every point what was answered where its value was read in the last `decode`, before
    /// anything was done to it; nil for what is computed, and where there was no answer. `frames`
    /// are those that were decoded.
    package func raws(in frames: RawFrames) -> [String?] {
        switch frames {
        case .snmp(let varBinds):
            var answers = Answers(AnswerLayout(varBinds), varBinds)
            return live.indices.map { index in
                guard case .objects(let sources, _) = live[index].kind else { return nil }
                let last = program.lastSources[index]
                guard last < sources.count else { return nil }
                return answers.value(of: sources[last].value)?.trimmedText
            }
        case .registers(let blocks):
            let layout = RegisterLayout(blocks)
            var words: [UInt16] = []
            layout.gather(blocks, into: &words)
            let chain = ModelChain(bases: profile.sunspecBases, layout, words)
            return live.indices.map { index in
                guard case .fields(let place) = live[index].kind else { return nil }
                let source = profile.points[place].sources[program.lastSources[index]]
                return chain.field(source.value, layout)
                    .map { RawValue.number($0.number(words)).trimmedText }
            }
        }
    }

    private func registersRead(
        _ spec: PointSpec, _ layout: RegisterLayout, _ blocks: [RegisterBlock]
    ) -> [PlaceRead] {
        var words: [UInt16] = []
        layout.gather(blocks, into: &words)
        let chain = ModelChain(bases: profile.sunspecBases, layout, words)
        var result: [PlaceRead] = []
        func add(_ role: String, _ reference: Reference, _ other: Reference?, _ test: Condition?) {
            let raw = chain.field(reference, beside: other, layout)
                .map { RawValue.number($0.number(words)) }
            result.append(
                PlaceRead(
                    role: role, place: reference.description, raw: raw?.trimmedText,
                    holds: test?.holds(raw)))
        }
        for source in spec.sources {
            for (role, reference) in source.references {
                add(role, reference, source.value, nil)
            }
            if let condition = source.condition {
                add("only if", condition.reference, source.value, condition)
            }
        }
        let beside = spec.sources.first?.value
        if let test = spec.available { add("counts if", test.reference, beside, test) }
        if let test = spec.valid { add("bad unless", test.reference, beside, test) }
        return result
    }
}

extension Source {
    /// Where the value and what is needed for it is read, with what each is.
    fileprivate var references: [(role: String, place: Reference)] {
        [("read", value)] + (rule.high.map { [("high part", $0.reference)] } ?? [])
            + (rule.scale.map { [("scale", $0.reference)] } ?? [])
            + rule.ratio.map { ("ratio", $0.reference) }
            + (rule.unitChoice.map { [("unit", $0.from)] } ?? [])
    }
}

/// Looks objects of one poll up.
private struct ObjectReader {
    private var answers: Answers
    private(set) var places: [PlaceRead] = []

    init(_ varBinds: [VarBind]) { answers = Answers(AnswerLayout(varBinds), varBinds) }

    mutating func add(_ source: LiveSource) {
        add("read", source.value)
        if let high = source.high { add("high part", high) }
        if let scale = source.scale { add("scale", scale) }
        for part in source.ratio { add("ratio", part) }
        if let unit = source.unit { add("unit", unit) }
        if let condition = source.condition { add("only if", condition) }
    }

    mutating func add(_ role: String, _ condition: LiveCondition) {
        add(role, condition.oid)
        places[places.count - 1].holds = condition.holds(&answers)
    }

    private mutating func add(_ role: String, _ object: ObjectID) {
        places.append(
            PlaceRead(
                role: role, place: object.description, raw: answers.value(of: object)?.trimmedText))
    }
}
