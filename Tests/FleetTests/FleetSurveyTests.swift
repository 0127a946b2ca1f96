import Energy
import Model
import Testing

@testable import Fleet

/// Answers as engines write them.
enum Answers {
    /// - Parameter sites: per site, per point: `(seconds, value)`.
    static func samples(_ sites: [String: [String: [(Int64, String)]]]) -> [UInt8] {
        let rows = sites.flatMap { site, points in
            points.map { point, samples in
                let values = samples.map { "[\($0.0),\"\($0.1)\"]" }.joined(separator: ",")
                return "{\"metric\":{\"site\":\"\(site)\",\"point\":\"\(point)\"},"
                    + "\"values\":[\(values)]}"
            }
        }
        return wrapped(rows)
    }

    static func values(_ sites: [String: [String: String]], at seconds: Int64) -> [UInt8] {
        wrapped(
            sites.flatMap { site, points in
                points.map { point, value in
                    "{\"metric\":{\"site\":\"\(site)\",\"point\":\"\(point)\"},"
                        + "\"value\":[\(seconds),\"\(value)\"]}"
                }
            })
    }

    static func times(_ sites: [String: String]) -> [UInt8] {
        wrapped(
            sites.map { "{\"metric\":{\"site\":\"\($0.key)\"},\"value\":[0,\"\($0.value)\"]}" })
    }

    private static func wrapped(_ rows: [String]) -> [UInt8] {
        Array(
            ("{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":["
                + rows.joined(separator: ",") + "]}}").utf8)
    }
}

/// 2026-11-21T10:00:00+08:00.
let morning = Instant(seconds: 1_795_226_400)

func fleet(_ names: String...) -> FleetFile {
    FleetFile(
        remote: RemoteAccess(url: Secret("http://127.0.0.1:1")),
        sites: names.map { FleetFile.Site(name: $0, displayName: $0) })
}

@Suite("a picture of many sites")
struct FleetSurveyTests {
    private let seconds = morning.milliseconds / 1000

    private func reporting(_ more: [String: String], ago: Int64 = 5) -> [String: [(Int64, String)]]
    {
        var points = ["devices.total": "10", "devices.answering": "9"]
        points.merge(more) { $1 }
        return points.mapValues { [(seconds - ago - 10, "77"), (seconds - ago, $0)] }
    }

    private func picture(
        _ file: FleetFile, live: [UInt8], heard: [String: String] = [:]
    ) throws -> FleetPicture {
        var survey = FleetSurvey(file)
        #expect(try survey.take(live, at: morning) == nil)
        return try #require(try survey.take(Answers.times(heard), at: morning))
    }

