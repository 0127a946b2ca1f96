import Model

/// Turns fields into requests: neighbours share one, gaps up to a limit are read along, what must
/// never be read is never read, and no field is split between two requests.
struct RegisterPlanner {
    /// MODBUS Application Protocol V1.1b3, sections 6.1 to 6.4.
    static let maximumRegisters = 125
    static let maximumBits = 2_000

    /// Registers read for nothing rather than asking twice: a request costs about 20 bytes of
    /// framing and a turn-around, eight registers are 16 bytes.
    var gap = 8
    var maximumRegisters = Self.maximumRegisters
    var forbidden: [ClosedRange<Int>] = []

    func plan(_ fields: some Sequence<RegisterField>) -> [RegisterSpan] {
        var spans: [RegisterSpan] = []
        let unique = Set(fields)
        for table in RegisterTable.allCases {
            let ranges = unique.filter { $0.table == table }
                .map { Int($0.address)..<Int($0.address) + $0.layout.words }
                .sorted { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
            let limit = table.isBits ? Self.maximumBits : maximumRegisters
            for range in merged(ranges, limit: limit) {
                spans.append(
                    RegisterSpan(
                        table: table, start: UInt16(range.lowerBound), count: UInt16(range.count)))
            }
        }
        return spans
    }

    private func merged(_ ranges: [Range<Int>], limit: Int) -> [Range<Int>] {
        var result: [Range<Int>] = []
        for range in ranges {
            guard let last = result.last else {
                result.append(range)
                continue
            }
            let union = last.lowerBound..<max(last.upperBound, range.upperBound)
            let hole = last.upperBound..<max(last.upperBound, range.lowerBound)
            let touchesForbidden = forbidden.contains {
                !hole.isEmpty && hole.overlaps($0.lowerBound..<$0.upperBound + 1)
            }
            if hole.count <= gap, union.count <= limit, !touchesForbidden {
                result[result.count - 1] = union
            } else {
                result.append(range)
            }
        }
        return result
    }
}
