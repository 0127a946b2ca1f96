package import Model
package import Platform

/// Delivers notices: one thread per receiver, in order, until the receiver has confirmed.
///
/// At least once: a notice is marked delivered only after the receiver's success, so a crash in
/// between repeats it with the same key.
package final class Dispatcher: Sendable {
    /// Receivers of a site; each costs a thread.
    package static let maximumReceivers = 64
    /// A receiver's thread looks after itself at least this often.
    private static let longestPause: Int64 = 60_000

    private struct Signal {
        var generation = 0
        /// Raised when dead letters are to be tried again.
        var revivals = 0
        var stopped = false
        var status: [String: LaneStatus] = [:]
    }

    private let signal = ConditionLock(Signal())
    private let threads: [NativeThread]

    package init(hooks: [Hook], outbox: any OutboxSource) throws(PlatformError) {
        precondition(
            hooks.count <= Self.maximumReceivers, "BUG: \(hooks.count) hooks passed the site check")
        var threads: [NativeThread] = []
        for hook in hooks {
            let loop = Loop(hook: hook, outbox: outbox, signal: signal)
            threads.append(try NativeThread(name: "hook-" + hook.name.prefix(10)) { loop.run() })
        }
        self.threads = threads
    }

    /// Tells the receivers' threads that something new waits.
    package func wake() { signal.update { $0.generation += 1 } }

    /// Dead letters have been called back: everything that waits is taken anew and tried at once.
    package func revive() {
        signal.update {
            $0.revivals += 1
            $0.generation += 1
        }
    }

    /// How the receivers are doing, by name.
    package var status: [LaneStatus] {
        signal.withLock { $0.status.values.sorted { $0.receiver < $1.receiver } }
    }

    /// Notices that wait, as the receivers' threads last saw it.
    package var waiting: Int { signal.withLock { $0.status.values.reduce(0) { $0 + $1.waiting } } }

    /// Ends the threads; what waits stays in the outbox. A delivery under way is finished first.
    package func stop() {
        signal.update { $0.stopped = true }
        for thread in threads { thread.join() }
    }

    private struct Loop: Sendable {
        let hook: Hook
        let outbox: any OutboxSource
        let signal: ConditionLock<Signal>

        func run() {
            let sender = hook.sender
            var lane = Lane(
                hook: hook, outbox: outbox, now: Self.now,
                wall: Instant(milliseconds: Clocks.wallMilliseconds()))
            var generation = 0
            var revivals = 0
            while true {
                let seen = signal.withLock { $0 }
                if seen.stopped { return }
                generation = seen.generation
                var isCopied = false
                let next = lane.step(
                    now: Self.now, wall: Instant(milliseconds: Clocks.wallMilliseconds()),
                    isRevived: seen.revivals != revivals, isCopied: &isCopied
                ) { sender.send($0) }
                revivals = seen.revivals
                let status = lane.status
                signal.withLock { $0.status[hook.name] = status }
                if isCopied { signal.update { $0.generation += 1 } }
                let pause: Int64
                switch next {
                case .again: continue
                case .at(let time): pause = min(max(0, time - Self.now), longestPause)
                case .idle: pause = longestPause
                }
                let known = generation
                _ = signal.wait(forMilliseconds: pause) {
                    $0.stopped || $0.generation != known ? true : nil
                }
            }
        }

        private static var now: Int64 { Clocks.monotonicNanoseconds() / 1_000_000 }
    }
}
