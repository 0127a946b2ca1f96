import Model
import Platform

/// Seconds since a recording is served.
struct RecordingClock: Sendable {
    private let start = Clocks.monotonicNanoseconds()
    var seconds: Double { Double(Clocks.monotonicNanoseconds() - start) / 1e9 }
}

/// Which requests of one served file are lost. Safe from any thread.
final class Losses: Sendable {
    private let percent: Int
    private let motion: RecordedMotion
    private let noise: Noise
    private let clock: RecordingClock
    private let count = ConditionLock<Int64>(0)

    /// Nil where none ever is.
    init?(_ fault: ServedFault, number: Int, clock: RecordingClock) {
        let motion = RecordedMotion(values: fault.values)
        var restarts = false
        if case .reboot = fault.values { restarts = true }
        guard fault.lossPercent > 0 || restarts else { return nil }
        percent = fault.lossPercent
        self.motion = motion
        noise = Noise(seed: UInt64(number))
        self.clock = clock
    }

    @Sendable func next() -> Bool {
        if motion.isSilent(seconds: clock.seconds) { return true }
        let asked = count.update { count in
            count += 1
            return count
        }
        return noise.uniform(0, asked) * 100 < Double(percent)
    }
}
