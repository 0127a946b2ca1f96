/// Two feeds whose racks are told apart by their labels only: which rack's feeds are exchanged?
package enum FeedSwap {
    package struct Rack: Sendable, Hashable {
        package var name: String
        /// W by hour.
        package var a: [Double?]
        package var b: [Double?]
        package init(name: String, a: [Double?], b: [Double?]) {
            self.name = name
            self.a = a
            self.b = b
        }
    }

    /// - Parameters:
    ///   - mainA: W by hour at the head of feed A; mainB likewise. Losses below are in both.
    /// - Returns: racks whose exchange brings both feeds nearer to their heads, worst first.
    package static func findings(
        mainA: [Double?], mainB: [Double?], racks: [Rack], name: String
    ) -> [WiringCheck.Finding] {
        let hours = min(mainA.count, mainB.count)
        // Squared distance of both feeds from their heads, as it is and with one rack exchanged.
        var before = 0.0
        var after = Array(repeating: 0.0, count: racks.count)
        var looked = 0
        for hour in 0..<hours {
            guard let headA = mainA[hour], let headB = mainB[hour] else { continue }
            let pairs = racks.map { rack -> (Double, Double)? in
                guard hour < rack.a.count, hour < rack.b.count, let a = rack.a[hour],
                    let b = rack.b[hour]
                else { return nil }
                return (a, b)
            }
            guard pairs.allSatisfy({ $0 != nil }) else { continue }
            let known = pairs.map { $0 ?? (0, 0) }
            let sumA = known.reduce(0) { $0 + $1.0 }
            let sumB = known.reduce(0) { $0 + $1.1 }
            guard sumA + sumB > 0 else { continue }
            looked += 1
            // Both feeds lose alike: what is lost in all is taken off by share.
            let scale = (sumA + sumB) / max(1, headA + headB)
            let (a, b) = (headA * scale, headB * scale)
            before += (sumA - a) * (sumA - a) + (sumB - b) * (sumB - b)
            for (index, pair) in known.enumerated() {
                let shift = pair.1 - pair.0
                after[index] +=
                    (sumA + shift - a) * (sumA + shift - a)
                    + (sumB - shift - b) * (sumB - shift - b)
            }
        }
        guard looked >= WiringCheck.minimumHours else { return [] }
        let root = (before / Double(2 * looked)).squareRoot()
        // Within what readings a moment apart differ by.
        guard root > 2 * WiringCheck.floor else { return [] }
        return racks.indices.filter { after[$0] * 4 < before }
            .sorted { after[$0] < after[$1] }.prefix(3).map { index in
                let left = (after[index] / Double(2 * looked)).squareRoot()
                return WiringCheck.Finding(
                    kind: .feedsSwapped, device: racks[index].name, failed: looked, looked: looked,
                    numbers: "\(name): feeds are \(KPIStatement.decimal(root, 0)) W from their "
                        + "heads, \(KPIStatement.decimal(left, 0)) W with this rack exchanged")
            }
    }
}
