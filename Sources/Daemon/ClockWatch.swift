/// Tells when the wall clock was set: readings before and after carry times that do not belong
/// together, and nobody else sees it. Polls keep their rhythm, which is that of the other clock.
struct ClockWatch {
    /// What NTP does without a step, and a second that the program was held up, is less.
    private static let least: Int64 = 2_000

    private var last: (wall: Int64, monotonic: Int64)?

    /// By how many milliseconds the wall clock went further than time did since the call before;
    /// nil where that is nothing to speak of.
    mutating func step(wall: Int64, monotonic: Int64) -> Int64? {
        defer { last = (wall, monotonic) }
        guard let last else { return nil }
        let step = (wall &- last.wall) &- (monotonic &- last.monotonic)
        return step.magnitude > Self.least.magnitude ? step : nil
    }

    static func text(_ step: Int64) -> String {
        let seconds = (step.magnitude + 500) / 1000
        return step > 0
            ? "the wall clock was set forward by \(seconds) s: the time between has no readings"
            : "the wall clock was set back by \(seconds) s: readings of then stand beside those"
                + " taken before; keep the clock right (NTP)"
    }
}