    @Test("sites that report, that fell silent, that never came, and that nobody expects")
    func states() throws {
        let picture = try picture(
            fleet("a", "b", "c", "d"),
            live: Answers.samples([
                "a": reporting(["it.power": "1000"]),
                "b": reporting(["it.power": "5000"], ago: 45), "x": reporting([:]),
            ]),
            heard: ["c": "\(seconds - 7200).25"])
        #expect(picture.sites.map(\.name) == ["a", "b", "c", "d", "x"])
        #expect(
            picture.sites.map(\.state) == [.reporting, .silent, .silent, .missing, .reporting])
        #expect(picture.sites.map(\.ageMS) == [5_000, 45_000, 7_199_750, nil, 5_000])
        #expect(picture.sites.map(\.isListed) == [true, true, true, true, false])
        // What was is not what is, and is in no sum.
        #expect(picture.sites[1].figures == nil)
        #expect((picture.totals.itWatts, picture.totals.itSites) == (1000, 1))
        #expect(
            (picture.totals.reporting, picture.totals.silent, picture.totals.missing) == (2, 2, 1))
        #expect(picture.totals.unlisted == 1)
    }

    @Test("a value that ended before the newest moment is unknown, not its last")
    func ended() throws {
        var points = reporting(["it.power": "1000", "alarms.critical": "2"])
        points["pue"] = [(seconds - 15, "1.3")]
        let figures = try #require(
            try picture(fleet("a"), live: Answers.samples(["a": points])).sites[0].figures)
        #expect(figures.pue == nil)
        #expect(figures.itWatts == 1000)
        #expect(figures.alarms == [2, nil, nil, nil])
        #expect(figures.devicesAnswering == 9)
    }

    @Test("ratios are of sums, each category for itself")
    func ratios() throws {
        func site(_ total: String, _ it: String, _ category: String, _ month: [String]) -> [String:
            [(Int64, String)]]
        {
            reporting([
                "total.power": total, "it.power": it, "pue": "1.5", "pue.category": category,
                "month.number": "202611", "month.total.energy": month[0],
                "month.it.energy": month[1], "month.quarters": "1960",
            ])
        }
        let totals = try picture(
            fleet("a", "b", "c"),
            live: Answers.samples([
                // 1.1 and 2.0: their mean would be 1.55.
                "a": site("1100000", "1000000", "3", ["2200000", "2000000"]),
                "b": site("20000", "10000", "3", ["30000", "10000"]),
                "c": site("1300", "1000", "1", ["1250", "1000"]),
            ])
        ).totals
        #expect(totals.categories.map(\.category) == [.advanced, .basic])
        #expect(totals.categories[0].pue?.decimal(4).description == "1.1089")
        #expect(totals.categories[0].month.pue?.decimal(4).description == "1.1095")
        #expect(totals.categories[1].pue?.decimal(4).description == "1.3000")
        // Twenty days and ten hours of November are over at +08:00.
        #expect(totals.categories[0].month.expected == 2 * (20 * 96 + 40))
        #expect(totals.categories[0].month.coverage == 1)
        #expect((totals.itWatts, totals.totalWatts) == (1_011_000, 1_121_300))
    }

    @Test("a site whose powers are at odds is in no ratio")
    func atOdds() throws {
        let totals = try picture(
            fleet("a"),
            live: Answers.samples([
                "a": reporting(["total.power": "900", "it.power": "1000", "pue.category": "2"])
            ])
        ).totals
        #expect(totals.categories[0].pue == nil)
        #expect(totals.categories[0].sites == 0)
    }

    @Test("silent sites are looked for once a minute, and a lost answer begins anew")
    func pace() throws {
        var survey = FleetSurvey(fleet("a"))
        let live = Answers.samples(["a": reporting([:])])
        #expect(survey.next(at: morning).text.hasSuffix("[60s]"))
        #expect(try survey.take(live, at: morning) == nil)
        #expect(survey.next(at: morning).text.contains("site!~\"a\""))
        survey.giveUp()
        #expect(survey.next(at: morning).text.hasSuffix("[60s]"))
        #expect(try survey.take(live, at: morning) == nil)
        #expect(throws: (any Error).self) { try survey.take(Array("<html>".utf8), at: morning) }
        #expect(try survey.take(live, at: morning) == nil)
        #expect(try survey.take(Answers.times([:]), at: morning) != nil)
        let soon = morning.advanced(byMilliseconds: 59_000)
        #expect(try survey.take(Answers.samples([:]), at: soon)?.sites[0].ageMS == 64_000)
        let later = morning.advanced(byMilliseconds: 60_000)
        #expect(try survey.take(Answers.samples([:]), at: later) == nil)
    }

    @Test("a picture that grows old turns its sites silent")
    func ageing() throws {
        let now = try picture(
            fleet("a", "b"), live: Answers.samples(["a": reporting(["it.power": "1000"])]))
        let soon = now.aged(byMilliseconds: 25_000)
        #expect(soon.sites.map(\.state) == [.reporting, .missing])
        #expect(soon.totals.itWatts == 1000)
        let later = now.aged(byMilliseconds: 25_001)
        #expect(later.sites.map(\.state) == [.silent, .missing])
        #expect(later.sites[0].figures == nil)
        #expect(later.totals.itSites == 0)
    }

    @Test("names of sites stand in patterns as themselves")
    func patterns() {
        var survey = FleetSurvey(fleet())
        _ = try? survey.take(Answers.samples(["a.b-1": reporting([:])]), at: morning)
        #expect(survey.next(at: morning).text.contains("site!~\"a\\\\.b-1\""))
    }
}

