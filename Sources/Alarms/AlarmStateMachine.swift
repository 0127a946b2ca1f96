package import Model

/// What can happen to an alarm.
package enum AlarmInput: String, Sendable, CaseIterable {
    /// The filtered condition became true.
    case raise
    /// The filtered condition became false.
    case clear
    case acknowledge
    /// Ends a latched alarm that was acknowledged.
    case reset
    /// Nobody has acted on it for too long.
    case realarm
    case priorityUp, priorityDown
    /// A person puts it aside; always with an end.
    case shelve
    case unshelve, shelfExpired
    /// Another alarm explains this one, or a maintenance window covers it.
    case suppress
    case unsuppress
    /// Taken out of service by a person and a second one, until a date of review.
    case outOfService
    case backInService
    /// The rule or the device is gone.
    case retire
}

/// Why an alarm is not shown. Reasons are a set: what hides it twice has to end twice.
package struct AlarmHiding: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let shelved = AlarmHiding(rawValue: 1)
    package static let suppressed = AlarmHiding(rawValue: 2)
    package static let outOfService = AlarmHiding(rawValue: 4)

    package init(_ reasons: [HidingReason]) {
        self = []
        for reason in reasons {
            switch reason.kind {
            case .shelf: insert(.shelved)
            case .cause, .window: insert(.suppressed)
            case .outOfService: insert(.outOfService)
            }
        }
    }
}

