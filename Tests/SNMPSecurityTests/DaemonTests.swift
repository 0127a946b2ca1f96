import Model
import SNMPSecurity
import SNMPWire
import Testing

@Suite("SNMPv3 against net-snmp's daemon", .serialized)
struct DaemonTests {
    @Test("every pair of algorithms answers after one probe, and then without one")
    func everyPair() throws {
        guard let daemon = try Daemon.start() else { return }
        var pairs: [(USMAuthentication?, USMPrivacy?)] = [(nil, nil)]
        for proof in USMAuthentication.allCases {
            for secrecy in [nil] + USMPrivacy.allCases.map(Optional.some) {
                pairs.append((proof, secrecy))
            }
        }
        for (proof, secrecy) in pairs {
            let client = try Client(daemon.port, proof, secrecy)
            #expect(client.text(try client.ask()) == Daemon.description)
            #expect(client.sent == 2, "\(Daemon.name(proof, secrecy))")
            #expect(client.session.isSynchronized == (proof != nil))
            #expect(client.text(try client.ask()) == Daemon.description)
            #expect(client.sent == 3)
            #expect(client.session.peerMaximumSize >= 484)
        }
    }

    @Test("wrong users, passphrases and levels are told apart")
    func wrongUsers() throws {
        guard let daemon = try Daemon.start() else { return }
        let nobody = try Client(daemon.port, .sha1, .aes128, name: "nobody")
        #expect(try nobody.ask() == .refused(.unknownUserName))
        let proof = try Client(daemon.port, .sha1, .aes128, proofPhrase: "wrong phrase")
        #expect(try proof.ask() == .refused(.wrongDigest))
        let level = try Client(
            daemon.port, .sha1, .aes128, name: Daemon.name(.sha1, nil))
        #expect(try level.ask() == .refused(.unsupportedSecurityLevel))
    }

    @Test("a wrong privacy passphrase gives no value", arguments: USMPrivacy.allCases)
    func wrongPrivacy(secrecy: USMPrivacy) throws {
        guard let daemon = try Daemon.start() else { return }
        let client = try Client(daemon.port, .sha256, secrecy, secrecyPhrase: "wrong phrase")
        client.wait = 300
        let verdict = try client.ask()
        #expect(verdict == nil || verdict == .refused(.decryption))
    }

    @Test("a device that was started again is asked twice, without a new discovery")
    func reboot() throws {
        guard let daemon = try Daemon.start() else { return }
        let client = try Client(daemon.port, .sha1, .aes128)
        #expect(client.text(try client.ask()) == Daemon.description)
        let engine = client.session.engineID
        let before = try #require(client.session.memory(now: client.now, wallSeconds: 0)).boots
        try daemon.reboot()
        let sent = client.sent
        #expect(client.text(try client.ask()) == Daemon.description)
        #expect(client.sent == sent + 2)
        #expect(client.session.engineID == engine)
        let after = try #require(client.session.memory(now: client.now, wallSeconds: 0)).boots
        #expect(after > before)
        #expect(client.session.clockSetbacks == 0)
    }

    @Test("clocks that drift apart by more than the window find each other again")
    func drift() throws {
        guard let daemon = try Daemon.start() else { return }
        let client = try Client(daemon.port, .md5, .des)
        #expect(client.text(try client.ask()) == Daemon.description)
        // Ours runs ahead by an hour: the device refuses, signed, and its older time is learned.
        client.offset = 3_600_000_000_000
        let sent = client.sent
        #expect(client.text(try client.ask()) == Daemon.description)
        #expect(client.sent == sent + 2)
        #expect(client.session.clockSetbacks == 1)
        #expect(client.text(try client.ask()) == Daemon.description)
        #expect(client.sent == sent + 3)
    }

    @Test("what was kept from an earlier run saves the probe, right or wrong")
    func recall() throws {
        guard let daemon = try Daemon.start() else { return }
        let first = try Client(daemon.port, .sha512, .aes128)
        #expect(first.text(try first.ask()) == Daemon.description)
        let kept = try #require(
            first.session.memory(now: first.now, wallSeconds: 1_800_000_000))
        let second = try Client(daemon.port, .sha512, .aes128)
        second.session.recall(kept, now: second.now, wallSeconds: 1_800_000_001)
        #expect(!second.session.isSynchronized)
        #expect(second.text(try second.ask()) == Daemon.description)
        #expect(second.sent == 1)
        // An old clock costs one report.
        let third = try Client(daemon.port, .sha512, .aes128)
        third.session.recall(
            EngineMemory.Entry(engineID: kept.engineID, boots: 77, startedAt: 0),
            now: third.now, wallSeconds: 1_800_000_000)
        #expect(third.text(try third.ask()) == Daemon.description)
        #expect(third.sent == 2)
        // Another device's engine: a report, a probe, the request.
        let fourth = try Client(daemon.port, .sha512, .aes128)
        fourth.session.recall(
            EngineMemory.Entry(engineID: Array("another engine".utf8), boots: 1, startedAt: 0),
            now: fourth.now, wallSeconds: 1_800_000_000)
        #expect(fourth.text(try fourth.ask()) == Daemon.description)
        #expect(fourth.sent == 3)
    }

    @Test("a large answer of many rows opens", arguments: USMPrivacy.allCases)
    func bulk(secrecy: USMPrivacy) throws {
        guard let daemon = try Daemon.start() else { return }
        let client = try Client(daemon.port, .sha256, secrecy)
        let pdu = PreparedPDU(
            .getBulk(nonrepeaters: 0, repetitions: 30), [ObjectID([1, 3, 6, 1, 2, 1, 1])])
        guard case .answer(let answer) = try client.ask(pdu) else {
            Issue.record("no answer")
            return
        }
        #expect(answer.errorStatus == 0 && client.datagram.count > 800)
    }
}
