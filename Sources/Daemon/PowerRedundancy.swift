import Energy
import Model

/// How far the racks that are fed twice still are.
struct PowerRedundancy: Equatable {
    /// Racks of which one feed delivers nothing while the other does.
    var lost = 0
    /// Racks that draw more from both feeds than one of them is rated for: should the other fail,
    /// its breaker trips.
    var exceeded = 0

    /// Nil where no rack is fed twice by what is measured and answers.
    init?(_ site: Site, value: (PointName) -> LiveValue?) {
        let nodes = Dictionary(site.powerNodes.map { ($0.name, $0) }) { first, _ in first }
        var known = 0
        for rack in site.powerNodes where rack.kind == .rack {
            let parents = rack.parents.compactMap { nodes[$0] }
            guard Set(parents.compactMap(\.feed)).count > 1 else { continue }
            let powers = parents.map { parent -> Int64? in
                guard let point = parent.power, let live = value(point), live.quality.isUsable,
                    live.unit == .watt
                else { return nil }
                return live.decimal.rescaled(to: 0)?.mantissa
            }
            let usable = powers.compactMap(\.self)
            guard usable.count == powers.count else { continue }
            known += 1
            if usable.contains(where: { $0 <= 0 }), usable.contains(where: { $0 > 0 }) { lost += 1 }
            let total = usable.reduce(Int128(0)) { $0 + Int128($1) }
            if let least = parents.compactMap(\.ratedWatts).min(), total > Int128(least) {
                exceeded += 1
            }
        }
        if known == 0 { return nil }
    }
}
