import Model

/// Turns fields into requests: the fewest that there can be, of those with the fewest registers.
///
/// A request reads from its first field to the end of its last one, what lies between them read
/// along. Allowed is a request without a forbidden register, without a hole wider than `gap`, and
/// not larger than its table's limit; no field is split between two requests.
struct RegisterPlanner {
    /// MODBUS Application Protocol V1.1b3, sections 6.1 to 6.4.
    static let maximumRegisters = 125
    static let maximumBits = 2_000

    /// Registers read for nothing rather than asking twice. A request costs a round trip and more
    /// work at both ends than the 250 bytes of the longest answer; where a device refuses to read
    /// a hole, polling finds out and goes around it. So the default is no limit but the request's.
    var gap: Int?
    var maximumRegisters = Self.maximumRegisters
    var forbidden: [ClosedRange<Int>] = []

    func plan(_ fields: some Sequence<RegisterField>) -> ModbusRequestPlan {
        var plan = ModbusRequestPlan(spans: [])
        let unique = Set(fields)
        for table in RegisterTable.allCases {
            let ranges = merged(unique.filter { $0.table == table }.map(\.range))
            let limit = table.isBits ? Self.maximumBits : maximumRegisters
            func span(_ range: Range<Int>) -> RegisterSpan {
                RegisterSpan(
                    table: table, start: UInt16(range.lowerBound), count: UInt16(range.count))
            }
            plan.spans += requests(ranges, limit: limit, gap: gap ?? limit).map(span)
            plan.fields += ranges.map(span)
        }
        return plan
    }

    /// Fields that share registers are read together; what is left is disjoint and in order.
    private func merged(_ ranges: [Range<Int>]) -> [Range<Int>] {
        var result: [Range<Int>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = result.last, range.lowerBound < last.upperBound {
                let end = max(last.upperBound, range.upperBound)
                result[result.count - 1] = last.lowerBound..<end
            } else {
                result.append(range)
            }
        }
        return result
    }

    /// The cheapest partition of `ranges`, disjoint and in order, into runs that are each one
    /// allowed request. Cheaper is fewer requests, then fewer registers.
    ///
    /// Every set of requests that covers the fields can be made such a partition without becoming
    /// dearer: give each field to one request that reads all of it, then shrink each request to its
    /// fields; where two requests interleave, the one that begins first can give the other all its
    /// fields behind the other's first one. So the best partition is the best plan. It is found by
    /// the cost of the first n ranges for each n: the last run of their best partition is some run
    /// that ends with range n, and what is before it is partitioned best, or the whole would not
    /// be. A run that is allowed stays so when it loses its first range; so the search for the
    /// begin of the last run stops at the first that is not.
    private func requests(_ ranges: [Range<Int>], limit: Int, gap: Int) -> [Range<Int>] {
        struct Best {
            var requests = 0
            var registers = 0
            /// The first range of the last run.
            var first = 0
        }
        var best = [Best()]
        for end in ranges.indices {
            var found: Best?
            for first in stride(from: end, through: 0, by: -1) {
                if first < end, !joins(ranges[first], ranges[first + 1], gap: gap) { break }
                let count = ranges[end].upperBound - ranges[first].lowerBound
                // A single field is asked for whatever its size.
                if first < end, count > limit { break }
                let candidate = Best(
                    requests: best[first].requests + 1,
                    registers: best[first].registers + count, first: first)
                if let known = found,
                    (known.requests, known.registers)
                        <= (candidate.requests, candidate.registers)
                {
                    continue
                }
                found = candidate
            }
            best.append(found ?? Best())
        }
        var result: [Range<Int>] = []
        var end = ranges.count
        while end > 0 {
            let first = best[end].first
            result.append(ranges[first].lowerBound..<ranges[end - 1].upperBound)
            end = first
        }
        return result.reversed()
    }

    /// Whether neighbours may be read together.
    private func joins(_ left: Range<Int>, _ right: Range<Int>, gap: Int) -> Bool {
        let hole = left.upperBound..<right.lowerBound
        guard hole.count <= gap else { return false }
        return hole.isEmpty
            || !forbidden.contains { hole.overlaps($0.lowerBound..<$0.upperBound + 1) }
    }
}
