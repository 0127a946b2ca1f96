import FoundationEssentials
import TestSupport
import Testing

/// The house rules, read from our own sources. A rule that needs an exception is written there
/// with its reason, not loosened here.
@Suite("tidy")
struct TidyTests {
    private struct Line {
        var file: String
        var number: Int
        var text: String
        var previous: String
    }

    private static let core = [
        "Model", "ConfigTree", "Profiles", "SiteFile", "Schedule", "Alarms", "Energy", "Screen",
        "Views", "SNMPWire", "Recordings", "Redundancy", "ProfileProof", "Interchange", "Fleet",
    ]

    private static func files(below folder: String, ending: String) -> [String] {
        let root = repositoryRoot() + "/" + folder
        let all = FileManager.default.enumerateFiles(root)
        return all.filter { $0.hasSuffix(ending) }.sorted()
    }

    private static func lines(of file: String) throws -> [Line] {
        var previous = ""
        var number = 0
        let short = String(file.dropFirst(repositoryRoot().utf8.count + 1))
        let texts = try readText(file).split(separator: "\n", omittingEmptySubsequences: false)
        return texts.map { text in
            number += 1
            defer { previous = String(text) }
            return Line(file: short, number: number, text: String(text), previous: previous)
        }
    }

    private static func violations(
        in lines: [Line], where isViolation: (Line) -> Bool
    ) -> [String] {
        lines.filter(isViolation).map {
            "\($0.file):\($0.number): \($0.text.drop { $0 == " " }.prefix(80))"
        }
    }

    /// The part of a line that is code, as far as a line can tell.
    private static func code(_ line: String) -> Substring {
        let text = line.drop { $0 == " " }
        return text.hasPrefix("//") ? "" : text
    }

    @Test("forbidden words do not appear in the sources")
    func bannedWords() throws {
        let banned = [
            "String(format:", "try!", " as! ", "fatalError(", "DispatchQueue.global",
            "Task.detached", ": Decimal", "FIXME", "TODO",
        ]
        for file in Self.files(below: "Sources", ending: ".swift") {
            let found = Self.violations(in: try Self.lines(of: file)) { line in
                let code = Self.code(line.text)
                return banned.contains { code.contains($0) }
                    || code.split { !$0.isLetter }.contains("XXX")
                    || code == "import Foundation" || code.hasSuffix(" import Foundation")
            }
            #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
        }
    }

    @Test("only the command line prints")
    func printing() throws {
        for file in Self.files(below: "Sources", ending: ".swift")
        where !file.contains("/Sources/CommandLine/") {
            let found = Self.violations(in: try Self.lines(of: file)) {
                let code = Self.code($0.text)
                return code.hasPrefix("print(") || code.contains(" print(")
            }
            #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
        }
    }

    @Test("the core imports nothing that could do input or output, and does not wait")
    func pureCore() throws {
        let allowed = Set(Self.core)
        for module in Self.core {
            for file in Self.files(below: "Sources/" + module, ending: ".swift") {
                let found = Self.violations(in: try Self.lines(of: file)) { line in
                    let code = Self.code(line.text)
                    if code.contains(" async ") || code.contains("await ") { return true }
                    guard let name = Self.importedModule(code) else { return false }
                    return !allowed.contains(name)
                }
                #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
            }
        }
    }

    @Test("an engine imports no other engine")
    func engines() throws {
        let engines = [
            "Polling", "Store", "Notify", "Reporting", "Serve", "Console", "Simulation",
        ]
        for module in engines {
            for file in Self.files(below: "Sources/" + module, ending: ".swift") {
                let found = Self.violations(in: try Self.lines(of: file)) { line in
                    guard let name = Self.importedModule(Self.code(line.text)) else { return false }
                    return engines.contains(name) || name == "Daemon" || name == "CommandLine"
                }
                #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
            }
        }
    }

    private static func importedModule(_ code: Substring) -> String? {
        let words = code.split(separator: " ")
        guard let index = words.firstIndex(of: "import"), index <= 1, words.count > index + 1 else {
            return nil
        }
        return String(words[index + 1])
    }

