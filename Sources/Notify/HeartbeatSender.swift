package import Model
package import Platform

/// Posts a sign of life to somebody outside for as long as the collector is well: silence there is
/// an alarm of its own.
package final class HeartbeatSender: Sendable {
    private struct State {
        /// Nil while nobody is to be told.
        var heartbeat: Heartbeat?
        var readings = 0
        var stopped = false
        var sent = 0
        var lastError: String?
    }
    private struct Document: Encodable {
        var site: String
        var time: String
        var count: Int
        var alive: Bool
    }

    private static let idleMilliseconds: Int64 = 60_000

    private let state: ConditionLock<State>
    private let thread: NativeThread

    /// - Parameter isAlive: asked on the sender's thread before each; nothing is sent while false.
    package init(
        _ heartbeat: Heartbeat?, site: String, isAlive: @escaping @Sendable () -> Bool,
        note: @escaping @Sendable (String) -> Void
    ) throws(PlatformError) {
        let state = ConditionLock(State(heartbeat: heartbeat))
        self.state = state
        thread = try NativeThread(name: "heartbeat") {
            while true {
                let (heartbeat, readings) = state.withLock { ($0.heartbeat, $0.readings) }
                if let heartbeat, isAlive() { Self.beat(heartbeat, site, state, note) }
                let pause = heartbeat?.everyMilliseconds ?? Self.idleMilliseconds
                let isOver: Bool? = state.wait(forMilliseconds: pause) {
                    $0.stopped ? true : $0.readings != readings ? false : nil
                }
                if isOver == true { return }
            }
        }
    }

    /// Tells somebody else, or nobody, from now on.
    package func replace(_ heartbeat: Heartbeat?) {
        state.update {
            $0.heartbeat = heartbeat
            $0.readings += 1
        }
    }

    package func stop() {
        state.update { $0.stopped = true }
        thread.join()
    }

    private static func beat(
        _ heartbeat: Heartbeat, _ site: String, _ state: ConditionLock<State>,
        _ note: (String) -> Void
    ) {
        let count = state.withLock { $0.sent + 1 }
        let time = Instant(milliseconds: Clocks.wallMilliseconds()).iso8601()
        let body = AlertFields.json(Document(site: site, time: time, count: count, alive: true))
        let answer = Posting.post(
            body, key: "\(site)/heartbeat/\(time)", url: heartbeat.url.reveal,
            token: heartbeat.token)
        let outcome: DeliveryQueue.Outcome =
            switch answer {
            case .outcome(let outcome): outcome
            case .response(let response): Posting.outcome(response)
            }
        let problem: String? =
            switch outcome {
            case .delivered: nil
            case .retry(let reason, _, _), .refused(let reason): reason
            }
        let isNew = state.withLock { state -> Bool in
            defer { state.lastError = problem }
            if problem == nil { state.sent = count }
            return problem != nil && state.lastError == nil
        }
        // Once: it is sent again and again.
        if isNew, let problem { note("the heartbeat is not heard: \(problem)") }
    }
}
