import Energy
import Synchronization
import TestSupport
import Testing

/// The test vectors of the domain, which lie beside the repository; each file with the tests that
/// compare it and with what of it is no value.
struct VectorFile: Sendable, CustomTestStringConvertible {
    var name: String
    /// Names of fields that are prose or labels: nothing to compare.
    var prose: Set<String> = []
    /// Names of fields that go into the product; the others are what must come out of it.
    var inputs: Set<String> = []
    var checks: @Sendable () throws -> Void

    var testDescription: String { name }

    /// Stands in for files while a test tries what a changed value does.
    @TaskLocal static var replaced: [String: JSONValue] = [:]

    /// Nil, with a line, where the folder is absent.
    static func document(_ name: String) throws -> JSONValue? {
        if let value = replaced[name] { return value }
        if let known = read.withLock({ $0[name] }) { return known }
        guard let shared = sharedFolder(for: "energy vectors \(name)") else { return nil }
        let document = try JSONValue.parse(readText(shared + "/energy/vectors/" + name))
        read.withLock { $0[name] = document }
        return document
    }

    private static let read = Mutex<[String: JSONValue]>([:])
}

/// The cases of one vector file by id.
func vectorCases(_ file: String) throws -> [String: JSONValue]? {
    guard let document = try VectorFile.document(file) else { return nil }
    var cases: [String: JSONValue] = [:]
    for item in document["cases"].array { cases[item["id"].string ?? ""] = item }
    return cases
}

/// One value of a document, by the way to it.
struct VectorLeaf: Hashable {
    enum Step: Hashable {
        case key(String)
        case index(Int)
    }
    var path: [Step]
    /// The id of the case that it belongs to.
    var owner: String
    var value: String

    static func all(
        _ document: JSONValue, _ path: [Step] = [], owner: String = ""
    ) -> [VectorLeaf] {
        switch document {
        case .object(let fields):
            let owner = owner.isEmpty ? fields["id"]?.string ?? "" : owner
            return fields.sorted { $0.key < $1.key }.flatMap {
                all($0.value, path + [.key($0.key)], owner: owner)
            }
        case .array(let items):
            return items.enumerated().flatMap {
                all($0.element, path + [.index($0.offset)], owner: owner)
            }
        case .null, .bool, .number, .string:
            return [VectorLeaf(path: path, owner: owner, value: "\(document)")]
        }
    }

    var text: String {
        owner + ":" + keys.joined(separator: "/")
    }

    private var keys: [String] {
        path.compactMap { if case .key(let key) = $0 { key } else { nil } }
    }

    /// By its own name or that of what it is part of: `kwh`, `rows/kwh`, or `CASE:kwh` of one case;
    /// in a row without names `column 5`.
    func isNamed(_ names: Set<String>) -> Bool {
        var own = keys + zip(keys, keys.dropFirst()).map { "\($0)/\($1)" }
        if case .index(let column)? = path.last, path.count > 1,
            case .index = path[path.count - 2]
        {
            own.append("column \(column)")
        }
        return own.contains { names.contains($0) || names.contains("\(owner):\($0)") }
    }

    /// How a value becomes another one.
    enum Change: CaseIterable {
        case lastDigit, firstDigit, nothing, huge
    }

    /// The document with another value here.
    func changed(_ document: JSONValue, _ change: Change) -> JSONValue {
        Self.changed(document, path[...], change)
    }

    private static func changed(
        _ value: JSONValue, _ path: ArraySlice<Step>, _ change: Change
    ) -> JSONValue {
        switch (path.first, value) {
        case (.key(let key)?, .object(var fields)):
            fields[key] = fields[key].map { changed($0, path.dropFirst(), change) }
            return .object(fields)
        case (.index(let index)?, .array(var items)):
            items[index] = changed(items[index], path.dropFirst(), change)
            return .array(items)
        case (_, .bool(let flag)): return .bool(!flag)
        case (_, .null): return .number("1")
        case (_, .number(let text)): return .number(other(text, change))
        case (_, .string(let text)): return .string(other(text, change))
        default: return value
        }
    }

    private static func other(_ text: String, _ change: Change) -> String {
        var letters = Array(text)
        func isDigit(_ letter: Character) -> Bool { letter.isASCII && letter.isNumber }
        guard let first = letters.firstIndex(where: isDigit),
            let last = letters.lastIndex(where: isDigit),
            letters.allSatisfy({ isDigit($0) || "+-.".contains($0) })
        else {
            guard let last = letters.last else { return "x" }
            letters[letters.count - 1] = last == "x" ? "y" : "x"
            return String(letters)
        }
        switch change {
        case .nothing: return "0"
        case .huge: return "9" + String(letters[first...])
        case .lastDigit, .firstDigit:
            let place = change == .lastDigit ? last : first
            let digit = letters[place].wholeNumberValue ?? 0
            letters[place] = Character("\(digit == 9 ? 8 : digit + 1)")
            return String(letters)
        }
    }
}

/// Counts issues in place of the test that would be failed by them.
final class IssueCount: Sendable {
    @TaskLocal static var current: IssueCount?
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }

    /// For `compactMapIssues`.
    static func take(_ issue: Issue) -> Issue? {
        guard let current else { return issue }
        current.count.withLock { $0 += 1 }
        return nil
    }
}

@Suite("vector files")
struct VectorFileTests {
    @Test(
        "a test fails when any value of a vector file is another",
        .compactMapIssues(IssueCount.take), arguments: VectorFile.all)
    func everyValueCounts(_ file: VectorFile) throws {
        guard let document = try VectorFile.document(file.name) else { return }
        // An input need not change every result; it must change one.
        var inputs: [String: Bool] = [:]
        var unnoticed: [String] = []
        for leaf in VectorLeaf.all(document) where !leaf.isNamed(file.prose) {
            let isInput = leaf.isNamed(file.inputs)
            if isInput, inputs[leaf.text] == true { continue }
            let changes = isInput ? VectorLeaf.Change.allCases : [.lastDigit, .firstDigit]
            let isNoticed = changes.contains { notices(file, leaf.changed(document, $0)) }
            if isInput {
                inputs[leaf.text] = isNoticed
            } else if !isNoticed {
                unnoticed.append("\(leaf.text) \(leaf.value)")
            }
        }
        unnoticed += inputs.filter { !$0.value }.keys.sorted()
        #expect(unnoticed.isEmpty, "\(unnoticed)")
    }

    private func notices(_ file: VectorFile, _ document: JSONValue) -> Bool {
        let issues = IssueCount()
        return IssueCount.$current.withValue(issues) {
            VectorFile.$replaced.withValue([file.name: document]) {
                do {
                    try file.checks()
                } catch {
                    return true
                }
                return issues.value > 0
            }
        }
    }

    @Test("the README beside this says of each file how many values are compared")
    func counts() throws {
        var lines: [String] = []
        var sum = (values: 0, compared: 0)
        for file in VectorFile.all {
            guard let document = try VectorFile.document(file.name) else { return }
            let values = VectorLeaf.all(document).filter { !$0.isNamed(file.prose) }
            let compared = values.count { !$0.isNamed(file.inputs) }
            lines.append("| `\(file.name)` | \(compared) | \(values.count - compared) |")
            sum = (sum.values + values.count, sum.compared + compared)
        }
        lines.append("| all | \(sum.compared) | \(sum.values - sum.compared) |")
        let readme = try readText(repositoryRoot() + "/Tests/EnergyTests/README.md")
        let found = readme.split(separator: "\n").filter {
            $0.hasPrefix("| `") || $0.hasPrefix("| all")
        }
        #expect(found.map(String.init) == lines)
    }
}
