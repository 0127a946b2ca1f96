import Alarms
import Model
import Testing

@Suite("rotas and escalations")
struct EscalationTests {
    private static let week: Int64 = 7 * 86_400_000
    /// A Monday, 09:00 at +08:00.
    private static let start = Instant(milliseconds: 1_767_574_800_000)

    private func rota(_ overrides: [Rota.Override] = []) -> Rota {
        Rota(
            name: "duty", people: ["zhang", "li", "wang"], start: Self.start, overrides: overrides)
    }

    private func after(_ milliseconds: Int64) -> Instant {
        Self.start.advanced(byMilliseconds: milliseconds)
    }

    @Test("people take turns at the handover, before the start too")
    func turns() {
        let rota = rota()
        #expect(rota.person(at: Self.start) == "zhang")
        #expect(rota.person(at: after(Self.week - 1)) == "zhang")
        #expect(rota.person(at: after(Self.week)) == "li")
        #expect(rota.person(at: after(2 * Self.week)) == "wang")
        #expect(rota.person(at: after(3 * Self.week)) == "zhang")
        #expect(rota.person(at: after(-1)) == "wang")
        #expect(rota.person(at: after(-Self.week - 1)) == "li")
        #expect(rota.nextChange(after: after(1)) == after(Self.week))
        #expect(rota.nextChange(after: after(Self.week)) == after(2 * Self.week))
        #expect(["zhang", "li", "wang"].contains(rota.person(at: Instant(milliseconds: .min))))
    }

    @Test("an override holds from its beginning to its end, and of several the last")
    func overrides() {
        func override(_ person: String, _ from: Int64, _ to: Int64) -> Rota.Override {
            Rota.Override(person: person, range: TimeRange(start: after(from), end: after(to)))
        }
        let rota = rota([override("wang", 1_000, 5_000), override("li", 2_000, 3_000)])
        #expect(rota.person(at: after(999)) == "zhang")
        #expect(rota.person(at: after(1_000)) == "wang")
        #expect(rota.person(at: after(2_000)) == "li")
        #expect(rota.person(at: after(3_000)) == "wang")
        #expect(rota.person(at: after(5_000)) == "zhang")
        #expect(rota.nextChange(after: Self.start) == after(1_000))
    }

    private func site() -> Site {
        var site = Site(name: "s", displayName: "s", offsetMinutes: 480, altitudeMetres: 0)
        site.hooks = ["phone", "mail", "boss"].map {
            Hook(name: $0, kind: .wecom, target: .web(WebTarget(url: Secret("http://h/"))))
        }
        site.people = [
            Person(name: "zhang", displayName: "张工", hooks: ["phone", "mail"]),
            Person(name: "li", displayName: "李工", hooks: ["mail"]),
            Person(name: "wang", displayName: "王工", hooks: ["mail"]),
        ]
        site.rotas = [rota()]
        site.escalations = [
            EscalationPolicy(
                name: "usual", minimumPriority: .high,
                steps: [.init(afterMilliseconds: 900_000, targets: ["duty"])]),
            EscalationPolicy(
                name: "urgent", minimumPriority: .critical,
                steps: [
                    .init(afterMilliseconds: 300_000, targets: ["duty"]),
                    .init(afterMilliseconds: 900_000, targets: ["boss", "zhang"]),
                ], repeatMilliseconds: 600_000),
        ]
        return site
    }

    private let key = AlarmKey(rule: "leak", device: "d", point: "p")

    private func standing(_ priority: AlarmPriority, _ episode: Int64 = 1)
        -> EscalationBook.Standing
    {
        EscalationBook.Standing(
            key: key, episode: episode, priority: priority, raisedAt: Self.start)
    }

    @Test("a critical alarm climbs its steps and repeats the last until it is acknowledged")
    func climbs() {
        var book = EscalationBook(site())
        book.begin(standing(.critical), now: 0, wall: Self.start)
        var calls: [(minute: Int64, step: Int, hooks: [String])] = []
        for minute in Int64(0)..<40 {
            let time = after(minute * 60_000)
            for call in book.due(now: minute * 60_000, wall: time) {
                calls.append((minute, call.step, call.hooks))
            }
        }
        #expect(calls.map(\.minute) == [5, 15, 25, 35])
        #expect(calls.map(\.step) == [1, 2, 3, 4])
        #expect(
            calls[0].hooks == ["phone", "mail"] && calls[1].hooks == ["boss", "phone", "mail"])
        #expect(book.end(key) == ["phone", "mail", "boss"])
        #expect(book.due(now: 36_000_000, wall: after(36_000_000)).isEmpty)
    }

    @Test("the policy is the most urgent that the alarm reaches, and none below all")
    func policies() {
        var book = EscalationBook(site())
        book.begin(standing(.high), now: 0, wall: Self.start)
        #expect(book.due(now: 300_000, wall: after(300_000)).isEmpty)
        #expect(book.due(now: 900_000, wall: after(900_000)).map(\.step) == [1])
        #expect(book.due(now: 90_000_000, wall: after(90_000_000)).isEmpty)
        book.begin(standing(.medium, 2), now: 0, wall: Self.start)
        #expect(book.due(now: 90_000_000, wall: after(90_000_000)).isEmpty)
    }

    @Test("after a restart the steps go on: none twice, a missed one at once, of several the last")
    func restart() throws {
        var book = EscalationBook(site())
        book.begin(standing(.critical), now: 0, wall: Self.start)
        _ = book.due(now: 300_000, wall: after(300_000))
        let mark = try #require(book.mark(key))
        var again = EscalationBook(site())
        again.restore([mark], standing: [standing(.critical)], now: 50, wall: after(400_000))
        #expect(again.told(key) == ["phone", "mail"])
        #expect(again.due(now: 60, wall: after(400_010)).isEmpty)
        #expect(again.due(now: 50 + 500_000, wall: after(900_000)).map(\.step) == [2])
        var late = EscalationBook(site())
        late.restore([mark], standing: [standing(.critical)], now: 50, wall: after(1_600_000))
        #expect(late.due(now: 50, wall: after(1_600_000)).map(\.step) == [3])
        #expect(late.due(now: 51, wall: after(1_600_001)).isEmpty)
    }

    @Test("a mark of another episode counts for nothing, and a clock set back brings no step early")
    func strangeTimes() {
        var book = EscalationBook(site())
        let mark = EscalationMark(alarm: key.description, episode: 7, done: 9, told: ["boss"])
        book.restore([mark], standing: [standing(.critical)], now: 0, wall: after(-3_600_000))
        #expect(book.told(key) == [])
        #expect(book.due(now: 299_999, wall: Self.start).isEmpty)
        #expect(book.due(now: 300_000, wall: Self.start).map(\.step) == [1])
    }
}
