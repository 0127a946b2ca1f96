package import Model

/// Rules that fill in or compare energies where no register decides.
package enum Estimates {
    /// Difference-average: `missing` readings between `before` and `after`, evenly spaced, rounded
    /// half away from zero at `scale`. For at most two missing readings, or to show a register's
    /// likely course.
    package static func differenceAverage(
        before: FixedDecimal, after: FixedDecimal, missing: Int, scale: Int8
    ) -> [FixedDecimal]? {
        guard missing > 0, missing <= 10_000, let from = before.rescaled(to: scale),
            let to = after.rescaled(to: scale)
        else { return nil }
        let steps = Int128(missing) + 1
        return (1...missing).map { index in
            let rise = (Int128(to.mantissa) - Int128(from.mantissa)) * Int128(index)
            let value = Int128(from.mantissa) + Exact.roundedHalfUp(rise, by: steps)
            return FixedDecimal(mantissa: Int64(clamping: value), scale: scale)
        }
    }

    /// Energy of a register over a gap, distributed like the mean of similar days.
    package static func profile(total: Int64, similarDays: [[Int64]]) -> [Int64]? {
        guard let count = similarDays.map(\.count).min(), count > 0 else { return nil }
        // The sum serves as well as the mean: only proportions matter.
        let weights = (0..<count).map { slot in
            similarDays.reduce(Int64(0)) { $0 &+ $1[slot] }
        }
        return Exact.distribute(total, by: weights)
    }

    /// A power at a moment.
    package struct PowerSample: Sendable, Hashable {
        package var time: Instant
        package var milliwatts: Int64
        package init(time: Instant, milliwatts: Int64) {
            self.time = time
            self.milliwatts = milliwatts
        }
    }

    /// Trapezoid over samples in order, in Wh rounded half away from zero. Holes of more than two
    /// nominal periods are not integrated over; their length is returned.
    package static func trapezoid(
        _ samples: [PowerSample], nominalPeriodMilliseconds: Int64
    ) -> (wattHours: Int64, uncoveredMilliseconds: Int64) {
        // mW × ms, doubled by the sum of both ends.
        var doubled: Int128 = 0
        var uncovered: Int64 = 0
        for (a, b) in zip(samples, samples.dropFirst()) {
            let span = b.time.millisecondsSince(a.time)
            guard span > 0 else { continue }
            guard span <= 2 * nominalPeriodMilliseconds else {
                uncovered &+= span
                continue
            }
            doubled += (Int128(a.milliwatts) + Int128(b.milliwatts)) * Int128(span)
        }
        let wattHours = Exact.roundedHalfUp(doubled, by: 2 * 1000 * 3_600_000)
        return (Int64(clamping: wattHours), uncovered)
    }

    /// Energy between a reading before a boundary and one after it: the earlier part is rounded,
    /// the later part is the remainder. Nil where the boundary is not between them.
    package static func split(
        wattHours: Int64, from start: Instant, to end: Instant, at boundary: Instant
    ) -> (before: Int64, after: Int64)? {
        guard start < boundary, boundary < end else { return nil }
        let part = Int128(boundary.millisecondsSince(start))
        let before = Exact.roundedHalfUp(
            Int128(wattHours) * part, by: Int128(end.millisecondsSince(start)))
        return (Int64(before), wattHours - Int64(before))
    }

    /// What a main meter measured beyond its sub-meters.
    package struct Balance: Sendable, Hashable {
        package var unaccounted: Int64
        /// Percent of the main meter with four decimals; nil where it measured nothing.
        package var percent: FixedDecimal?
        package init(main: Int64, subs: [Int64]) {
            unaccounted = subs.reduce(main) { $0 &- $1 }
            percent = ExactRatio(unaccounted, main)?.decimal(6)
                .mantissaRescaled(to: 4)
        }
    }

    /// Position of a market file's end label in its day: `00:15` is 0, `24:00` is 95. Nil for text
    /// that is no quarter of an hour.
    package static func intervalIndex(endLabel: String) -> Int? {
        let parts = endLabel.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let hour = Int(parts[0]), let minute = Int(parts[1]),
            (0...24).contains(hour), (0..<60).contains(minute), minute % 15 == 0
        else { return nil }
        let minutes = hour * 60 + minute
        guard minutes >= 15, minutes <= 1440 else { return nil }
        return minutes / 15 - 1
    }
}

extension FixedDecimal {
    /// The same digits read at another scale: a ratio with six decimals as percent with four.
    fileprivate func mantissaRescaled(to scale: Int8) -> FixedDecimal {
        FixedDecimal(mantissa: mantissa, scale: scale)
    }
}
