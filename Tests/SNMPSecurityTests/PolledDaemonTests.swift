import Model
import Platform
import Polling
import SNMPSecurity
import Testing

@Suite("SNMPv3 devices, polled", .serialized)
struct PolledDaemonTests {
    @Test("a device is discovered once, and its restart costs one message of the next poll")
    func lifeOfADevice() throws {
        guard let daemon = try Daemon.start() else { return }
        let book = EngineBook()
        let polling = try AskedPoller([target(daemon, 0)], book)
        let first = try #require(polling.poll(0))
        #expect(isDescribed(first) && first.requests == 2)
        let second = try #require(polling.poll(0))
        #expect(isDescribed(second) && second.requests == 1 && second.retries == 0)
        let before = try #require(book["device-0"])
        try daemon.reboot()
        let third = try #require(polling.poll(0))
        #expect(isDescribed(third) && third.requests == 2 && third.retries == 0)
        let after = try #require(book["device-0"])
        #expect(after.engineID == before.engineID && after.boots > before.boots)
        let fourth = try #require(polling.poll(0))
        #expect(isDescribed(fourth) && fourth.requests == 1)
    }

    @Test("what an earlier run knew of the engine saves the discovery")
    func recall() throws {
        guard let daemon = try Daemon.start() else { return }
        let book = EngineBook()
        do {
            let polling = try AskedPoller([target(daemon, 0)], book)
            #expect(isDescribed(try #require(polling.poll(0))))
        }
        let kept = book.snapshot.memory
        #expect(kept.engines.count == 1)
        let again = try AskedPoller([target(daemon, 0)], EngineBook(kept))
        let first = try #require(again.poll(0))
        #expect(isDescribed(first) && first.requests == 1 && first.retries == 0)
        // A start in between is found out by the device's report: not by a second discovery.
        try daemon.reboot()
        let later = try AskedPoller([target(daemon, 0)], EngineBook(kept))
        let second = try #require(later.poll(0))
        #expect(isDescribed(second) && second.requests == 2 && second.retries == 0)
    }

    @Test("a wrong passphrase, user or level is an authentication failure and harms no neighbour")
    func refused() throws {
        guard let daemon = try Daemon.start() else { return }
        let polling = try AskedPoller(
            [
                target(daemon, 0), target(daemon, 1, proofPhrase: "wrong phrase"),
                target(daemon, 2, name: "nobody"),
                target(daemon, 3, name: Daemon.name(.sha1, nil)),
                target(daemon, 4, secrecyPhrase: "wrong phrase"),
            ], EngineBook())
        for _ in 0..<2 {
            for number in 1...3 {
                let poll = try #require(polling.poll(number))
                guard case .failure(.authentication) = poll.outcome else {
                    Issue.record("device-\(number): \(poll.outcome)")
                    continue
                }
            }
            #expect(isDescribed(try #require(polling.poll(0))))
        }
        // What the device cannot decrypt it may answer with a report, or not at all.
        let secret = try #require(polling.poll(4))
        switch secret.outcome {
        case .failure(.authentication), .failure(.timeout): break
        default: Issue.record("\(secret.outcome)")
        }
    }

    private func target(
        _ daemon: Daemon, _ number: Int, name: String = Daemon.name(.sha1, .aes128),
        proofPhrase: String = "auth phrase", secrecyPhrase: String = "priv phrase"
    ) -> PollTarget {
        var user = SNMPv3User(name: name)
        user.authentication = (.sha1, Secret(proofPhrase))
        user.privacy = (.aes128, Secret(secrecyPhrase))
        return PollTarget(
            device: DeviceID(number), name: "device-\(number)",
            transport: .snmp(
                SNMPTransport(host: "127.0.0.1", port: daemon.port, access: .v3(user))),
            plan: .snmp(SNMPRequestPlan(scalars: [Client.sysDescr], subtrees: [])),
            // Never in the time of a test: polls are asked for.
            intervalMilliseconds: 24 * 3_600_000, timeoutMilliseconds: number == 4 ? 300 : 5000,
            retries: 1)
    }

    private func isDescribed(_ poll: RawPoll) -> Bool {
        guard case .frames(.snmp(let bindings)) = poll.outcome else { return false }
        return bindings == [
            VarBind(oid: Client.sysDescr, value: .octets(Array(Daemon.description.utf8)))
        ]
    }
}

/// The collector's poller, asked for one poll after the other.
private final class AskedPoller {
    private let poller: Poller
    private let received = ConditionLock([RawPoll]())

    init(_ targets: [PollTarget], _ book: EngineBook) throws {
        poller = try Poller(targets: targets, seed: "v3", engines: book) { [received] polls in
            received.update { $0 += polls }
        }
        poller.start()
    }

    deinit { poller.stop() }

    /// Nil after a minute.
    func poll(_ number: Int) -> RawPoll? {
        let device = DeviceID(number)
        let before = received.withLock { $0.count { $0.device == device } }
        poller.pollNow(device)
        return received.wait(forMilliseconds: 60_000) { polls in
            let mine = polls.filter { $0.device == device }
            return mine.count > before ? mine[before] : nil
        }
    }
}
