import Model
import Platform
import SNMP
import SNMPSecurity
import SNMPWire
import Testing

@Suite("SNMPv3 against the agents of the simulation", .serialized)
struct AgentTests {
    @Test("every pair of algorithms answers after one probe, and then without one")
    func everyPair() throws {
        for proof in USMAuthentication.allCases {
            for secrecy in [nil] + USMPrivacy.allCases.map(Optional.some) {
                let agent = try ServedAgent(proof, secrecy)
                let client = try Client(agent.port, proof, secrecy)
                client.wait = 5000
                #expect(client.text(try client.ask()) == Daemon.description)
                #expect(client.sent == 2, "\(Daemon.name(proof, secrecy))")
                #expect(client.text(try client.ask()) == Daemon.description)
                #expect(client.sent == 3)
            }
        }
        let agent = try ServedAgent(nil, nil)
        let client = try Client(agent.port, nil, nil)
        client.wait = 5000
        #expect(client.text(try client.ask()) == Daemon.description)
    }

    @Test("wrong users and passphrases are refused, and nothing is read with a wrong key")
    func refusals() throws {
        let agent = try ServedAgent(.sha256, .aes128)
        let proof = try Client(agent.port, .sha256, .aes128, proofPhrase: "wrong phrase")
        proof.wait = 5000
        #expect(try proof.ask() == .refused(.wrongDigest))
        let nobody = try Client(agent.port, .sha256, .aes128, name: "nobody")
        nobody.wait = 5000
        #expect(try nobody.ask() == .refused(.unknownUserName))
        let secrecy = try Client(agent.port, .sha256, .aes128, secrecyPhrase: "wrong phrase")
        secrecy.wait = 300
        let verdict = try secrecy.ask()
        #expect(verdict == nil || verdict == .refused(.decryption))
    }

    @Test("broken answers are not believed, and a repeated one counts once")
    func faults() throws {
        let agent = try ServedAgent(.sha1, .aes128)
        let client = try Client(agent.port, .sha1, .aes128)
        client.wait = 5000
        #expect(client.text(try client.ask()) == Daemon.description)
        for fault in [SNMPAgentFault.garbage, .truncated, .wrongRequestID] {
            agent.set(fault)
            client.wait = 200
            if case .answer = try client.ask() { Issue.record("\(fault) is believed") }
        }
        client.wait = 5000
        agent.set(.duplicate)
        for _ in 0..<5 { #expect(client.text(try client.ask()) == Daemon.description) }
        agent.set(.none)
        #expect(client.text(try client.ask()) == Daemon.description)
    }
}

/// An agent of libsnmp with one user, on a thread of its own.
private final class ServedAgent {
    private let reactor: Reactor
    private let held: Held
    let port: UInt16

    // The agent is touched on the reactor's thread alone, and before that starts.
    private final class Held: @unchecked Sendable {
        let agent: SNMPAgent
        init(_ agent: SNMPAgent) { self.agent = agent }
    }

    init(_ proof: USMAuthentication?, _ secrecy: USMPrivacy?) throws {
        let user = try SNMPCredentials.user(
            Daemon.name(proof, secrecy),
            authentication: proof.map { .init(algorithm: $0.rawValue, passphrase: "auth phrase") },
            privacy: secrecy.map { .init(algorithm: $0.rawValue, passphrase: "priv phrase") })
        let table = SortedObjectTable([
            SNMPBinding(
                oid: Client.sysDescr.arcs, value: .octets(Array(Daemon.description.utf8)))
        ])
        let agent = try SNMPAgent(table: table, options: .init(community: nil, user: user))
        port = agent.port
        held = Held(agent)
        reactor = try Reactor(name: "agent")
        try reactor.watch(agent.fileDescriptor, interest: .read) { [unowned agent] _ in
            agent.handleReadable()
        }
        try reactor.start()
    }

    func set(_ fault: SNMPAgentFault) {
        reactor.performAndWait { [held] in held.agent.fault = fault }
    }

    deinit {
        reactor.performAndWait { [held, reactor] in
            reactor.unwatch(held.agent.fileDescriptor)
            held.agent.close()
        }
        reactor.stop()
    }
}
