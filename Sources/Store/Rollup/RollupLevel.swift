/// How coarse a rollup is. Buckets of a level are made of those of the level before; windows are
/// the pieces in which they are stored: docs/FORMAT.md, section 4.
enum RollupLevel: Int64, CaseIterable, Sendable {
    /// Made of readings. So fine a level would double a store that has readings every ten
    /// seconds, so it is kept only where readings are thrown away before it.
    case minute = 1
    /// Made of readings.
    case quarter = 2
    case hour = 3
    case day = 4

    var stepMS: Int64 {
        switch self {
        case .minute: 60_000
        case .quarter: 900_000
        case .hour: 3_600_000
        case .day: 86_400_000
        }
    }

    var windowMS: Int64 {
        switch self {
        case .minute, .quarter: 86_400_000
        case .hour: 8 * 86_400_000
        case .day: 64 * 86_400_000
        }
    }

    /// What it is made of; nil for readings.
    var finer: RollupLevel? {
        switch self {
        case .minute, .quarter: nil
        case .hour: .quarter
        case .day: .hour
        }
    }

    var coarser: RollupLevel? {
        switch self {
        case .minute: nil
        case .quarter: .hour
        case .hour: .day
        case .day: nil
        }
    }
}

/// One stored piece of a level: some time of one device.
struct RollupWindow: Hashable, Sendable {
    var device: UInt32
    var level: RollupLevel
    /// `floor((time + offset) / windowMS)`, where the offset is that of the site's local time, so
    /// that days are those of people.
    var number: Int64

    /// 28 bits; a time outside is never rolled up.
    static let numbers: Range<Int64> = 0..<1 << 28

    static func number(of time: Int64, _ level: RollupLevel, offsetMS: Int64) -> Int64? {
        let (local, overflow) = time.addingReportingOverflow(offsetMS)
        guard !overflow, local >= 0 else { return nil }
        let number = local / level.windowMS
        return numbers.contains(number) ? number : nil
    }

    func start(offsetMS: Int64) -> Int64 { number * level.windowMS - offsetMS }

    /// Row of `rollup`, and identifier inside its blob.
    var id: Int64 { Int64(device) << 32 | level.rawValue << 28 | number }
}
