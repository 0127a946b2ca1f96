import Model
import SNMPSecurity
import SNMPWire
import Testing

@Suite("Answers that must not be believed", .serialized)
struct HostileTests {
    private static let pdu = PreparedPDU(.get, [Client.sysDescr])

    /// A warm client and the real answer to its last request, which it has not judged yet.
    private static func answer(
        _ daemon: Daemon, _ proof: USMAuthentication?, _ secrecy: USMPrivacy?
    ) throws -> (client: Client, number: UInt32, bytes: [UInt8]) {
        let client = try Client(daemon.port, proof, secrecy)
        #expect(client.text(try client.ask()) == Daemon.description)
        let number: UInt32 = 0x1234_5678
        return (client, number, try fetch(client, number))
    }

    private static func fetch(_ client: Client, _ number: UInt32) throws -> [UInt8] {
        var request: [UInt8] = []
        try #require(
            client.session.write(pdu, number: number, now: client.now, into: &request))
        client.socket.send(request)
        return try #require(client.socket.receive(2000))
    }

    @Test("an answer with any one bit flipped is refused, and the true one is still accepted")
    func flippedBits() throws {
        guard let daemon = try Daemon.start() else { return }
        let pairs: [(USMAuthentication, USMPrivacy?)] = [
            (.md5, .des), (.sha1, .aes128), (.sha512, .aes128), (.sha256, nil),
        ]
        for (proof, secrecy) in pairs {
            let (client, number, bytes) = try Self.answer(daemon, proof, secrecy)
            let engine = client.session.engineID
            for bit in 0..<(bytes.count * 8) {
                var changed = bytes
                changed[bit / 8] ^= 1 << UInt8(bit % 8)
                let verdict = client.judge(changed, number: number)
                guard case .ignored = verdict else {
                    Issue.record("bit \(bit): \(verdict)")
                    continue
                }
            }
            #expect(client.session.engineID == engine)
            let verdict = client.judge(bytes, number: number)
            #expect(client.text(verdict) == Daemon.description)
        }
    }

    @Test("an answer cut short anywhere is refused")
    func truncated() throws {
        guard let daemon = try Daemon.start() else { return }
        let (client, number, bytes) = try Self.answer(daemon, .sha1, .aes128)
        for length in 0..<bytes.count {
            #expect(client.judge(Array(bytes[..<length]), number: number) == .ignored(.malformed))
        }
    }

    @Test("an old answer is refused for another request, and for its own when its time is over")
    func replay() throws {
        guard let daemon = try Daemon.start() else { return }
        let (client, number, bytes) = try Self.answer(daemon, .sha256, .aes128)
        #expect(client.text(client.judge(bytes, number: number)) == Daemon.description)
        #expect(client.judge(bytes, number: number + 1) == .ignored(.otherRequest))
        client.offset = 149_000_000_000
        #expect(client.text(client.judge(bytes, number: number)) == Daemon.description)
        client.offset = 153_000_000_000
        #expect(client.judge(bytes, number: number) == .ignored(.notInTimeWindow))
    }

    @Test("an answer with less security than asked is refused, though the device made it")
    func downgrade() throws {
        guard let daemon = try Daemon.start() else { return }
        // The user of authentication and privacy may use less on its own.
        let user = try Client.keyring.user(
            Daemon.name(.sha1, .aes128), authentication: (.sha1, "auth phrase"),
            privacy: (.aes128, "priv phrase"))
        let (strict, _, _) = try Self.answer(daemon, .sha1, .aes128)
        let weak = USMSession(user: user, level: .authNoPriv, toolbox: try CryptoToolbox())
        weak.recall(
            try #require(strict.session.memory(now: strict.now, wallSeconds: 1000)),
            now: strict.now, wallSeconds: 1000)
        var request: [UInt8] = []
        let number: UInt32 = 0x2222_2222
        try #require(weak.write(Self.pdu, number: number, now: strict.now, into: &request))
        strict.socket.send(request)
        let bytes = try #require(strict.socket.receive(2000))
        // Signed with the right key: either the values in clear, which are refused, or the
        // device's refusal.
        let verdict = strict.judge(bytes, number: number)
        #expect(
            verdict == .ignored(.downgraded) || verdict == .refused(.unsupportedSecurityLevel)
                || verdict == .refused(.otherReport), "\(verdict)")
        // Without any signature: a forged answer with the right names.
        let forged = forge(
            strict, number: number, kind: 0xA2, variable: Client.sysDescr.arcs)
        #expect(strict.judge(forged, number: number) == .ignored(.downgraded))
    }

    @Test("unsigned reports change neither engine nor clock")
    func forgedReports() throws {
        guard let daemon = try Daemon.start() else { return }
        let (client, number, bytes) = try Self.answer(daemon, .sha1, .aes128)
        let stats: [UInt32] = [1, 3, 6, 1, 6, 3, 15, 1, 1]
        // notInTimeWindows with a clock of the end of days.
        let clock = forge(
            client, number: number, kind: 0xA8, variable: stats + [2, 0], boots: 0x7FFF_FFFE)
        #expect(client.judge(clock, number: number) == .ignored(.downgraded))
        // unknownEngineIDs that bears the identifier that was used.
        let engine = forge(client, number: number, kind: 0xA8, variable: stats + [4, 0])
        #expect(client.judge(engine, number: number) == .ignored(.otherRequest))
        // For a request that is not under way.
        #expect(client.judge(clock, number: number + 1) == .ignored(.otherRequest))
        #expect(client.text(client.judge(bytes, number: number)) == Daemon.description)
        // Another engine: believed as far as a new probe.
        let other = forge(
            client, number: number, kind: 0xA8, variable: stats + [4, 0],
            engineID: Array("elsewhere".utf8))
        #expect(client.judge(other, number: number) == .sendAgain)
        #expect(client.text(try client.ask()) == Daemon.description)
    }

    @Test("a device that contradicts itself for ever is given up")
    func endlessReports() throws {
        let client = try Client(9, .sha1, .aes128)
        var verdicts: [USMVerdict] = []
        for round in UInt8(0)..<10 {
            let report = forge(
                client, number: 0x0090_0000, kind: 0xA8,
                variable: [1, 3, 6, 1, 6, 3, 15, 1, 1, 4, 0],
                engineID: Array("engine".utf8) + [round])
            verdicts.append(client.judge(report, number: 0x0090_0000))
        }
        #expect(verdicts.contains(.refused(.unknownEngineID)))
    }

    @Test("boots at their end are never in time")
    func exhaustedBoots() throws {
        guard let daemon = try Daemon.start() else { return }
        let client = try Client(daemon.port, nil, nil)
        #expect(client.text(try client.ask()) == Daemon.description)
        let kept = try #require(client.session.memory(now: client.now, wallSeconds: 1000))
        // A file that claims it is corrected by the device.
        let other = try Client(daemon.port, .sha1, .aes128)
        other.session.recall(
            EngineMemory.Entry(
                engineID: kept.engineID, boots: 0xFFFF_FFFF, startedAt: .min),
            now: other.now, wallSeconds: 1000)
        #expect(other.text(try other.ask()) == Daemon.description)
        #expect(other.sent == 2)
    }

    @Test("any bytes are refused without harm")
    func noise() throws {
        guard let daemon = try Daemon.start() else { return }
        let (client, number, bytes) = try Self.answer(daemon, .sha1, .aes128)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var changed = bytes
            for _ in 0...Int.random(in: 0...6, using: &generator) {
                changed[Int.random(in: 0..<changed.count, using: &generator)] =
                    .random(in: 0...255, using: &generator)
            }
            if changed == bytes { continue }
            let verdict = client.judge(changed, number: number)
            if case .answer = verdict { Issue.record("accepted \(changed)") }
        }
    }
}

