import CPlatform
import Glibc

/// A thread of our own, for what blocks or must stay in one place. Swift's cooperative pool has as
/// many threads as cores: one blocking call there stops everything else.
package final class NativeThread: Sendable {
    private let handle: pthread_t

    /// Starts at once. `name` shows in `top -H`; the kernel keeps 15 bytes of it.
    package init(name: String, _ body: @escaping @Sendable () -> Void) throws(PlatformError) {
        let start = Unmanaged.passRetained(ThreadStart(name: name, body: body))
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, threadEntry, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw PlatformError(operation: "start thread", subject: name, code: code)
        }
        handle = thread
    }

    /// True on the thread itself.
    package var isCurrent: Bool { pthread_equal(handle, pthread_self()) != 0 }

    /// Waits for the thread to end. Called once, never on the thread itself.
    package func join() {
        let code = pthread_join(handle, nil)
        precondition(code == 0, "BUG: joined a thread twice or from itself; got \(code)")
    }

    /// Lets the thread go; its memory is freed when it ends.
    package func detach() { pthread_detach(handle) }
}

private final class ThreadStart {
    let name: String
    let body: @Sendable () -> Void
    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

private func threadEntry(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let start = Unmanaged<ThreadStart>.fromOpaque(context).takeRetainedValue()
    cplatform_set_thread_name(start.name)
    start.body()
    return nil
}
