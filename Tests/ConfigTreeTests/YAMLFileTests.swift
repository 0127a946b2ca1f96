import ConfigTree
import Testing
import YAML

@Suite("YAML files")
struct YAMLFileTests {
    private func parse(_ text: String) -> (ConfigNode?, [String]) {
        var diagnostics = Diagnostics()
        let node = YAMLFile.parse(text, file: "f.yaml", &diagnostics)
        return (node, diagnostics.sorted.map(\.description))
    }

    @Test("every node knows its line and column")
    func positions() throws {
        let (node, problems) = parse("a: 1\nb:\n  - x: \"5\"\n    y: null\n")
        #expect(problems.isEmpty)
        var diagnostics = Diagnostics()
        let tree = try #require(node)
        let entries = try #require(tree.entries(&diagnostics))
        #expect(entries[1].keyPosition == SourcePosition(file: "f.yaml", line: 2, column: 1))
        let item = try #require(entries[1].value.list(&diagnostics)?.first)
        let inner = try #require(item.entries(&diagnostics))
        #expect(inner[0].value.position == SourcePosition(file: "f.yaml", line: 3, column: 8))
        #expect(inner[1].value.isNull)
        guard case .scalar("5", quoted: true) = inner[0].value.content else {
            Issue.record("quoted text lost its quotes")
            return
        }
    }

    @Test(
        "anchors and aliases are refused where they stand",
        arguments: [
            ("a: &x 1\nb: *x\n", "f.yaml:1:4: "), ("a: 1\nb: [1, *x]\n", "f.yaml:2:8: "),
            ("- *x\n", "f.yaml:1:3: "), ("- - *x\n", "f.yaml:1:5: "),
            ("{\"a\":*x}\n", "f.yaml:1:6: "), ("a-b: *x\n", "f.yaml:1:6: "),
        ])
    func aliases(text: String, prefix: String) {
        let (node, problems) = parse(text)
        #expect(node == nil)
        #expect(problems.first?.hasPrefix(prefix) == true, "\(problems)")
    }

    @Test("a star in quotes, in a block text or in a comment is text")
    func stars() {
        let (node, problems) = parse(
            "a: \"*x\"\nb: 3*4 # *no\ne: pdu-*/in, &c d:*\nc: |\n  *text\n  - *more\nd: 1\n")
        #expect(problems.isEmpty, "\(problems)")
        #expect(node != nil)
    }

    @Test("a repeated key and broken syntax are told with their place")
    func syntax() {
        #expect(parse("a: 1\na: 2\n").1.first?.contains("twice") == true)
        #expect(parse("a: [1, 2\nb: 3\n").1.first?.hasPrefix("f.yaml:2:") == true)
        #expect(parse("").1 == ["f.yaml:1:1: the file is empty; write the keys it needs"])
    }

    @Test("a bomb of brackets is refused without being built")
    func depth() {
        let (node, problems) = parse("a: " + String(repeating: "[", count: 10_000))
        #expect(node == nil)
        #expect(problems.count == 1)
    }

    @Test("unknown keys are named with what was probably meant")
    func unknownKeys() throws {
        var diagnostics = Diagnostics()
        let node = try #require(
            YAMLFile.parse("intervall: 10s\n", file: "f.yaml", &diagnostics))
        var table = TableReader(node, what: "device", &diagnostics)
        _ = table.optional("interval")
        table.finish(&diagnostics)
        #expect(
            diagnostics.sorted.map(\.description) == [
                "f.yaml:1:1: device has no key `intervall`; did you mean `interval`?"
            ])
    }
}
