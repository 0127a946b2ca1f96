package import Model

/// The highest mean power of a period, as billing meters find it: by a window that slides.
package enum MaximumDemand {
    /// - Parameters:
    ///   - minutes: mean power of consecutive minutes, in W.
    ///   - window: length of the window in minutes, usually 15.
    ///   - slip: by how many minutes it slides: 1 for a billing meter, `window` for blocks.
    /// - Returns: the maximum in W, rounded half up; nil where there is no whole window.
    package static func watts(_ minutes: [Int64], window: Int, slip: Int) -> Int64? {
        precondition(window > 0 && slip > 0, "BUG: a window of no length")
        var best: Int64?
        for start in stride(from: 0, through: minutes.count - window, by: slip) {
            let sum = minutes[start..<start + window].reduce(Int64(0), &+)
            best = max(best ?? .min, sum.dividedHalfUp(by: Int64(window)))
        }
        return best
    }
}

extension BasicCharge {
    /// From this share of maximum demand to capacity on, paying by capacity is cheaper.
    /// Nil where the class lacks one of the prices.
    package static func breakEven(
        _ voltage: VoltageClass, discount: FixedDecimal = FixedDecimal(mantissa: 1, scale: 0)
    ) -> ExactRatio? {
        guard let demand = voltage.demand, let capacity = voltage.capacity,
            let power = Int64.powerOfTen(max(0, Int(discount.scale)))
        else { return nil }
        return ExactRatio(capacity.raw &* power, demand.raw &* discount.mantissa)
    }
}
