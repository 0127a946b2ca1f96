import Glibc
import Model
import Platform
import Polling
import SNMPWire
import Testing

@Suite("Traps", .serialized)
struct TrapTests {
    private static let trapOID = ObjectID([1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0])

    private func message(
        _ kind: PDUKind, community: String = "public", version: Int64 = 1
    ) -> [UInt8] {
        var writer = BERWriter()
        writer.element(BERTag.sequence) { message in
            message.integer(version)
            message.octets(community.utf8)
            message.pdu(
                kind, requestID: 77,
                [
                    VarBind(oid: ObjectID([1, 3, 6, 1, 2, 1, 1, 3, 0]), value: .timeTicks(5)),
                    VarBind(
                        oid: Self.trapOID,
                        value: .objectID(ObjectID([1, 3, 6, 1, 6, 3, 1, 1, 5, 3]))),
                ])
        }
        return writer.finish()
    }

    private func read(_ bytes: [UInt8], _ senders: [TrapReader.Sender]) -> TrapReader.Reading {
        bytes.withUnsafeBytes { TrapReader.read($0, from: senders) }
    }

    private func sender(_ number: Int, _ community: String) -> TrapReader.Sender {
        TrapReader.Sender(number: number, access: .v2c(community: Secret(community)))
    }

    @Test("a trap counts for the devices of its address and community, and for no others")
    func reading() {
        let senders = [sender(1, "public"), sender(2, "other"), sender(3, "public")]
        guard case .devices([1, 3], reply: nil) = read(message(.trap), senders) else {
            Issue.record("\(read(message(.trap), senders))")
            return
        }
        guard case .wrongCommunity = read(message(.trap, community: "x"), senders),
            case .unknownSender = read(message(.trap), []),
            case .unreadable = read(message(.get), senders),
            case .unreadable = read([0x30, 0x82, 0xFF], senders)
        else {
            Issue.record("one of these was believed")
            return
        }
    }

    @Test("an inform is answered with its own number and variables")
    func inform() throws {
        guard case .devices([1], let reply?) = read(message(.inform), [sender(1, "public")]) else {
            Issue.record("no answer")
            return
        }
        #expect(reply == message(.response))
    }

    @Test("version 3 proves nothing here: a hint for devices that speak it")
    func version3() {
        let user = TrapReader.Sender(number: 4, access: .v3(SNMPv3User(name: "u")))
        let bytes = message(.trap, version: 3)
        guard case .hint([4]) = read(bytes, [user, sender(1, "public")]),
            case .wrongCommunity = read(bytes, [sender(1, "public")])
        else {
            Issue.record("\(read(bytes, [user]))")
            return
        }
    }

    @Test("bytes that are no trap do no harm, cut or changed anywhere")
    func hostile() {
        let good = message(.inform)
        for place in good.indices {
            _ = read(Array(good[..<place]), [sender(1, "public")])
            for value in [0, 0x7F, 0x80, 0x84, 0xFF] as [UInt8] {
                var bytes = good
                bytes[place] = value
                _ = read(bytes, [sender(1, "public")])
            }
        }
    }

    /// A poller of one device that nobody plays, whose slots are an hour apart.
    private func poller(_ received: Received) throws -> Poller {
        try Poller(
            targets: [
                PollTarget(
                    device: DeviceID(0), name: "ups",
                    transport: .snmp(
                        SNMPTransport(
                            host: "127.0.0.1", port: 9,
                            access: .v2c(community: Secret("public")))),
                    plan: .snmp(
                        SNMPRequestPlan(
                            scalars: [ObjectID([1, 3, 6, 1, 2, 1, 1, 1, 0])], subtrees: [])),
                    intervalMilliseconds: 3_600_000, timeoutMilliseconds: 100, retries: 0)
            ],
            seed: "test", traps: TrapListening(host: "127.0.0.1", port: 0)
        ) { received.add($0) }
    }

    private func run(_ arguments: [String]) throws -> Int32 {
        var pid: pid_t = 0
        var pointers = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        let result = posix_spawnp(&pid, arguments[0], nil, nil, &pointers, environ)
        if result != 0 { throw PlatformError(operation: "spawn", code: result) }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status
    }

    @Test("snmptrap makes a poll at once, snmpinform gets its answer, a storm makes two polls")
    func tools() throws {
        guard access("/usr/bin/snmptrap", X_OK) == 0, access("/usr/bin/snmpinform", X_OK) == 0
        else {
            print("skipped: no snmptrap here; apt install snmp")
            return
        }
        let received = Received()
        let poller = try poller(received)
        let port = try #require(poller.trapPort)
        poller.start()
        defer { poller.stop() }
        let address = "127.0.0.1:\(port)"
        let kind = "1.3.6.1.6.3.1.1.5.3"
        #expect(try run(["snmptrap", "-v2c", "-c", "public", address, "", kind]) == 0)
        #expect(received.wait(milliseconds: 5_000) { !$0.isEmpty }.count == 1)
        // Exit code 0 only when it was acknowledged.
        #expect(
            try run([
                "snmpinform", "-r", "0", "-t", "3", "-v2c", "-c", "public", address, "", kind,
            ]) == 0)
        #expect(
            try run(["snmptrap", "-v1", "-c", "public", address, kind, "127.0.0.1", "2", "0", "7"])
                == 0)
        #expect(try run(["snmptrap", "-v2c", "-c", "wrong", address, "", kind]) == 0)
        // The traps after the first are covered by one poll when its pause is over.
        _ = received.wait(milliseconds: 10_000) { $0.count >= 2 }
        #expect(received.all.count == 2)
        let traps = try #require(poller.statistics.traps)
        #expect(traps.received == 4 && traps.answered == 1 && traps.wrongCommunities == 1)
        #expect(poller.statistics.trapPolls == 2)
    }
}
