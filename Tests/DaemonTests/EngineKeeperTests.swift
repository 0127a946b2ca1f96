import Logging
import Model
import Platform
import Polling
import SNMPSecurity
import TestSupport
import Testing

@testable import Daemon

@Suite("what is known of SNMPv3 engines outlives a run")
struct EngineKeeperTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func site(_ devices: [String]) -> Site {
        var site = Site(name: "s", displayName: "s", offsetMinutes: 0, altitudeMetres: 0)
        site.devices = devices.map {
            DeviceSpec(
                name: $0, displayName: $0, profile: "p",
                transport: .snmp(
                    SNMPTransport(host: "h", port: 161, access: .v2c(community: Secret("c")))),
                intervalMilliseconds: 1000, timeoutMilliseconds: 100, retries: 0)
        }
        return site
    }

    private func keeper(_ directory: String, _ devices: [String] = ["a", "b"]) -> EngineKeeper {
        EngineKeeper(directory: directory, site: site(devices), logger: Self.logger)
    }

    private func entry(_ last: UInt8 = 1) -> EngineMemory.Entry {
        EngineMemory.Entry(
            engineID: [0x80, 0, 0x1F, 0x88, 4, last], boots: 3, startedAt: 1_790_000_000)
    }

    @Test("the next run knows what this one has learned")
    func kept() throws {
        let directory = try temporaryDirectory()
        let first = keeper(directory)
        try first.start()
        first.book.note(entry(), of: "a")
        first.stop()
        #expect(keeper(directory).book["a"] == entry())
    }

    @Test("nothing is written where nothing has changed")
    func calm() throws {
        let directory = try temporaryDirectory()
        let path = directory + "/" + EngineMemoryFile.name
        keeper(directory).save()
        #expect(!FileIO.exists(path))
        let first = keeper(directory)
        first.book.note(entry(), of: "a")
        first.save()
        try FileIO.remove(path)
        first.save()
        #expect(!FileIO.exists(path))
    }

    @Test("a damaged file costs a discovery, and is replaced")
    func damaged() throws {
        let directory = try temporaryDirectory()
        let path = directory + "/" + EngineMemoryFile.name
        try FileIO.writeAtomically(Array("{\"version\":1,\"engi".utf8), to: path)
        let first = keeper(directory)
        #expect(first.book["a"] == nil)
        first.save()
        #expect(EngineMemoryFile(directory: directory).load().warning == nil)
    }

    @Test("a device that the site no longer has is forgotten")
    func gone() throws {
        let directory = try temporaryDirectory()
        let first = keeper(directory)
        first.book.note(entry(1), of: "a")
        first.book.note(entry(2), of: "b")
        first.save()
        let second = keeper(directory, ["b"])
        #expect(second.book["a"] == nil && second.book["b"] != nil)
        second.save()
        let kept = EngineMemoryFile(directory: directory).load().memory
        #expect(Array(kept.engines.keys) == ["b"])
    }

    @Test("devices with one identifier are told apart from the others, each by its name")
    func duplicates() throws {
        let keeper = try keeper(temporaryDirectory(), ["a", "b", "c"])
        #expect(keeper.notes.isEmpty)
        keeper.book.note(entry(1), of: "a")
        keeper.book.note(entry(1), of: "b")
        keeper.book.note(entry(2), of: "c")
        #expect(Set(keeper.notes.keys) == ["a", "b"])
        #expect(keeper.notes["a"]?.contains("a, b") == true)
    }
}
