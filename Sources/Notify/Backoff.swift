/// How long to wait before the next try: 1 s doubled each time, at most 5 minutes, ±50 % so that
/// many waiting notices do not come back together.
package enum Backoff {
    package static let firstMilliseconds: Int64 = 1_000
    package static let maximumMilliseconds: Int64 = 300_000

    /// - Parameters:
    ///   - attempts: tries that failed so far, 1….
    ///   - seed: any number that differs between notices; the same gives the same delay.
    package static func milliseconds(afterAttempts attempts: Int, seed: UInt64) -> Int64 {
        let doublings = min(max(attempts - 1, 0), 16)
        let base = min(firstMilliseconds << Int64(doublings), maximumMilliseconds)
        // SplitMix64 (Steele, Lea, Flood 2014): one round spreads a counter over 64 bits.
        var z = seed &+ UInt64(attempts) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        let share = Int64((z ^ (z >> 31)) % 1001)  // 0…1000
        return base / 2 + base * share / 1000
    }
}
