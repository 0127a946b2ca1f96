import Model

/// A point of a device bound to where its values come from.
struct LivePoint: Sendable {
    enum Kind: Sendable {
        case objects([LiveSource], PointSpec)
        /// Place in `Profile.points`.
        case fields(Int)
        /// Place in `Profile.derived`, and what stands for the variables of its names.
        case derived(Int, instance: String?)
    }
    var kind: Kind
    var conditions: [LiveCondition] = []
    var valid: LiveCondition?
    var label: ObjectID?
    /// The row it was made of; nil for single points.
    var key: InstanceKey?

    init(kind: Kind) { self.kind = kind }

    func conditionsHold(_ answers: inout Answers) -> Bool {
        conditions.allSatisfy { $0.holds(&answers) }
    }
}

struct InstanceKey: Hashable, Sendable {
    var table: Int
    var point: Int
    var index: RowIndex
}

struct LiveSource: Sendable {
    var value: ObjectID
    var scale: ObjectID?
    var unit: ObjectID?
    var high: ObjectID?
    /// One for each part of the rule's ratio.
    var ratio: [ObjectID]
    var condition: LiveCondition?
    var source: Source

    init?(_ source: Source, index: RowIndex) {
        guard let value = source.value.object(index: index) else { return nil }
        self.value = value
        self.source = source
        scale = source.rule.scale?.reference.object(index: index)
        unit = source.rule.unitChoice?.from.object(index: index)
        high = source.rule.high?.reference.object(index: index)
        ratio = source.rule.ratio.compactMap { $0.reference.object(index: index) }
        condition = source.condition.flatMap { LiveCondition($0, index: index) }
    }
}

extension Source {
    /// Whether the device has what is read here: it answers, and with no code for `absent`.
    func isAnswered(_ index: RowIndex, _ answers: inout Answers) -> Bool {
        guard let object = value.object(index: index) else { return false }
        if rule.absent.isEmpty { return answers.has(object) }
        return answers.value(of: object).map { !rule.isAbsent($0) } ?? false
    }
}

struct LiveCondition: Sendable {
    var oid: ObjectID
    var condition: Condition

    init?(_ condition: Condition, index: RowIndex) {
        guard let oid = condition.reference.object(index: index) else { return nil }
        self.oid = oid
        self.condition = condition
    }

    func holds(_ answers: inout Answers) -> Bool { condition.holds(answers.value(of: oid)) }
}

extension Reference {
    /// The instance for one row; nil for registers.
    func object(index: RowIndex) -> ObjectID? {
        switch self {
        case .object(let oid): oid
        case .column(let oid, nil): oid.appending(index.arcs)
        case .column(let oid, let select?): oid.appending(select.flatMap { $0.arcs(of: index) })
        case .field: nil
        }
    }
}

extension Reference.Arc {
    fileprivate func arcs(of index: RowIndex) -> ArraySlice<UInt32> {
        switch self {
        case .part(let place): index.arcs(place)
        case .constant(let number): [number]
        }
    }
}

extension PointSpec {
    /// Whether a row's index passes `only`.
    func accepts(_ index: RowIndex) -> Bool {
        only.allSatisfy { $0.value.contains(index.text($0.key)) }
    }

    func definition(name: String) -> PointDefinition {
        PointDefinition(name: name, kind: kind, unit: unit, scale: digits, range: range)
    }
}

extension RegisterField: CustomStringConvertible {
    var description: String {
        let place = "\(table) \(address) \(layout.rawValue)"
        if models.isEmpty { return place }
        return "model " + models.map(String.init).joined(separator: "/") + " " + place
    }
}

/// Finds the points that take their value from a column, for an answer's object identifier.
struct ColumnDirectory: Sendable {
    struct User: Sendable {
        var table: Int
        var point: Int
    }
    private var columns: [(oid: ObjectID, users: [User])] = []

    init(_ tables: [TableSpec]) {
        var users: [ObjectID: [User]] = [:]
        for (tablePlace, table) in tables.enumerated() {
            for (pointPlace, point) in table.points.enumerated() {
                for case .column(let oid, nil) in point.sources.map(\.value) {
                    users[oid, default: []].append(User(table: tablePlace, point: pointPlace))
                }
            }
        }
        columns = users.map { (oid: $0.key, users: $0.value) }.sorted { $0.oid < $1.oid }
    }

    /// The users of the column the identifier lies in, and the index behind the column.
    func users(of oid: ObjectID) -> (users: [User], index: [UInt32])? {
        var low = 0
        var high = columns.count
        while low < high {
            let middle = (low + high) / 2
            if oid < columns[middle].oid { high = middle } else { low = middle + 1 }
        }
        guard low > 0, columns[low - 1].oid.isPrefix(of: oid) else { return nil }
        let column = columns[low - 1]
        return (column.users, Array(oid.arcs.dropFirst(column.oid.arcs.count)))
    }
}
