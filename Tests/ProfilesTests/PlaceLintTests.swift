import ConfigTree
import Testing

@testable import Profiles

/// Places that no device answers, and numbers where a place belongs: each is told where it stands,
/// with a cure, and what looks alike and is right is left alone.
struct PlaceLintTests {
    private func warnings(_ body: String) throws -> [String] {
        let parsed = try Written.parse(body)
        let profile = try #require(parsed.profile, "\(parsed.mistakes)")
        return ProfileLint.warnings(profile, try Written.vocabulary()).map(\.description)
    }

    /// Scalars as `name oid` lines, which begin at line 8 of the file.
    private func scalars(_ lines: String...) throws -> [String] {
        try warnings(
            "snmp:\n  scalars:\n"
                + lines.map { line in
                    let words = line.split(separator: " ")
                    return "    - {name: \(words[0]), oid: \(words[1])}\n"
                }.joined())
    }

    @Test("a scalar without its .0 beside one that has it")
    func sibling() throws {
        let found = try scalars(
            "ambient.temperature 1.3.6.1.4.1.318.1.1.1.2.2.2.0",
            "input.power 1.3.6.1.4.1.318.1.1.1.2.2.1")
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.hasPrefix("t.yaml:9:") == true, "\(found)")
        #expect(found.first?.hasSuffix("write `oid: 1.3.6.1.4.1.318.1.1.1.2.2.1.0`") == true)
    }

    @Test("a scalar without its .0 that cannot be a row: above it is no entry")
    func noEntry() throws {
        #expect(try scalars("input.power 1.3.6.1.4.1.99999.2.5").count == 1)
        #expect(try scalars("input.power 1.3.6.1.4.1.99999.4.7.9.5").count == 1)
    }

    @Test("a file in which no scalar has its .0, with different quantities side by side")
    func allBare() throws {
        let found = try scalars(
            "ambient.temperature 1.3.6.1.4.1.318.1.1.1.2.2.2",
            "input.power 1.3.6.1.4.1.318.1.1.1.2.2.1")
        #expect(found.count == 2, "\(found)")
    }

    @Test("a place that a scale or a condition looks at is looked at too")
    func references() throws {
        let found = try warnings(
            Written.scalar(
                "scale: {digits: 1.3.6.1.4.1.9.2}, available: {oid: 1.3.6.1.4.1.9.3, not: [0]}"))
        #expect(found.count == 2, "\(found)")
    }

    @Test("rows of tables and scalars with their .0 are asked for as they are")
    func right() throws {
        #expect(
            try scalars(
                "ambient.temperature 1.3.6.1.4.1.9.1.0",
                "input.power 1.3.6.1.4.1.318.1.1.1.9.2.2.1.4.1",
                "input.l1.voltage 1.3.6.1.2.1.33.1.3.3.1.3.2"
            ).isEmpty)
        let rows = """
            snmp:
              scalars:
                - {name: "input.l{n}.voltage", oid: "1.3.6.1.4.1.51055.7.29.{n}", repeat: {n: 1-3}}
            """
        #expect(try warnings(rows).isEmpty)
    }

    private func table(_ entry: String, _ keys: String = "") -> String {
        """
        snmp:
          tables:
            - entry: \(entry)
              index: [row]
              points:
                - {name: "ambient.{row}.temperature", column: 2\(keys)}

        """
    }

    @Test("an entry that is the table")
    func entry() throws {
        let found = try warnings(table("1.3.6.1.4.1.9.5"))
        #expect(found.count == 1 && found[0].hasPrefix("t.yaml:8:14:"), "\(found)")
        #expect(found.first?.contains("write `entry: 1.3.6.1.4.1.9.5.1`") == true)
        #expect(try warnings(table("1.3.6.1.4.1.9.5.1")).isEmpty)
    }

    @Test("a fixed factor where `scale` wants a place; spelled out it is a column")
    func divisor() throws {
        for key in ["divisor: 10", "over: [10]", "over: 10"] {
            let found = try warnings(table("1.3.6.1.4.1.9.1", ", scale: {\(key)}"))
            #expect(found.count == 1, "\(key): \(found)")
            #expect(found.first?.contains("write `multiply: 0.1`") == true, "\(found)")
        }
        let times = try warnings(table("1.3.6.1.4.1.9.1", ", scale: {times: [1000]}"))
        #expect(times.count == 1 && times[0].contains("write `multiply: 1000`"), "\(times)")
        for key in ["divisor: {column: 10}", "divisor: 7", "over: [{column: 100}]", "digits: 10"] {
            #expect(try warnings(table("1.3.6.1.4.1.9.1", ", scale: {\(key)}")).isEmpty, "\(key)")
        }
        let registers = """
            modbus:
              points: [{name: input.power, register: 1, scale: {divisor: 100}}]
            """
        let found = try warnings(registers)
        #expect(found.count == 1 && found[0].contains("`{register: 100}`"), "\(found)")
        #expect(
            try warnings(registers.replacing("100", with: "{register: 100}")).isEmpty)
    }

    @Test("a fixed factor where a scalar's scale wants an object is a mistake with that cure")
    func divisorOfScalar() throws {
        for key in ["divisor: 10", "over: [10]"] {
            let (profile, mistakes) = try Written.parse(Written.scalar("scale: {\(key)}"))
            #expect(profile == nil && mistakes.count == 1, "\(mistakes)")
            #expect(mistakes.first?.hasSuffix("write `multiply: 0.1` for a fixed factor") == true)
        }
        // No object identifier has two numbers.
        for key in ["digits: 0.1", "divisor: 0.1", "power: 2"] {
            let mistakes = try Written.parse(Written.scalar("scale: {\(key)}")).mistakes
            #expect(mistakes.count == 1 && mistakes[0].contains("`multiply: …`"), "\(mistakes)")
        }
        #expect(
            try Written.parse(table("1.3.6.1.4.1.9.1", ", scale: {digits: 0.1}")).mistakes.count
                == 1)
    }

    @Test("a column where a condition wants one object")
    func columnAsObject() throws {
        // Told by the columns that the table has, and by its entry.
        for column in ["1.3.6.1.4.1.9.1.2", "1.3.6.1.4.1.9.1.7"] {
            let found = try warnings(
                table("1.3.6.1.4.1.9.1", ", available: {oid: \(column), not: [0]}"))
            #expect(found.count == 1, "\(found)")
            #expect(found.first?.contains("\(column) is a column") == true, "\(found)")
            #expect(found.first?.contains("`oid: \(column).1`") == true, "\(found)")
        }
        for right in ["oid: 1.3.6.1.4.1.9.1.7.1", "oid: 1.3.6.1.4.1.9.3.0", "column: 7"] {
            let body = table("1.3.6.1.4.1.9.1", ", available: {\(right), not: [0]}")
            #expect(try warnings(body).isEmpty, "\(right)")
        }
    }

    @Test("no profile of the library has such a slip")
    func library() throws {
        let shipped = try ShippedProfiles.load()
        let found = shipped.profiles.flatMap {
            ProfileLint.warnings($0, shipped.vocabulary).map(\.description)
        }
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }
}
