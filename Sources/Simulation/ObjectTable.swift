package import Model

/// How an object's value follows from what its device measures.
package enum ObjectForm: Sendable {
    case constant(SNMPValue)
    /// The device's own text of this number: its name, its place. So devices of a make share a
    /// table.
    case own(Int)
    /// Signal × factor, rounded to the nearest; clamped to the type.
    case integer(signal: Int, factor: Double)
    case gauge(signal: Int, factor: Double)
    case ticks(signal: Int, factor: Double)
    /// Rounded down, so that a register never runs ahead; wraps at its width.
    case counter32(signal: Int, factor: Double)
    case counter64(signal: Int, factor: Double)
    /// Registers that their MIBs type as gauge and as integer.
    case floorGauge(signal: Int, factor: Double)
    case floorInteger(signal: Int, factor: Double)

    func value(_ signals: [Double], own: [SNMPValue]) -> SNMPValue {
        switch self {
        case .constant(let value): value
        case .own(let number): own[number]
        case .integer(let signal, let factor):
            .integer(
                Int64((signals[signal] * factor).rounded().clamped(-2_147_483_648, 2_147_483_647)))
        case .gauge(let signal, let factor):
            .gauge32(UInt32((signals[signal] * factor).rounded().clamped(0, 4_294_967_295)))
        case .ticks(let signal, let factor):
            .timeTicks(UInt32(truncatingIfNeeded: whole(signals[signal] * factor)))
        case .counter32(let signal, let factor):
            .counter32(UInt32(truncatingIfNeeded: whole(signals[signal] * factor)))
        case .counter64(let signal, let factor):
            .counter64(UInt64(bitPattern: whole(signals[signal] * factor)))
        case .floorGauge(let signal, let factor):
            .gauge32(
                UInt32((signals[signal] * factor).rounded(.down).clamped(0, 4_294_967_295)))
        case .floorInteger(let signal, let factor):
            .integer(Int64((signals[signal] * factor).rounded(.down).clamped(0, 2_147_483_647)))
        }
    }
}

/// Rounded down; what no register of 2^62 counts could hold becomes 0.
func whole(_ value: Double) -> Int64 {
    value >= 0 && value < 0x1p62 ? Int64(value) : 0
}

extension Double {
    func clamped(_ low: Double, _ high: Double) -> Double {
        isNaN ? 0 : Swift.min(high, Swift.max(low, self))
    }
}

package struct ObjectEntry: Sendable {
    package var oid: ObjectID
    package var form: ObjectForm
    package init(oid: ObjectID, form: ObjectForm) {
        self.oid = oid
        self.form = form
    }
}

/// The objects of one agent in the order of their OIDs.
package struct ObjectTable: Sendable {
    package let entries: [ObjectEntry]

    /// `sorted` ascends without repeats.
    package init(sorted: [ObjectEntry]) { entries = sorted }

    package init(unsorted: [ObjectEntry]) {
        entries = unsorted.sorted { $0.oid < $1.oid }
        for (a, b) in zip(entries, entries.dropFirst()) {
            precondition(a.oid < b.oid, "BUG: object \(a.oid) stands twice in a simulated agent")
        }
    }

    package var count: Int { entries.count }

    /// The first entry at or after an OID.
    package func lowerBound(_ oid: ObjectID) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].oid < oid { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The entry with exactly this OID.
    package func index(of oid: ObjectID) -> Int? {
        let index = lowerBound(oid)
        return index < entries.count && entries[index].oid == oid ? index : nil
    }

    /// The entry a GETNEXT of this OID answers with; nil at the end.
    package func index(after oid: ObjectID) -> Int? {
        var index = lowerBound(oid)
        if index < entries.count, entries[index].oid == oid { index += 1 }
        return index < entries.count ? index : nil
    }

    /// What a GET of an absent OID answers (RFC 3416, section 4.2.1): no such instance where the
    /// agent has others of the same column, no such object else.
    package func absence(of oid: ObjectID) -> SNMPValue {
        guard oid.arcs.count > 1 else { return .noSuchObject }
        let column = ObjectID(Array(oid.arcs.dropLast()))
        let index = lowerBound(column)
        let known = index < entries.count && column.isPrefix(of: entries[index].oid)
        return known ? .noSuchInstance : .noSuchObject
    }

    /// All entries strictly below a subtree.
    package func range(below root: ObjectID) -> Range<Int> {
        var low = lowerBound(root)
        if low < entries.count, entries[low].oid == root { low += 1 }
        var high = low
        while high < entries.count, root.isPrefix(of: entries[high].oid) { high += 1 }
        return low..<high
    }
}
