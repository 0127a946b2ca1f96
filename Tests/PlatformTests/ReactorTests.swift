import Glibc
import Platform
import Synchronization
import Testing

/// Collects what a reactor's thread does, for another thread to wait for.
private final class Record: Sendable {
    private let items = ConditionLock([String]())
    func add(_ item: String) { items.update { $0.append(item) } }
    func wait(count: Int) -> [String] {
        items.wait(forMilliseconds: 20_000) { $0.count >= count ? $0 : nil } ?? []
    }
}

@Suite("Reactor")
struct ReactorTests {
    @Test("timers fire in the order of their deadlines, cancelled ones never")
    func timers() throws {
        let reactor = try Reactor(name: "timers")
        let record = Record()
        reactor.schedule(afterNanoseconds: 30_000_000) { record.add("late") }
        reactor.schedule(afterNanoseconds: 1_000_000) { record.add("early") }
        let token = reactor.schedule(afterNanoseconds: 2_000_000) { record.add("cancelled") }
        reactor.schedule(afterNanoseconds: 1_000_000) { record.add("early too") }
        reactor.cancel(token)
        try reactor.start()
        #expect(record.wait(count: 3) == ["early", "early too", "late"])
        reactor.stop()
    }

    @Test("ten thousand timers in any order fire sorted, and cancelled ones leave no trace")
    func manyTimers() throws {
        let reactor = try Reactor(name: "many")
        let fired = ConditionLock([Int]())
        var tokens: [TimerToken] = []
        var number = 12345
        for _ in 0..<10_000 {
            number = (number &* 1_103_515_245 &+ 12345) & 0x7fff_ffff
            let delay = number % 50
            let token = reactor.schedule(afterNanoseconds: Int64(delay) * 1_000_000) {
                fired.update { $0.append(delay) }
            }
            tokens.append(token)
        }
        for token in tokens.dropFirst(1000) { reactor.cancel(token) }
        try reactor.start()
        let delays = fired.wait(forMilliseconds: 20_000) { $0.count >= 1000 ? $0 : nil } ?? []
        reactor.stop()
        #expect(delays.count == 1000)
        // Deadlines are taken one after the other, so equal delays keep their order and a shorter
        // one set later may come after a longer one by less than the time the loop took.
        let inversions = zip(delays, delays.dropFirst()).count { $0 > $1 }
        #expect(inversions < 500)
    }

    @Test("jobs from many threads all run on the reactor's thread")
    func submissions() throws {
        let reactor = try Reactor(name: "jobs")
        try reactor.start()
        let count = ConditionLock(0)
        let threads = try (0..<4).map { index in
            try NativeThread(name: "t\(index)") {
                for _ in 0..<500 {
                    reactor.submit {
                        precondition(reactor.isCurrent)
                        count.update { $0 += 1 }
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(count.wait(forMilliseconds: 20_000) { $0 == 2000 ? true : nil } == true)
        reactor.stop()
        #expect(!reactor.submit {})
        #expect(!reactor.performAndWait {})
    }

    @Test("a descriptor is reported readable, then writable on request, then hung up")
    func descriptors() throws {
        let listener = try Sockets.listen(
            on: try #require(SocketAddress(numericHost: "127.0.0.1", port: 0)))
        let port = try Sockets.localPort(listener)
        let reactor = try Reactor(name: "fds")
        let record = Record()
        let address = try #require(SocketAddress(numericHost: "127.0.0.1", port: port))
        let client = try Sockets.connect(to: address)
        try reactor.watch(listener, interest: .read) { _ in
            guard let peer = try? Sockets.accept(listener) else { return }
            _ = Sockets.send(peer, Array("hello".utf8))
            Sockets.closeDescriptor(peer)
        }
        try reactor.watch(client, interest: .write) { _ in
            record.add(Sockets.pendingError(client, "") == nil ? "connected" : "failed")
            reactor.unwatch(client)
            try? reactor.watch(client, interest: .read) { _ in
                withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { buffer in
                    switch Sockets.receive(client, into: buffer) {
                    case .bytes(let count):
                        record.add(String(decoding: buffer.prefix(count), as: UTF8.self))
                    case .endOfStream:
                        record.add("end")
                        reactor.unwatch(client)
                    case .wouldBlock, .failed: record.add("unexpected")
                    }
                }
            }
        }
        try reactor.start()
        #expect(record.wait(count: 3) == ["connected", "hello", "end"])
        reactor.stop()
        Sockets.closeDescriptor(client)
        Sockets.closeDescriptor(listener)
    }

    @Test("what is put off to the end of a turn runs once, after the turn's jobs")
    func endOfTurn() throws {
        let reactor = try Reactor(name: "turn")
        let record = Record()
        reactor.submit {
            reactor.atEndOfTurn { record.add("end") }
            record.add("first")
        }
        reactor.submit { record.add("second") }
        try reactor.start()
        #expect(record.wait(count: 3) == ["first", "second", "end"])
        reactor.stop()
    }

    @Test("a refused connection says so")
    func refused() throws {
        let listener = try Sockets.listen(
            on: try #require(SocketAddress(numericHost: "127.0.0.1", port: 0)))
        let port = try Sockets.localPort(listener)
        Sockets.closeDescriptor(listener)
        let reactor = try Reactor(name: "refused")
        let record = Record()
        let client = try Sockets.connect(
            to: try #require(SocketAddress(numericHost: "127.0.0.1", port: port)))
        try reactor.watch(client, interest: .write) { _ in
            record.add(Sockets.pendingError(client, "x")?.code == ECONNREFUSED ? "refused" : "?")
            reactor.unwatch(client)
        }
        try reactor.start()
        #expect(record.wait(count: 1) == ["refused"])
        reactor.stop()
        Sockets.closeDescriptor(client)
    }
}
