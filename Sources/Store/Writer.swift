import Model
import Platform
import SQLite

/// The thread that writes.
// Made and used on the store's own thread only.
final class Writer: @unchecked Sendable {
    let path: String
    let options: StoreOptions
    let shared: ConditionLock<SharedState>
    /// Nil after an I/O error, until it has been opened again.
    private var connection: Connection?
    var groups: OpenGroups
    /// The link of the hash chain that is being made.
    var proofWork: ProofWork?
    /// Chunks that are to become larger ones.
    var merges = MergeQueue()
    /// What receivers of readings have been promised.
    var forwards = ForwardBook()
    private var kept: [Command] = []
    private var nextCommit: Int64 = 0
    private var nextSeal: Int64 = 0
    private var nextMerge: Int64 = 0
    private var nextRollup: Int64 = 0
    private(set) var offsetMS: Int64 = 0
    /// For looking back, with a connection of its own; made when it is first needed.
    private var reader: ReaderState?
    /// Merging has left free pages, of which there may be too many.
    private var mergingHasFreed = false
    private var failedInStep = false
    private var committedInStep = false
    /// Between two pieces of work on rollups or merges, so that commits are on time.
    private static let rollupPause: Int64 = 50
    /// A head row is at most about this long; SQLite's own limit is 1 GB.
    private static let headRowBytes = 8 << 20

    init(
        path: String, siteName: String, options: StoreOptions, shared: ConditionLock<SharedState>
    ) throws(StoreError) {
        self.path = path
        self.options = options
        self.shared = shared
        groups = OpenGroups(options: options)
        let connection = try Self.open(path, options)
        do throws(SQLiteError) {
            try Repair.probe(connection)
            try Self.writeSite(siteName, connection)
            try connection.transaction { () throws(SQLiteError) in
                try RowChecks.quarantine(connection, offsetMinutes: options.offsetMinutes)
            }
            try RollupTable.prepare(offsetMinutes: options.offsetMinutes, connection)
            offsetMS = try RollupTable.offsetMS(connection)
            try load(connection)
        } catch {
            throw StoreError(error)
        }
        self.connection = connection
    }

    private static func open(
        _ path: String, _ options: StoreOptions
    ) throws(StoreError) -> Connection {
        let connection: Connection
        do throws(SQLiteError) {
            connection = try Connection(path: path, mode: .readWrite)
        } catch {
            throw StoreError(error)
        }
        try Schema.refuseOthers(connection, path: path)
        do throws(SQLiteError) {
            try connection.configureForWriting(pageSize: 4096)
            if let pages = options.maximumPages {
                try connection.execute("PRAGMA max_page_count=\(pages)")
            }
        } catch {
            throw StoreError(error)
        }
        try Schema.migrate(connection, path: path)
        return connection
    }

    private static func writeSite(_ name: String, _ db: Connection) throws(SQLiteError) {
        let insert = try db.prepare("INSERT OR IGNORE INTO meta(key, value) VALUES(?, ?)")
        try db.transaction { () throws(SQLiteError) in
            try insert.bind(1, "site")
            try insert.bind(2, name)
            try insert.run()
            if db.changes > 0 { try RowChecks.meta.stamp("site", in: db) }
            try insert.bind(1, "created")
            try insert.bind(2, Clocks.wallMilliseconds())
            try insert.run()
            if db.changes > 0 { try RowChecks.meta.stamp("created", in: db) }
        }
    }

