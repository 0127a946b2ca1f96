import Model
import Synchronization
import Views

/// All devices of a site at one moment, with the points that a picture of it shows: work that
/// several readers share.
final class MomentWork: Sendable {
    struct Found {
        var index: Int
        var device: LiveDevice
        /// How many points it has, shown or not.
        var pointCount: Int
        /// Pieces of its history that could not be read.
        var damaged: Int
    }

    /// What has been found; devices that were left out have said nothing.
    struct Devices {
        var live: [LiveDevice]
        var pointCounts: [Int]
        var known = 0
        var damaged = 0
    }

    let time: Instant
    let groups: [Int: [String: PollGroup]]
    let isCancelled: @Sendable () -> Bool
    private let count: Int
    private let pieceLength: Int
    private let next = Atomic(0)
    private let found: Mutex<Devices>

    /// - Parameter pieceLength: devices that are asked for at once.
    init(
        at time: Instant, devices count: Int, pieceLength: Int,
        groups: [Int: [String: PollGroup]], isCancelled: @escaping @Sendable () -> Bool
    ) {
        self.time = time
        self.groups = groups
        self.isCancelled = isCancelled
        self.count = count
        self.pieceLength = max(1, min(pieceLength, count))
        found = Mutex(
            Devices(
                live: Array(repeating: LiveDevice(), count: count),
                pointCounts: Array(repeating: 0, count: count)))
    }

    /// Nil where all is taken.
    func take() -> Range<Int>? {
        let start = next.add(pieceLength, ordering: .relaxed).oldValue
        return start < count ? start..<min(start + pieceLength, count) : nil
    }

    func add(_ piece: [Found]) {
        found.withLock { found in
            for one in piece {
                found.live[one.index] = one.device
                found.pointCounts[one.index] = one.pointCount
                found.damaged += one.damaged
                if one.device.lastAnswer != nil { found.known += 1 }
            }
        }
    }

    /// To be asked when all who share in it have ended.
    var devices: Devices { found.withLock { $0 } }
}
