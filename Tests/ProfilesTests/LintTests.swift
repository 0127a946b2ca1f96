import ConfigTree
import Testing

@testable import Profiles

/// Warnings that profiles deserve, and those that they do not.
struct LintTests {
    private func warnings(_ first: String, _ second: String) throws -> [String] {
        func table(_ keys: String, _ name: String) -> String {
            """
                - entry: 1.3.6.1.4.1.99999.1
                  \(keys)
                  points: [{name: "ambient.\(name).temperature", column: 2}]

            """
        }
        let body =
            "snmp:\n  tables:\n" + table(first, "a-{row}") + table(second, "b-{row}")
        let parsed = try Written.parse(body)
        let profile = try #require(parsed.profile, "\(parsed.mistakes)")
        return ProfileLint.warnings(profile, try Written.vocabulary()).map(\.problem)
    }

    @Test(
        "one column under two names is told where both blocks may take a row",
        arguments: [
            ("where: [{column: 5, is: [0, 1]}]", "where: [{column: 5, is: [1]}]"),
            ("where: [{column: 5, from: 1}]", "where: [{column: 5, is: [0, 7]}]"),
            ("where: [{column: 5, from: 1, to: 5}]", "where: [{column: 5, from: 5}]"),
            ("where: [{column: 5, from: 1}]", "where: [{column: 5, not: [1, 2, 3]}]"),
            ("where: [{column: 5, like: [\"L*\"]}]", "where: [{column: 5, unlike: [\"L1*\"]}]"),
            ("where: [{column: 5, is: [0]}]", "where: [{column: 6, is: [1]}]"),
            ("where: [{column: 5, not: [0]}]", "where: [{column: 5, not: [1]}]"),
        ])
    func overlapping(first: String, second: String) throws {
        let found = try warnings("index: [row]\n      " + first, "index: [row]\n      " + second)
        #expect(found.count == 1 && found[0].contains("is read where"), "\(found)")
    }

    @Test(
        "blocks that never take the same row may read one column under two names",
        arguments: [
            ("where: [{column: 5, is: [0]}]", "where: [{column: 5, is: [1]}]"),
            ("where: [{column: 5, is: [0]}]", "where: [{column: 5, from: 1}]"),
            ("where: [{column: 5, to: 4}]", "where: [{column: 5, from: 5}]"),
            ("where: [{column: 5, from: 1, to: 3}]", "where: [{column: 5, not: [1, 2, 3]}]"),
            ("where: [{column: 5, like: [\"L*\"]}]", "where: [{column: 5, unlike: [\"L*\"]}]"),
            ("where: [{column: 5, is: [2]}]", "where: [{column: 5, not: [2, 3]}]"),
        ])
    func apart(first: String, second: String) throws {
        let found = try warnings("index: [row]\n      " + first, "index: [row]\n      " + second)
        #expect(found.isEmpty, "\(found)")
    }

    @Test("rows with one part of an index and rows with two are different rows")
    func otherIndex() throws {
        #expect(try warnings("index: [row]", "index: [unit, row]").isEmpty)
        #expect(try warnings("index: [row]", "index: [row]").count == 1)
    }
}
