package import Model
import Platform

/// Wall time to simulated time: the same moment at the anchor, `speed` times as fast from there.
package struct SimulatedClock: Sendable {
    package let anchor: Instant
    package let speed: Double

    /// `speed` is 0…100,000; 0 stands still, for tests.
    package init(anchor: Instant, speed: Double = 1) {
        precondition(
            speed >= 0 && speed <= 100_000, "BUG: speed is 0…100,000; got \(speed)")
        self.anchor = anchor
        self.speed = speed
    }

    package func simulated(_ wall: Instant) -> Instant {
        if speed == 1 { return wall }
        let passed = Double(wall.millisecondsSince(anchor)) * speed
        return anchor.advanced(byMilliseconds: Int64(passed.rounded(.down)))
    }

    package func now() -> Instant {
        simulated(Instant(milliseconds: Clocks.wallMilliseconds()))
    }
}
