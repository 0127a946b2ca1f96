import Model
import Platform
import Profiles
import Synchronization

/// Takes what the poller brings, decodes it, and counts.
final class Tally: Sendable {
    struct Counts {
        var polls = 0
        var failures: [String: Int] = [:]
        var requests = 0
        /// Variables that came.
        var points = 0
        /// Values that the profile made of them.
        var readings = 0
        /// Values compared with what the device is known to have, and those that differed.
        var checked = Expectation.Result()
        /// Nanoseconds, monotonic, of the last poll that succeeded.
        var lastSuccess: Int64 = 0
    }
    private struct State {
        var counts = Counts()
        /// Empty where nothing is decoded.
        var decoders: [DeviceDecoder]
        var family = DecoderFamily()
    }
    private let state: Mutex<State>
    private let expectation: Expectation?
    private let done = ConditionLock((count: 0, wanted: 0))

    init(devices: Int, profile: Profile?, expectation: Expectation?) {
        self.expectation = expectation
        let decoder = profile.map { DeviceDecoder(profile: $0) }
        state = Mutex(
            State(decoders: decoder.map { Array(repeating: $0, count: devices) } ?? []))
    }

    func take(_ polls: [RawPoll]) {
        state.withLock { state in
            for poll in polls {
                state.counts.polls += 1
                state.counts.requests += poll.requests
                switch poll.outcome {
                case .failure(let failure): state.counts.failures[failure.name, default: 0] += 1
                case .frames(let frames):
                    state.counts.lastSuccess = Clocks.monotonicNanoseconds()
                    let place = Int(poll.device.index)
                    if case .snmp(let binds) = frames {
                        state.counts.points += binds.count
                        if let expectation {
                            let result = expectation.check(binds, agent: place)
                            state.counts.checked.checked += result.checked
                            state.counts.checked.wrong += result.wrong
                        }
                    }
                    if state.decoders.isEmpty { continue }
                    state.counts.readings +=
                        state.decoders[place]
                        .decode(frames, family: &state.family).count(where: \.isPresent)
                }
            }
        }
        // The waiting thread is woken once a cycle: waking it is not what is measured.
        let isEnough = done.withLock { done in
            done.count += polls.count
            return done.count >= done.wanted
        }
        if isEnough { done.update { _ in } }
    }

    func begin(wanted: Int) {
        state.withLock { $0.counts = Counts() }
        done.update { $0 = (0, wanted) }
    }

    /// False after a minute.
    func wait() -> Bool {
        done.wait(forMilliseconds: 60_000) { $0.count >= $0.wanted ? () : nil } != nil
    }

    var counts: Counts { state.withLock { $0.counts } }
}

extension PointValue {
    fileprivate var isPresent: Bool { quality != .absent }
}
