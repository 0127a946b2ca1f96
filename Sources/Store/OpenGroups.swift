/// Polls that are durable in head rows and not yet in chunks, by device. Confined to the writer's
/// thread.
struct OpenGroups {
    struct Group {
        /// Bodies of poll records, as written.
        var bodies: [[UInt8]] = []
        var bytes = 0
        /// The first head row that has one of them.
        var firstRow: Int64 = 0
        /// When the first came, monotonic milliseconds.
        var since: Int64 = 0
        var sealedHead: Int64 = 0
        var nextChunk: Int64 = 1
        /// End of what is in chunks, milliseconds since 1970.
        var lastSealed: Int64?
        /// Polls at which it is sealed next.
        var sealAt: Int
    }
    private(set) var groups: [UInt32: Group] = [:]
    var lastRow: Int64 = 0
    private(set) var openPolls = 0
    private(set) var openBytes = 0
    private let options: StoreOptions

    init(options: StoreOptions) { self.options = options }

    mutating func load(device: UInt32, sealedHead: Int64, nextChunk: Int64, lastSealed: Int64?) {
        var group = Group(sealAt: firstSeal(device))
        group.sealedHead = sealedHead
        group.nextChunk = max(1, nextChunk)
        group.lastSealed = lastSealed
        groups[device] = group
        // Row numbers go on rising after all head rows are gone.
        lastRow = max(lastRow, sealedHead)
    }

    /// In `replay`, polls of rows that are sealed already are passed over.
    mutating func add(device: UInt32, body: [UInt8], row: Int64, now: Int64, replay: Bool) {
        var group = groups[device] ?? Group(sealAt: firstSeal(device))
        if replay, row <= group.sealedHead { return }
        if group.bodies.isEmpty {
            group.firstRow = row
            group.since = now
        }
        // Without this the array would have two owners and be copied with every poll.
        groups[device] = nil
        group.bodies.append(body)
        group.bytes += body.count + Self.overhead
        openPolls += 1
        openBytes += body.count + Self.overhead
        groups[device] = group
    }

    /// Of an array in memory, beside its bytes.
    private static let overhead = 48

    /// Devices to be sealed now: full ones, old ones, and when memory is short the largest.
    func due(now: Int64) -> [UInt32] {
        var due: [UInt32] = []
        var rest: [(bytes: Int, device: UInt32)] = []
        var remaining = openBytes
        for (device, group) in groups where !group.bodies.isEmpty {
            if group.bodies.count >= group.sealAt || now - group.since >= options.sealMilliseconds {
                due.append(device)
                remaining -= group.bytes
            } else {
                rest.append((group.bytes, device))
            }
        }
        if remaining > options.openBytes {
            for (bytes, device) in rest.sorted(by: { $0 > $1 }) where remaining > options.openBytes
            {
                due.append(device)
                remaining -= bytes
            }
        }
        return due.sorted()
    }

    mutating func sealed(_ device: UInt32, chunks: Int64, lastSealed: Int64?) {
        guard var group = groups[device] else { return }
        openPolls -= group.bodies.count
        openBytes -= group.bytes
        group.bodies = []
        group.bytes = 0
        group.sealedHead = lastRow
        group.nextChunk += chunks
        group.lastSealed = [group.lastSealed, lastSealed].compactMap { $0 }.max()
        group.sealAt = options.sealPolls
        groups[device] = group
    }

    mutating func imported(_ device: UInt32, chunks: Int64, last: Int64) {
        var group = groups[device] ?? Group(sealAt: firstSeal(device))
        group.nextChunk += chunks
        group.lastSealed = max(group.lastSealed ?? last, last)
        groups[device] = group
    }

    /// The first head row that a device needs that is not among `sealing`; nil when none does.
    func firstNeededRow(besides sealing: Set<UInt32>) -> Int64? {
        groups.lazy.filter { !$0.value.bodies.isEmpty && !sealing.contains($0.key) }
            .map(\.value.firstRow).min()
    }

    /// Devices that start together must not be sealed together: the first chunk of each is shorter
    /// by up to a half, by a hash of its number.
    private func firstSeal(_ device: UInt32) -> Int {
        let half = max(1, options.sealPolls / 2)
        let hash = (UInt64(device) &* 0x9E37_79B9_7F4A_7C15) >> 33
        return options.sealPolls - Int(hash % UInt64(half))
    }
}
