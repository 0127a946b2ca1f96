import Glibc
import SNMP
import Synchronization
import Testing

private func openDescriptors() -> Int {
    guard let folder = opendir("/proc/self/fd") else { return -1 }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    return count
}

private func runAgents(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let stage = Unmanaged<Stage>.fromOpaque(context).takeRetainedValue()
    // A run ends by itself, on a busy machine before the test does.
    while !stage.stopping.load(ordering: .relaxed) {
        stage.loop.run(until: { stage.stopping.load(ordering: .relaxed) })
    }
    return nil
}

/// Agents on a thread of their own. `loop` belongs to that thread while it runs.
private final class Stage {
    let loop: Loop
    let stopping = Atomic(false)
    init(_ agents: [SNMPAgent]) { loop = Loop(agents) }
}

@Suite("Resources and threads", .serialized)
struct SNMPResourceTests {
    @Test("500 sessions and 100 agents leave no descriptor behind")
    func descriptors() throws {
        let credentials = [
            SNMPCredentials.community("public", .v2c),
            try SNMPCredentials.user(
                "u", authentication: .init(algorithm: "SHA", passphrase: "long enough"),
                privacy: .init(algorithm: "AES", passphrase: "long enough")),
        ]
        // Other suites open and close descriptors meanwhile, but not hundreds at a moment.
        let before = openDescriptors()
        for index in 0..<500 {
            let session = try session(9, credentials[index % 2], timeout: 1000, retries: 0)
            if index % 10 == 0 { try session.ask(.get, [[1, 3, 6, 1]], token: 1) }
        }
        for _ in 0..<100 { _ = try SNMPAgent(table: sampleTable) }
        #expect(openDescriptors() - before < 50)
    }

    @Test("sessions and a hundred agents work on two threads of one process")
    func threads() throws {
        let agents = try (0..<100).map { _ in try SNMPAgent(table: sampleTable) }
        let ports = agents.map(\.port)
        let stage = Stage(agents)
        var thread = pthread_t()
        try #require(
            pthread_create(&thread, nil, runAgents, Unmanaged.passRetained(stage).toOpaque()) == 0)
        defer {
            stage.stopping.store(true, ordering: .relaxed)
            pthread_join(thread, nil)
        }
        let loop = Loop()
        let sessions = try ports.map { try session($0) }
        var rows = 0
        for session in sessions + sessions {
            rows += try loop.walk(session, [1, 3, 6, 1, 4, 1, 9, 2]).count
        }
        #expect(rows == 2 * 100 * 60)
    }

    @Test("an agent that repeats a name forever does not hold the thread")
    func endless() throws {
        struct Looping: SNMPObjectTable {
            func value(at oid: [UInt32]) -> SNMPDatum? { nil }
            func next(after oid: [UInt32]) -> (oid: [UInt32], value: SNMPDatum)? {
                ([1, 3, 6, 1, 9, 1], .counter64(1))
            }
        }
        let agent = try SNMPAgent(table: Looping())
        let loop = Loop([agent])
        let reply = try #require(
            loop.ask(
                try session(agent.port), .getBulk(nonrepeaters: 0, repetitions: 10),
                [[1, 3, 6, 1, 9]])
        ).get()
        #expect(reply.count == 10)
        let old = loop.ask(
            try session(agent.port, .community("public", .v1)), .getNext, [[1, 3, 6, 1, 9, 1]])
        #expect(old == .failure(.errorStatus(code: 2, index: 1)))
    }
}
