/// What is known of an engine's boots and time (RFC 3414, 2.2 and 3.2, step 7b), without a clock
/// of its own: `now` is a monotonic time in nanoseconds.
///
/// Values that nobody has signed (from discovery, or kept from an earlier run) are provisional:
/// good enough to ask with, and never a reason to refuse an answer. An engine whose clock went
/// back, which the RFC leaves unreachable for good, becomes provisional again. What then keeps old
/// messages out is that a message must bear the number of a request that is under way.
struct EngineClock {
    enum Verdict: Hashable {
        case inTime
        /// More than 150 s behind, or of an earlier boot.
        case behind
        /// The engine's boots have reached their end; it must be given a new key (RFC 3414, 2.2.2).
        case exhausted
    }

    /// RFC 3414, 2.2.3.
    static let window: Int64 = 150
    static let largest: UInt32 = 0x7FFF_FFFF

    private(set) var isVerified = false
    private(set) var boots: UInt32 = 0
    private var latest: UInt32 = 0
    private var receivedAt: Int64 = 0

    init() {}

    /// Values without a signature.
    init(provisionalBoots boots: UInt32, time: UInt32, now: Int64) {
        self.boots = boots
        latest = time
        receivedAt = now
    }

    /// Seconds since the engine's boot.
    func time(_ now: Int64) -> UInt32 {
        let passed = max(0, now &- receivedAt) / 1_000_000_000
        return UInt32(clamping: min(Int64(latest) + passed, Int64(Self.largest)))
    }

    /// Learns from, and judges, a message whose signature is right.
    mutating func take(boots: UInt32, time: UInt32, now: Int64) -> Verdict {
        if boots == Self.largest { return .exhausted }
        if !isVerified || boots > self.boots || (boots == self.boots && time > latest) {
            self = EngineClock(provisionalBoots: boots, time: time, now: now)
            isVerified = true
            return .inTime
        }
        if boots == self.boots, Int64(time) >= Int64(self.time(now)) - Self.window {
            return .inTime
        }
        self = EngineClock(provisionalBoots: boots, time: time, now: now)
        return .behind
    }
}
