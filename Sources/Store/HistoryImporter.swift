package import Model
import Platform
import SQLite

/// Writes history straight into chunks: for demonstration data, restores and other systems' files.
///
/// Batches come in the order of time (disorder costs only compression). Memory is bounded by the
/// store's `openBytes`; a commit carries some megabytes of chunks. Encoding runs on the caller's
/// thread while the writer writes. Nothing is durable before `finish` returns. Not Sendable: one
/// thread.
package final class HistoryImporter {
    private let store: SiteStore
    private let options: StoreOptions
    private var open: [UInt32: PollRun] = [:]
    private var layouts: [UInt32: [UInt32]] = [:]
    private var starts: [UInt32: Int64] = [:]
    private var bytes = 0
    private var builder = ChunkBuilder()
    private var ready: [(device: UInt32, chunk: EncodedChunk)] = []
    private var readyBytes = 0
    private let flight = ConditionLock(Flight())
    package private(set) var readings = 0

    private struct Flight: Sendable {
        var count = 0
        var error: StoreError?
    }
    /// Commits on their way at one time, and the size of each.
    private static let maximumInFlight = 2
    private static let commitBytes = 4 << 20

    init(_ store: SiteStore) {
        self.store = store
        options = store.importOptions
    }

    /// Takes some batches; blocks while the disk is behind.
    package func add(
        _ device: DeviceHandle, time: Instant, values: [PointValue]
    ) throws(StoreError) {
        var layout = layouts[device.id] ?? []
        // Table walks discover points as history goes on.
        if layout.count < values.count { layout = store.layout(of: device) }
        layouts[device.id] = layout
        try add(PastLayout(device: device, series: layout), time: time, values: values)
    }

    /// The same for points in an order of their own.
    package func add(
        _ layout: PastLayout, time: Instant, values: [PointValue]
    ) throws(StoreError) {
        let (device, time) = (layout.device.id, time.milliseconds)
        let start = starts[device] ?? time
        if time &- start >= Chunk.spanMilliseconds { try seal(device) }
        if starts[device] == nil { starts[device] = time }
        PollBody.write(time: time, values, layout.series) { body, count in
            readings += count
            bytes += body.count
            open[device, default: PollRun()].append(body)
        }
        if open[device]?.count ?? 0 >= options.importPolls { try seal(device) }
        if bytes > options.openBytes {
            // The largest half goes: sealing one at a time would look for the largest each time.
            let devices = open.keys.sorted { open[$0]?.count ?? 0 > open[$1]?.count ?? 0 }
            for device in devices.prefix((devices.count + 1) / 2) { try seal(device) }
        }
    }

    /// Seals the rest and returns when all is durable.
    package func finish() throws(StoreError) {
        for device in open.keys.sorted() { try seal(device) }
        try send()
        _ = flight.wait { $0.count == 0 ? true : nil }
        if let error = flight.update({ $0.error }) { throw error }
    }

    private func seal(_ device: UInt32) throws(StoreError) {
        guard let polls = open.removeValue(forKey: device) else { return }
        starts[device] = nil
        bytes -= polls.bytes.count
        let result = builder.build(polls, after: nil, maximumPolls: options.importPolls)
        for chunk in result.chunks {
            ready.append((device, chunk))
            readyBytes += chunk.head.count + chunk.data.count
        }
        if readyBytes >= Self.commitBytes { try send() }
    }

    private func send() throws(StoreError) {
        guard !ready.isEmpty else { return }
        let chunks = ready
        ready = []
        readyBytes = 0
        let flight = flight
        let failed: StoreError? = flight.wait { state -> StoreError?? in
            if let error = state.error { return .some(error) }
            guard state.count < Self.maximumInFlight else { return nil }
            state.count += 1
            return .some(nil)
        }
        if let failed { throw failed }
        try store.submit(
            Command(
                body: { db, writer throws(SQLiteError) in
                    try writer.insertImported(chunks, db)
                }, kind: .flush,
                completion: { error in
                    flight.update { state in
                        state.count -= 1
                        if let error { state.error = error }
                    }
                }))
    }
}

extension SiteStore {
    /// An import of history. Devices are registered first.
    package func historyImporter() -> HistoryImporter { HistoryImporter(self) }
}
