package import Model

/// Turns what one device answered into values of its points. A value type without clock or I/O: the
/// same decode runs on a recording, a simulated device and a real one.
///
/// Points are found as the device shows them (outlets, sensors, phases) and are never forgotten:
/// the list only grows, so that a place in it stays good for the life of the decoder.
package struct DeviceDecoder: Sendable {
    /// A 42-outlet PDU has about 400 points; a hostile agent must not fill memory with rows.
    package static let maximumPoints = 2_000

    package let profile: Profile
    /// Only grows. `PointValue.index` is the place here.
    package private(set) var points: [PointDefinition] = []
    private var live: [LivePoint] = []
    private var places: [String: Int] = [:]
    private var bound: Set<InstanceKey> = []
    private let columns: ColumnDirectory

    package init(profile: Profile) {
        self.profile = profile
        columns = ColumnDirectory(profile.tables)
        for place in profile.points.indices where !profile.points[place].optional {
            addSingle(place)
        }
        for place in profile.derived.indices where !profile.derived[place].isTemplate {
            append(
                profile.derived[place].definition,
                LivePoint(kind: .derived(place, instance: nil)))
        }
    }

    /// A value for every known point, in the order of `points`. What the device did not answer has
    /// quality `absent`.
    package mutating func decode(_ frames: RawFrames) -> [PointValue] {
        var values: [PointValue]
        switch frames {
        case .snmp(let varBinds):
            let answers = Answers(varBinds)
            if !profile.isModbus { grow(varBinds, answers) }
            values = emptyValues()
            for place in live.indices { read(place, answers, &values) }
        case .registers(let blocks):
            let registers = Registers(blocks, sunspecBase: profile.sunspecBase)
            if profile.isModbus { growOptional { registers.value($0) != nil } }
            values = emptyValues()
            for place in live.indices { read(place, registers, &values) }
        }
        for place in live.indices {
            guard case .derived(let spec, let instance) = live[place].kind else { continue }
            let result = profile.derived[spec].evaluate { name in
                places[DerivedSpec.filled(name, instance)].map { (points[$0], values[$0]) }
            }
            values[place].mantissa = result.mantissa
            values[place].quality = result.quality
        }
        return values
    }

    /// Where the point's value came from in the last decode, for people: an object identifier, or a
    /// register.
    package func origin(of index: Int) -> String {
        switch live[index].kind {
        case .objects(let sources, _):
            sources[min(live[index].lastSource, sources.count - 1)].value.description
        case .fields(let spec):
            profile.points[spec].sources[live[index].lastSource].value.registerField?.description
                ?? ""
        case .derived(let spec, let instance):
            "derived from "
                + profile.derived[spec].operands.map { DerivedSpec.filled($0, instance) }
                .joined(separator: ", ")
        }
    }

    private func emptyValues() -> [PointValue] {
        points.indices.map { PointValue(index: UInt16($0), mantissa: 0, quality: .absent) }
    }
}

// MARK: Growth

extension DeviceDecoder {
    @discardableResult
    private mutating func append(_ definition: PointDefinition, _ point: LivePoint) -> Bool {
        guard points.count < Self.maximumPoints, places[definition.name] == nil else {
            return false
        }
        places[definition.name] = points.count
        points.append(definition)
        live.append(point)
        return true
    }

    private mutating func addSingle(_ place: Int) {
        let spec = profile.points[place]
        let name = spec.template.description
        if profile.isModbus {
            append(spec.definition(name: name), LivePoint(kind: .fields(place)))
        } else {
            let sources = spec.sources.compactMap { LiveSource($0, index: []) }
            let tests = spec.available.map { [LiveCondition($0, index: [])] } ?? []
            var point = LivePoint(kind: .objects(sources, spec))
            point.conditions = tests.compactMap(\.self)
            point.label = spec.label?.object(index: [])
            append(spec.definition(name: name), point)
        }
    }

    /// Optional single points join when the device first answers one of their sources.
    private mutating func growOptional(_ answers: (Reference) -> Bool) {
        for place in profile.points.indices where profile.points[place].optional {
            let spec = profile.points[place]
            guard places[spec.template.description] == nil,
                spec.sources.contains(where: { answers($0.value) })
            else { continue }
            addSingle(place)
        }
    }

    private mutating func grow(_ varBinds: [VarBind], _ answers: Answers) {
        growOptional { reference in
            reference.object(index: []).map { answers[$0] != nil } ?? false
        }
        guard points.count < Self.maximumPoints, !profile.tables.isEmpty else { return }
        let before = points.count
        for varBind in varBinds {
            guard let (users, index) = columns.users(of: varBind.oid) else { continue }
            for user in users {
                let table = profile.tables[user.table]
                // The filter first: most rows of a table of sensors belong to other points.
                guard index.count == table.indexCount,
                    table.points[user.point].accepts(index)
                else { continue }
                let key = InstanceKey(table: user.table, point: user.point, index: index)
                if !bound.contains(key) { bind(key, table, answers) }
            }
            if points.count >= Self.maximumPoints { return }
        }
        if points.count > before { growDerived(before..<points.count) }
    }