    /// Series, and the polls that are committed and not in chunks.
    private func load(_ db: Connection) throws(SQLiteError) {
        var registry = Registry()
        let devices = try db.prepare(
            """
            SELECT id, name, sealed_head, max(next_chunk, ifnull((
                SELECT max(chunk.id) & 4294967295 FROM chunk
                WHERE chunk.id >= device.id << 32 AND chunk.id < (device.id + 1) << 32), 0) + 1),
                last, sealed_crc FROM device ORDER BY id
            """)
        while try devices.step() {
            guard let id = UInt32(exactly: devices.integer(0)), id > 0 else { continue }
            registry.load(device: id, name: devices.text(1))
            groups.load(
                device: id,
                sealedHead: SeriesTable.sealedHead(
                    devices.integer(2), devices.integer(5), device: Int64(id)),
                nextChunk: devices.integer(3), lastSealed: devices.optionalInteger(4))
        }
        try SeriesTable.read(db) { device, series, isIntact in
            var series = series
            series.isIntact = isIntact
            registry.load(series, device: device)
        }
        forwards = try ForwardBook(db)
        var damaged: [Int64] = []
        let now = Clocks.monotonicNanoseconds() / 1_000_000
        let rows = try db.prepare("SELECT id, data FROM head ORDER BY id")
        while try rows.step() {
            let row = rows.integer(0)
            let good = rows.withBlob(1) { bytes in
                (try? HeadRow.decode(bytes) { device, body in
                    groups.add(device: device, body: body, row: row, now: now, replay: true)
                }) != nil
            }
            groups.lastRow = max(groups.lastRow, row)
            if !good { damaged.append(row) }
        }
        for row in damaged {
            try Incident.write(db, kind: "damaged", "head row \(row): its polls are lost")
        }
        shared.update { state in
            state.registry = registry
            state.statistics.headRowsDamaged = Int64(damaged.count)
        }
    }

    // MARK: - The loop

    func run() {
        nextCommit = monotonicMilliseconds + options.commitMilliseconds
        nextSeal = monotonicMilliseconds + sealPeriod
        nextMerge = monotonicMilliseconds + options.sealPeriodMilliseconds
        nextRollup = monotonicMilliseconds + options.rollupMilliseconds
        while true {
            let pause = max(
                0, min(nextCommit, nextSeal, nextMerge, nextRollup) - monotonicMilliseconds)
            let commands = shared.wait(forMilliseconds: pause) { state -> [Command]? in
                if state.abandoned { return [] }
                guard !state.commands.isEmpty else { return nil }
                defer { state.commands.removeAll() }
                return state.commands
            }
            if shared.update({ $0.abandoned }) { return finish() }
            step(commands ?? [])
        }
    }

    private var sealPeriod: Int64 {
        min(options.sealPeriodMilliseconds, options.sealMilliseconds)
    }

    var monotonicMilliseconds: Int64 { Clocks.monotonicNanoseconds() / 1_000_000 }

    private func step(_ commands: [Command]) {
        (failedInStep, committedInStep) = (false, false)
        var readingsError: StoreError?
        if monotonicMilliseconds >= nextCommit || !commands.isEmpty {
            readingsError = commitReadings()
            if monotonicMilliseconds >= nextCommit {
                nextCommit = monotonicMilliseconds + options.commitMilliseconds
                // Once a second what could not be written is tried again.
                if !kept.isEmpty { runKept([]) }
            }
        }
        runKept(commands.filter { $0.kind == .kept })
        for command in commands where command.kind != .kept { runOnce(command, readingsError) }
        if monotonicMilliseconds >= nextSeal {
            let more = seal()
            nextSeal =
                monotonicMilliseconds + (more ? 0 : sealPeriod)
        }
        if monotonicMilliseconds >= nextMerge {
            let waiting = merges.count
            var more = merge()
            if merges.count < waiting { mergingHasFreed = true }
            if !more, mergingHasFreed {
                more = giveBack()
                mergingHasFreed = more
            }
            nextMerge =
                monotonicMilliseconds
                + (more ? Self.rollupPause : options.sealPeriodMilliseconds)
        }
        if monotonicMilliseconds >= nextRollup {
            let more = rollUp() || throwAway() || prove() || giveBack()
            nextRollup =
                monotonicMilliseconds + (more ? Self.rollupPause : options.rollupMilliseconds)
        }
        let (polls, bytes) = (groups.openPolls, groups.openBytes)
        shared.update { state in
            state.keptCommands = kept.count
            state.statistics.openPolls = polls
            state.statistics.openBytes = bytes
            // Only a round in which everything went through is proof of a disk that is well.
            if committedInStep, !failedInStep { state.health = .ok }
        }
    }

