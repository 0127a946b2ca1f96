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
struct PollQueue: Sendable {
    private var polls = PollList()
    /// What of it has been dropped.
    private var start = 0
    private var readingsGone = 0
    /// What it takes in memory, about: an array grows by doubling.
    var cost: Int { 2 * (polls.bytes.count - start) }
    var isEmpty: Bool { cost == 0 }

    mutating func append(_ device: UInt32, _ body: UnsafeRawBufferPointer, readings: Int) {
        polls.append(device, body, readings: readings)
    }

    /// Its time and how many values it had, for the count of what is lost.
    mutating func dropFirst() -> (time: Int64, readings: Int) {
        let (end, dropped) = polls.bytes.withUnsafeBytes { all in
            var reader = RawReader(all, from: start)
            guard let (_, body) = reader.poll(), let poll = try? DecodedPoll(body) else {
                preconditionFailure("BUG: the queue holds what is no poll")
            }
            let readings = poll.states.count { ValueState.hasNumber($0) }
            return (reader.position, (time: poll.time, readings: readings))
        }
        start = end
        readingsGone += dropped.readings
        // Forgetting the front costs a copy: do it when half is gone.
        if start * 2 > polls.bytes.count { forgetFront() }
        return dropped
    }

    private mutating func forgetFront() {
        polls.removeFirst(start, readings: readingsGone)
        (start, readingsGone) = (0, 0)
    }

    mutating func takeAll() -> PollList {
        if start > 0 { forgetFront() }
        defer { self = PollQueue() }
        return polls
    }

    /// Puts back what could not be written, before what has come since.
    mutating func putBack(_ earlier: PollList) {
        let later = takeAll()
        polls = earlier
        polls.append(later)
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
    var queue = PollQueue()
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
            let (time, readings) = queue.dropFirst()
            dropped.polls += 1
            dropped.readings += readings
            statistics.pollsDropped += 1
            statistics.readingsDropped += Int64(readings)
            dropped.firstTime = min(dropped.firstTime ?? time, time)
            dropped.lastTime = max(dropped.lastTime ?? time, time)
        }
    }
}
