import Model
import Testing

@testable import Redundancy

@Suite("which of the other's readings are new")
struct DuplicatesTests {
    private func table(_ rows: [(Int64, [String: Quality])]) -> PastTable {
        let names = Set(rows.flatMap(\.1.keys)).sorted()
        return PastTable(
            device: "d", times: rows.map(\.0),
            columns: names.map { name in
                PastTable.Column(
                    point: PointDefinition(name: name, kind: .gauge, unit: .watt, scale: 0),
                    qualities: rows.map { $0.1[name] }, mantissas: rows.map(\.0))
            })
    }

    private func new(_ ours: PastTable?, _ theirs: PastTable) -> [String: [Int64]] {
        let rest = Duplicates.removing(ours, from: theirs) { $0 == "slow" ? 60_000 : 10_000 }
        var result: [String: [Int64]] = [:]
        for column in rest.columns {
            result[column.point.name] = rest.times.indices
                .filter { column.qualities[$0] != nil }.map { rest.times[$0] }
        }
        return result
    }

    @Test("with nothing here everything is new")
    func everything() {
        let theirs = table([(0, ["a": .good]), (10_000, ["a": .stale])])
        #expect(new(nil, theirs) == ["a": [0, 10_000]])
        #expect(new(table([]), theirs) == ["a": [0, 10_000]])
    }

    @Test("the same time is the same reading, whatever it said")
    func same() {
        let theirs = table([(0, ["a": .good]), (10_000, ["a": .good])])
        #expect(new(table([(0, ["a": .absent])]), theirs) == ["a": [10_000]])
    }

    @Test("within half an interval of a usable one of ours is twice; half an interval counts")
    func near() {
        let ours = table([(20_000, ["a": .good])])
        let times: [Int64] = [14_999, 15_000, 20_001, 25_000, 25_001]
        #expect(new(ours, table(times.map { ($0, ["a": .good]) })) == ["a": [14_999, 25_001]])
    }

    @Test("a poll of ours that failed hides nothing")
    func failed() {
        let ours = table([(20_000, ["a": .stale]), (30_000, ["a": .absent])])
        let theirs = table([(21_000, ["a": .good]), (31_000, ["a": .good])])
        #expect(new(ours, theirs) == ["a": [21_000, 31_000]])
    }

    @Test("each point has its own interval, and another point's reading hides none")
    func points() {
        let ours = table([(0, ["slow": .good]), (20_000, ["a": .good])])
        let theirs = table([
            (25_000, ["slow": .good, "a": .good]), (31_000, ["slow": .good, "b": .good]),
        ])
        #expect(new(ours, theirs) == ["slow": [31_000], "b": [31_000]])
    }
}
