import Model

/// How the polls of one device have gone: what `frostline status --slow` sorts by.
package struct PollTally: Sendable {
    /// Latencies that are kept: at 10 s the last five minutes.
    static let kept = 32

    package private(set) var requests: Int64 = 0
    package private(set) var retries: Int64 = 0
    package private(set) var timeouts: Int64 = 0
    /// Time until the device is asked again, as of the last poll; nil while it is asked at every
    /// slot.
    package private(set) var backOffMilliseconds: Int64?
    /// Microseconds of the last polls that were answered, in no order.
    private var latencies: [UInt32] = []
    private var next = 0
    /// Milliseconds that polls took, failed ones too: a moving mean over about ten polls.
    package private(set) var meanPollMilliseconds: Double?
    private var polls: Int64 = 0

    package init() {}

    mutating func note(_ poll: RawPoll) {
        polls += 1
        requests += Int64(poll.requests)
        retries += Int64(poll.retries)
        timeouts += Int64(poll.timeouts)
        backOffMilliseconds = poll.backOffMilliseconds > 0 ? poll.backOffMilliseconds : nil
        let milliseconds = Double(poll.latencyMicroseconds) / 1000
        meanPollMilliseconds =
            meanPollMilliseconds.map { $0 + (milliseconds - $0) / 10 }
            ?? milliseconds
        guard case .frames = poll.outcome else { return }
        let latency = UInt32(clamping: poll.latencyMicroseconds)
        if latencies.count < Self.kept {
            latencies.append(latency)
        } else {
            latencies[next] = latency
            next = (next + 1) % Self.kept
        }
    }

    package var requestsPerPoll: Double? {
        polls > 0 ? Double(requests) / Double(polls) : nil
    }

    /// Milliseconds that half, and 95 of 100, of the last answered polls did not exceed; nil before
    /// the first answer.
    package var usualAndSlow: (p50: Double, p95: Double)? {
        guard !latencies.isEmpty else { return nil }
        let sorted = latencies.sorted()
        func rank(_ percent: Int) -> Double {
            Double(sorted[(percent * sorted.count + 99) / 100 - 1]) / 1000
        }
        return (rank(50), rank(95))
    }
}
