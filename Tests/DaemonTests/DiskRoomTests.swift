import Model
import Polling
import TestSupport
import Testing

@testable import Daemon

@Suite("room on the disk")
struct DiskRoomTests {
    private func room(_ free: Int64, of total: Int64 = 1000 << 20) throws -> DiskRoom {
        try #require(DiskRoom(freeBytes: free, totalBytes: total))
    }

    @Test("under 5 % it is short, under 1 % nearly gone, and both are said")
    func levels() throws {
        #expect(try room(50 << 20).level == .enough)
        #expect(try room(50 << 20).warning == nil)
        #expect(try room((50 << 20) - 1).level == .short)
        #expect(try room(10 << 20).level == .short)
        #expect(try room((10 << 20) - 1).level == .shortest)
        #expect(try room(0).level == .shortest)
        let warning = try #require(try room(31 << 20).warning)
        #expect(warning.contains("3.1 %") && warning.contains("31 MiB"))
    }

    @Test("numbers that cannot be are no room, and the largest disk does not overflow")
    func bounds() throws {
        #expect(DiskRoom(freeBytes: 1, totalBytes: 0) == nil)
        #expect(DiskRoom(freeBytes: 2, totalBytes: 1) == nil)
        #expect(DiskRoom(freeBytes: -1, totalBytes: 1) == nil)
        #expect(try room(.max, of: .max).tenthsOfPercent == 1000)
    }

    @Test("a log that a reader keeps from being used again is told")
    func log() throws {
        #expect(DiskRoom.warning(logBytes: 64 << 20) == nil)
        #expect(try #require(DiskRoom.warning(logBytes: 300 << 20)).contains("300 MiB"))
    }

    @Test("the system is asked of the folder's own file system")
    func asked() throws {
        let room = try #require(DiskRoom(of: try temporaryDirectory()))
        #expect(room.totalBytes > 1 << 20 && room.freeBytes > 0)
        #expect(DiskRoom(of: "/nowhere/at/all") == nil)
    }

    @Test("a site file without a rule of its own is watched at both levels")
    func rules() throws {
        let rules = DiskRoom.rules(besides: [])
        #expect(rules.map(\.priority) == [.high, .critical])
        #expect(rules.allSatisfy { $0.device == Site.ownSeriesDevice })
        #expect(OwnSeries.points.contains { $0.name == rules[0].point && $0.unit == .percent })
        var own = rules[0]
        own.name = "mine"
        own.point = "collector.disk.*"
        #expect(DiskRoom.rules(besides: [own]).isEmpty)
        own.device = "*"
        #expect(DiskRoom.rules(besides: [own]).count == 2)
        own.name = "disk-short"
        #expect(DiskRoom.rules(besides: [own]).map(\.name) == ["disk-nearly-full"])
    }

    @Test("the figure stands at its name")
    func figure() throws {
        var meter = CollectorMeter()
        let load = CollectorLoad(
            polling: PollerStatistics(), readings: 0, silentDevices: 0, lastCommitMS: nil,
            monotonicNanoseconds: 0, processorNanoseconds: 0, residentBytes: 7,
            disk: try room(31 << 20))
        let values = meter.step(load, at: Instant(milliseconds: 0))
        let index = try #require(OwnSeries.points.firstIndex { $0.name == DiskRoom.point })
        let value = try #require(values.first { Int($0.index) == index })
        #expect(value.mantissa == 31 && value.quality == .good)
    }
}
