import SQLite

/// A change that must reach the disk, or a question to the database.
struct Command: Sendable {
    enum Kind: Sendable {
        /// Kept and tried again until the disk takes it; others fail at once.
        case kept
        /// Fails when the readings before it could not be written.
        case flush
        case plain
    }
    /// Work inside one transaction of its own or shared with others; may run again after a
    /// rollback, so it keeps nothing but through the connection and the given number.
    var body: @Sendable (Connection, Writer) throws(SQLiteError) -> Void
    var kind: Kind
    /// Called once, on the writer's thread: nil after the commit, the reason at the first failure.
    var completion: @Sendable (StoreError?) -> Void
}

/// Batches that wait for the disk, oldest first.
struct RecordQueue: Sendable {
    private var records: [PollRecord] = []
    private var start = 0
    private(set) var cost = 0
    var isEmpty: Bool { start == records.count }
    var count: Int { records.count - start }

    mutating func append(_ record: PollRecord) {
        records.append(record)
        cost += record.cost
    }

    mutating func dropFirst() -> PollRecord {
        let record = records[start]
        start += 1
        cost -= record.cost
        // Forgetting the front costs a copy: do it when half is gone.
        if start > 1024, start * 2 > records.count {
            records.removeFirst(start)
            start = 0
        }
        return record
    }

    mutating func takeAll() -> [PollRecord] {
        let all = start == 0 ? records : Array(records[start...])
        self = RecordQueue()
        return all
    }

    /// Puts back what could not be written, before what has come since.
    mutating func putBack(_ earlier: [PollRecord]) {
        let later = takeAll()
        records = earlier + later
        cost = records.reduce(0) { $0 + $1.cost }
    }
}

/// What was thrown away because the disk took nothing.
struct Dropped: Sendable {
    var polls = 0
    var readings = 0
    var firstTime: Int64?
    var lastTime: Int64?
}

/// Figures of the writer since it was opened.
package struct StoreStatistics: Sendable {
    package var readingsAppended: Int64 = 0
    package var readingsCommitted: Int64 = 0
    package var pollsDropped: Int64 = 0
    package var readingsDropped: Int64 = 0
    package var commits: Int64 = 0
    package var chunksSealed: Int64 = 0
    package var pollsUnreadable: Int64 = 0
    /// Rows of `head` whose checksum did not hold when the store was opened.
    package var headRowsDamaged: Int64 = 0
    /// Milliseconds since 1970; nil before the first.
    package var lastCommitMS: Int64?
    package var lastCommitMicroseconds: Int64 = 0
    package var waitingBytes = 0
    package var openPolls = 0
    package var openBytes = 0
}

/// What the callers' threads and the writer's thread share, behind one lock.
struct SharedState: Sendable {
    var registry = Registry()
    var definitions: [Registry.Change] = []
    var queue = RecordQueue()
    var dropped = Dropped()
    var commands: [Command] = []
    /// Commands that the writer keeps for the next try.
    var keptCommands = 0
    var health = StoreHealth.ok
    var statistics = StoreStatistics()
    var closing = false
    /// Ends the writer at once, as a crash would.
    var abandoned = false

    mutating func enforceBound(_ bytes: Int) {
        while queue.cost > bytes, !queue.isEmpty {
            let record = queue.dropFirst()
            dropped.polls += 1
            dropped.readings += record.readings
            statistics.pollsDropped += 1
            statistics.readingsDropped += Int64(record.readings)
            if let time = try? DecodedPoll.time(record.body) {
                dropped.firstTime = min(dropped.firstTime ?? time, time)
                dropped.lastTime = max(dropped.lastTime ?? time, time)
            }
        }
    }
}
