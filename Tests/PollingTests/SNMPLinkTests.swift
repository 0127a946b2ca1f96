import Model
import Platform
import SNMP
import Synchronization
import Testing

@testable import Polling

private let scalars = (1...90).map { oid("1.3.6.1.4.1.9.1.\($0).0") }
private let table = oid("1.3.6.1.4.1.9.2")
private let cells = (1...50).map { oid("1.3.6.1.4.1.9.2.1.1.\($0)") }
private let objects = SortedObjectTable(
    (scalars + cells).enumerated().map {
        SNMPBinding(oid: $1.arcs, value: .counter32(UInt32($0)))
    })

/// Agents on a reactor of their own, as `simulate` runs them beside the collector.
// `agents` is used on the reactor's thread once it runs.
private final class Farm: @unchecked Sendable {
    private let reactor: Reactor
    private let agents: [SNMPAgent]
    let ports: [UInt16]

    init(
        _ count: Int = 1, table: any SNMPObjectTable = objects,
        options: SNMPAgent.Options = .init()
    ) throws {
        let agents = try (0..<count).map { _ in try SNMPAgent(table: table, options: options) }
        self.agents = agents
        ports = agents.map(\.port)
        reactor = try Reactor(name: "agents")
        for agent in agents {
            try reactor.watch(agent.fileDescriptor, interest: .read) { [unowned agent] _ in
                agent.handleReadable()
            }
        }
        try reactor.start()
    }

    func set(_ fault: SNMPAgentFault) {
        reactor.performAndWait { for agent in self.agents { agent.fault = fault } }
    }

    /// Lets go of the ports.
    func stop() {
        reactor.performAndWait {
            for agent in self.agents {
                self.reactor.unwatch(agent.fileDescriptor)
                agent.close()
            }
        }
        reactor.stop()
    }
}

/// One link on a reactor, polled from the test's thread.
// `link` is used on the reactor's thread only.
private final class LinkRunner: @unchecked Sendable {
    private let reactor: Reactor
    private let stack: SNMPStack
    private var link: SNMPLink?

    init() throws {
        reactor = try Reactor(name: "link")
        stack = SNMPStack(reactor: reactor, counters: PollCounters())
        try reactor.start()
    }

    func poll(_ target: PollTarget) throws -> RawPoll {
        let done = ConditionLock<RawPoll?>(nil)
        reactor.submit {
            if self.link == nil { self.link = try? SNMPLink(target: target, stack: self.stack) }
            self.link?.poll(target) { raw in done.update { $0 = raw } }
        }
        return done.wait { $0 }
    }

    /// Closes while a poll is under way and gives its outcome.
    func pollAndClose(_ target: PollTarget) -> RawPoll? {
        let outcome = Mutex<RawPoll?>(nil)
        reactor.performAndWait {
            self.link = try? SNMPLink(target: target, stack: self.stack)
            self.link?.poll(target) { raw in outcome.withLock { $0 = raw } }
            self.link?.close()
        }
        return outcome.withLock { $0 }
    }

    func stop() {
        reactor.performAndWait {
            self.link?.close()
            self.stack.close()
        }
        reactor.stop()
    }
}

private func target(
    _ port: UInt16, access: SNMPTransport.Access = .v2c(community: Secret("public")),
    timeout: Int64 = 2000, retries: Int = 1, subtrees: [ObjectID] = [table]
) -> PollTarget {
    PollTarget(
        device: DeviceID(0), name: "unit",
        transport: .snmp(SNMPTransport(host: "127.0.0.1", port: port, access: access)),
        plan: .snmp(SNMPRequestPlan(scalars: scalars, subtrees: subtrees)),
        intervalMilliseconds: 10_000, timeoutMilliseconds: timeout, retries: retries)
}

private func binds(_ poll: RawPoll) -> [VarBind]? {
    guard case .frames(.snmp(let binds)) = poll.outcome else { return nil }
    return binds
}

private func failureOf(_ poll: RawPoll) -> PollFailure? {
    guard case .failure(let failure) = poll.outcome else { return nil }
    return failure
}

@Suite("SNMP links", .serialized)
struct SNMPLinkTests {
    @Test(
        "a plan comes back whole over v1 and v2c",
        arguments: [
            SNMPTransport.Access.v1(community: Secret("public")),
            .v2c(community: Secret("public")),
        ])
    func whole(_ access: SNMPTransport.Access) throws {
        let farm = try Farm()
        defer { farm.stop() }
        let poll = SinglePoll.run(target(farm.ports[0], access: access))
        let expected = (scalars + cells).enumerated().map {
            VarBind(oid: $1, value: .counter32(UInt32($0)))
        }
        #expect(binds(poll) == expected)
        #expect(poll.requests >= 4)
        #expect(poll.latencyMicroseconds > 0)
    }

