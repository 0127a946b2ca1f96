import SNMP
import Testing

@Suite("Session and agent")
struct SNMPAgentTests {
    @Test("every type arrives as it was sent")
    func types() throws {
        let agent = try SNMPAgent(table: sampleTable)
        let loop = Loop([agent])
        let session = try session(agent.port)
        let names = samples.indices.map { [1, 3, 6, 1, 4, 1, 9, 1, UInt32($0 + 1), 0] as [UInt32] }
        let reply = try #require(loop.ask(session, .get, names)).get()
        #expect(reply.map(\.value) == samples)
        #expect(session.datagramsSent == 1)
    }

    @Test("a missing object and a missing instance are told apart")
    func missing() throws {
        let agent = try SNMPAgent(table: sampleTable)
        let loop = Loop([agent])
        let reply = try #require(
            loop.ask(
                try session(agent.port), .get,
                [[1, 3, 6, 1, 2, 1, 1, 1, 1], [1, 3, 6, 1, 9, 9, 9], [1, 3, 6, 1, 2, 1, 1, 1, 0]])
        ).get()
        #expect(
            reply.map(\.value) == [.noSuchInstance, .noSuchObject, .octets(Array("unit".utf8))])
    }

    @Test("version 1 names the missing variable by its place, and hides 64-bit counters")
    func version1() throws {
        let agent = try SNMPAgent(table: sampleTable)
        let loop = Loop([agent])
        let session = try session(agent.port, .community("public", .v1))
        let reply = loop.ask(
            session, .get, [[1, 3, 6, 1, 2, 1, 1, 1, 0], [1, 3, 6, 1, 2, 1, 1, 9, 0]])
        #expect(reply == .failure(.errorStatus(code: 2, index: 2)))
        let all = try loop.walk(session, [1, 3, 6, 1, 4, 1, 9, 1], repetitions: nil)
        #expect(all.count == samples.count - 2)
        #expect(
            loop.ask(session, .getBulk(nonrepeaters: 0, repetitions: 5), [[1, 3, 6]])
                == .failure(.setup("SNMPv1 has no GETBULK")))
    }

    @Test("a bulk walk brings a whole subtree in order, in messages that fit a frame")
    func bulk() throws {
        let agent = try SNMPAgent(table: sampleTable)
        let loop = Loop([agent])
        let rows = try loop.walk(
            try session(agent.port), [1, 3, 6, 1, 4, 1, 9, 2], repetitions: 100)
        #expect(rows.map(\.value) == (1...60).map { .gauge32($0 * 10) })
        let end = try #require(
            loop.ask(
                try session(agent.port), .getBulk(nonrepeaters: 0, repetitions: 5),
                [[1, 3, 6, 1, 4, 1, 9, 2, 1, 1, 59]])
        ).get()
        #expect(end.map(\.value) == [.gauge32(600), .endOfMibView])
    }

    @Test("an answer larger than the agent's limit is tooBig; GETBULK is cut instead")
    func tooBig() throws {
        let wide = SortedObjectTable(
            (1...8).map { row in
                SNMPBinding(
                    oid: [1, 3, 6, 1, 4, 1, 9, 3, row],
                    value: .octets([UInt8](repeating: 65, count: 150)))
            })
        let agent = try SNMPAgent(
            table: wide, options: .init(maximumMessage: 484))
        let loop = Loop([agent])
        let session = try session(agent.port)
        let names = (1...8).map { [1, 3, 6, 1, 4, 1, 9, 3, UInt32($0)] as [UInt32] }
        #expect(loop.ask(session, .get, names) == .failure(.tooBig))
        #expect(try #require(loop.ask(session, .get, Array(names.prefix(2)))).get().count == 2)
        #expect(try loop.walk(session, [1, 3, 6, 1, 4, 1, 9, 3]).count == 8)
    }

    @Test("a wrong community gets no answer")
    func wrongCommunity() throws {
        let agent = try SNMPAgent(table: sampleTable)
        let session = try session(
            agent.port, .community("secret", .v2c), timeout: 50, retries: 0)
        #expect(
            Loop([agent]).ask(session, .get, [[1, 3, 6, 1, 2, 1, 1, 1, 0]]) == .failure(.timeout))
    }

    @Test(
        "a faulty agent fails the request in a way that names the fault",
        arguments: [
            (SNMPAgentFault.mute, SNMPError.timeout),
            (.wrongRequestID, .timeout), (.otherPort, .timeout),
        ])
    func silent(_ fault: SNMPAgentFault, _ expected: SNMPError) throws {
        let agent = try SNMPAgent(table: sampleTable)
        agent.fault = fault
        let loop = Loop([agent])
        let session = try session(agent.port, timeout: 60, retries: 2)
        let start = milliseconds()
        #expect(
            loop.ask(session, .get, [[1, 3, 6, 1, 2, 1, 1, 1, 0]]) == .failure(expected))
        #expect(milliseconds() - start >= 170)
        #expect(session.datagramsSent == 3)
        #expect(agent.requestsReceived == 3)
        agent.fault = .none
        #expect(
            try #require(loop.ask(session, .get, [[1, 3, 6, 1, 2, 1, 1, 1, 0]])).get().count == 1)
    }

    @Test("garbage and truncated replies are reported as bad replies", arguments: [
        SNMPAgentFault.garbage, .truncated,
    ])
    func garbage(_ fault: SNMPAgentFault) throws {
        let agent = try SNMPAgent(table: sampleTable)
        agent.fault = fault
        let loop = Loop([agent])
        let session = try session(agent.port, timeout: 60, retries: 0)
        let reply = loop.ask(session, .get, [[1, 3, 6, 1, 2, 1, 1, 1, 0]])
        guard case .failure(.badReply) = reply else {
            Issue.record("expected a bad reply; got \(String(describing: reply))")
            return
        }
        agent.fault = .none
        #expect(
            try #require(loop.ask(session, .get, [[1, 3, 6, 1, 2, 1, 1, 1, 0]])).get().count == 1)
    }

    @Test("a delayed answer arrives after its delay, and a repeat does not confuse it")
    func delayed() throws {
        let agent = try SNMPAgent(table: sampleTable)
        var waiting: [() -> Void] = []
        agent.delay = { waiting.append($0) }
        let loop = Loop([agent])
        let session = try session(agent.port, timeout: 50, retries: 5)
        var result: Result<[SNMPBinding], SNMPError>?
        try session.ask(.get, [[1, 3, 6, 1, 2, 1, 1, 1, 0]], token: 7)
        loop.run(until: { waiting.count == 2 }, sessions: [session])
        for send in waiting { send() }
        loop.run(until: { result != nil }, sessions: [session]) { result = $0.result }
        #expect(try #require(result).get().count == 1)
        agent.delay = nil
        #expect(
            try #require(loop.ask(session, .get, [[1, 3, 6, 1, 2, 1, 1, 3, 0]])).get().first?.value
                == .timeTicks(.max))
    }

    @Test("a port where nobody listens times out")
    func deadPort() throws {
        let agent = try SNMPAgent(table: sampleTable)
        let port = agent.port
        agent.close()
        let session = try session(port, timeout: 50, retries: 1)
        #expect(Loop().ask(session, .get, [[1, 3, 6, 1]]) == .failure(.timeout))
        #expect(session.datagramsSent == 2)
    }

    @Test("an address without a route is unreachable")
    func noRoute() throws {
        let session = try? SNMPSession(
            to: SNMPAddress(host: "255.255.255.255", port: 161),
            credentials: .community("public", .v2c), timeoutMilliseconds: 50, retries: 0)
        #expect(session == nil)
    }

    @Test("a name that cannot be encoded is refused, and the session goes on")
    func unencodable() throws {
        let agent = try SNMPAgent(table: sampleTable)
        let loop = Loop([agent])
        let session = try session(agent.port)
        for name in [[9, 9, 9], [1], [], [UInt32](repeating: 1, count: 129)] as [[UInt32]] {
            guard case .failure(.setup) = loop.ask(session, .get, [name]) else {
                Issue.record("\(name) was not refused")
                return
            }
        }
        #expect(
            try #require(loop.ask(session, .get, [[1, 3, 6, 1, 2, 1, 1, 1, 0]])).get().count == 1)
    }

    @Test("at most four requests are under way, and they are told apart")
    func several() throws {
        let agent = try SNMPAgent(table: sampleTable)
        let session = try session(agent.port)
        let names: [[UInt32]] = (1...4).map { [1, 3, 6, 1, 4, 1, 9, 2, 1, 1, $0] }
        for (index, name) in names.enumerated() {
            try session.ask(.get, [name], token: UInt64(index + 1))
        }
        #expect(throws: SNMPError.setup("too many requests under way")) {
            try session.ask(.get, names, token: 9)
        }
        var values: [UInt64: SNMPDatum] = [:]
        Loop([agent]).run(until: { values.count == 4 }, sessions: [session]) { reply in
            values[reply.token] = (try? reply.result.get())?.first?.value
        }
        #expect(values == [1: .gauge32(10), 2: .gauge32(20), 3: .gauge32(30), 4: .gauge32(40)])
    }
}
