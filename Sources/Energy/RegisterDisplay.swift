import Model

/// What a register shows, since when, and in how large steps it counts.
///
/// A register of 0.1 kWh that is read every ten seconds stands still for minutes and then shows in
/// one reading what took minutes to come together. Whether a step can be true is asked of the
/// time since the one before it, and of the step less one count of the register, because so much
/// may have been there, unseen, at its beginning.
struct RegisterDisplay: Sendable, Hashable {
    /// Steps that must be whole multiples of the same count before it is believed.
    static let confirmingSteps = 3

    private(set) var counts: Int128
    /// When the register was first seen to show this.
    private(set) var since: Instant
    /// The largest count of which every step so far was a multiple; 0 before the first.
    private(set) var step: Int128
    /// Steps that have left `step` as it was, up to `confirmingSteps`.
    private(set) var confirmed: Int

    init(counts: Int128, since: Instant, step: Int128 = 0, confirmed: Int = 0) {
        self.counts = counts
        self.since = since
        self.step = step
        self.confirmed = confirmed
    }

    /// Of one count of the register; 0 while that is not known.
    var resolution: Int128 { confirmed >= Self.confirmingSteps ? step : 0 }

    mutating func show(_ counts: Int128, at time: Instant) {
        let (difference, overflow) = counts.subtractingReportingOverflow(self.counts)
        guard difference != 0 || overflow else { return }
        self.counts = counts
        since = time
        // A register that starts anew, or a reading that is none, says nothing of its steps.
        guard !overflow, difference > 0 else { return }
        if step != 0, difference % step == 0 {
            confirmed = min(confirmed + 1, Self.confirmingSteps)
        } else {
            step = Self.commonDivisor(step, difference)
            confirmed = 0
        }
    }

    private static func commonDivisor(_ a: Int128, _ b: Int128) -> Int128 {
        var (a, b) = (a, b)
        while b != 0 { (a, b) = (b, a % b) }
        return a
    }
}