    /// The last words to those who wait; the thread then ends.
    private func finish() {
        let closing = shared.update { $0.closing }
        if closing, let connection { try? connection.execute("PRAGMA wal_checkpoint(TRUNCATE)") }
        let waiting = shared.update { state in
            defer { state.commands.removeAll() }
            return state.commands
        }
        for command in kept + waiting { command.completion(.closed) }
        reader?.close()
        reader = nil
        connection = nil
    }

    // MARK: - Transactions

    /// Runs `body` in a transaction; notes how the disk is. After an I/O error the file is closed
    /// and opened again, because SQLite's and the kernel's ideas of it may differ then.
    func transaction(
        _ body: (Connection) throws(SQLiteError) -> Void
    ) throws(StoreError) {
        do throws(StoreError) {
            let connection = try reopened()
            let start = Clocks.monotonicNanoseconds()
            do throws(SQLiteError) {
                try connection.transaction { () throws(SQLiteError) in try body(connection) }
            } catch {
                throw StoreError(error)
            }
            noteCommit(Clocks.monotonicNanoseconds() - start)
        } catch {
            noteFailure(error)
            throw error
        }
    }

    /// One consistent look at what is committed.
    func read<Value>(_ body: (ReaderState) throws(SQLiteError) -> Value) throws(StoreError) -> Value
    {
        let state: ReaderState
        if let reader { state = reader } else { state = try ReaderState(path: path) }
        reader = state
        do throws(SQLiteError) {
            return try state.look { () throws(SQLiteError) in try body(state) }
        } catch {
            state.close()
            reader = nil
            if error.kind == .corrupt { Repair.mark(path) }
            throw StoreError(error)
        }
    }

    private func reopened() throws(StoreError) -> Connection {
        if let connection { return connection }
        let fresh = try Self.open(path, options)
        connection = fresh
        return fresh
    }

    private func noteCommit(_ nanoseconds: Int64) {
        committedInStep = true
        shared.update { state in
            state.statistics.commits += 1
            state.statistics.lastCommitMS = Clocks.wallMilliseconds()
            state.statistics.lastCommitMicroseconds = nanoseconds / 1000
        }
    }

    private func noteFailure(_ error: StoreError) {
        let now = Clocks.wallMilliseconds()
        failedInStep = true
        switch error {
        case .diskFull:
            shared.update { state in
                if case .diskFull = state.health { return }
                state.health = .diskFull(sinceMS: now)
            }
        case .inputOutput, .damaged:
            if case .damaged = error { Repair.mark(path) }
            connection = nil
            fail(now, error)
        default: fail(now, error)
        }
    }

    private func fail(_ now: Int64, _ error: StoreError) {
        shared.update { state in
            if case .failed(let since, _) = state.health {
                state.health = .failed(sinceMS: since, "\(error)")
            } else {
                state.health = .failed(sinceMS: now, "\(error)")
            }
        }
    }

    // MARK: - Readings

    /// One head row with all that waits, and the definitions it needs. What fails goes back to the
    /// front of the buffer.
    func commitReadings() -> StoreError? {
        let work = shared.update { state in
            defer {
                state.definitions.removeAll()
                state.dropped = Dropped()
            }
            return (state.definitions, state.queue.takeAll(), state.dropped)
        }
        let (definitions, polls, dropped) = work
        if definitions.isEmpty, polls.bytes.isEmpty, dropped.polls == 0 { return nil }
        var placed: [(row: Int64, piece: Range<Int>)] = []
        do throws(StoreError) {
            try transaction { db throws(SQLiteError) in
                placed.removeAll()
                for change in definitions { try SeriesTable.write(change, db) }
                try forwards.noteLate(polls, db)
                if dropped.polls > 0 { try Incident.write(db, dropped) }
                for piece in polls.pieces(ofAbout: Self.headRowBytes) {
                    let insert = try db.cached("INSERT INTO head(data) VALUES(?)")
                    try insert.bind(1, HeadRow.encode(polls.bytes[piece]))
                    try insert.run()
                    placed.append((db.lastInsertedRow, piece))
                }
            }
        } catch {
            shared.update { state in
                state.definitions = definitions + state.definitions
                state.queue.putBack(polls)
                state.dropped.merge(dropped)
                state.enforceBound(options.bufferBytes)
            }
            return error
        }
        let now = monotonicMilliseconds
        for (row, piece) in placed {
            groups.lastRow = row
            polls.forEach(in: piece) { device, body in
                groups.add(device: device, body: body, row: row, now: now, replay: false)
            }
        }
        shared.withLock { $0.statistics.readingsCommitted += Int64(polls.readings) }
        return nil
    }

