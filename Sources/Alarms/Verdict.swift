import Model

/// What a condition says of its inputs at a moment.
package enum Verdict: Sendable {
    case holds
    case ends
    /// Between the limit and the deadband: as it was.
    case keeps
    /// An input is not known: nothing can be said.
    case frozen
}

extension ConditionFilter {
    /// Takes what a condition of several values says, at monotonic `now` (ms).
    mutating func take(_ verdict: Verdict, now: Int64) -> AlarmInput? {
        switch verdict {
        case .holds: set(true, now: now)
        case .ends: set(false, now: now)
        case .keeps: keep(now: now)
        case .frozen: take(.untrusted, now: now)
        }
    }
}

/// A limit with its deadband, in binary: what is held against it was computed.
struct Threshold: Sendable {
    var limit: Double
    var clear: Double

    init(limit: FixedDecimal, deadband: FixedDecimal) {
        self.limit = limit.double
        clear = limit.double.exactSum(-deadband.double)
    }

    func verdict(_ value: Double) -> Verdict {
        if value > limit, !value.isSame(as: limit) { return .holds }
        return value < clear && !value.isSame(as: clear) ? .ends : .keeps
    }
}

/// Values of one point over a stretch of time, thinned: enough to tell how fast it changes.
struct RateWindow: Sendable {
    /// A window is cut into this many steps, of which one value each is kept: the change is taken
    /// over the window and at most one step more.
    private static let steps: Int64 = 8
    /// Values kept: one a step, one before the window, and one for uneven steps.
    static let capacity = 10

    private var times = InlineArray<10, Int64>(repeating: 0)
    private var values = InlineArray<10, Double>(repeating: 0)
    private var count = 0
    private var lastAt: Int64 = .min

    /// How much the value has changed since the newest value that is a window old, per millisecond;
    /// nil where nothing so old is known.
    ///
    /// - Parameter longestGap: after a longer time without a value what was before counts no more.
    mutating func add(
        _ value: Double, at now: Int64, window: Int64, longestGap: Int64
    ) -> Double? {
        if count > 0, now <= lastAt || now - lastAt > longestGap { count = 0 }
        lastAt = now
        while count > 1, now - times[1] >= window { removeFirst() }
        var rate: Double?
        if count > 0, now - times[0] >= window {
            rate = value.exactSum(-values[0]) / Double(now - times[0])
        }
        if count == 0 || now - times[count - 1] >= window / Self.steps {
            if count == Self.capacity { removeFirst() }
            times[count] = now
            values[count] = value
            count += 1
        }
        return rate
    }

    private mutating func removeFirst() {
        for index in 1..<count {
            times[index - 1] = times[index]
            values[index - 1] = values[index]
        }
        count -= 1
    }
}
