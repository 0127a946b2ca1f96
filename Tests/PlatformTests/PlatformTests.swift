import Glibc
import Platform
import Testing

private func temporaryPath(_ name: String) -> String {
    "/tmp/frostline-platform-\(getpid())-\(Clocks.monotonicNanoseconds())-\(name)"
}

@Suite("Files, locks and threads")
struct PlatformTests {
    @Test("a file written atomically is read back, and no temporary file stays")
    func files() throws {
        let directory = temporaryPath("dir")
        try FileIO.createDirectory(directory + "/a/b")
        let path = directory + "/a/b/file"
        try FileIO.writeAtomically(Array("old".utf8), to: path)
        try FileIO.writeAtomically(Array("温度".utf8), to: path)
        #expect(try FileIO.readText(path, maximumBytes: 6) == "温度")
        #expect(FileIO.list(directory + "/a/b") == ["file"])
        #expect(throws: PlatformError.self) { try FileIO.read(path, maximumBytes: 5) }
        try FileIO.writeAtomically([0xff], to: path)
        #expect(throws: PlatformError.self) { try FileIO.readText(path, maximumBytes: 6) }
        try FileIO.remove(path)
        try FileIO.remove(path)
        #expect(!FileIO.exists(path))
        #expect(FileIO.isDirectory(directory))
    }

    @Test("a missing file gives an error that names it and says what to do")
    func missing() {
        do {
            _ = try FileIO.read("/nonexistent/file", maximumBytes: 1)
            Issue.record("read a file that is not there")
        } catch {
            #expect(error.code == ENOENT)
            #expect(error.description.contains("/nonexistent/file"))
            #expect(error.description.contains("check the path"))
        }
    }

    @Test("a lock is refused while another holder lives, and given when it is gone")
    func lock() throws {
        let path = temporaryPath("lock")
        do {
            let first = try FileLock(path)
            #expect(throws: PlatformError.self) { try FileLock(path) }
            withExtendedLifetime(first) {}
        }
        _ = try FileLock(path)
        try FileIO.remove(path)
    }

    @Test("a worker thread runs jobs in order, hands results back, and drains at the end")
    func worker() throws {
        let worker = try WorkerThread(name: "worker")
        let order = ConditionLock([Int]())
        for index in 0..<100 { worker.submit { order.update { $0.append(index) } } }
        #expect(worker.perform { order.update { $0.count } } == 100)
        #expect(throws: PlatformError.self) {
            try worker.perform { () throws(PlatformError) -> Int in
                throw PlatformError(operation: "test", code: EIO)
            }
        }
        worker.submit { order.update { $0.append(100) } }
        worker.stop()
        #expect(order.update { $0 } == Array(0...100))
        #expect(!worker.submit {})
    }

    @Test("an actor on a thread of its own never leaves it")
    func executor() async throws {
        actor Homebody {
            private let executor: ThreadExecutor
            private var threads: Set<pthread_t> = []
            nonisolated var unownedExecutor: UnownedSerialExecutor {
                executor.asUnownedSerialExecutor()
            }
            init(_ executor: ThreadExecutor) { self.executor = executor }
            func visit() -> Int {
                threads.insert(pthread_self())
                return threads.count
            }
        }
        let executor = try ThreadExecutor(name: "home")
        let actor = Homebody(executor)
        for _ in 0..<50 { #expect(await actor.visit() == 1) }
        executor.stop()
    }

    @Test("what is written to one end of a pseudo-terminal arrives untouched at the other")
    func pseudoTerminal() throws {
        let pair = try openPseudoTerminalPair()
        defer { close(pair.master) }
        let slave = open(pair.slavePath, O_RDWR | O_NOCTTY)
        defer { close(slave) }
        // Bytes that a cooked terminal would translate or act on.
        let bytes: [UInt8] = [0x03, 0x0d, 0x0a, 0x00, 0x11, 0x13, 0x7f, 0xff]
        #expect(write(pair.master, bytes, bytes.count) == bytes.count)
        var got = [UInt8](repeating: 0, count: 16)
        #expect(read(slave, &got, got.count) == bytes.count)
        #expect(Array(got.prefix(bytes.count)) == bytes)
    }

    @Test("the limit of open files is raised as far as the system allows, and no further")
    func openFiles() throws {
        let before = try OpenFiles.limits()
        let wanted = min(before.most, before.now + 16)
        try OpenFiles.allow(wanted)
        #expect(try OpenFiles.limits().now == wanted)
        // Never lowered: somebody else may need it.
        try OpenFiles.allow(1)
        #expect(try OpenFiles.limits() == (wanted, before.most))
        guard before.most < .max else { return }
        let error = #expect(throws: PlatformError.self) { try OpenFiles.allow(before.most + 1) }
        #expect(error?.description.contains("LimitNOFILE") == true)
    }

    @Test("addresses in figures need no name server; names and rubbish are refused as such")
    func addresses() {
        #expect(SocketAddress(numericHost: "127.0.0.1", port: 502)?.description == "127.0.0.1:502")
        #expect(SocketAddress(numericHost: "::1", port: 502)?.description == "[::1]:502")
        #expect(SocketAddress(numericHost: "localhost", port: 502) == nil)
        #expect(SocketAddress(numericHost: "300.1.1.1", port: 502) == nil)
        #expect(SocketAddress(numericHost: "", port: 502) == nil)
    }

    @Test("the monotonic clock does not run backwards")
    func clocks() {
        var last = Clocks.monotonicNanoseconds()
        for _ in 0..<1000 {
            let now = Clocks.monotonicNanoseconds()
            #expect(now >= last)
            last = now
        }
        // 2026-01-01.
        #expect(Clocks.wallMilliseconds() > 1_767_225_600_000)
    }
}