    // MARK: - Commands

    /// Changes that must not be lost, in their order: many in one transaction, because a flood of
    /// alarms must not cost a sync each. Bound: a transaction of at most 1,000.
    private func runKept(_ fresh: [Command]) {
        let waiting = kept.count
        kept += fresh
        var told = waiting
        while !kept.isEmpty {
            let some = kept.prefix(1000)
            do throws(StoreError) {
                try transaction { db throws(SQLiteError) in
                    for command in some { try command.body(db, self) }
                }
            } catch {
                if Self.mayPass(error) {
                    // Those who have just come hear of it; those before have heard.
                    for command in kept[min(told, kept.count)...] { command.completion(error) }
                    for index in kept.indices { kept[index].completion = { _ in } }
                    return
                }
                runSingly(some.count)
                told = max(0, told - some.count)
                continue
            }
            for command in some { command.completion(nil) }
            kept.removeFirst(some.count)
            told = max(0, told - some.count)
        }
    }

    /// One of them cannot be written at all (our own mistake: a constraint): find it, let the
    /// others through.
    private func runSingly(_ count: Int) {
        for _ in 0..<count {
            let command = kept[0]
            do throws(StoreError) {
                try transaction { db throws(SQLiteError) in try command.body(db, self) }
                command.completion(nil)
            } catch {
                if Self.mayPass(error) { return }
                command.completion(error)
            }
            kept.removeFirst()
        }
    }

    /// Whether trying again later may help.
    private static func mayPass(_ error: StoreError) -> Bool {
        guard case .database(let cause) = error else { return true }
        return cause.kind == .busy || cause.kind == .readOnly || cause.kind == .cannotOpen
    }

    private func runOnce(_ command: Command, _ readingsError: StoreError?) {
        if command.kind == .flush, let readingsError {
            return command.completion(readingsError)
        }
        do throws(StoreError) {
            try transaction { db throws(SQLiteError) in try command.body(db, self) }
            command.completion(nil)
        } catch {
            command.completion(error)
        }
    }
}

extension Dropped {
    mutating func merge(_ other: Dropped) {
        polls += other.polls
        readings += other.readings
        firstTime = [firstTime, other.firstTime].compactMap { $0 }.min()
        lastTime = [lastTime, other.lastTime].compactMap { $0 }.max()
    }
}

/// What the store lost or found damaged, kept where people look for it.
enum Incident {
    static func write(_ db: Connection, kind: String, _ detail: String) throws(SQLiteError) {
        let insert = try db.cached("INSERT INTO incident(time, kind, detail) VALUES(?, ?, ?)")
        try insert.bind(1, Clocks.wallMilliseconds())
        try insert.bind(2, kind)
        try insert.bind(3, detail)
        try insert.run()
        try RowChecks.incident.stamp(String(db.lastInsertedRow), in: db)
    }

    static func write(_ db: Connection, _ dropped: Dropped) throws(SQLiteError) {
        let first = Instant(milliseconds: dropped.firstTime ?? 0).iso8601()
        let last = Instant(milliseconds: dropped.lastTime ?? 0).iso8601()
        try write(
            db, kind: "dropped",
            "\(dropped.polls) polls (\(dropped.readings) readings) from \(first) to \(last):"
                + " the disk took nothing and the buffer was full")
    }
}
