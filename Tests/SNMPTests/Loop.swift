import Glibc
import SNMP

/// Runs sessions and agents on the calling thread, as a reactor would.
final class Loop {
    private static let limitMilliseconds: Int64 = 20_000

    var agents: [SNMPAgent]
    private var nextToken: UInt64 = 1

    init(_ agents: [SNMPAgent] = []) { self.agents = agents }

    /// Asks and runs until the reply is there; nil after 20 seconds.
    func ask(
        _ session: SNMPSession, _ operation: SNMPOperation, _ names: [[UInt32]]
    ) -> Result<[SNMPBinding], SNMPError>? {
        let token = nextToken
        nextToken += 1
        var outcome: Result<[SNMPBinding], SNMPError>?
        do throws(SNMPError) {
            try session.ask(operation, names, token: token)
        } catch {
            return .failure(error)
        }
        run(until: { outcome != nil }, sessions: [session]) { reply in
            if reply.token == token { outcome = reply.result }
        }
        return outcome
    }

    /// Runs until `done` or 20 seconds have passed.
    func run(
        until done: () -> Bool, sessions: [SNMPSession] = [],
        deliver: (SNMPReply) -> Void = { _ in }
    ) {
        let start = milliseconds()
        while !done(), milliseconds() - start < Self.limitMilliseconds {
            let descriptors =
                sessions.map(\.fileDescriptor) + agents.map(\.fileDescriptor)
            var polls = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            let deadline = sessions.compactMap(\.nanosecondsToDeadline).min() ?? 10_000_000
            let wait = Int32(min(max(deadline / 1_000_000, 0), 10))
            poll(&polls, UInt(polls.count), wait)
            for agent in agents { agent.handleReadable() }
            for session in sessions {
                session.receive(deliver)
                if session.nanosecondsToDeadline == 0 { session.expire(deliver) }
            }
        }
    }

    /// Walks with GETNEXT or GETBULK to the first name outside.
    func walk(
        _ session: SNMPSession, _ root: [UInt32], repetitions: Int? = 10
    ) throws -> [SNMPBinding] {
        var found: [SNMPBinding] = []
        var name = root
        while found.count < 10_000 {
            let operation: SNMPOperation =
                repetitions.map { .getBulk(nonrepeaters: 0, repetitions: $0) } ?? .getNext
            guard let reply = ask(session, operation, [name]) else { break }
            if case .failure(.errorStatus(code: 2, index: _)) = reply { return found }
            for binding in try reply.get() {
                guard binding.oid.starts(with: root), binding.value != .endOfMibView else {
                    return found
                }
                found.append(binding)
                name = binding.oid
            }
        }
        return found
    }
}

func milliseconds() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
}

func session(
    _ port: UInt16, _ credentials: SNMPCredentials = .community("public", .v2c),
    timeout: Int64 = 2000, retries: Int = 1
) throws -> SNMPSession {
    try SNMPSession(
        to: SNMPAddress(host: "127.0.0.1", port: port), credentials: credentials,
        timeoutMilliseconds: timeout, retries: retries)
}

/// One of each type, as the agents of these tests know them.
let sampleTable = SortedObjectTable(
    [
        SNMPBinding(oid: [1, 3, 6, 1, 2, 1, 1, 1, 0], value: .octets(Array("unit".utf8))),
        SNMPBinding(oid: [1, 3, 6, 1, 2, 1, 1, 2, 0], value: .objectID([1, 3, 6, 1, 4, 1, 318])),
        SNMPBinding(oid: [1, 3, 6, 1, 2, 1, 1, 3, 0], value: .timeTicks(4_294_967_295)),
    ]
        + samples.enumerated().map { place, value in
            SNMPBinding(oid: [1, 3, 6, 1, 4, 1, 9, 1, UInt32(place + 1), 0], value: value)
        }
        + (1...60).map { row in
            SNMPBinding(oid: [1, 3, 6, 1, 4, 1, 9, 2, 1, 1, row], value: .gauge32(row * 10))
        })

let samples: [SNMPDatum] = [
    .integer(-1), .integer(2_147_483_647), .integer(-2_147_483_648), .counter32(4_000_000_000),
    .gauge32(0), .counter64(.max), .counter64(1), .octets([]), .octets([0, 255, 128]),
    .ipAddress([192, 0, 2, 7]), .float(-12.5), .double(3.14159),
    .objectID([1, 3, 6, 1, 4_294_967_295]),
]
