import Alarms
import Model
import Testing

@Suite("how the alarm system treats people")
struct AlarmPerformanceTests {
    private let day = TimeRange(
        start: Instant(milliseconds: 0), end: Instant(milliseconds: 86_400_000))

    private func event(
        _ seconds: Int64, _ name: String, _ previous: AlarmState, _ state: AlarmState,
        _ priority: AlarmPriority = .medium
    ) -> AlarmEvent {
        AlarmEvent(
            key: AlarmKey(rule: name, device: "d", point: "p"), episode: 1, sequence: 1,
            time: Instant(milliseconds: seconds * 1000), state: state, previous: previous,
            priority: priority, valueText: "", notice: nil)
    }

    private func raise(_ seconds: Int64, _ name: String) -> AlarmEvent {
        event(seconds, name, .normal, .unacknowledged)
    }

    @Test("a quiet day is good in every figure")
    func quiet() {
        let figures = AlarmPerformance([], in: day)
        #expect(figures.activations == 0 && figures.periods[0] == 144)
        // Ten alarms of none are no share.
        let judged = figures.figures.filter { $0.name != "share of the 10 most frequent" }
        #expect(judged.allSatisfy { $0.judgement == .good })
        #expect(figures.figures.allSatisfy { $0.value != nil })
    }

    @Test("few alarms are no share, and a part of a day is no rate a day")
    func tooLittle() {
        func judgement(_ name: String, _ count: Int, hours: Int64) -> AlarmPerformance.Judgement? {
            let range = TimeRange(
                start: day.start, end: Instant(milliseconds: hours * 3_600_000))
            let figures = AlarmPerformance((0..<count).map { raise(Int64($0), "a") }, in: range)
            return figures.figures.first { $0.name == name }?.judgement
        }
        #expect(judgement("share of the 10 most frequent", 9, hours: 24) == nil)
        #expect(judgement("share of the 10 most frequent", 10, hours: 24) == .act)
        #expect(judgement("alarms per day", 200, hours: 23) == nil)
        #expect(judgement("alarms per day", 200, hours: 24) == .watch)
    }

    @Test("a flood begins above ten in ten minutes and lasts while there are five")
    func flood() {
        var events = (0..<12).map { raise(Int64($0), "a\($0)") }
        events += (0..<5).map { raise(600 + Int64($0), "b\($0)") }
        events += (0..<4).map { raise(1200 + Int64($0), "c\($0)") }
        events += (0..<11).map { raise(7200 + Int64($0), "d\($0)") }
        let figures = AlarmPerformance(events, in: day)
        #expect(figures.activations == 32 && figures.peak == 12)
        #expect(figures.floods.map(\.alarms) == [17, 11])
        #expect(figures.floods[0].end == Instant(milliseconds: 1_200_000))
        #expect(abs(figures.timeInFlood - 30.0 / 1440) < 1e-12)
        #expect(abs(figures.floodedPeriods - 2.0 / 144) < 1e-12)
        #expect(figures.periods.reduce(0, +) == 144)
        #expect(figures.periods[4] == 1 && figures.periods[5] == 1 && figures.periods[11] == 2)
    }

    @Test("chattering, fleeting and the most frequent")
    func bad() {
        var events: [AlarmEvent] = []
        for index in 0..<4 {
            let start = Int64(index) * 20
            events.append(raise(start, "door"))
            events.append(event(start + 5, "door", .unacknowledged, .returnedUnacknowledged))
        }
        events.append(raise(4000, "fan"))
        let figures = AlarmPerformance(events, in: day)
        // Begins at 0, 20, 40, 60: two windows of a minute with three of them.
        #expect(figures.chattering.map(\.count) == [2])
        #expect(figures.fleeting == 4)
        #expect(figures.frequent.map(\.key.rule) == ["door", "fan"])
        #expect(figures.frequent.map(\.count) == [4, 1])
        #expect(figures.shareOfFrequent == 1)
    }

    @Test("critical alarms are counted late whether acknowledged late, ended or still open")
    func late() {
        func critical(_ seconds: Int64, _ name: String, _ from: AlarmState, _ to: AlarmState)
            -> AlarmEvent
        { event(seconds, name, from, to, .critical) }
        let figures = AlarmPerformance(
            [
                critical(0, "soon", .normal, .unacknowledged),
                critical(60, "soon", .unacknowledged, .acknowledged),
                critical(100, "late", .normal, .unacknowledged),
                critical(500, "late", .unacknowledged, .acknowledged),
                critical(1000, "ended", .normal, .unacknowledged),
                critical(1400, "ended", .unacknowledged, .returnedUnacknowledged),
                critical(2000, "open", .normal, .unacknowledged),
                critical(86_300, "new", .normal, .unacknowledged),
            ], in: day)
        #expect(figures.lateCritical == 3)
        #expect(figures.secondsToAcknowledge == [60, 400])
        #expect(figures.stale == [])
        let longer = TimeRange(start: day.start, end: Instant(milliseconds: 200_000_000))
        let later = AlarmPerformance([raise(10, "old")], in: longer)
        #expect(later.stale.map(\.rule) == ["old"])
    }

    @Test("what began before the range is not counted as begun in it")
    func before() {
        let figures = AlarmPerformance(
            [
                event(5, "x", .unacknowledged, .acknowledged),
                event(9, "x", .acknowledged, .normal), raise(-5, "y"),
            ], in: day)
        #expect(figures.activations == 0)
        #expect(figures.secondsToAcknowledge == [])
        #expect(figures.fleeting == 0)
    }
}
