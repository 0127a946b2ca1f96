import Model

extension SettlementSheet {
    /// The sheet as it may be at the month's end: where prices are not published yet, those of the
    /// same quarter hour of the days before, on average; what is not declared yet, the contracts.
    package func withMeanPrices(offsetMinutes: Int) -> SettlementSheet {
        guard var market else { return self }
        var dayAhead: [Int64: (sum: Int128, count: Int128)] = [:]
        var realTime = dayAhead
        func slot(_ quarter: QuarterHour) -> Int64 {
            let civil = CivilTime(quarter.start, offsetMinutes: offsetMinutes)
            return Int64(civil.hour * 4 + civil.minute / 15)
        }
        func note(
            _ price: UnitPrice?, _ sums: inout [Int64: (sum: Int128, count: Int128)],
            _ slot: Int64
        ) {
            guard let price else { return }
            let known = sums[slot] ?? (0, 0)
            sums[slot] = (known.sum + Int128(price.raw), known.count + 1)
        }
        for interval in market.intervals {
            note(interval.dayAhead, &dayAhead, slot(interval.quarter))
            note(interval.realTime, &realTime, slot(interval.quarter))
        }
        func mean(
            _ sums: [Int64: (sum: Int128, count: Int128)], _ slot: Int64
        ) -> UnitPrice? {
            sums[slot].map {
                UnitPrice(raw: Int64(clamping: Exact.roundedHalfUp($0.sum, by: $0.count)))
            }
        }
        for index in market.intervals.indices {
            let interval = market.intervals[index]
            let slot = slot(interval.quarter)
            market.intervals[index].dayAhead = interval.dayAhead ?? mean(dayAhead, slot)
            market.intervals[index].realTime = interval.realTime ?? mean(realTime, slot)
            market.intervals[index].declared = interval.declared ?? interval.contracted
        }
        var sheet = self
        sheet.market = market
        return sheet
    }
}
