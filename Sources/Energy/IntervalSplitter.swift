import Model

/// Cuts energy between two readings at quarter hours, and closes each quarter hour as a whole
/// number of Wh. What rounding takes from one interval it gives to the next.
struct IntervalSplitter: Sendable, Hashable {
    /// Units of energy in one Wh: the denominator of the register's scale.
    private(set) var unitsPerWattHour: Int128
    /// The quarter hour being filled.
    private(set) var interval: QuarterHour
    /// Units of energy in it so far; the parts that are known.
    private(set) var exact: Int128 = 0
    private(set) var flag: LedgerFlag = .measured
    /// False once any part of the interval is unknown.
    private(set) var complete: Bool
    /// What rounding still owes, within half a Wh.
    private(set) var carry: Int128 = 0

    init(startingAt time: Instant, unitsPerWattHour: Int128) {
        self.unitsPerWattHour = unitsPerWattHour
        interval = QuarterHour(containing: time)
        complete = interval.start == time
    }

    struct Step {
        var start: Instant
        var end: Instant
        /// In units; nil where nothing is known of the energy between.
        var energy: Int128?
        /// Applies only where the step crosses a boundary: inside one interval both ends count
        /// whole, however far apart the readings are.
        var flag: LedgerFlag
    }

    /// Adds the energy of one step. `shape` gives the typical Wh of a quarter hour; without it, or
    /// where it knows nothing, energy is spread evenly.
    mutating func add(_ step: Step, shape: ((QuarterHour) -> Int64?)? = nil) -> [LedgerEntry] {
        var entries: [LedgerEntry] = []
        let weights = Weights(step, shape: shape)
        let crosses = weights.pieces.count > 1
        var givenEnergy: Int128 = 0
        var passedWeight: Int128 = 0
        for piece in weights.pieces {
            passedWeight += piece.weight
            if let energy = step.energy {
                let upTo = Exact.share(energy, part: passedWeight, of: weights.total)
                exact += upTo - givenEnergy
                givenEnergy = upTo
                flag = flag.worse(of: crosses ? step.flag : .measured)
            } else {
                complete = false
            }
            if piece.closes { entries.append(close()) }
        }
        if step.flag == .substituted { flag = flag.worse(of: .substituted) }
        return entries
    }

    /// Says of the current interval that it is no better known than this.
    mutating func mark(_ worse: LedgerFlag) { flag = flag.worse(of: worse) }

    /// Ends the current interval as missing and starts anew at `time`.
    mutating func restart(at time: Instant) -> LedgerEntry {
        complete = false
        let entry = close()
        interval = QuarterHour(containing: time)
        complete = interval.start == time
        return entry
    }

    /// Goes over to another scale, as when transformers are changed. What is lost is below a
    /// billionth of a Wh.
    mutating func rescale(to units: Int128) {
        let whole = exact / unitsPerWattHour
        exact = whole * units + exact % unitsPerWattHour * units / unitsPerWattHour
        carry = carry * units / unitsPerWattHour
        unitsPerWattHour = units
    }

    /// Puts back what `MeterLedger` stored.
    init(
        unitsPerWattHour: Int128, interval: QuarterHour, exact: Int128, flag: LedgerFlag,
        complete: Bool, carry: Int128
    ) {
        self.unitsPerWattHour = unitsPerWattHour
        self.interval = interval
        self.exact = exact
        self.flag = flag
        self.complete = complete
        self.carry = carry
    }

    private mutating func close() -> LedgerEntry {
        defer {
            interval = interval.next
            exact = 0
            flag = .measured
            complete = true
        }
        guard complete else {
            return LedgerEntry(interval: interval, wattHours: nil, flag: .missing)
        }
        let owed = carry + exact
        let wattHours = Exact.roundedUpward(owed, by: unitsPerWattHour)
        carry = owed - wattHours * unitsPerWattHour
        return LedgerEntry(interval: interval, wattHours: Int64(clamping: wattHours), flag: flag)
    }

    /// The pieces of a step, one for each quarter hour it touches.
    private struct Weights {
        var pieces: [(weight: Int128, closes: Bool)] = []
        var total: Int128 = 0

        init(_ step: Step, shape: ((QuarterHour) -> Int64?)?) {
            var spans: [(interval: QuarterHour, milliseconds: Int64, closes: Bool)] = []
            var start = step.start
            while start < step.end {
                let interval = QuarterHour(containing: start)
                let end = min(interval.end, step.end)
                spans.append((interval, end.millisecondsSince(start), end == interval.end))
                start = end
            }
            pieces = spans.map { (Int128($0.milliseconds), $0.closes) }
            if let shape {
                let typical = spans.map { shape($0.interval) }
                let usable = typical.allSatisfy { ($0 ?? -1) >= 0 }
                let shaped = zip(spans, typical).map { span, wattHours in
                    (Int128(span.milliseconds) * Int128(wattHours ?? 0), span.closes)
                }
                if usable, shaped.contains(where: { $0.0 > 0 }) { pieces = shaped }
            }
            total = pieces.reduce(0) { $0 + $1.weight }
        }
    }
}
