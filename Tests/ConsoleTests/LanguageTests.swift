import Console
import FoundationEssentials
import Screen
import TestSupport
import Testing

@Suite("Console: languages")
struct LanguageTests {
    /// The texts that the console's sources write out, as `t("…")`.
    private static func literals() throws -> Set<String> {
        let folder = repositoryRoot() + "/Sources/Console"
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        let call = /\bt\(\s*"((?:[^"\\]|\\.)*)"/
        var found: Set<String> = []
        for file in files where file.hasSuffix(".swift") {
            for match in try readText(folder + "/" + file).matches(of: call) {
                found.insert(String(match.1))
            }
        }
        return found
    }

    @Test("Every text of the console has a Chinese one")
    func complete() throws {
        let literals = try Self.literals()
        #expect(literals.count > 250)
        // What ends in a blank is a name's beginning that is put together.
        let missing = literals.filter { Phrases.chinese[$0] == nil && !$0.contains("\\(") }
            .filter { $0 != "theme " }
        #expect(missing.sorted() == [])
    }

    @Test("Each translation has the places of its original")
    func places() {
        for (english, chinese) in Phrases.chinese {
            for number in 0..<4 {
                #expect(
                    english.contains("{\(number)}") == chinese.contains("{\(number)}"),
                    "\(english)")
            }
            #expect(!chinese.isEmpty, "\(english)")
        }
    }

    @Test("Arguments are put in once, and what they hold is not looked at again")
    func arguments() {
        #expect(Phrases.text("in {0}", ["{0}{1}"], in: .english) == "in {0}{1}")
        #expect(Phrases.text("{1} {0} {2} {x", ["a", "b"], in: .english) == "b a {2} {x")
        #expect(Phrases.text("in {0}", ["h1"], in: .chinese) == "位于 h1")
    }

    @Test("The environment's language counts, LC_ALL before LANG")
    func environment() {
        #expect(Language.of { ["LANG": "zh_CN.UTF-8"][$0] } == .chinese)
        #expect(Language.of { ["LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"][$0] } == .english)
        #expect(Language.of { ["LC_ALL": "", "LANG": "zh_TW"][$0] } == .chinese)
        #expect(Language.of { _ in nil } == .english)
    }

    @Test("Why there is no connection is said in the console's language, with path and command")
    func reasons() throws {
        let reason =
            "the daemon is not reachable at /run/f.sock: nobody listens on this socket; "
            + "start it with `frostline serve --config site.yaml`, or give its address"
        var model = ConsoleModel(user: "wang", target: "/run/f.sock")
        #expect(model.shownReason(reason) == reason)
        model.language = .chinese
        let shown = model.shownReason(reason)
        #expect(shown.contains("/run/f.sock") && shown.contains("`frostline serve --config"))
        #expect(!shown.contains("reachable") && !shown.contains("listens"), "\(shown)")
        #expect(model.shownReason("disk is full") == "disk is full")
        let ended = "the daemon ended the stream; it may be restarting"
        #expect(!model.shownReason(ended).contains("daemon"))
    }

    /// Words that are the same in both languages: units, standards, names of keys.
    private static let shared: Set<String> = [
        "PUE", "UPS", "IT", "yuan", "kWh", "min", "Esc", "Ctrl", "Tab", "Enter", "PgUp", "PgDn",
        "frostline", "CSV", "hjkl", "arrows", "Space", "PDU", "Left", "Right", "past",
    ]

    @Test("A Chinese screen has no English words but names, units and keys")
    func screens() throws {
        let data =
            try readText(repositoryRoot() + "/Tests/Golden/screens/snapshot.json")
            + readText(repositoryRoot() + "/Tests/Golden/screens/device.json")
        let word = /[A-Za-z]{3,}/
        var known = Self.shared
        for match in data.matches(of: word) { known.insert(String(match.0)) }
        var foreign: Set<String> = []
        let views = try GoldenView.allCases.map { ($0.rawValue, try GoldenScreenTests.model($0)) }
        // What the daemon, devices or a person say is in the language that they said it in; names
        // of commands are the same in all.
        let said = [
            "acknowledging", "never connected", "cut off in the past", "a time is typed",
            "commands", "alarm history", "hidden alarms", "rack", "explain",
        ]
        for (title, var model) in try GoldenScreenTests.scenes(.chinese) + views
        where !said.contains(title) {
            model.language = .chinese
            let size = Size(width: 200, height: 60)
            let text = ConsoleView.draw(model, size: size, capabilities: Fixture.full).text
            for match in text.matches(of: word) where !known.contains(String(match.0)) {
                foreign.insert(title + ": " + String(match.0))
            }
        }
        #expect(foreign.sorted() == [])
    }
}
