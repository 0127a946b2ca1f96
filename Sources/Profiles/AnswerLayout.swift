import Model

/// Which objects a poll answered, in the order they came. One poll of a device nearly always looks
/// like the one before, so what was found by object identifier stays where it is.
struct AnswerLayout: Sendable {
    private var objects: [ObjectID] = []
    private var present: [Bool] = []
    private var slots: [ObjectID: Int] = [:]

    init(_ varBinds: [VarBind]) {
        objects.reserveCapacity(varBinds.count)
        present.reserveCapacity(varBinds.count)
        slots.reserveCapacity(varBinds.count)
        for (slot, varBind) in varBinds.enumerated() {
            objects.append(varBind.oid)
            present.append(varBind.value.isPresent)
            // The first of two answers counts.
            if varBind.value.isPresent, slots[varBind.oid] == nil { slots[varBind.oid] = slot }
        }
    }

    /// True where the same objects have an answer, in the same order.
    func fits(_ varBinds: [VarBind]) -> Bool {
        guard varBinds.count == objects.count else { return false }
        let new = varBinds.span
        let known = objects.span
        let answered = present.span
        for slot in new.indices {
            guard new[slot].value.isPresent == answered[slot],
                new[slot].oid.arcs == known[slot].arcs
            else { return false }
        }
        return true
    }

    /// False where no object has an answer.
    var hasAnswers: Bool { !slots.isEmpty }

    /// The place of the object's value; nil where there is none.
    func slot(of object: ObjectID) -> Int? { slots[object] }
}

/// The answers of one SNMP poll by object identifier, remembering which were looked at: as long as
/// those stay the same, so does everything that followed from them.
struct Answers {
    let layout: AnswerLayout
    let varBinds: [VarBind]
    private(set) var used: Set<Int> = []

    init(_ layout: AnswerLayout, _ varBinds: [VarBind]) {
        self.layout = layout
        self.varBinds = varBinds
    }

    mutating func value(of object: ObjectID) -> RawValue? {
        guard let slot = layout.slot(of: object) else { return nil }
        used.insert(slot)
        return RawValue(varBinds[slot].value)
    }

    func has(_ object: ObjectID) -> Bool { layout.slot(of: object) != nil }

    /// What was looked at since the start or the last call.
    mutating func takeUsed() -> Set<Int> {
        defer { used = [] }
        return used
    }
}

/// Values on which more depends than a reading: the conditions, names and labels of points.
struct WatchList: Sendable {
    private struct Item: Sendable {
        var slot: Int
        var value: SNMPValue
        /// Whether points may appear or move when it changes.
        var growth: Bool
    }
    enum Change { case nothing, texts, growth }
    private var items: [Item] = []

    init() {}

    init(growth: Set<Int>, others: Set<Int>, _ varBinds: [VarBind]) {
        items = growth.union(others).sorted().map {
            Item(slot: $0, value: varBinds[$0].value, growth: growth.contains($0))
        }
    }

    /// The answers have the layout that the list was made for.
    func change(in varBinds: [VarBind]) -> Change {
        var result = Change.nothing
        let values = varBinds.span
        let items = items.span
        for index in items.indices where values[items[index].slot].value != items[index].value {
            if items[index].growth { return .growth }
            result = .texts
        }
        return result
    }
}
