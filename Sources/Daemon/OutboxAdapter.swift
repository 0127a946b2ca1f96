import Logging
import Model
import Notify
import Platform
import Store
import Synchronization

/// The store's outbox as the dispatcher sees it. What is read is read beside the writer, so that
/// looking costs no commit.
final class OutboxAdapter: OutboxSource {
    private let store: SiteStore
    private let reader: StoreReader
    private let logger: Logger
    private let isOpen: Mutex<Bool>
    /// When they were counted last, monotonic; nil when they may have changed since.
    private let dead = Mutex<(counts: [String: DeadLetters], at: Int64)?>(nil)
    /// What the disk did not take at first is seen so late.
    private static let deadNanoseconds: Int64 = 60_000_000_000

    /// - Parameter isOpen: false where another collector may have sent what waits here.
    init(store: SiteStore, logger: Logger, isOpen: Bool = true) throws(StoreError) {
        self.store = store
        reader = try StoreReader(directory: store.directory)
        self.logger = logger
        self.isOpen = Mutex(isOpen)
    }

    /// Notices are sent from now on; what was begun is finished, also when the lead is lost.
    func open() { isOpen.withLock { $0 = true } }

    /// By receiver. What cannot be read is as it was.
    var deadLetters: [String: DeadLetters] {
        let now = Clocks.monotonicNanoseconds()
        let known = dead.withLock { $0 }
        if let known, now - known.at < Self.deadNanoseconds { return known.counts }
        guard let found = try? reader.deadLetters() else { return known?.counts ?? [:] }
        dead.withLock { $0 = (found, now) }
        return found
    }

    /// Dead letters have come or gone.
    func forgetDead() { dead.withLock { $0 = nil } }

    func heads(receiver: String, after id: Int64, limit: Int) -> [NoticeHead]? {
        guard isOpen.withLock({ $0 }) else { return [] }
        do {
            return try reader.noticeHeads(receiver: receiver, after: id, limit: limit)
        } catch {
            logger.warning("the outbox cannot be read: \(error)")
            return nil
        }
    }

    func items(_ ids: [Int64]) -> [OutboxItem] {
        do {
            return try reader.notices(ids)
        } catch {
            logger.warning("the outbox cannot be read: \(error)")
            return []
        }
    }

    func lane(receiver: String) -> LaneState? {
        (try? reader.lane(receiver)).flatMap { $0 }
    }

    func setLane(_ state: LaneState, receiver: String) {
        do {
            try store.setLane(receiver, state)
        } catch {
            logger.warning("how much \(receiver) may be sent is not noted: \(error)")
        }
    }

    func settle(_ changes: [OutboxChange], receiver: String) {
        for change in changes {
            switch change {
            case .failed(_, let attempts, _, let error):
                logger.warning("hook \(receiver): \(error), attempt \(attempts)")
            case .dead(_, let reason, _):
                logger.error("hook \(receiver): given up, see `alarms outbox --dead`: \(reason)")
            case .delivered, .copy, .outside: break
            }
        }
        do {
            try store.settle(changes, receiver: receiver)
        } catch {
            logger.warning("what \(receiver) was sent is not noted yet: \(error)")
        }
        let isDead = changes.contains {
            if case .dead = $0 { true } else { false }
        }
        if isDead { forgetDead() }
    }

    func outside(receiver: String) -> [String: [UInt8]] {
        (try? reader.outside(receiver)) ?? [:]
    }
}
