import Console
import FoundationEssentials
import Model
import Screen
import TestSupport
import Testing
import Views

/// A view of the console and how one comes there.
enum GoldenView: String, CaseIterable, Sendable {
    case overview, racks, rack, devices, device, alarms, power, cooling, energy, explain

    var keys: [Key] {
        switch self {
        case .overview: [.character("1"), .down]
        case .racks: [.character("2"), .down, .character("l"), .character("l")]
        case .rack: [.character("2"), .enter]
        case .devices: [.character("3"), .down]
        case .device: [.character("2"), .enter, .enter, .down]
        case .alarms: [.character("4"), .down]
        case .power: [.character("5"), .down, .down]
        case .cooling: [.character("6"), .down]
        case .energy: [.character("7"), .up]
        case .explain: [.character("1"), .character("x"), .enter]
        }
    }
}

/// Whole screens, compared character by character: a file for each view, with pictures that a
/// person can read. FROSTLINE_UPDATE_GOLDEN=1 rewrites them.
@Suite("Golden screens")
struct GoldenScreenTests {
    enum Site: String, CaseIterable {
        case recorded = "40 racks"
        case empty = "empty site"
        case one = "one rack"
        case large = "1,200 racks"
    }
    enum Time: String, CaseIterable { case live, past, disconnected }

    @Test("Every view looks as recorded", arguments: GoldenView.allCases)
    func views(view: GoldenView) throws {
        var text = ""
        let small = Size(width: 80, height: 24)
        let usual = Size(width: 120, height: 40)
        let wide = Size(width: 200, height: 60)
        let live = try Self.model(view)
        let picture = Self.draw(live, small)
        text += Self.title(view, "80x24") + picture.text
        text += "--- " + StyleMap.legend + "\n" + StyleMap.colours(picture)
        text += "--- " + StyleMap.monochromeLegend + "\n" + StyleMap.monochrome(picture)
        text += Self.title(view, "120x40") + Self.draw(live, usual).text
        text += Self.title(view, "200x60") + Self.draw(live, wide).text
        let ascii = Self.draw(live, small, Fixture.ascii).text
        // The site's own Chinese names aside, nothing beyond ASCII is drawn.
        #expect(ascii.filter { !$0.isASCII && CharacterWidth.columns(of: String($0)) == 1 } == "")
        text += Self.title(view, "80x24 ASCII") + ascii
        var chinese = live
        chinese.language = .chinese
        text += Self.title(view, "80x24 Chinese") + Self.draw(chinese, small).text
        text += Self.title(view, "120x40 Chinese") + Self.draw(chinese, usual).text
        text += Self.title(view, "40x10") + Self.draw(live, Size(width: 40, height: 10)).text
        for time in [Time.past, .disconnected] {
            let model = try Self.model(view, .recorded, time)
            let size = time == .past ? usual : small
            let name = "\(size.width)x\(size.height) \(time)"
            text += Self.title(view, name) + Self.draw(model, size).text
        }
        for site in [Site.empty, .one, .large] {
            let model = try Self.model(view, site)
            for size in site == .large ? [small, usual, wide] : [small] {
                let name = "\(size.width)x\(size.height), \(site.rawValue)"
                text += Self.title(view, name) + Self.draw(model, size).text
            }
        }
        text += try Self.chinesePictures(view, small)
        try compare(text, view.rawValue)
    }

    /// The other times and sites in the other language.
    private static func chinesePictures(_ view: GoldenView, _ size: Size) throws -> String {
        var text = ""
        let others: [(Site, Time)] = [
            (.recorded, .past), (.recorded, .disconnected), (.empty, .live), (.one, .live),
            (.large, .live),
        ]
        for (site, time) in others {
            var model = try model(view, site, time)
            model.language = .chinese
            let name = "\(size.width)x\(size.height) Chinese, \(site.rawValue), \(time)"
            text += title(view, name) + draw(model, size).text
        }
        return text
    }

    @Test("What is between the views looks as recorded")
    func others() throws {
        var text = ""
        for language in Language.allCases {
            for (title, model) in try Self.scenes(language) {
                text += "=== \(title), 80x24, \(language)\n"
                text += Self.draw(model, Size(width: 80, height: 24)).text
            }
        }
        try compare(text, "others")
    }

    private static func title(_ view: GoldenView, _ what: String) -> String {
        "=== \(view), \(what)\n"
    }

