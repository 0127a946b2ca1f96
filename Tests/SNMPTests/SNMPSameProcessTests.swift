import SNMP
import Testing

@Suite("v3 on both sides of one process")
struct SNMPSameProcessTests {
    @Test("a session reads a v3 agent of its own process")
    func both() throws {
        let user = try SNMPCredentials.user(
            "watcher", authentication: .init(algorithm: "SHA", passphrase: "auth passphrase"),
            privacy: .init(algorithm: "AES", passphrase: "priv passphrase"))
        let agent = try SNMPAgent(table: sampleTable, options: .init(community: nil, user: user))
        let other = try SNMPAgent(table: sampleTable, options: .init(community: nil, user: user))
        let loop = Loop([agent, other])
        for agent in [agent, other, agent] {
            let session = try session(agent.port, user, timeout: 500)
            let reply = loop.ask(session, .get, [[1, 3, 6, 1, 2, 1, 1, 1, 0]])
            #expect(try #require(reply).get().count == 1)
            let again = loop.ask(session, .get, [[1, 3, 6, 1, 2, 1, 1, 1, 0]])
            #expect(try #require(again).get().count == 1)
        }
    }

    @Test("the same user with other passphrases on devices with one engine identifier")
    func twins() throws {
        func user(_ passphrase: String) throws -> SNMPCredentials {
            try .user(
                "watcher", authentication: .init(algorithm: "SHA-256", passphrase: passphrase),
                privacy: .init(algorithm: "AES", passphrase: passphrase))
        }
        let (one, two) = (try user("first passphrase"), try user("second passphrase"))
        let agents = try [one, two].map {
            try SNMPAgent(table: sampleTable, options: .init(community: nil, user: $0))
        }
        let loop = Loop(agents)
        let sessions = try [
            session(agents[0].port, one, timeout: 500), session(agents[1].port, two, timeout: 500),
        ]
        let crossed = try session(agents[0].port, two, timeout: 500)
        for _ in 0..<3 {
            for session in sessions {
                let reply = loop.ask(session, .get, [[1, 3, 6, 1, 2, 1, 1, 1, 0]])
                #expect(try #require(reply).get().count == 1)
            }
            #expect(
                loop.ask(crossed, .get, [[1, 3, 6, 1, 2, 1, 1, 1, 0]])
                    == .failure(.authentication(.wrongDigest)))
        }
    }
}
