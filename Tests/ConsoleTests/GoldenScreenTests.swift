import Console
import FoundationEssentials
import Screen
import TestSupport
import Testing
import Views

/// Whole screens, compared character by character. FROSTLINE_UPDATE_GOLDEN=1 rewrites them.
@Suite("Golden screens")
struct GoldenScreenTests {
    @Test(
        "Every page looks as recorded",
        arguments: [
            (80, 24, "80x24", false), (120, 40, "120x40", false), (200, 60, "200x60", false),
            (80, 24, "80x24-ascii", true), (40, 10, "40x10", false),
            (80, 24, "80x24-zh", false), (120, 40, "120x40-zh", false),
        ])
    func pages(width: Int, height: Int, name: String, isASCII: Bool) throws {
        var text = ""
        for (title, var model) in try Self.scenes() {
            model.language = name.hasSuffix("-zh") ? .chinese : .english
            let screen = ConsoleView.draw(
                model, size: Size(width: width, height: height),
                capabilities: isASCII ? Fixture.ascii : Fixture.full)
            text += "=== \(title)\n" + screen.text
        }
        if isASCII {
            // The site's own Chinese names aside, nothing beyond ASCII is drawn.
            let foreign = text.filter { !$0.isASCII && CharacterWidth.columns(of: String($0)) == 1 }
            #expect(foreign == "")
        }
        try compare(text, name)
    }

    func compare(_ text: String, _ name: String) throws {
        let path = repositoryRoot() + "/Tests/Golden/screens/\(name).txt"
        if ProcessInfo.processInfo.environment["FROSTLINE_UPDATE_GOLDEN"] == "1" {
            try Data(text.utf8).write(to: URL(filePath: path))
            return
        }
        let recorded = try readText(path)
        guard recorded != text else { return }
        let old = recorded.split(separator: "\n", omittingEmptySubsequences: false)
        let new = text.split(separator: "\n", omittingEmptySubsequences: false)
        let line = zip(old, new).enumerated().first { $0.element.0 != $0.element.1 }
        let was = line.map { "\($0.element.0)" } ?? "\(old.count) lines"
        let now = line.map { "\($0.element.1)" } ?? "\(new.count) lines"
        let number = line.map { $0.offset + 1 } ?? 0
        Issue.record("\(name).txt:\(number) differs\n was: \(was)\n now: \(now)")
    }

    static func scenes() throws -> [(String, ConsoleModel)] {
        let base = try Fixture.model()
        var scenes: [(String, ConsoleModel)] = []
        for page in ConsoleModel.Page.allCases where page != .dashboard {
            var model = base
            model.press(.character(Character("\(page.rawValue)")), .down)
            scenes.append(("\(page)", model))
        }
        for mode in ConsoleModel.HeatMode.allCases where mode != .inlet {
            var model = base
            model.press(.character("2"), .right, .right)
            for _ in 0..<mode.rawValue { model.press(.character("m")) }
            scenes.append(("racks by \(mode)", model))
        }
        scenes.append(("device", try deviceScene(base)))
        var typing = base
        typing.press(.character("4"), .character("a"))
        typing.type("电工已到现场")
        scenes.append(("acknowledging", typing))
        var help = base
        help.press(.character("?"))
        scenes.append(("help", help))
        var offline = base
        _ = update(&offline, .disconnected("the daemon ended the stream; it may be restarting"))
        _ = update(&offline, .tick(45_000))
        offline.press(.character("2"))
        scenes.append(("offline", offline))
        var never = ConsoleModel(user: "wang", target: "/run/frostline.sock")
        _ = update(
            &never, .disconnected("the daemon is not reachable at /run/frostline.sock; start it"))
        scenes.append(("never connected", never))
        return scenes
    }

    private static func deviceScene(_ base: ConsoleModel) throws -> ConsoleModel {
        var model = base
        let device = try Fixture.device()
        model.press(.character("3"), .character("f"))
        model.type(device.summary.name)
        model.press(.enter, .enter)
        _ = update(&model, .device(device))
        model.press(.down)
        _ = update(&model, .tick(4000))
        let times = (0..<60).map { device.summary.lastAnswerMS! - Int64(60 - $0) * 60_000 }
        let values = (0..<60).map { $0 == 30 ? nil : 2300 + Double(($0 * 37) % 50) }
        let line = SeriesView.Line(
            point: device.summary.name + "/input.power", unit: "W", values: values)
        _ = update(
            &model, .history(point: line.point, SeriesView(timesMS: times, lines: [line])))
        return model
    }
}
