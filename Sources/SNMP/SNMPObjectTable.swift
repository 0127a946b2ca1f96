/// What a simulated device knows. Called on the agent's thread.
package protocol SNMPObjectTable {
    /// The value of exactly this instance; nil where there is none.
    func value(at oid: [UInt32]) -> SNMPDatum?
    /// The first instance after `oid` in lexicographic order; nil at the end.
    func next(after oid: [UInt32]) -> (oid: [UInt32], value: SNMPDatum)?
}

/// A table with a fixed list of instances, searched by halving.
package struct SortedObjectTable: SNMPObjectTable, Sendable {
    private let bindings: [SNMPBinding]

    /// Later entries of the same name replace earlier ones.
    package init(_ entries: [SNMPBinding]) {
        var byName: [[UInt32]: SNMPDatum] = [:]
        for entry in entries { byName[entry.oid] = entry.value }
        bindings = byName.map { SNMPBinding(oid: $0.key, value: $0.value) }
            .sorted { $0.oid.lexicographicallyPrecedes($1.oid) }
    }

    package func value(at oid: [UInt32]) -> SNMPDatum? {
        let index = firstIndex { !$0.lexicographicallyPrecedes(oid) }
        guard index < bindings.count, bindings[index].oid == oid else { return nil }
        return bindings[index].value
    }

    package func next(after oid: [UInt32]) -> (oid: [UInt32], value: SNMPDatum)? {
        let index = firstIndex { oid.lexicographicallyPrecedes($0) }
        guard index < bindings.count else { return nil }
        return (bindings[index].oid, bindings[index].value)
    }

    private func firstIndex(where belongs: ([UInt32]) -> Bool) -> Int {
        var low = 0
        var high = bindings.count
        while low < high {
            let middle = (low + high) / 2
            if belongs(bindings[middle].oid) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
