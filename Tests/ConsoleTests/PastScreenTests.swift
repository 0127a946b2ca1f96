import Console
import Screen
import Testing
import Views

/// Every page in the past, on the way there, and cut off there, compared character by character.
@Suite("Golden screens of the past")
struct PastScreenTests {
    private static func scenes() throws -> [(String, ConsoleModel)] {
        let (past, _) = try PastTests.past()
        var scenes: [(String, ConsoleModel)] = []
        for page in ConsoleModel.Page.allCases where page != .dashboard {
            var model = past
            model.press(.character(Character("\(page.rawValue)")), .down)
            scenes.append(("\(page) an hour ago", model))
        }
        var yesterday = try Fixture.model()
        yesterday.press(.character("{"))
        scenes.append(("on the way to yesterday", yesterday))
        let at = try #require(yesterday.past.askedMS)
        _ = update(&yesterday, .past(atMS: at, try PastTests.picture(of: at)))
        yesterday.press(.character("["))
        scenes.append(("yesterday, on the way to an hour before", yesterday))
        var refused = past
        refused.press(.character("4"), .character("a"))
        scenes.append(("nothing can be acknowledged", refused))
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

    @Test(
        "Every page of the past looks as recorded",
        arguments: [
            (80, 24, "past-80x24", false), (120, 40, "past-120x40", false),
            (160, 50, "past-160x50", false), (80, 24, "past-80x24-ascii", true),
            (40, 10, "past-40x10", false), (80, 24, "past-80x24-zh", false),
            (120, 40, "past-120x40-zh", false),
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
        // A page that could be taken for the present would be a lie.
        let mark = name.hasSuffix("-zh") ? "过去" : "PAST"
        for scene in text.components(of: "=== ").dropFirst() where !scene.hasPrefix("on the way") {
            #expect(scene.contains(mark), "\(name): \(scene.prefix(80))")
        }
        try GoldenScreenTests().compare(text, name)
    }

    @Test("The mark of the past is filled in colour and reversed without any")
    func mark() throws {
        let (model, _) = try PastTests.past()
        for capabilities in [Fixture.full, Fixture.ascii] {
            let screen = ConsoleView.draw(
                model, size: Size(width: 80, height: 24), capabilities: capabilities)
            let line = (0..<80).compactMap { screen[$0, 3]?.style }
            #expect(line.count == 80)
            let paints = line.map { Theme.dark.paint($0, capabilities.colours) }
            #expect(
                paints.allSatisfy { $0.background != nil || $0.attributes.contains(.reverse) })
        }
    }
}

extension String {
    fileprivate func components(of separator: String) -> [Substring] {
        var parts: [Substring] = []
        var rest = self[...]
        while let found = rest.firstRange(of: separator) {
            parts.append(rest[..<found.lowerBound])
            rest = rest[found.upperBound...]
        }
        return parts + [rest]
    }
}
