import Model
import Platform
import Redundancy
import Synchronization

/// What this collector has taken lately, for the other to copy: polls and changes of alarms in the
/// order in which they came, numbered from 1. Of a poll no more is kept than its bytes.
final class PollFeed: Sendable {
    /// A minute of the largest site, an hour of a small one. Who was away for longer asks for
    /// history.
    private static let maximumBytes = 32 << 20
    /// Of one answer.
    private static let pageBytes = 4 << 20

    private struct Item {
        var entry: FeedPage.Entry
        /// When it came, wall clock.
        var timeMS: Int64
        var cost: Int
    }
    private struct State {
        var items: [Item] = []
        var start = 0
        /// Number of `items[start]`.
        var first: Int64 = 1
        var cost = 0
        /// When what is gone had come at the latest.
        var goneMS: Int64 = .min
    }
    private let state = Mutex(State())
    let instance: String

    init(instance: String) { self.instance = instance }

    func append(_ entry: FeedPage.Entry) {
        let now = Clocks.wallMilliseconds()
        let bytes =
            switch entry {
            case .poll(let bytes), .alarms(let bytes): bytes.count
            }
        state.withLock { state in
            state.items.append(Item(entry: entry, timeMS: now, cost: bytes + 64))
            state.cost += bytes + 64
            while state.cost > Self.maximumBytes, state.start < state.items.count {
                state.cost -= state.items[state.start].cost
                state.goneMS = max(state.goneMS, state.items[state.start].timeMS)
                state.items[state.start].entry = .poll([])
                state.start += 1
                state.first += 1
            }
            if state.start > 1024, state.start * 2 > state.items.count {
                state.items.removeFirst(state.start)
                state.start = 0
            }
        }
    }

    /// Entries after number `after`; where that is nil, those that came at `since` or later.
    func page(after: Int64?, since: Int64, trailer: [UInt8]) -> FeedPage {
        state.withLock { state in
            let count = state.items.count - state.start
            var skip: Int
            var isBroken = false
            if let after {
                let offset = after.subtractingReportingOverflow(state.first - 1)
                isBroken =
                    offset.overflow || offset.partialValue < 0 || offset.partialValue > Int64(count)
                skip = isBroken ? 0 : Int(offset.partialValue)
            } else {
                let rest = state.items[state.start...]
                skip = rest.firstIndex { $0.timeMS >= since }.map { $0 - state.start } ?? count
                isBroken = state.goneMS >= since
            }
            var entries: [FeedPage.Entry] = []
            var bytes = 0
            for item in state.items[(state.start + skip)...] {
                guard bytes < Self.pageBytes, entries.count < FeedPage.mostEntries else { break }
                entries.append(item.entry)
                bytes += item.cost
            }
            return FeedPage(
                instance: instance, first: state.first + Int64(skip), isBroken: isBroken,
                isLast: skip + entries.count == count, trailer: trailer, entries: entries)
        }
    }
}