/// A message without signature, as anybody can write it.
private func forge(
    _ client: Client, number: UInt32, kind: UInt8, variable: [UInt32], boots: Int64 = 1,
    engineID: [UInt8]? = nil
) -> [UInt8] {
    let engine = engineID ?? client.session.engineID
    var writer = BERWriter()
    writer.element(BERTag.sequence) { message in
        message.integer(3)
        message.element(BERTag.sequence) {
            $0.integer(Int64(number))
            $0.integer(65_507)
            $0.octets([0])
            $0.integer(3)
        }
        message.element(BERTag.octets) { wrapped in
            wrapped.element(BERTag.sequence) {
                $0.octets(engine)
                $0.integer(boots)
                $0.integer(1)
                $0.octets(Array(Daemon.name(.sha1, .aes128).utf8))
                $0.octets([])
                $0.octets([])
            }
        }
        message.element(BERTag.sequence) { scoped in
            scoped.octets(engine)
            scoped.octets([])
            scoped.element(kind) { pdu in
                pdu.integer(Int64(number))
                pdu.integer(0)
                pdu.integer(0)
                pdu.element(BERTag.sequence) { list in
                    list.element(BERTag.sequence) {
                        $0.objectID(variable)
                        $0.integer(1)
                    }
                }
            }
        }
    }
    return writer.finish()
}
