import Alarms
import Model
import Testing

/// What receivers read beside the texts of the site file.
@Suite("the engine's own words")
struct EngineWordsTests {
    private func stage(_ language: NoticeLanguage, _ site: Site) -> Stage {
        var site = site
        site.language = language
        return Stage(site)
    }

    /// Nothing of the other language, but for names and units.
    private func isChinese(_ text: String) -> Bool {
        text.unicodeScalars.contains { (0x4E00...0x9FFF).contains($0.value) }
    }

    @Test(
        "polls missed",
        arguments: [
            (NoticeLanguage.english, "3 polls missed"), (.chinese, "连续 3 次轮询无应答"),
        ])
    func missed(_ language: NoticeLanguage, _ text: String) {
        var stage = stage(language, Stage.gateways(0, units: 1))
        for _ in 0..<3 { stage.poll(0, answers: false) }
        #expect(stage.notices("silent:alone") == [.active])
        #expect(stage.notices.map(\.valueText) == [text])
    }

    @Test(
        "a gateway with more silent devices than are named",
        arguments: [
            (
                NoticeLanguage.english,
                "12 of 12 devices have no data: g0-u1, g0-u2, g0-u3, g0-u4, g0-u5, g0-u6, g0-u7, "
                    + "g0-u8 and 4 more"
            ),
            (
                .chinese,
                "12 台设备中 12 台无数据：g0-u1、g0-u2、g0-u3、g0-u4、g0-u5、g0-u6、g0-u7、g0-u8，另有 4 台"
            ),
        ])
    func silence(_ language: NoticeLanguage, _ text: String) throws {
        var stage = stage(language, Stage.gateways(1, units: 12))
        for _ in 0..<8 {
            for device in 0..<12 { stage.poll(device, answers: false) }
            stage.pass(seconds: 10)
        }
        let notice = try #require(stage.notices.first)
        #expect(notice.key.rule == "path-lost")
        #expect(notice.valueText == text)
        let hidden = stage.events.filter { $0.input == "suppress" }
        let explained = language == .english ? "explained by path-lost:" : "原因是 path-lost:"
        #expect(!hidden.isEmpty)
        #expect(hidden.allSatisfy { $0.detail?.hasPrefix(explained) == true })
        // Their way is back, and they stay silent: what the journal says is no half of a sentence.
        stage.poll(0)
        stage.poll(0)
        stage.pass(seconds: 400)
        let shown = try #require(stage.events.last { $0.input == "unsuppress" }?.detail)
        #expect(shown.hasSuffix(language == .english ? "no longer" : "已不能解释本报警"))
    }

    @Test("an alarm that chatters", arguments: NoticeLanguage.allCases)
    func chatter(_ language: NoticeLanguage) throws {
        var stage = stage(language, Stage.gateways(0, units: 1))
        for _ in 0..<3 {
            stage.poll(0, celsius: 40)
            stage.pass(seconds: 2)
            stage.poll(0)
            stage.pass(seconds: 2)
        }
        let notice = try #require(stage.notices.first { $0.key.rule == "chattering" })
        let texts: [NoticeLanguage: String] = [
            .english: "3 times within a minute; ends after 20 s",
            .chinese: "一分钟内 3 次；恢复前等待 20 秒",
        ]
        #expect(notice.valueText == texts[language])
    }

    @Test("shelves, windows, rules that are gone", arguments: NoticeLanguage.allCases)
    func details(_ language: NoticeLanguage) throws {
        var site = Stage.gateways(0, units: 1)
        site.maintenance = [
            MaintenanceWindow(
                name: "ups-test", time: .weekly(days: Set(0...6), from: 0, to: 1440),
                devices: ["alone"], reason: "r", owner: "o")
        ]
        var covered = stage(language, site)
        covered.poll(0, celsius: 40)
        let window = try #require(covered.events.last { $0.input == "suppress" }?.detail)
        #expect(window == (language == .english ? "window ups-test" : "维护窗口 ups-test"))
        var stage = stage(language, Stage.gateways(0, units: 1))
        stage.poll(0, celsius: 40)
        try stage.act(.shelve(milliseconds: 60_000), "hot:alone/temperature")
        let shelf = try #require(stage.events.last?.detail)
        #expect(shelf.hasPrefix(language == .english ? "until 20" : "至 20"))
        try stage.act(.unshelve, "hot:alone/temperature")
        try stage.act(
            .takeOutOfService(approver: "wang", review: stage.time.advanced(bySeconds: 86_400)),
            "hot:alone/temperature")
        let oos = try #require(stage.events.last?.detail)
        #expect(oos.contains("wang") && isChinese(oos) == (language == .chinese))
        try stage.act(.returnToService, "hot:alone/temperature")
        var without = stage.site
        without.alarmRules.removeAll { $0.name == "hot" }
        stage.restart(site: without)
        let gone = try #require(stage.events.last { $0.input == "retire" }?.detail)
        #expect(gone == (language == .english ? "the rule or the device is gone" : "规则或设备已移除"))
    }
}
