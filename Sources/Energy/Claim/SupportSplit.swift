/// How the support is borne by province, city and county.
package struct SupportSplit: Sendable, Hashable {
    package enum Mode: String, Sendable, CaseIterable {
        /// In proportion to the retained tax of each level.
        case proRata = "pro-rata"
        /// The first level up to its retained tax, then the next.
        case waterfall
    }

    /// A level of government and the part of the year's taxes that it retains of this taxpayer.
    package struct Level: Sendable, Hashable {
        package var name: String
        package var retained: Fee
        package init(name: String, retained: Fee) {
            self.name = name
            self.retained = retained
        }
    }

    package struct Share: Sendable, Hashable {
        package var level: String
        package var amount: Fee
    }

    package var shares: [Share]
    /// What taxes do not cover: the government of the site's seat bears it (不足部分).
    package var remainder: Fee

    /// `need` and all retained taxes not negative. No level bears more than it retains; shares and
    /// remainder together are `need`.
    package init(_ need: Fee, _ levels: [Level], mode: Mode) {
        precondition(
            need >= .zero && levels.allSatisfy { $0.retained >= .zero },
            "BUG: support is split among negative amounts")
        let retained = levels.reduce(Fee.zero) { $0 + $1.retained }
        let borne = min(need, retained)
        remainder = Fee(fen: need.fen - borne.fen)
        var left = borne
        var shares: [Share] = []
        for (index, level) in levels.enumerated() {
            var share = level.retained
            if mode == .proRata, retained > .zero {
                let exact = Int128(borne.fen) * Int128(level.retained.fen)
                let rounded = Exact.roundedHalfUp(exact, by: Int128(retained.fen))
                share = min(share, Fee(fen: Int64(clamping: rounded)))
                // The last bears what rounding left over, as far as its taxes go.
                if index == levels.count - 1 { share = min(left, level.retained) }
            }
            share = min(left, share)
            left = Fee(fen: left.fen - share.fen)
            shares.append(Share(level: level.name, amount: share))
        }
        for index in shares.indices where left > .zero {
            let room = Fee(fen: levels[index].retained.fen - shares[index].amount.fen)
            let more = min(left, room)
            shares[index].amount += more
            left = Fee(fen: left.fen - more.fen)
        }
        self.shares = shares
    }
}

/// A part of a month's energy that a policy is claimed for, counted from its first kWh.
package struct ClaimedEnergy: Sendable, Hashable {
    package var policy: String
    package var year: Int
    package var month: Int
    package var range: Range<Int64>

    package init(policy: String, year: Int, month: Int, kilowattHours range: Range<Int64>) {
        self.policy = policy
        self.year = year
        self.month = month
        self.range = range
    }

    /// kWh that two claims have in common; above 0, one of them has to give them up.
    package func overlap(_ other: ClaimedEnergy) -> Int64 {
        guard policy != other.policy || range != other.range, year == other.year,
            month == other.month
        else { return 0 }
        return Int64(range.clamped(to: other.range).count)
    }
}