    /// New instances of computed points, found in the names of new points.
    private mutating func growDerived(_ new: Range<Int>) {
        for place in profile.derived.indices where profile.derived[place].isTemplate {
            let spec = profile.derived[place]
            let operands = spec.operands.compactMap { NameTemplate($0) }
            for name in new.map({ points[$0].name }) {
                guard let instance = operands.firstNonNil({ $0.instance(in: name) }) else {
                    continue
                }
                var definition = spec.definition
                definition.name = DerivedSpec.filled(definition.name, instance)
                append(definition, LivePoint(kind: .derived(place, instance: instance)))
            }
        }
    }

    /// Makes a point of one row, if the row meets the table's conditions and its name is free.
    private mutating func bind(_ key: InstanceKey, _ table: TableSpec, _ answers: Answers) {
        let spec = table.points[key.point]
        let tableConditions = table.conditions.compactMap { LiveCondition($0, index: key.index) }
        guard tableConditions.allSatisfy({ $0.holds(answers) }),
            let name = name(spec, table, key.index, answers)
        else { return }
        var point = LivePoint(
            kind: .objects(spec.sources.compactMap { LiveSource($0, index: key.index) }, spec))
        point.conditions = tableConditions
        if let available = spec.available.flatMap({ LiveCondition($0, index: key.index) }) {
            point.conditions.append(available)
        }
        point.label = (spec.label ?? table.label)?.object(index: key.index)
        point.key = key
        if let place = places[name] {
            // The row that held the name has changed its meaning: the name follows.
            guard live[place].key != nil, !live[place].conditionsHold(answers) else { return }
            if let old = live[place].key { bound.remove(old) }
            live[place] = point
            bound.insert(key)
        } else if append(spec.definition(name: name), point) {
            bound.insert(key)
        }
    }

    private func name(
        _ spec: PointSpec, _ table: TableSpec, _ index: [UInt32], _ answers: Answers
    ) -> String? {
        var texts: [String: String] = [:]
        for variable in table.variables {
            let raw: String
            switch variable.origin {
            case .arc(let place): raw = String(index[place])
            case .column(let reference):
                guard let oid = reference.object(index: index), let value = answers[oid] else {
                    continue
                }
                raw = value.trimmedText
            }
            if let text = DeviceText.instance(variable.names[raw] ?? raw) {
                texts[variable.name] = text
            }
        }
        return spec.template.filled(texts)
    }
}

// MARK: Reading

extension DeviceDecoder {
    private mutating func read(
        _ place: Int, _ answers: Answers, _ values: inout [PointValue]
    ) {
        guard case .objects(let sources, let spec) = live[place].kind else { return }
        if let oid = live[place].label { updateLabel(place, answers[oid]) }
        guard live[place].conditionsHold(answers) else { return }
        for (number, source) in sources.enumerated() {
            guard let raw = answers[source.value] else { continue }
            let outcome = source.rule.outcome(
                raw, spec: spec, scaleValue: source.scale.flatMap { answers[$0]?.integer },
                unitCode: source.unit.flatMap { answers[$0]?.integer })
            if note(outcome, number, place, &values) { return }
        }
    }

    private mutating func read(
        _ place: Int, _ registers: Registers, _ values: inout [PointValue]
    ) {
        guard case .fields(let specPlace) = live[place].kind else { return }
        let spec = profile.points[specPlace]
        if let available = spec.available,
            !available.holds(registers.value(available.reference))
        {
            return
        }
        for (number, source) in spec.sources.enumerated() {
            guard let raw = registers.value(source.value) else { continue }
            let scale = source.rule.scale.flatMap {
                registers.value($0.reference, beside: source.value)?.integer
            }
            let unit = source.rule.unitChoice.flatMap {
                registers.value($0.from, beside: source.value)?.integer
            }
            let outcome = source.rule.outcome(raw, spec: spec, scaleValue: scale, unitCode: unit)
            if note(outcome, number, place, &values) { return }
        }
    }

    /// True where no other source needs to be tried. Of several bad ones the first is shown.
    private mutating func note(
        _ outcome: ValueRule.Outcome, _ source: Int, _ place: Int, _ values: inout [PointValue]
    ) -> Bool {
        switch outcome {
        case .good(let mantissa):
            values[place].mantissa = mantissa
            values[place].quality = .good
            live[place].lastSource = source
            return true
        case .bad(let mantissa):
            if values[place].quality == .absent {
                values[place].mantissa = mantissa
                values[place].quality = .bad
                live[place].lastSource = source
            }
            return false
        }
    }

    private mutating func updateLabel(_ place: Int, _ value: RawValue?) {
        guard case .text(let bytes) = value, bytes != live[place].labelBytes else { return }
        live[place].labelBytes = bytes
        points[place].label = DeviceText.label(bytes)
    }
}