    @Test("a device with small messages is asked in small requests, and remembered so")
    func small() throws {
        let farm = try Farm(options: .init(maximumMessage: 484))
        let runner = try LinkRunner()
        defer {
            runner.stop()
            farm.stop()
        }
        let first = try runner.poll(target(farm.ports[0]))
        #expect(binds(first)?.count == scalars.count + cells.count)
        let second = try runner.poll(target(farm.ports[0]))
        #expect(binds(second)?.count == scalars.count + cells.count)
        #expect(second.requests < first.requests)
    }

    @Test("a mute device is a time-out, and answers again when it is well")
    func mute() throws {
        let farm = try Farm()
        let runner = try LinkRunner()
        defer {
            runner.stop()
            farm.stop()
        }
        farm.set(.mute)
        let silent = try runner.poll(target(farm.ports[0], timeout: 60))
        #expect(failureOf(silent) == .timeout)
        #expect(silent.requests == 2 && silent.retries == 1 && silent.timeouts == 2)
        farm.set(.none)
        let well = try runner.poll(target(farm.ports[0]))
        #expect(binds(well)?.count == scalars.count + cells.count)
    }

    @Test("garbage is a bad reply, a wrong community is a time-out, a dead port refuses")
    func faults() throws {
        let farm = try Farm()
        farm.set(.garbage)
        let garbage = SinglePoll.run(target(farm.ports[0], timeout: 60, retries: 0))
        guard case .badReply? = failureOf(garbage) else {
            Issue.record("expected a bad reply; got \(garbage.outcome)")
            return
        }
        farm.set(.none)
        let stranger = SinglePoll.run(
            target(farm.ports[0], access: .v2c(community: Secret("wrong")), timeout: 60))
        #expect(failureOf(stranger) == .timeout)
        farm.stop()
        let gone = try Farm()
        let port = gone.ports[0]
        gone.stop()
        #expect(failureOf(SinglePoll.run(target(port, timeout: 2000))) == .refused)
    }

    @Test("closing completes what is under way as cancelled")
    func cancelled() throws {
        let farm = try Farm()
        let runner = try LinkRunner()
        defer {
            runner.stop()
            farm.stop()
        }
        farm.set(.mute)
        let poll = try #require(runner.pollAndClose(target(farm.ports[0])))
        #expect(failureOf(poll) == .cancelled)
    }

    @Test("a v3 passphrase that is too short is refused with its device")
    func unusable() {
        var user = SNMPv3User(name: "watcher")
        user.authentication = (.sha1, Secret("short"))
        let transport = SNMPTransport(host: "127.0.0.1", port: 161, access: .v3(user))
        #expect(throws: PollingError.self) { try SNMPLink.check(transport, of: "unit") }
    }

    @Test("sixty devices of the same process are polled again and again without a loss")
    func many() throws {
        let farm = try Farm(60)
        defer { farm.stop() }
        let polls = Mutex<[DeviceID: Int]>([:])
        let failures = Mutex(0)
        let targets = farm.ports.enumerated().map { index, port in
            // A busy machine loses nothing.
            var target = target(port, timeout: 10_000)
            target.device = DeviceID(index)
            target.name = "unit-\(index)"
            target.intervalMilliseconds = 300
            return target
        }
        let poller = try Poller(targets: targets, seed: "test") { batch in
            for poll in batch {
                if binds(poll)?.count == scalars.count + cells.count {
                    polls.withLock { $0[poll.device, default: 0] += 1 }
                } else if failureOf(poll) != .cancelled {
                    failures.withLock { $0 += 1 }
                }
            }
        }
        poller.start()
        let start = Clocks.monotonicNanoseconds()
        let waiting = ConditionLock(false)
        while polls.withLock({ polls in polls.count < 60 || polls.values.contains { $0 < 3 } }),
            Clocks.monotonicNanoseconds() - start < 30_000_000_000
        {
            _ = waiting.wait(forMilliseconds: 20) { $0 ? () : nil }
        }
        poller.stop()
        #expect(polls.withLock { $0.count } == 60)
        #expect(polls.withLock { $0.values.min() ?? 0 } >= 3)
        #expect(failures.withLock { $0 } == 0)
    }
}
