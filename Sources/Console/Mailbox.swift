import Glibc
import Synchronization

/// Events on their way from other threads to the console's: a queue and a pipe that wakes `poll`.
final class Mailbox<Event: Sendable>: Sendable {
    /// Events that may wait. The console empties the box at every turn; more than this means that
    /// it hangs, and the oldest are dropped: the next snapshot holds everything anyway.
    static var limit: Int { 256 }

    private let events = Mutex<[Event]>([])
    /// True for events of which only the newest is worth drawing.
    private let isWhole: @Sendable (Event) -> Bool
    let readEnd: Int32
    private let writeEnd: Int32

    /// Nil when the process has no descriptors left.
    init?(isWhole: @escaping @Sendable (Event) -> Bool) {
        self.isWhole = isWhole
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// From any thread.
    func post(_ event: Event) {
        events.withLock { queue in
            if queue.count >= Self.limit { queue.removeFirst() }
            if isWhole(event) { queue.removeAll(where: isWhole) }
            queue.append(event)
        }
        var byte: UInt8 = 1
        _ = write(writeEnd, &byte, 1)
    }

    /// Everything posted so far; on the console's thread.
    func take() -> [Event] {
        var buffer = [UInt8](repeating: 0, count: 256)
        while read(readEnd, &buffer, buffer.count) > 0 {}
        return events.withLock { queue in
            defer { queue.removeAll() }
            return queue
        }
    }
}
