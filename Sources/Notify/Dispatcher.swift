import HTTPClient
package import Model
package import Platform

/// Where notices wait. The store implements it; every method may block on the disk.
package protocol OutboxSource: Sendable {
    /// The oldest notices of one receiver that are not delivered, in order.
    func pending(receiver: String, limit: Int) -> [OutboxItem]
    /// May be told again of the same item where it goes on being pending.
    func delivered(_ item: OutboxItem)
    /// `item` carries the new number of attempts, the time of the next and the error.
    func failed(_ item: OutboxItem)
}

/// Delivers notices: one thread per receiver, in order, until the receiver has confirmed.
///
/// At least once: a notice is marked delivered only after the receiver's 2xx, so a crash in
/// between repeats it with the same `Idempotency-Key`.
package final class Dispatcher: Sendable {
    /// Receivers of a site; each costs a thread.
    package static let maximumReceivers = 64
    private static let connectTimeoutMilliseconds: Int64 = 5_000
    private static let totalTimeoutMilliseconds: Int64 = 15_000
    /// Nobody needs more of a receiver's answer than its reason.
    private static let maximumAnswerBytes = 64 << 10
    /// How often a receiver without a wake-up looks whether a waiting notice is due.
    private static let pauseMilliseconds: Int64 = 1_000

    private struct Signal {
        var generation = 0
        var stopped = false
    }

    private let signal = ConditionLock(Signal())
    private let threads: [NativeThread]

    package init(hooks: [Hook], outbox: any OutboxSource) throws(PlatformError) {
        precondition(
            hooks.count <= Self.maximumReceivers, "BUG: \(hooks.count) hooks passed the site check")
        var threads: [NativeThread] = []
        for hook in hooks {
            let loop = DeliveryLoop(hook: hook, outbox: outbox, signal: signal)
            threads.append(try NativeThread(name: "hook-" + hook.name.prefix(10)) { loop.run() })
        }
        self.threads = threads
    }

    /// Tells the receivers' threads that something new waits.
    package func wake() { signal.update { $0.generation += 1 } }

    /// Ends the threads; what waits stays in the outbox. A delivery under way is finished first.
    package func stop() {
        signal.update { $0.stopped = true }
        for thread in threads { thread.join() }
    }

    /// Sends one payload now, beside the outbox, and tells what the receiver said.
    package static func sendOnce(_ payload: [UInt8], key: String, to hook: Hook) -> String? {
        DeliveryLoop.post(payload, key: key, to: hook)
    }

    private struct DeliveryLoop: Sendable {
        let hook: Hook
        let outbox: any OutboxSource
        let signal: ConditionLock<Signal>

        /// The notice that was tried last, as long as the outbox may not know it yet: a disk that
        /// takes nothing must not make a flood of repeats.
        private struct Held {
            var id: Int64
            var isDelivered: Bool
            /// Tries, and after a delivery how often the outbox was told of it.
            var attempts: Int
            /// Monotonic, in milliseconds.
            var until: Int64

            init(_ id: Int64, isDelivered: Bool, attempts: Int) {
                (self.id, self.isDelivered, self.attempts) = (id, isDelivered, attempts)
                until =
                    Clocks.monotonicNanoseconds() / 1_000_000
                    + Backoff.milliseconds(
                        afterAttempts: attempts, seed: UInt64(bitPattern: id))
            }

            var isOver: Bool { Clocks.monotonicNanoseconds() / 1_000_000 >= until }
        }

        func run() {
            var generation = -1
            var held: Held?
            while true {
                let seen = generation
                let next: Signal? = signal.wait(forMilliseconds: Dispatcher.pauseMilliseconds) {
                    $0.stopped || $0.generation != seen ? $0 : nil
                }
                if let next {
                    if next.stopped { return }
                    generation = next.generation
                }
                while deliverFirst(&held) {
                    if signal.wait(forMilliseconds: 0, until: { $0.stopped ? true : nil }) == true {
                        return
                    }
                }
            }
        }

        /// Delivers the oldest notice if it is due; true when the next may be tried at once.
        private func deliverFirst(_ held: inout Held?) -> Bool {
            guard var item = outbox.pending(receiver: hook.name, limit: 1).first else {
                return false
            }
            let last = held?.id == item.id ? held : nil
            if let last, !last.isOver { return false }
            if let last, last.isDelivered {
                outbox.delivered(item)
                held = Held(item.id, isDelivered: true, attempts: last.attempts + 1)
                return false
            }
            let now = Instant(milliseconds: Clocks.wallMilliseconds())
            // A clock that was set back must not hold a notice for longer than one back-off.
            let wait = item.nextAttemptAt.millisecondsSince(now)
            guard wait <= 0 || wait > 2 * Backoff.maximumMilliseconds else { return false }
            guard let problem = Self.post(item.payload, key: item.idempotencyKey, to: hook) else {
                outbox.delivered(item)
                held = Held(item.id, isDelivered: true, attempts: 1)
                return true
            }
            item.attempts = max(item.attempts, last?.attempts ?? 0) + 1
            item.lastError = problem
            let delay = Backoff.milliseconds(
                afterAttempts: item.attempts, seed: UInt64(bitPattern: item.id))
            item.nextAttemptAt = Instant(milliseconds: Clocks.wallMilliseconds() + delay)
            outbox.failed(item)
            held = Held(item.id, isDelivered: false, attempts: item.attempts)
            return false
        }

        /// Nil when the receiver confirmed, otherwise why not.
        static func post(_ payload: [UInt8], key: String, to hook: Hook) -> String? {
            var headers = [
                HTTPRequest.Header("Content-Type", "application/json"),
                HTTPRequest.Header("Idempotency-Key", key),
                HTTPRequest.Header("User-Agent", "frostline"),
            ]
            if let token = hook.token {
                headers.append(HTTPRequest.Header("Authorization", "Bearer " + token.reveal))
            }
            var request = HTTPRequest(method: .post, url: hook.url.reveal)
            request.headers = headers
            request.body = payload
            request.connectTimeoutMilliseconds = Dispatcher.connectTimeoutMilliseconds
            request.totalTimeoutMilliseconds = Dispatcher.totalTimeoutMilliseconds
            request.maximumResponseBytes = Dispatcher.maximumAnswerBytes
            do {
                let response = try HTTP.send(request)
                return response.isSuccess ? nil : "the receiver answered \(response.status)"
            } catch {
                // The URL may hold a secret: say what went wrong, not where.
                return "\(error.kind.rawValue): \(error.detail)"
            }
        }
    }
}
