import Interchange
import Model
import Testing

@Suite("readings as series")
struct SeriesMakerTests {
    private let power = PointDefinition(name: "p", kind: .gauge, unit: .watt, scale: 1)
    private let state = PointDefinition(
        name: "s",
        kind: .state([
            StateLabel(code: 2, name: "off", severity: .normal),
            StateLabel(code: 3, name: "on", severity: .normal),
        ]), unit: .none, scale: 0)

    private func make(
        _ point: PointDefinition, _ rows: [(Quality?, Int64)],
        standing: PointStanding = .nothing
    ) -> (series: [RemoteSeries], standing: PointStanding) {
        var maker = SeriesMaker(labels: [.init("device", "d")])
        var standing = standing
        let series = maker.series(
            point, times: rows.indices.map { Int64($0) * 10 }, qualities: rows.map(\.0),
            mantissas: rows.map(\.1), rows: rows.indices, standing: &standing)
        return (series, standing)
    }

    @Test("a series ends once with a marker, and goes on")
    func stale() {
        let (series, standing) = make(
            power,
            [
                (.absent, 0), (.good, 15), (.bad, -9999), (.stale, 15), (nil, 0), (.late, 20),
                (.absent, 0),
            ])
        #expect(standing == .nothing)
        #expect(
            series.map(\.samples) == [
                [
                    RemoteSample(time: 10, 1.5), .stale(at: 20), RemoteSample(time: 50, 2),
                    .stale(at: 60),
                ]
            ])
        #expect(series[0].labels.labels.map(\.name) == ["__name__", "device", "point"])
    }

    @Test("what stood before the rows decides whether the first of them ends it")
    func standing() {
        #expect(make(power, [(.absent, 0)]).series.isEmpty)
        #expect(make(power, [(.absent, 0)], standing: .value).series[0].samples[0].isStale)
        #expect(make(state, [(.good, 3)], standing: .state(code: 3)).series.count == 1)
    }

    @Test("a state is a series for each code; one ends when another begins")
    func states() {
        let (series, standing) = make(
            state, [(.good, 2), (.good, 2), (.good, 3), (.good, 7), (.absent, 0)])
        #expect(standing == .nothing)
        #expect(
            series.map { $0.labels.labels.first { $0.name == "state" }?.value }
                == ["off", "on", "7"])
        #expect(
            series.map(\.samples) == [
                [RemoteSample(time: 0, 1), RemoteSample(time: 10, 1), .stale(at: 20)],
                [RemoteSample(time: 20, 1), .stale(at: 30)],
                [RemoteSample(time: 30, 1), .stale(at: 40)],
            ])
    }

    /// A receiver that has everything up to `last`, takes a request whole or not at all, and
    /// refuses the moments of `bad` for ever.
    private func pour(_ count: Int, last: Int64, bad: Set<Int64>) -> (taken: [Int64], tries: Int) {
        let series = [
            RemoteSeries(
                labels: RemoteLabels(metric: PointMetric(power), labels: []),
                samples: (0..<count).map { RemoteSample(time: Int64($0), 0) })
        ]
        var last = last
        var taken: [Int64] = []
        var tries = 0
        var pieces = PieceMeal(series)
        while let piece = pieces.piece {
            tries += 1
            let times = series.within(piece).flatMap { $0.samples.map(\.time) }
            if times.allSatisfy({ $0 > last && !bad.contains($0) }) {
                taken += times
                last = times.last ?? last
                pieces.accepted()
            } else {
                _ = pieces.refused()
            }
        }
        return (taken, tries)
    }

    @Test(
        "in pieces, everything arrives but what is refused, in order",
        arguments: [1, 2, 3, 64, 300])
    func pieces(count: Int) {
        for last in [-1, 0, Int64(count / 2), Int64(count)] {
            for bad: Set<Int64> in [[], [1], [0, 5, Int64(count - 1)]] {
                let (taken, tries) = pour(count, last: last, bad: bad)
                let expected = (0..<Int64(count)).filter { $0 > last && !bad.contains($0) }
                #expect(count == 1 || taken == expected)
                #expect(tries <= count * 2 + 20)
            }
        }
    }
}
