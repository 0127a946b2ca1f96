import SNMP
import Testing

/// Runs one of net-snmp's tools against an agent of ours; nil where it is not installed.
private func run(
    _ tool: String, _ arguments: [String], _ agent: SNMPAgent, then names: [String]
) throws -> String? {
    guard let program = Child.find(tool) else { return nil }
    let folder = temporaryFolder()
    let child = try #require(
        Child(
            program, ["-On", "-t", "2", "-r", "1"] + arguments + ["127.0.0.1:\(agent.port)"]
                + names,
            environment: ["SNMP_PERSISTENT_DIR=" + folder, "SNMPCONFPATH=" + folder],
            folder: folder))
    Loop([agent]).run(until: { child.hasEnded })
    return child.text
}

@Suite("Our agent asked by net-snmp's own tools", .serialized)
struct SNMPToolTests {
    static let v2c = ["-v2c", "-c", "public"]

    @Test("snmpget sees every type")
    func get() throws {
        let agent = try SNMPAgent(table: sampleTable)
        let names = samples.indices.map { ".1.3.6.1.4.1.9.1.\($0 + 1).0" }
        guard let text = try run("snmpget", Self.v2c, agent, then: names) else { return }
        for part in [
            "INTEGER: -1\n", "INTEGER: 2147483647", "INTEGER: -2147483648", "Counter32: 4000000000",
            "Gauge32: 0", "Counter64: 18446744073709551615", "Counter64: 1\n", "\"\"",
            "Hex-STRING: 00 FF 80", "IpAddress: 192.0.2.7", "Float: -12.5", "3.14159",
            "OID: .1.3.6.1.4294967295",
        ] {
            #expect(text.contains(part), "\(part) missing in \(text)")
        }
    }

    @Test("snmpbulkwalk and snmpwalk -v1 walk to the end")
    func walks() throws {
        let agent = try SNMPAgent(table: sampleTable)
        guard
            let bulk = try run("snmpbulkwalk", Self.v2c, agent, then: [".1.3.6.1.4.1.9"]),
            let plain = try run(
                "snmpwalk", ["-v1", "-c", "public"], agent, then: [".1.3.6.1.4.1.9"])
        else { return }
        #expect(bulk.split(separator: "\n").count >= 60 + samples.count)
        #expect(bulk.contains(".1.3.6.1.4.1.9.2.1.1.60 = Gauge32: 600"))
        #expect(plain.contains(".1.3.6.1.4.1.9.2.1.1.60 = Gauge32: 600"))
        #expect(!plain.contains("Counter64"))
    }

    @Test("SET is refused")
    func set() throws {
        let agent = try SNMPAgent(table: sampleTable)
        guard
            let text = try run(
                "snmpset", Self.v2c, agent, then: [".1.3.6.1.2.1.1.1.0", "s", "changed"])
        else { return }
        #expect(text.contains("notWritable"), "got \(text)")
        #expect(
            sampleTable.value(at: [1, 3, 6, 1, 2, 1, 1, 1, 0]) == .octets(Array("unit".utf8)))
    }

    @Test("a v3 user is authenticated and read in private")
    func v3() throws {
        let user = try SNMPCredentials.user(
            "watcher",
            authentication: .init(algorithm: "SHA-256", passphrase: "auth passphrase"),
            privacy: .init(algorithm: "AES", passphrase: "priv passphrase"))
        let agent = try SNMPAgent(
            table: sampleTable, options: .init(community: nil, user: user))
        let common = ["-v3", "-u", "watcher", "-a", "SHA-256", "-x", "AES", "-l", "authPriv"]
        guard
            let text = try run(
                "snmpbulkwalk", common + ["-A", "auth passphrase", "-X", "priv passphrase"], agent,
                then: [".1.3.6.1.4.1.9.2"])
        else { return }
        #expect(text.contains(".1.3.6.1.4.1.9.2.1.1.60 = Gauge32: 600"), "got \(text)")
        let wrong = try run(
            "snmpget", common + ["-A", "wrong passphrase", "-X", "priv passphrase"], agent,
            then: [".1.3.6.1.2.1.1.1.0"])
        #expect(wrong?.contains("Authentication failure") ?? false, "got \(wrong ?? "")")
        let plain = try run("snmpget", Self.v2c, agent, then: [".1.3.6.1.2.1.1.1.0"])
        #expect(plain?.contains("Timeout") ?? false, "got \(plain ?? "")")
    }
}
