import Model

/// Repeatable noise: the same seed, stream and time give the same value, in any order of asking.
package struct Noise: Sendable {
    package let seed: UInt64

    package init(seed: UInt64) { self.seed = seed }

    /// A stream for a name, so that adding a device does not shift the others.
    package static func stream(_ name: String) -> UInt64 {
        // FNV-1a, 64 bits.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return hash
    }

    /// 0..<1, evenly spread.
    package func uniform(_ stream: UInt64, _ index: Int64 = 0) -> Double {
        // SplitMix64's finaliser over a combination of seed, stream and index.
        var z = seed &+ stream &* 0x9e37_79b9_7f4a_7c15
        z = z &+ UInt64(bitPattern: index) &* 0xd1b5_4a32_d192_ed03
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        z ^= z >> 31
        return Double(z >> 11) * 0x1p-53
    }

    /// -1…1, smooth in time, with one free value per `period` seconds.
    package func smooth(_ stream: UInt64, seconds: Int64, period: Int64) -> Double {
        let knot = seconds.flooredDivision(by: period)
        let f = Double(seconds - knot * period) / Double(period)
        let blend = f * f * (3 - 2 * f)
        let left = uniform(stream, knot) * 2 - 1
        let right = uniform(stream, knot + 1) * 2 - 1
        return left + (right - left) * blend
    }
}
