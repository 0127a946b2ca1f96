/// Polls that are durable in head rows and not yet in chunks, by device. Confined to the writer's
/// thread.
struct OpenGroups {
    struct Group {
        var polls = PollRun()
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

        /// Returns how many bytes that took; nil for a poll that is sealed already.
        fileprivate mutating func add(
            _ body: UnsafeRawBufferPointer, row: Int64, now: Int64, replay: Bool
        ) -> Int? {
            if replay, row <= sealedHead { return nil }
            let before = polls.bytes.count
            if before == 0 {
                firstRow = row
                since = now
            }
            polls.append(body)
            return polls.bytes.count - before
        }
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
    mutating func add(
        device: UInt32, body: UnsafeRawBufferPointer, row: Int64, now: Int64, replay: Bool
    ) {
        guard let place = groups.index(forKey: device) else {
            groups[device] = Group(sealAt: firstSeal(device))
            return add(device: device, body: body, row: row, now: now, replay: replay)
        }
        // Changed where it stands: a copy of the group would touch memory of every device anew.
        guard let bytes = groups.values[place].add(body, row: row, now: now, replay: replay) else {
            return
        }
        openPolls += 1
        openBytes += bytes
    }

    /// Devices to be sealed now: full ones, old ones, and when memory is short the largest.
    func due(now: Int64) -> [UInt32] {
        var due: [UInt32] = []
        var rest: [(bytes: Int, device: UInt32)] = []
        var remaining = openBytes
        for (device, group) in groups where !group.polls.isEmpty {
            if group.polls.count >= group.sealAt || now - group.since >= options.sealMilliseconds {
                due.append(device)
                remaining -= group.polls.bytes.count
            } else {
                rest.append((group.polls.bytes.count, device))
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
        openPolls -= group.polls.count
        openBytes -= group.polls.bytes.count
        group.polls = PollRun()
        group.sealedHead = lastRow
        group.nextChunk += chunks
        group.lastSealed = [group.lastSealed, lastSealed].compactMap { $0 }.max()
        group.sealAt = options.sealPolls
        groups[device] = group
    }

    mutating func merged(_ device: UInt32, nextChunk: Int64) {
        groups[device]?.nextChunk = nextChunk
    }

    mutating func imported(_ device: UInt32, chunks: Int64, last: Int64) {
        var group = groups[device] ?? Group(sealAt: firstSeal(device))
        group.nextChunk += chunks
        group.lastSealed = max(group.lastSealed ?? last, last)
        groups[device] = group
    }

    /// The first head row that a device needs that is not among `sealing`; nil when none does.
    func firstNeededRow(besides sealing: Set<UInt32>) -> Int64? {
        groups.lazy.filter { !$0.value.polls.isEmpty && !sealing.contains($0.key) }
            .map(\.value.firstRow).min()
    }

    /// Devices that start together must not be sealed together: the first chunk of each is shorter
    /// by up to a half, by a hash of its number.
    private func firstSeal(_ device: UInt32) -> Int {
        let half = max(1, options.sealPolls / 2)
        return options.sealPolls - Int(Self.hash(device) % UInt64(half))
    }

    static func hash(_ device: UInt32) -> UInt64 {
        (UInt64(device) &* 0x9E37_79B9_7F4A_7C15) >> 33
    }
}
