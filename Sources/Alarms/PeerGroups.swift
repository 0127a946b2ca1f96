import Model

/// Points that are held against their common median.
struct PeerGroups: Sendable {
    private struct Key: Hashable {
        var rule: Int
        /// Nil for the whole site.
        var place: String?
    }

    private struct Group: Sendable {
        var slots: [Int32] = []
        var median: Double?
        var computedAt: Int64 = .min
    }

    /// A median is computed anew after so many milliseconds: computing it for each of its values
    /// would take the square of their number.
    private static let renewal: Int64 = 1000

    private var places: [Key: Int32] = [:]
    private var groups: [Group] = []
    private var scratch: [Double] = []

    /// - Parameter place: nil for a point that is in no such place, `.some(nil)` for the site.
    mutating func join(_ slot: Int32, rule: Int, place: String??) -> Int32? {
        guard let place else { return nil }
        let key = Key(rule: rule, place: place)
        let index = places[key] ?? Int32(groups.count)
        if index == groups.count {
            places[key] = index
            groups.append(Group())
        }
        groups[Int(index)].slots.append(slot)
        groups[Int(index)].computedAt = .min
        return index
    }

    /// Of the values that are known; nil for too few of them.
    mutating func median(_ index: Int, _ inputs: LiveInputs, now: Int64) -> Double? {
        let age = now &- groups[index].computedAt
        if groups[index].computedAt != .min, age >= 0, age < Self.renewal {
            return groups[index].median
        }
        scratch.removeAll(keepingCapacity: true)
        for slot in groups[index].slots where inputs.isUsable(Int(slot), now: now) {
            scratch.append(inputs.values[Int(slot)])
        }
        scratch.sort()
        groups[index].computedAt = now
        groups[index].median =
            scratch.count < DeviationLimit.fewestPeers
            ? nil : (scratch[(scratch.count - 1) / 2] + scratch[scratch.count / 2]) / 2
        return groups[index].median
    }

    func lastMedian(_ index: Int) -> Double? { groups[index].median }

    mutating func forget() {
        for index in groups.indices { groups[index].computedAt = .min }
    }
}
