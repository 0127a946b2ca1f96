import Glibc
import SNMP
import Testing

/// A real `snmpd` on a loopback port of its own, with its own state.
private final class SNMPDaemon {
    static let description: [UInt32] = [1, 3, 6, 1, 2, 1, 1, 1, 0]
    static let system: [UInt32] = [1, 3, 6, 1, 2, 1, 1]
    let port: UInt16
    private let child: Child

    /// Nil, with a line that says so, where `snmpd` is not installed.
    static func start() throws -> SNMPDaemon? {
        guard let program = Child.find("snmpd") else { return nil }
        return try SNMPDaemon(program)
    }

    private init(_ program: String) throws {
        let folder = temporaryFolder()
        // A free port: an agent finds one and lets it go.
        let finder = try SNMPAgent(table: sampleTable)
        port = finder.port
        finder.close()
        write(
            """
            rocommunity public 127.0.0.1
            sysDescr Frostline's test daemon
            sysLocation unit test
            createUser shaaes SHA "auth pass 1" AES "priv pass 1"
            createUser sha256aes SHA-256 "auth pass 2" AES "priv pass 2"
            createUser sha512aes SHA-512 "auth pass 3" AES "priv pass 3"
            createUser md5des MD5 "auth pass 4" DES "priv pass 4"
            createUser authonly SHA-224 "auth pass 5"
            createUser nothing
            rouser shaaes priv
            rouser sha256aes priv
            rouser sha512aes priv
            rouser md5des priv
            rouser authonly auth
            rouser nothing noauth

            """, to: folder + "/snmpd.conf")
        child = try #require(
            Child(
                program,
                ["-f", "-C", "-c", folder + "/snmpd.conf", "-Lo", "-p", folder + "/pid",
                    "udp:127.0.0.1:\(port)"],
                environment: ["SNMP_PERSISTENT_DIR=" + folder + "/state"], folder: folder))
        let probe = try session(port, timeout: 100, retries: 0)
        let start = milliseconds()
        while milliseconds() - start < 10_000, !child.hasEnded {
            if case .success = Loop().ask(probe, .get, [Self.description]) { return }
        }
        Issue.record("snmpd did not answer: \(child.text)")
    }

    deinit { child.stop() }
}

private func service(_ algorithm: String, _ passphrase: String) -> SNMPCredentials.Service {
    SNMPCredentials.Service(algorithm: algorithm, passphrase: passphrase)
}

@Suite("Against net-snmp's own daemon", .serialized)
struct SNMPDaemonTests {
    @Test("v2c reads and walks, and v1 walks the same")
    func communities() throws {
        guard let daemon = try SNMPDaemon.start() else { return }
        let loop = Loop()
        let session = try session(daemon.port)
        let reply = try #require(loop.ask(session, .get, [SNMPDaemon.description])).get()
        #expect(reply.first?.value == .octets(Array("Frostline's test daemon".utf8)))
        let bulk = try loop.walk(session, SNMPDaemon.system)
        #expect(bulk.count > 10)
        let next = try loop.walk(
            try SNMPTests.session(daemon.port, .community("public", .v1)), SNMPDaemon.system,
            repetitions: nil)
        // The uptime moves between the two.
        #expect(next.map(\.oid) == bulk.map(\.oid))
    }

    @Test("v3 with every pair of algorithms reads after discovery")
    func users() throws {
        guard let daemon = try SNMPDaemon.start() else { return }
        let users = [
            try SNMPCredentials.user(
                "shaaes", authentication: service("SHA", "auth pass 1"),
                privacy: service("AES", "priv pass 1")),
            try SNMPCredentials.user(
                "sha256aes", authentication: service("SHA-256", "auth pass 2"),
                privacy: service("AES", "priv pass 2")),
            try SNMPCredentials.user(
                "sha512aes", authentication: service("SHA-512", "auth pass 3"),
                privacy: service("AES", "priv pass 3")),
            try SNMPCredentials.user(
                "md5des", authentication: service("MD5", "auth pass 4"),
                privacy: service("DES", "priv pass 4")),
            try SNMPCredentials.user(
                "authonly", authentication: service("SHA-224", "auth pass 5")),
            try SNMPCredentials.user("nothing"),
        ]
        let loop = Loop()
        let sessions = try users.map { try session(daemon.port, $0) }
        for round in 1...2 {
            for session in sessions {
                let reply = try #require(loop.ask(session, .get, [SNMPDaemon.description])).get()
                #expect(reply.first?.value == .octets(Array("Frostline's test daemon".utf8)))
                // Discovery, then the clock for authenticated users, then the request.
                #expect(session.datagramsSent <= 3 + (round - 1))
            }
        }
        #expect(try loop.walk(sessions[0], SNMPDaemon.system).count > 10)
    }

    @Test("wrong users, passphrases and levels are authentication failures that name the cause")
    func wrongUsers() throws {
        guard let daemon = try SNMPDaemon.start() else { return }
        let loop = Loop()
        // The right one first and again at the end: another session's keys must not be used.
        let right = try session(
            daemon.port,
            .user(
                "shaaes", authentication: service("SHA", "auth pass 1"),
                privacy: service("AES", "priv pass 1")))
        #expect(try #require(loop.ask(right, .get, [SNMPDaemon.description])).get().count == 1)
        let cases: [(SNMPCredentials, SNMPSecurityProblem)] = [
            (
                try .user(
                    "shaaes", authentication: service("SHA", "wrong pass"),
                    privacy: service("AES", "priv pass 1")), .wrongDigest
            ),
            (
                try .user("shaaes", authentication: service("MD5", "auth pass 1")), .wrongDigest
            ),
            (try .user("nobody", authentication: service("SHA", "auth pass 1")), .unknownUser),
            (
                try .user(
                    "authonly", authentication: service("SHA-224", "auth pass 5"),
                    privacy: service("AES", "priv pass 5")), .unsupportedLevel
            ),
        ]
        for (credentials, problem) in cases {
            let session = try session(daemon.port, credentials, timeout: 300)
            #expect(
                loop.ask(session, .get, [SNMPDaemon.description])
                    == .failure(.authentication(problem)))
        }
        #expect(try #require(loop.ask(right, .get, [SNMPDaemon.description])).get().count == 1)
    }

    @Test("a wrong privacy passphrase never gives values")
    func wrongPrivacy() throws {
        guard let daemon = try SNMPDaemon.start() else { return }
        let session = try session(
            daemon.port,
            .user(
                "shaaes", authentication: service("SHA", "auth pass 1"),
                privacy: service("AES", "wrong pass")), timeout: 200, retries: 0)
        let reply = Loop().ask(session, .get, [SNMPDaemon.description])
        #expect(
            reply == .failure(.timeout) || reply == .failure(.authentication(.decryption)),
            "got \(String(describing: reply))")
    }

    @Test("a passphrase under eight bytes and privacy alone are refused with a cure")
    func unusable() {
        #expect(throws: SNMPError.self) {
            try SNMPCredentials.user("u", authentication: service("SHA", "short"))
        }
        #expect(throws: SNMPError.self) {
            try SNMPCredentials.user("u", authentication: service("SHA-3", "long enough"))
        }
        #expect(throws: SNMPError.self) {
            try SNMPCredentials.user(
                "u", authentication: service("SHA", "long enough"),
                privacy: service("AES-256", "long enough"))
        }
        #expect(throws: SNMPError.self) {
            try SNMPCredentials.user("u", privacy: service("AES", "long enough"))
        }
    }
}
