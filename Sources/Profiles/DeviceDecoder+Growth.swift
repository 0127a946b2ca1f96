import Model

// How points are found as the device shows them.
extension DeviceDecoder {
    @discardableResult
    mutating func append(_ definition: PointDefinition, _ point: LivePoint) -> Bool {
        guard points.count < Self.maximumPoints, places[definition.name] == nil else {
            return false
        }
        places[definition.name] = points.count
        points.append(definition)
        live.append(point)
        hasGrown = true
        blank.append(PointValue(index: UInt16(blank.count), mantissa: 0, quality: .absent))
        program.forgetLastSource(of: blank.count - 1)
        return true
    }

    mutating func addSingle(_ place: Int) {
        let spec = profile.points[place]
        let name = spec.template.description
        if profile.isModbus {
            append(spec.definition(name: name), LivePoint(kind: .fields(place)))
        } else {
            let sources = spec.sources.compactMap { LiveSource($0, index: .none) }
            let tests = spec.available.map { [LiveCondition($0, index: .none)] } ?? []
            var point = LivePoint(kind: .objects(sources, spec))
            point.conditions = tests.compactMap(\.self)
            point.valid = spec.valid.flatMap { LiveCondition($0, index: .none) }
            point.label = spec.label?.object(index: .none)
            append(spec.definition(name: name), point)
        }
    }

    /// Optional single points join when the device first answers one of their sources.
    mutating func growOptional(_ answers: (Source) -> Bool) {
        for place in profile.points.indices where profile.points[place].optional {
            let spec = profile.points[place]
            guard places[spec.template.description] == nil, spec.sources.contains(where: answers)
            else { continue }
            addSingle(place)
        }
    }

    mutating func grow(_ varBinds: [VarBind], _ answers: inout Answers) {
        growOptional { $0.isAnswered(.none, &answers) }
        guard points.count < Self.maximumPoints, !profile.tables.isEmpty else { return }
        let before = points.count
        for varBind in varBinds {
            guard let (users, arcs) = columns.users(of: varBind.oid) else { continue }
            var last: (table: Int, index: RowIndex?) = (-1, nil)
            for user in users {
                let table = profile.tables[user.table]
                if last.table != user.table {
                    last = (user.table, RowIndex(arcs, form: table.index))
                }
                // The filter first: most rows of a table of sensors belong to other points.
                guard let index = last.index, table.points[user.point].accepts(index) else {
                    continue
                }
                let key = InstanceKey(table: user.table, point: user.point, index: index)
                if !bound.contains(key) { bind(key, table, &answers) }
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
    private mutating func bind(_ key: InstanceKey, _ table: TableSpec, _ answers: inout Answers) {
        let spec = table.points[key.point]
        let tableConditions = table.conditions.compactMap { LiveCondition($0, index: key.index) }
        // One answer led here; only codes may say that it is none.
        guard tableConditions.allSatisfy({ $0.holds(&answers) }),
            spec.sources.allSatisfy(\.rule.absent.isEmpty)
                || spec.sources.contains(where: { $0.isAnswered(key.index, &answers) }),
            let name = name(spec, table, key.index, &answers)
        else { return }
        var point = LivePoint(
            kind: .objects(spec.sources.compactMap { LiveSource($0, index: key.index) }, spec))
        point.conditions = tableConditions
        if let available = spec.available.flatMap({ LiveCondition($0, index: key.index) }) {
            point.conditions.append(available)
        }
        point.valid = spec.valid.flatMap { LiveCondition($0, index: key.index) }
        point.label = (spec.label ?? table.label)?.object(index: key.index)
        point.key = key
        if let place = places[name] {
            // The row that held the name has changed its meaning: the name follows.
            guard live[place].key != nil, !live[place].conditionsHold(&answers) else { return }
            if let old = live[place].key { bound.remove(old) }
            live[place] = point
            program.forgetLastSource(of: place)
            bound.insert(key)
            hasGrown = true
        } else if append(spec.definition(name: name), point) {
            bound.insert(key)
        }
    }

    private func name(
        _ spec: PointSpec, _ table: TableSpec, _ index: RowIndex, _ answers: inout Answers
    ) -> String? {
        var texts: [String: String] = [:]
        for variable in table.variables {
            let raw: String
            switch variable.origin {
            case .arc(let place): raw = index.text(place)
            case .column(let reference):
                guard let oid = reference.object(index: index), let value = answers.value(of: oid)
                else {
                    continue
                }
                raw = value.trimmedText
            }
            if variable.skipsOthers, variable.names[raw] == nil { return nil }
            if let text = DeviceText.instance(variable.names[raw] ?? raw) {
                texts[variable.name] = text
            }
        }
        return spec.template.filled(texts)
    }
}