    @Test("what the compiler cannot check names its lock or thread in the line above")
    func uncheckedNeedsReason() throws {
        for file in Self.files(below: "Sources", ending: ".swift") {
            let found = Self.violations(in: try Self.lines(of: file)) { line in
                let code = Self.code(line.text)
                guard code.contains("@unchecked Sendable") || code.contains("nonisolated(unsafe)")
                else { return false }
                return !line.previous.drop { $0 == " " }.hasPrefix("//")
            }
            #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
        }
    }

    @Test("lines have at most 100 columns")
    func lineLength() throws {
        for folder in ["Sources", "Tests"] {
            for file in Self.files(below: folder, ending: ".swift") {
                let found = Self.violations(in: try Self.lines(of: file)) { line in
                    // A test's name is a sentence; it may run on.
                    line.text.count > 100 && !line.text.contains("@Test(\"")
                        && !(folder == "Tests" && line.text.contains("\""))
                }
                #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
            }
        }
    }

    @Test("functions have at most 70 lines")
    func functionLength() throws {
        for file in Self.files(below: "Sources", ending: ".swift") {
            var start: (line: Line, indent: Int)?
            for line in try Self.lines(of: file) {
                let indent = line.text.prefix { $0 == " " }.count
                let words = line.text.split(separator: " ")
                if start == nil, words.contains("func") || words.first?.hasPrefix("init") == true,
                    !line.text.drop(while: { $0 == " " }).hasPrefix("//")
                {
                    // A function in one line, or a requirement of a protocol, has no body below.
                    if !line.text.hasSuffix("}") { start = (line, indent) }
                } else if let begun = start, indent <= begun.indent, line.text.hasSuffix("}") {
                    let length = line.number - begun.line.number + 1
                    #expect(
                        length <= 70, "\(begun.line.file):\(begun.line.number): \(length) lines")
                    start = nil
                } else if let begun = start, indent < begun.indent, !line.text.isEmpty {
                    start = nil
                }
            }
        }
    }

    @Test("no code path can write to a device")
    func readOnly() throws {
        let banned = [
            "SNMP_MSG_SET", "modbus_write", "modbus_mask_write", "writeSingle",
            "writeMultiple", "0xA3",
        ]
        for folder in ["Sources"] {
            for ending in [".swift", ".c", ".h"] {
                for file in Self.files(below: folder, ending: ending) {
                    let found = Self.violations(in: try Self.lines(of: file)) { line in
                        let code = Self.code(line.text)
                        // A simulated agent must know the request to refuse it.
                        let isAgent = line.file == "Sources/CNetSNMPShims/agent.c"
                        return banned.contains { code.contains($0) } && !isAgent
                    }
                    #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
                }
            }
        }
    }

    @Test("docs/ARCHITECTURE.md names every module, and no module that is gone")
    func architectureMatchesTree() throws {
        let root = repositoryRoot()
        let text = try readText(root + "/docs/ARCHITECTURE.md")
        let modules = try FileManager.default.contentsOfDirectory(atPath: root + "/Sources")
        for module in modules {
            #expect(text.contains("`\(module)`"), "\(module) is not in docs/ARCHITECTURE.md")
        }
        for line in text.split(separator: "\n") where line.hasPrefix("**`") {
            let name = line.dropFirst(3).prefix { $0 != "`" }
            #expect(modules.contains(String(name)), "docs/ARCHITECTURE.md describes \(name)")
        }
    }

    @Test("the rules see what they forbid")
    func rulesWork() {
        let line = Line(file: "f", number: 1, text: "let x = try! f()", previous: "")
        #expect(Self.violations(in: [line]) { Self.code($0.text).contains("try!") }.count == 1)
        #expect(Self.code("  // try! is forbidden") == "")
        #expect(Self.importedModule("package import Model") == "Model")
        #expect(Self.importedModule("let important = import1") == nil)
    }
}

extension FileManager {
    /// Paths of all files below `folder`.
    fileprivate func enumerateFiles(_ folder: String) -> [String] {
        var result: [String] = []
        for name in (try? contentsOfDirectory(atPath: folder)) ?? [] {
            let path = folder + "/" + name
            var isDirectory = false
            guard fileExists(atPath: path, isDirectory: &isDirectory) else { continue }
            if isDirectory { result += enumerateFiles(path) } else { result.append(path) }
        }
        return result
    }
}