@Suite("energy of many sites by months")
struct FleetEnergyTests {
    private let october = FleetMonth(year: 2026, month: 10)
    private let november = FleetMonth(year: 2026, month: 11)

    private func values(
        _ prefix: String, _ total: String, _ it: String, number: String = "202611"
    ) -> [String: String] {
        [
            "month.number": number, "pue.category": "3", prefix + ".total.energy": total,
            prefix + ".it.energy": it, prefix + ".quarters": "96",
        ]
    }

    @Test("months that are over come from what sites say of the month before")
    func previous() throws {
        var energy = FleetEnergy(fleet("a", "b"), months: [october, november], at: morning)
        let first = try #require(energy.next)
        #expect(first.text.contains("previous\\\\.total\\\\.energy"))
        #expect(first.text.contains("[3600s]"))
        #expect(first.time == morning)
        try energy.take(Answers.values(["a": values("previous", "3000", "2000")], at: 1))
        let second = try #require(energy.next)
        // Since the start of November at +08:00, and only of who is not known yet.
        #expect(second.text.contains("[\(20 * 86_400 + 10 * 3_600)s]"))
        #expect(second.text.contains("site!~\"a\""))
        // Said while October lasted: of September.
        try energy.take(
            Answers.values(["b": values("previous", "9", "1", number: "202610")], at: 1))
        #expect(try #require(energy.next).text.contains("month\\\\.total\\\\.energy"))
        try energy.take(
            Answers.values(
                ["a": values("month", "1100", "1000"), "b": values("month", "13", "10")], at: 1))
        _ = energy.next
        try energy.take(Answers.values([:], at: 1))
        #expect(energy.next == nil)
        let rows = energy.rows
        #expect(rows.map(\.name) == ["a", "b"])
        #expect(rows.map(\.monthsMissing) == [0, 1])
        #expect(rows[0].energy.totalWattHours == 4100)
        #expect(rows[0].energy.expected == 31 * 96 + 20 * 96 + 40)
        #expect(rows[1].energy.totalWattHours == 13)
        // The month that is missing is time in which nothing is known.
        #expect(rows[1].energy.expected == rows[0].energy.expected)
        let totals = FleetEnergy.totals(rows)
        #expect(totals.count == 1)
        #expect(totals[0].energy.pue?.decimal(4).description == "1.3664")
        #expect(totals[0].sites == 2)
    }

    @Test("a month long over is asked for as of the end of the one behind it")
    func longOver() throws {
        let energy = FleetEnergy(
            fleet("a"), months: [FleetMonth(year: 2025, month: 12)], at: morning)
        let question = try #require(energy.next)
        let end = FleetMonth(year: 2026, month: 1).range(offsetMinutes: 480).end
        #expect(question.time == end.advanced(byMilliseconds: -14 * 3_600_000))
    }

    @Test("months are numbers and texts")
    func months() {
        #expect(FleetMonth(202_611) == november)
        #expect(FleetMonth(202_613) == nil)
        #expect(FleetMonth(-1) == nil)
        #expect(FleetMonth(.max) == nil)
        #expect(october.next == november)
        #expect(FleetMonth(year: 2026, month: 12).next == FleetMonth(year: 2027, month: 1))
        #expect("\(FleetMonth(year: 2026, month: 3))" == "2026-03")
        #expect(november.quarters(until: .init(milliseconds: 0), offsetMinutes: 480) == 0)
    }
}