/// One alarm: which state follows, and what receivers are told (ISA-18.2-2016, section 10;
/// IEC 62682). Two regions side by side, as in OPC UA Part 9: the base region goes on below while
/// the hiding region keeps it from being shown. Pure: time, storage and delivery are the caller's.
package struct AlarmStateMachine: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        /// Something changed; nil: the journal knows, receivers are not told.
        case moved(from: AlarmState, notice: NoticeKind?)
        /// Nothing to do: the input repeats what is so already.
        case unchanged
        /// A person asked for what the state does not allow; the text says why.
        case refused(String)
    }

    package private(set) var state: AlarmState
    package private(set) var hiding: AlarmHiding
    package private(set) var priority: AlarmPriority
    /// Whether this episode was ever shown.
    package private(set) var wasShown: Bool
    /// Whether receivers last heard that it is active: then they will hear its end.
    package private(set) var isOpenOutside: Bool
    private let latching: Bool
    private let requiresAcknowledgement: Bool

    /// - Parameters:
    ///   - state: a stored one.
    ///   - wasShown: nil: what follows from the state.
    ///   - isOpenOutside: what receivers know of it; nil: what follows from the state.
    package init(
        state: AlarmState = .normal, priority: AlarmPriority = .medium, latching: Bool,
        requiresAcknowledgement: Bool = true, hiding: AlarmHiding = [], wasShown: Bool? = nil,
        isOpenOutside: Bool? = nil
    ) {
        self.state = state
        self.priority = priority
        self.latching = latching
        self.requiresAcknowledgement = requiresAcknowledgement
        self.hiding = hiding
        self.wasShown = state != .normal && wasShown ?? true
        self.isOpenOutside =
            isOpenOutside ?? (state != .normal && state != .returnedUnacknowledged)
    }

    /// As it was stored.
    package init(
        _ record: AlarmRecord, latching: Bool, requiresAcknowledgement: Bool = true
    ) {
        self.init(
            state: record.state, priority: record.priority, latching: latching,
            requiresAcknowledgement: requiresAcknowledgement, hiding: AlarmHiding(record.reasons),
            wasShown: record.wasShown,
            isOpenOutside: record.isOpenOutside)
    }

    /// The filtered condition, which the base state always agrees with.
    package var isLive: Bool { state == .unacknowledged || state == .acknowledged }
    package var isHidden: Bool { !hiding.isEmpty }

    package mutating func apply(_ input: AlarmInput) -> Outcome {
        switch input {
        case .raise: raise()
        case .clear: clear()
        case .acknowledge: acknowledge()
        case .reset: reset()
        case .realarm:
            isHidden || !isLive ? .unchanged : move(to: .unacknowledged, .escalated)
        case .priorityUp: raisePriority()
        case .priorityDown: lowerPriority()
        case .shelve: shelve()
        case .suppress: hide(.suppressed)
        case .outOfService: hide(.outOfService)
        case .unshelve, .shelfExpired: show(.shelved)
        case .unsuppress: show(.suppressed)
        case .backInService: show(.outOfService)
        case .retire: retire()
        }
    }

    // MARK: - The base region

    private mutating func raise() -> Outcome {
        guard !isLive else { return .unchanged }
        wasShown = !isHidden
        return move(to: .unacknowledged, .active)
    }

    private mutating func clear() -> Outcome {
        switch state {
        case .unacknowledged:
            if latching { return move(to: .latchedUnacknowledged, wasShown ? .returned : nil) }
            // Never shown: there is nothing to acknowledge, the journal keeps it.
            guard wasShown else { return move(to: .normal, nil) }
            return requiresAcknowledgement
                ? move(to: .returnedUnacknowledged, .returned) : move(to: .normal, .resolved)
        case .acknowledged:
            return latching
                ? move(to: .latchedAcknowledged, .returned) : move(to: .normal, .resolved)
        case .normal, .returnedUnacknowledged, .latchedUnacknowledged, .latchedAcknowledged:
            return .unchanged
        }
    }

    private mutating func acknowledge() -> Outcome {
        if let hidden { return .refused("the alarm is \(hidden); show it again first") }
        switch state {
        case .normal:
            return .refused("the alarm is not active; there is nothing to acknowledge")
        case .unacknowledged: return move(to: .acknowledged, .acknowledged)
        case .returnedUnacknowledged: return move(to: .normal, .resolved)
        case .latchedUnacknowledged: return move(to: .latchedAcknowledged, .acknowledged)
        case .acknowledged, .latchedAcknowledged: return .unchanged
        }
    }

    private mutating func reset() -> Outcome {
        if let hidden { return .refused("the alarm is \(hidden); show it again first") }
        switch state {
        case .latchedAcknowledged: return move(to: .normal, .resolved)
        case .latchedUnacknowledged: return .refused("acknowledge the alarm before resetting it")
        case .normal, .unacknowledged, .acknowledged, .returnedUnacknowledged:
            return .refused("the alarm is not latched; there is nothing to reset")
        }
    }

    private mutating func raisePriority() -> Outcome {
        guard isLive, let next = AlarmPriority(rawValue: priority.rawValue + 1) else {
            return .unchanged
        }
        priority = next
        // What is more urgent than when it was acknowledged has to be acknowledged again.
        return move(to: .unacknowledged, .active)
    }

    private mutating func lowerPriority() -> Outcome {
        guard priority > .low, let next = AlarmPriority(rawValue: priority.rawValue - 1) else {
            return .unchanged
        }
        priority = next
        return .moved(from: state, notice: nil)
    }

    /// Receivers hear the end also of an alarm that is hidden: nobody will tell them later.
    private mutating func retire() -> Outcome {
        let previous = state
        guard state != .normal || isHidden || isOpenOutside else { return .unchanged }
        let notice: NoticeKind? = isOpenOutside ? .resolved : nil
        state = .normal
        hiding = []
        wasShown = false
        isOpenOutside = false
        return .moved(from: previous, notice: notice)
    }

    private mutating func move(to next: AlarmState, _ notice: NoticeKind?) -> Outcome {
        let previous = state
        state = next
        if next == .normal { wasShown = false }
        return .moved(from: previous, notice: tell(notice))
    }

    /// The notice, unless the alarm is hidden; keeps what receivers know.
    private mutating func tell(_ notice: NoticeKind?) -> NoticeKind? {
        guard !isHidden, let notice else { return nil }
        switch notice {
        case .active, .escalated: isOpenOutside = true
        case .resolved: isOpenOutside = false
        // A latched alarm stays open outside until its reset.
        case .returned: if !latching { isOpenOutside = false }
        case .acknowledged: break
        }
        return notice
    }

    // MARK: - The hiding region

    /// In words, what hides it first.
    private var hidden: String? {
        if hiding.contains(.outOfService) { return "out of service" }
        if hiding.contains(.suppressed) { return "suppressed" }
        return hiding.contains(.shelved) ? "shelved" : nil
    }

    private mutating func shelve() -> Outcome {
        guard priority != .critical else {
            return .refused(
                "a critical alarm cannot be shelved; take it out of service with a second person")
        }
        return hide(.shelved)
    }

    private mutating func hide(_ reason: AlarmHiding) -> Outcome {
        guard !hiding.contains(reason) else { return .unchanged }
        hiding.insert(reason)
        return .moved(from: state, notice: nil)
    }

    /// When the last reason goes, receivers are told what they missed.
    private mutating func show(_ reason: AlarmHiding) -> Outcome {
        guard hiding.contains(reason) else { return .unchanged }
        hiding.remove(reason)
        guard !isHidden else { return .moved(from: state, notice: nil) }
        var notice: NoticeKind?
        if state == .unacknowledged || state == .latchedUnacknowledged, !wasShown {
            wasShown = true
            notice = .active
        } else if state == .unacknowledged {
            notice = .escalated
        } else if !isLive, isOpenOutside {
            // It ended while it was hidden.
            switch state {
            case .normal: notice = .resolved
            case .returnedUnacknowledged: notice = .returned
            case .unacknowledged, .acknowledged, .latchedUnacknowledged, .latchedAcknowledged:
                break
            }
        }
        return .moved(from: state, notice: tell(notice))
    }
}
