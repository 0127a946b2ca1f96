import Serve
import Synchronization
import Views

/// Hands the newest picture to every listener. A slow listener skips; it never holds others up.
final class EventBroadcast: Sendable {
    /// Consoles and scripts that follow at once.
    static let maximumListeners = 256

    private struct State {
        var latest: SitePicture?
        var next = 0
        var listeners: [Int: AsyncStream<SitePicture>.Continuation] = [:]
    }
    private let state = Mutex(State())

    var latest: SitePicture? { state.withLock { $0.latest } }

    var isFollowed: Bool { state.withLock { !$0.listeners.isEmpty } }

    func publish(_ view: SiteView) {
        let picture = SitePicture(view)
        let listeners = state.withLock { state in
            state.latest = picture
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.yield(picture) }
    }

    /// Pictures from now on, beginning with the newest there is; ends at once when too many
    /// follow.
    func stream() -> AsyncStream<SitePicture> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let (latest, id) = state.withLock { state -> (SitePicture?, Int?) in
                guard state.listeners.count < Self.maximumListeners else { return (nil, nil) }
                let id = state.next
                state.next += 1
                state.listeners[id] = continuation
                return (state.latest, id)
            }
            guard let id else { return continuation.finish() }
            continuation.onTermination = { [weak self] _ in
                self?.state.withLock { _ = $0.listeners.removeValue(forKey: id) }
            }
            if let latest { continuation.yield(latest) }
        }
    }

    /// There is no present any more: who follows is let go, and finds none.
    func withdraw() {
        state.withLock { $0.latest = nil }
        finish()
    }

    func finish() {
        let listeners = state.withLock { state in
            defer { state.listeners.removeAll() }
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish() }
    }
}
