import Logging
import Model
import Notify
import Platform
import Store
import Synchronization

/// The store's outbox as the dispatcher sees it.
final class OutboxAdapter: OutboxSource {
    private let store: SiteStore
    private let logger: Logger
    private let waiting = Mutex(0)
    private let isOpen: Mutex<Bool>

    /// - Parameter isOpen: false where another collector may have sent what waits here.
    init(store: SiteStore, logger: Logger, isOpen: Bool = true) {
        self.store = store
        self.logger = logger
        self.isOpen = Mutex(isOpen)
    }

    /// Notices are sent from now on; what was begun is finished, also when the lead is lost.
    func open() { isOpen.withLock { $0 = true } }

    /// Notices that wait, as last counted by one of the receivers' threads.
    var pendingCount: Int { waiting.withLock { $0 } }

    func pending(receiver: String, limit: Int) -> [OutboxItem] {
        guard isOpen.withLock({ $0 }) else { return [] }
        do {
            let count = try store.noticeCount()
            waiting.withLock { $0 = count }
            guard count > 0 else { return [] }
            let now = Instant(milliseconds: Clocks.wallMilliseconds())
            return try store.pendingNotices(receiver: receiver, limit: limit, now: now)
        } catch {
            logger.warning("the outbox cannot be read: \(error)")
            return []
        }
    }

    func delivered(_ item: OutboxItem) {
        do {
            try store.markDelivered(item.id)
        } catch {
            logger.warning("a delivered notice may be repeated: \(error)")
        }
    }

    func failed(_ item: OutboxItem) {
        logger.warning(
            "hook \(item.receiver): \(item.lastError ?? "failed"), attempt \(item.attempts)")
        do {
            try store.markFailed(
                item.id, nextAttemptAt: item.nextAttemptAt, error: item.lastError ?? "")
        } catch {
            logger.warning("a failed delivery could not be noted: \(error)")
        }
    }
}
