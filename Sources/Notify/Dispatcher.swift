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
        /// Receivers as they are wanted now, and how often they were read.
        var hooks: [String: Hook] = [:]
        var readings = 0
        /// Those that have a thread; it leaves this when its receiver is wanted no more.
        var running: Set<String> = []
    }

    private let outbox: any OutboxSource
    private let signal = ConditionLock(Signal())
    /// Touched by who makes, replaces and stops, one after the other.
    private let threads = ConditionLock<[String: NativeThread]>([:])

    package init(hooks: [Hook], outbox: any OutboxSource) throws(PlatformError) {
        self.outbox = outbox
        try replace(hooks)
    }

    /// Other receivers, or the same with other addresses and limits: each goes over between two
    /// messages, so that none is sent twice for it and the order is kept. What waits for one that
    /// is gone stays in the outbox.
    package func replace(_ hooks: [Hook]) throws(PlatformError) {
        precondition(
            hooks.count <= Self.maximumReceivers, "BUG: \(hooks.count) hooks passed the site check")
        let new = signal.update { state -> [String] in
            state.hooks = Dictionary(
                hooks.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            state.readings += 1
            state.generation += 1
            let new = state.hooks.keys.filter { !state.running.contains($0) }
            state.running.formUnion(new)
            return new.sorted()
        }
        for name in new {
            let loop = Loop(name: name, outbox: outbox, signal: signal)
            do throws(PlatformError) {
                // The one before it is at its end: it has said so.
                threads.withLock { $0.removeValue(forKey: name) }?.join()
                let thread = try NativeThread(name: "hook-" + name.prefix(10)) { loop.run() }
                threads.withLock { $0[name] = thread }
            } catch {
                signal.update { $0.running.subtract(new.drop(while: { $0 != name })) }
                throw error
            }
        }
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
        let all = threads.withLock { threads in
            defer { threads = [:] }
            return threads.values
        }
        for thread in all { thread.join() }
    }

    private struct Loop: Sendable {
        let name: String
        let outbox: any OutboxSource
        let signal: ConditionLock<Signal>

        private struct Seen {
            var hook: Hook
            var reading: Int
            var generation: Int
            var revivals: Int
        }

        func run() {
            while let seen = look(isLast: true) { serve(seen.hook, seen.reading) }
        }

        /// Nil where the receiver is wanted no more.
        ///
        /// - Parameter isLast: with nil the thread ends; another may begin for the same name.
        private func look(isLast: Bool = false) -> Seen? {
            signal.withLock { state in
                guard !state.stopped, let hook = state.hooks[name] else {
                    if isLast {
                        state.running.remove(name)
                        state.status[name] = nil
                    }
                    return nil
                }
                return Seen(
                    hook: hook, reading: state.readings, generation: state.generation,
                    revivals: state.revivals)
            }
        }

        /// Delivers until the receiver is read again, or it is over.
        private func serve(_ hook: Hook, _ reading: Int) {
            let sender = hook.sender
            var lane = Lane(
                hook: hook, outbox: outbox, now: Self.now,
                wall: Instant(milliseconds: Clocks.wallMilliseconds()))
            var revivals: Int?
            while let seen = look(), seen.reading == reading {
                var isCopied = false
                let next = lane.step(
                    now: Self.now, wall: Instant(milliseconds: Clocks.wallMilliseconds()),
                    isRevived: revivals.map { $0 != seen.revivals } ?? false, isCopied: &isCopied
                ) { sender.send($0) }
                revivals = seen.revivals
                let status = lane.status
                signal.withLock { $0.status[name] = status }
                if isCopied { signal.update { $0.generation += 1 } }
                let pause: Int64
                switch next {
                case .again: continue
                case .at(let time): pause = min(max(0, time - Self.now), longestPause)
                case .idle: pause = longestPause
                }
                _ = signal.wait(forMilliseconds: pause) {
                    $0.stopped || $0.generation != seen.generation ? true : nil
                }
            }
        }

        private static var now: Int64 { Clocks.monotonicNanoseconds() / 1_000_000 }
    }
}