    static func draw(
        _ model: ConsoleModel, _ size: Size, _ capabilities: DisplayCapabilities = Fixture.full
    ) -> Screen {
        var model = model
        // As the loop tells it before the first frame.
        _ = update(&model, .resized(size))
        return ConsoleView.draw(model, size: size, capabilities: capabilities)
    }

    /// The console at a view, with everything answered.
    static func model(
        _ view: GoldenView, _ site: Site = .recorded, _ time: Time = .live
    ) throws -> ConsoleModel {
        var model = ConsoleModel(user: "wang", target: "/run/frostline.sock")
        _ = update(&model, .tick(1000))
        let picture =
            switch site {
            case .recorded: try Fixture.snapshot()
            case .empty: try Fixture.emptySite()
            case .one: try Fixture.oneRackSite()
            case .large: try Fixture.largeSite()
            }
        try FixtureDaemon.answer(&model, update(&model, .snapshot(picture)))
        try FixtureDaemon.press(&model, time == .past ? [.character("[")] : [])
        try FixtureDaemon.press(&model, view.keys)
        if time == .disconnected {
            _ = update(
                &model, .disconnected("the daemon ended the stream; it may be restarting"))
            _ = update(&model, .tick(45_000))
        }
        return model
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

    /// What the views have besides: other quantities, lists, panels, lines being typed.
    static func scenes(
        _ language: Language = .english
    ) throws -> [(String, ConsoleModel)] {
        var scenes: [(String, ConsoleModel)] = []
        func scene(_ title: String, _ keys: [Key], typing: String = "") throws {
            var model = try model(.overview)
            model.language = language
            try FixtureDaemon.press(&model, keys)
            try FixtureDaemon.press(&model, typing.map { $0 == "\r" ? .enter : .character($0) })
            scenes.append((title, model))
        }
        for mode in ConsoleModel.HeatMode.allCases where mode != .inlet {
            let next = Array(repeating: Key.character("m"), count: mode.rawValue)
            try scene("racks by \(mode)", [.character("2"), .right, .right] + next)
        }
        try scene(
            "what if a UPS failed", [.character("5"), .character(":")], typing: "fail ups-a\r")
        try scene("hidden alarms", [.character("4"), .character("v")])
        try scene("alarm history", [.character("4"), .character("v"), .character("v")])
        try scene(
            "a cause and what it explains",
            [.character("4"), .character("j"), .character("j"), .character("e")])
        try scene("acknowledging", [.character("4"), .character("a")], typing: "电工已到现场")
        for view in [GoldenView.overview, .alarms, .power] {
            try scene("help of \(view)", view.keys + [.character("?")])
        }
        try scene("search", [.character("/")], typing: "a1 04")
        try scene("commands", [.character(":")])
        try scene("what x says of a rack", [.character("2"), .character("x")])
        try scene("what x says of a unit", [.character("6"), .character("x"), .down])
        var never = ConsoleModel(user: "wang", target: "/run/frostline.sock")
        never.language = language
        _ = update(
            &never, .disconnected("the daemon is not reachable at /run/frostline.sock; start it"))
        scenes.append(("never connected", never))
        return scenes + (try pastScenes(language))
    }

    /// On the way to another time, and cut off there.
    private static func pastScenes(_ language: Language) throws -> [(String, ConsoleModel)] {
        var yesterday = try model(.overview)
        yesterday.language = language
        yesterday.press(.character("{"))
        var scenes = [("on the way to yesterday", yesterday)]
        let at = try #require(yesterday.past.askedMS)
        _ = update(&yesterday, .past(atMS: at, try PastTests.picture(of: at)))
        yesterday.press(.character("["))
        scenes.append(("yesterday, on the way to an hour before", yesterday))
        var past = try model(.overview, .recorded, .past)
        past.language = language
        var refused = past
        refused.press(.character("4"), .character("a"))
        scenes.append(("nothing of the past can be acknowledged", refused))
        var typing = past
        typing.press(.character("t"))
        typing.type("yesterday 14:00")
        scenes.append(("a time is typed", typing))
        var offline = past
        _ = update(&offline, .disconnected("the daemon ended the stream; it may be restarting"))
        _ = update(&offline, .tick(45_000))
        scenes.append(("cut off in the past", offline))
        return scenes
    }
}
