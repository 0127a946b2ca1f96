package import Model

/// What can happen to an alarm.
package enum AlarmInput: Sendable, CaseIterable {
    /// The filtered condition became true.
    case raise
    /// The filtered condition became false.
    case clear
    case acknowledge
    /// Ends a latched alarm that was acknowledged.
    case reset
    /// The rule or the device is gone.
    case retire
}

/// One alarm's base region: which state follows, and what receivers are told
/// (ISA-18.2-2016, section 10; IEC 62682). Pure: time, storage and delivery are the caller's.
package struct AlarmStateMachine: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        case moved(from: AlarmState, notice: NoticeKind)
        /// Nothing to do: the input repeats what is so already.
        case unchanged
        /// A person asked for what the state does not allow; the text says why.
        case refused(String)
    }

    package private(set) var state: AlarmState
    private let latching: Bool

    package init(state: AlarmState = .normal, latching: Bool) {
        self.state = state
        self.latching = latching
    }

    package mutating func apply(_ input: AlarmInput) -> Outcome {
        switch input {
        case .raise: raise()
        case .clear: clear()
        case .acknowledge: acknowledge()
        case .reset: reset()
        case .retire: state == .normal ? .unchanged : move(to: .normal, .resolved)
        }
    }

    private mutating func raise() -> Outcome {
        switch state {
        case .unacknowledged, .acknowledged: .unchanged
        case .normal, .returnedUnacknowledged, .latchedUnacknowledged, .latchedAcknowledged:
            move(to: .unacknowledged, .active)
        }
    }

    private mutating func clear() -> Outcome {
        switch state {
        case .unacknowledged:
            move(to: latching ? .latchedUnacknowledged : .returnedUnacknowledged, .returned)
        case .acknowledged:
            latching ? move(to: .latchedAcknowledged, .returned) : move(to: .normal, .resolved)
        case .normal, .returnedUnacknowledged, .latchedUnacknowledged, .latchedAcknowledged:
            .unchanged
        }
    }

    private mutating func acknowledge() -> Outcome {
        switch state {
        case .normal: .refused("the alarm is not active; there is nothing to acknowledge")
        case .unacknowledged: move(to: .acknowledged, .acknowledged)
        case .returnedUnacknowledged: move(to: .normal, .resolved)
        case .latchedUnacknowledged: move(to: .latchedAcknowledged, .acknowledged)
        case .acknowledged, .latchedAcknowledged: .unchanged
        }
    }

    private mutating func reset() -> Outcome {
        switch state {
        case .latchedAcknowledged: move(to: .normal, .resolved)
        case .latchedUnacknowledged: .refused("acknowledge the alarm before resetting it")
        case .normal, .unacknowledged, .acknowledged, .returnedUnacknowledged:
            .refused("the alarm is not latched; there is nothing to reset")
        }
    }

    private mutating func move(to next: AlarmState, _ notice: NoticeKind) -> Outcome {
        let previous = state
        state = next
        return .moved(from: previous, notice: notice)
    }
}
