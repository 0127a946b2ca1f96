import Testing

@testable import Daemon

@Suite("steps of the wall clock")
struct ClockWatchTests {
    @Test("a step is told once, forward and back, and drift is not")
    func steps() {
        var watch = ClockWatch()
        #expect(watch.step(wall: 1_790_000_000_000, monotonic: 5_000) == nil)
        #expect(watch.step(wall: 1_790_000_001_010, monotonic: 6_000) == nil)
        #expect(watch.step(wall: 1_790_003_602_010, monotonic: 7_000) == 3_600_000)
        #expect(watch.step(wall: 1_790_003_603_010, monotonic: 8_000) == nil)
        #expect(watch.step(wall: 1_790_000_004_010, monotonic: 9_000) == -3_600_000)
        #expect(ClockWatch.text(3_600_000).contains("forward by 3600 s"))
        #expect(ClockWatch.text(-3_600_000).contains("back by 3600 s"))
    }

    @Test("a program that stood still is no step, and clocks at their ends do not trap")
    func held() {
        var watch = ClockWatch()
        #expect(watch.step(wall: 0, monotonic: 0) == nil)
        #expect(watch.step(wall: 300_000, monotonic: 300_000) == nil)
        #expect(watch.step(wall: .max, monotonic: 300_001) != nil)
        #expect(watch.step(wall: .min, monotonic: 300_002) == nil)
    }
}
