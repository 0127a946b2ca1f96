/// How the rows of one kind fared. `expected` is the sum of the next two and `unclaimed`.
package struct CorpusCounts: Encodable, Sendable {
    package var expected = 0
    package var reproduced = 0
    package var differing = 0
    package var suspectReproduced = 0
    package var unclaimed = 0

    mutating func add(_ result: CorpusProof.RowResult) {
        switch result.fate {
        case .suspect:
            if result.isRepeated { suspectReproduced += 1 }
            return
        case .reproduced: reproduced += 1
        case .differing: differing += 1
        case .unclaimed: unclaimed += 1
        }
        expected += 1
    }
}

/// The document of `frostline profiles test --corpus DIR --json`.
package struct CorpusSummary: Encodable, Sendable {
    /// Of the kinds that count.
    package private(set) var total = CorpusCounts()
    package private(set) var kinds: [String: CorpusCounts] = [:]
    /// Kinds that do not count: texts, shares of unknown meaning, power factors.
    package private(set) var others: [String: CorpusCounts] = [:]
    /// Of all kinds.
    package var suspectReproduced: Int {
        total.suspectReproduced + others.values.reduce(0) { $0 + $1.suspectReproduced }
    }

    private enum CodingKeys: String, CodingKey { case total, kinds }

    package init(_ proof: CorpusProof) {
        for kind in SensorKind.counted { kinds[kind] = CorpusCounts() }
        for result in proof.devices.lazy.flatMap(\.rows) {
            if SensorKind.counted.contains(result.row.kind) {
                total.add(result)
                kinds[result.row.kind, default: CorpusCounts()].add(result)
            } else {
                others[result.row.kind, default: CorpusCounts()].add(result)
            }
        }
    }
}
