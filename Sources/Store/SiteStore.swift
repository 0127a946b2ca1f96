package import Model
import Platform
import SQLite

/// The writer of a site's history: readings, alarms, notices, ledger.
///
/// One process has it open; one thread writes. `append` never blocks and never fails. What has
/// been committed survives a crash of the process, of the machine and a loss of power; readings
/// are committed once a second, everything else at once. Dropping the last reference without
/// `close` is a crash on purpose: what was not committed is lost.
package final class SiteStore: Sendable {
    let shared: ConditionLock<SharedState>
    private let worker: WorkerThread
    /// Nil once closed.
    private let lock: ConditionLock<FileLock?>
    private let options: StoreOptions
    package let directory: String

    package static func databasePath(in directory: String) -> String {
        directory + "/frostline.db"
    }

    /// Opens or makes the store in `directory`, which must exist. Refuses a folder that another
    /// process writes to, a newer schema, and a foreign database. Reads what was committed and is
    /// not yet in chunks; that takes well under a second per 100 MB.
    package static func open(
        directory: String, siteName: String, options: StoreOptions = StoreOptions()
    ) throws(StoreError) -> SiteStore {
        do throws(PlatformError) {
            try FileIO.createDirectory(directory)
        } catch {
            throw .system("\(error)")
        }
        let lock: FileLock
        do throws(PlatformError) {
            lock = try FileLock(directory + "/frostline.lock")
        } catch {
            throw .locked("\(error)")
        }
        let worker: WorkerThread
        do throws(PlatformError) {
            worker = try WorkerThread(name: "store-writer")
        } catch {
            throw .system("\(error)")
        }
        let shared = ConditionLock(SharedState())
        let path = databasePath(in: directory)
        let incident = LogRepair.run(directory)
        do throws(StoreError) {
            try worker.perform { () throws(StoreError) in
                try Repair.opening(directory) { () throws(StoreError) in
                    let writer = try Writer(
                        path: path, siteName: siteName, options: options, shared: shared)
                    // SQLite does so too, and does not mind when it fails.
                    do throws(PlatformError) {
                        try FileIO.synchronize(directory: directory)
                    } catch {
                        throw .system("\(error)")
                    }
                    // The loop is the thread's next and last job; the writer never leaves the
                    // thread.
                    worker.submit { writer.run() }
                }
            }
        } catch {
            worker.stop()
            throw error
        }
        let store = SiteStore(directory, shared, worker, ConditionLock(lock), options)
        if let incident {
            // What the disk does not take now is written when it does.
            try? store.perform(.kept) { db throws(SQLiteError) in
                try Incident.write(db, kind: "log", incident)
            }
        }
        return store
    }

    private init(
        _ directory: String, _ shared: ConditionLock<SharedState>, _ worker: WorkerThread,
        _ lock: ConditionLock<FileLock?>, _ options: StoreOptions
    ) {
        self.directory = directory
        self.shared = shared
        self.worker = worker
        self.lock = lock
        self.options = options
    }

    deinit {
        let open = shared.update { state in
            defer { state.abandoned = true }
            return !state.abandoned
        }
        if open { worker.stop() }
    }

    /// Commits what waits, closes the database and ends the thread. Errors are in the result; the
    /// store is closed anyway.
    package func close() throws(StoreError) {
        var failure: StoreError?
        do throws(StoreError) { try commitNow() } catch { failure = error }
        let open = shared.update { state in
            defer {
                state.closing = true
                state.abandoned = true
            }
            return !state.abandoned
        }
        if open { worker.stop() }
        lock.update { $0 = nil }
        if let failure { throw failure }
    }

    package var health: StoreHealth { shared.update { $0.health } }

    package var statistics: StoreStatistics {
        shared.update { state in
            var statistics = state.statistics
            statistics.waitingBytes = state.queue.cost
            return statistics
        }
    }

    /// Makes the device and its points known, in the order of their index. May be called again at
    /// any time with more points. A point whose kind, unit or scale has changed goes on as a new
    /// series. Never blocks.
    package func register(device: String, points: [PointDefinition]) -> DeviceHandle {
        shared.update { state in
            let (handle, changes) = state.registry.register(device, points)
            state.definitions += changes
            return handle
        }
    }

    /// Takes the readings of one poll. Never blocks: when the disk takes nothing for so long that
    /// the buffer is full, the oldest batches are dropped and counted. Values of points that were
    /// not registered are left out.
    package func append(_ device: DeviceHandle, _ batch: ReadingBatch) {
        append(device, time: batch.time, values: batch.values)
    }

    package func append(_ device: DeviceHandle, time: Instant, values: [PointValue]) {
        let layout = shared.withLock { $0.registry.devices[device.id]?.layout }
        guard let layout else { preconditionFailure("BUG: a handle of another store") }
        append(device, time, values, layout)
    }

    func append(
        _ device: DeviceHandle, _ time: Instant, _ values: [PointValue], _ layout: [UInt32]
    ) {
        PollBody.write(time: time.milliseconds, values, layout) { body, readings in
            // The writer takes what is there once a second; nobody is to be woken.
            shared.withLock { state in
                guard !state.abandoned else { return }
                state.queue.append(device.id, body, readings: readings)
                state.statistics.readingsAppended += Int64(readings)
                state.enforceBound(options.bufferBytes)
            }
        }
    }

    /// Returns when everything appended so far is durable; throws when the disk does not take it
    /// (it stays in the buffer and is tried again each second). Blocks: not for Swift's pool.
    package func commitNow() throws(StoreError) {
        try perform(.flush) { _ throws(SQLiteError) in }
    }

    /// Changes the bound of `StoreOptions.maximumPages` while the store is open.
    package func setMaximumPages(_ pages: Int) throws(StoreError) {
        try perform(.plain) { db throws(SQLiteError) in
            try db.execute("PRAGMA max_page_count=\(pages)")
        }
    }

    // MARK: - For the other files of this target

    /// Runs `body` in a transaction on the writer's thread, after everything that was appended
    /// before, and waits. A kept change that throws for want of disk is tried again until it is
    /// written; the caller is told the first failure and must not repeat it. Never called
    /// from a completion: the writer would wait for itself.
    func perform<Value: Sendable>(
        _ kind: Command.Kind,
        _ body: @escaping @Sendable (Connection) throws(SQLiteError) -> Value
    ) throws(StoreError) -> Value {
        try performWithWriter(kind) { db, _ throws(SQLiteError) in try body(db) }
    }

    /// The same for what the writer keeps in memory too.
    func performWithWriter<Value: Sendable>(
        _ kind: Command.Kind,
        _ body: @escaping @Sendable (Connection, Writer) throws(SQLiteError) -> Value
    ) throws(StoreError) -> Value {
        let value = ConditionLock<Value?>(nil)
        let done = ConditionLock<StoreError??>(nil)
        let command = Command(
            body: { connection, writer throws(SQLiteError) in
                let result = try body(connection, writer)
                value.update { $0 = result }
            }, kind: kind, completion: { error in done.update { $0 = .some(error) } })
        try submit(command)
        if let error = done.wait(until: { $0 }) { throw error }
        guard let result = value.update({ $0 }) else { preconditionFailure("BUG: no result") }
        return result
    }

    func submit(_ command: Command) throws(StoreError) {
        let refusal = shared.update { state -> StoreError? in
            if state.abandoned { return .closed }
            if state.commands.count + state.keptCommands >= options.changeLimit {
                return .overloaded
            }
            state.commands.append(command)
            return nil
        }
        if let refusal { throw refusal }
    }

    var importOptions: StoreOptions { options }

    func layout(of device: DeviceHandle) -> [UInt32] {
        shared.withLock { $0.registry.devices[device.id]?.layout ?? [] }
    }
}
