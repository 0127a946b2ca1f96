/// SplitMix64: repeatable, and a nanosecond a number.
struct Randomness: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// 0..<bound, with a bias that no mutation minds.
    mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: ((next() >> 32) &* UInt64(bound)) >> 32)
    }
}

/// Makes inputs from good ones: most mutations leave most of the structure standing, so that they
/// reach deep into a decoder.
struct Mutator {
    private var random: Randomness
    private let seeds: [[UInt8]]
    /// Lengths, tags and edges of numbers.
    private static let interesting: [UInt8] = [
        0, 1, 2, 4, 5, 6, 0x30, 0x40, 0x41, 0x44, 0x46, 0x7F, 0x80, 0x81, 0x82, 0x83, 0x84, 0x88,
        0x9F, 0xA2, 0xA8, 0xFF,
    ]
    /// Above every datagram of a device; the decoders' own bounds are tested elsewhere.
    private static let limit = 4096

    init(seeds: [[UInt8]], seed: UInt64) {
        random = Randomness(seed: seed)
        self.seeds = seeds
    }

    /// The number of the seed that the next input began as.
    private(set) var origin = 0

    mutating func next(into bytes: inout [UInt8]) {
        origin = random.below(seeds.count)
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: seeds[origin])
        // One input in sixty-four as it is: the way that must be open.
        var rounds = random.below(64)
        rounds = rounds == 0 ? 0 : 1 + (rounds & 3) + (rounds == 63 ? 12 : 0)
        for _ in 0..<rounds where !bytes.isEmpty { mutate(&bytes) }
    }

    private mutating func mutate(_ bytes: inout [UInt8]) {
        let place = random.below(bytes.count)
        switch random.below(10) {
        case 0, 1, 2: bytes[place] ^= 1 << UInt8(random.below(8))
        case 3, 4: bytes[place] = Self.interesting[random.below(Self.interesting.count)]
        case 5: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 6: bytes.removeLast(bytes.count - place)
        case 7:
            bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(8)))
        case 8:
            let end = min(bytes.count, place + 1 + random.below(32))
            if bytes.count + end - place <= Self.limit {
                bytes.insert(contentsOf: bytes[place..<end], at: random.below(bytes.count))
            }
        default:
            let other = seeds[random.below(seeds.count)]
            guard !other.isEmpty else { return }
            let from = random.below(other.count)
            let part = other[from..<min(other.count, from + 1 + random.below(64))]
            let end = min(bytes.count, place + part.count)
            bytes.replaceSubrange(place..<end, with: part)
        }
    }

    mutating func number(below bound: Int) -> Int { random.below(bound) }
}
