package import Model

/// Turns the readings of one register, in order, into the energy of quarter hours.
///
/// Energy is the difference of the register times its multiplier, exactly; the sum of all
/// intervals never departs from it by more than half a Wh. Energy is never negative and never
/// invented: where the register gives no answer (a reset, a jump) the intervals are missing.
package struct MeterLedger: Sendable {
    /// A register may bridge this long a silence; beyond it the intervals stay missing.
    package static let maximumBridgeMilliseconds: Int64 = 40 * 86_400_000
    /// Up to here a bridged boundary counts as interpolated, beyond as estimated.
    package static let interpolationMilliseconds: Int64 = 3_600_000
    /// Readings may come late by this much and are dropped. Older ones say that the clock was ahead
    /// before: to wait for it would stop the ledger for as long.
    package static let maximumStepBackMilliseconds: Int64 = 3_600_000
    /// Findings are for people; more than this of one meter between two collections repeat.
    package static let maximumFindings = 1000
    /// Readings are held at nine decimals, more than any register shows.
    private static let internalScale: Int8 = 9

    private struct Anchor: Sendable, Hashable {
        var time: Instant
        /// At `internalScale`.
        var counts: Int128
        var substituted: Bool
    }

    package private(set) var settings: MeterSettings
    package private(set) var findings: [LedgerFinding] = []
    private var scale: RegisterScale
    private var last: Anchor?
    /// A reading that does not follow from `last`, kept until the next one decides.
    private var candidate: (anchor: Anchor, verdict: RegisterVerdict)?
    private var splitter: IntervalSplitter?
    private var display: RegisterDisplay?
    /// How many of the meter's changes count already.
    private var appliedChanges = 0

    package init(settings: MeterSettings) {
        self.settings = settings
        scale = Self.scale(settings.multiplierNumerator, settings.multiplierDenominator)
    }

    /// Goes over to the multiplier that is in force at a time, where nothing is to be split.
    private mutating func adopt(multiplierAt time: Instant) {
        appliedChanges = settings.changes.prefix { $0.time <= time }.count
        scale = multiplierScale
        splitter?.rescale(to: scale.denominator)
    }

    private var multiplier: (Int64, Int64) {
        guard appliedChanges > 0 else {
            return (settings.multiplierNumerator, settings.multiplierDenominator)
        }
        let change = settings.changes[appliedChanges - 1]
        return (change.newMultiplierNumerator, change.newMultiplierDenominator)
    }

    private var multiplierScale: RegisterScale { Self.scale(multiplier.0, multiplier.1) }

    private static func scale(_ numerator: Int64, _ denominator: Int64) -> RegisterScale {
        guard
            let scale = RegisterScale(
                scale: internalScale, multiplierNumerator: numerator,
                multiplierDenominator: denominator)
        else {
            preconditionFailure("BUG: a meter's multiplier must be positive")
        }
        return scale
    }

    /// Time of the last reading that counted.
    package var lastTime: Instant? { last?.time }

    /// Energy since the start of the quarter hour now running, up to the last reading: for live
    /// figures. Nil where part of it is unknown.
    package var running: (interval: QuarterHour, wattHours: Int64)? {
        guard let splitter, splitter.complete else { return nil }
        let wattHours = Exact.roundedUpward(
            splitter.carry + splitter.exact, by: splitter.unitsPerWattHour)
        return (splitter.interval, Int64(clamping: wattHours))
    }

    package mutating func takeFindings() -> [LedgerFinding] {
        defer { findings = [] }
        return findings
    }

    /// Takes the next reading and returns the quarter hours that are finished by it, in order.
    /// `shape` gives the typical Wh of a quarter hour, to distribute long gaps.
    package mutating func observe(
        _ reading: RegisterReading, shape: ((QuarterHour) -> Int64?)? = nil
    ) -> [LedgerEntry] {
        guard reading.quality.isUsable else { return [] }
        guard let factor = Self.factor(of: reading.scale) else {
            note(.scale, reading.time, reading.time)
            return []
        }
        let now = Anchor(
            time: reading.time, counts: Int128(reading.mantissa) * factor,
            substituted: reading.quality == .substituted)
        guard let last else {
            self.last = now
            display = RegisterDisplay(counts: now.counts, since: now.time)
            adopt(multiplierAt: now.time)
            splitter = IntervalSplitter(
                startingAt: now.time, unitsPerWattHour: scale.denominator)
            return []
        }
        guard now.time > last.time else {
            if now.time < last.time { note(.outOfOrder, now.time, last.time) }
            if last.time.millisecondsSince(now.time) > Self.maximumStepBackMilliseconds {
                startAgain(at: now)
            }
            return []
        }
        defer { display?.show(now.counts, at: now.time) }
        if now.time.millisecondsSince(last.time) > Self.maximumBridgeMilliseconds {
            return abandon(until: now)
        }
        let modulus = settings.modulus.map { Int128($0) * factor }
        var entries: [LedgerEntry] = []
        while appliedChanges < settings.changes.count,
            settings.changes[appliedChanges].time <= now.time
        {
            let change = settings.changes[appliedChanges]
            entries += apply(change, before: now, rule: rule(modulus), shape: shape)
        }
        guard let last = self.last, now.time > last.time else { return entries }
        return entries + decide(now, after: last, rule: rule(modulus), shape: shape)
    }

    private func rule(_ modulus: Int128?) -> RegisterRule {
        RegisterRule(scale: scale, modulus: modulus, maximumWatts: settings.maximumWatts)
    }

    /// Carries energy across a change of the meter: on the old register up to its final reading
    /// and on the new one from its initial reading; where the register went on counting, up to its
    /// count at that moment, in a straight line between the readings around it, and the quarter
    /// hour is flagged. Where neither follows from the readings nothing is produced across it.
    private mutating func apply(
        _ change: MeterReplacement, before now: Anchor, rule: RegisterRule,
        shape: ((QuarterHour) -> Int64?)?
    ) -> [LedgerEntry] {
        guard let last else { return [] }
        candidate = nil
        note(.replacement, change.time, change.time)
        func anchor(_ counts: Int128) -> Anchor {
            Anchor(time: change.time, counts: counts, substituted: false)
        }
        let milliseconds = change.time.millisecondsSince(last.time)
        var final: Int128?
        var initial = now.counts
        if let registers = change.registers {
            final = Self.counts(registers.oldFinal)
            initial = Self.counts(registers.newInitial) ?? now.counts
        } else if now.counts >= last.counts {
            let share = Exact.share(
                now.counts - last.counts, part: Int128(milliseconds),
                of: Int128(now.time.millisecondsSince(last.time)))
            final = last.counts + share
            initial = last.counts + share
        }
        var entries: [LedgerEntry] = []
        if milliseconds > 0 {
            let old = final.map {
                rule.judge(from: last.counts, to: $0, milliseconds: milliseconds)
            }
            let isKnown = old?.verdict == .ok || old?.verdict == .rollover
            if !isKnown { note(.reset, last.time, change.time) }
            entries = accept(
                anchor(final ?? last.counts), since: last,
                energy: isKnown ? old?.exactEnergy : nil, shape: shape)
        }
        appliedChanges += 1
        scale = multiplierScale
        splitter?.rescale(to: scale.denominator)
        if change.registers == nil {
            let silence = now.time.millisecondsSince(last.time)
            splitter?.mark(silence > Self.interpolationMilliseconds ? .estimated : .interpolated)
        }
        self.last = anchor(initial)
        if final == nil {
            // Nothing is known of what the new register counted before this reading.
            entries += accept(now, since: anchor(initial), energy: nil, shape: shape)
        }
        return entries
    }

    private static func counts(_ register: FixedDecimal) -> Int128? {
        factor(of: register.scale).map { Int128(register.mantissa) * $0 }
    }

    private mutating func decide(
        _ now: Anchor, after last: Anchor, rule: RegisterRule,
        shape: ((QuarterHour) -> Int64?)?
    ) -> [LedgerEntry] {
        var since = last.time
        if let display, display.counts == last.counts { since = min(since, display.since) }
        let direct = rule.judge(
            from: last.counts, to: now.counts, milliseconds: now.time.millisecondsSince(since),
            resolution: display?.resolution ?? 0)
        if direct.verdict == .ok || direct.verdict == .rollover {
            if let candidate { note(.withheld, candidate.anchor.time, candidate.anchor.time) }
            candidate = nil
            if direct.verdict == .rollover { note(.rollover, last.time, now.time) }
            return accept(now, since: last, energy: direct.exactEnergy, shape: shape)
        }
        guard let held = candidate, now.time > held.anchor.time else {
            candidate = (now, direct.verdict)
            return []
        }
        let onward = rule.judge(
            from: held.anchor.counts, to: now.counts,
            milliseconds: now.time.millisecondsSince(held.anchor.time))
        guard onward.verdict == .ok || onward.verdict == .rollover else {
            note(.withheld, held.anchor.time, held.anchor.time)
            candidate = (now, direct.verdict)
            return []
        }
        // Two readings agree with each other and not with the past: the register was set anew.
        note(held.verdict == .spike ? .jump : .reset, last.time, held.anchor.time)
        candidate = nil
        return accept(held.anchor, since: last, energy: nil, shape: shape)
            + accept(now, since: held.anchor, energy: onward.exactEnergy, shape: shape)
    }

    private mutating func accept(
        _ now: Anchor, since last: Anchor, energy: Int128?, shape: ((QuarterHour) -> Int64?)?
    ) -> [LedgerEntry] {
        let milliseconds = now.time.millisecondsSince(last.time)
        var flag = LedgerFlag.measured
        if milliseconds > settings.measuredSpanMilliseconds { flag = .interpolated }
        if milliseconds > Self.interpolationMilliseconds { flag = .estimated }
        if now.substituted || last.substituted { flag = flag.worse(of: .substituted) }
        if flag == .estimated, let energy {
            let wattHours = Exact.roundedUpward(energy, by: scale.denominator)
            note(.gap, last.time, now.time, wattHours: Int64(clamping: wattHours))
        }
        self.last = now
        return splitter?.add(
            IntervalSplitter.Step(start: last.time, end: now.time, energy: energy, flag: flag),
            shape: flag == .estimated ? shape : nil) ?? []
    }

    private mutating func abandon(until now: Anchor) -> [LedgerEntry] {
        if let last { note(.abandoned, last.time, now.time) }
        candidate = nil
        last = now
        guard let entry = splitter?.restart(at: now.time) else { return [] }
        adopt(multiplierAt: now.time)
        return [entry]
    }

    /// The clock was set back: what was filled lies in a time that has not come, and is dropped.
    private mutating func startAgain(at now: Anchor) {
        candidate = nil
        last = now
        display = RegisterDisplay(counts: now.counts, since: now.time)
        _ = splitter?.restart(at: now.time)
        adopt(multiplierAt: now.time)
    }

    private mutating func note(
        _ kind: LedgerFinding.Kind, _ start: Instant, _ end: Instant, wattHours: Int64? = nil
    ) {
        guard findings.count < Self.maximumFindings else { return }
        findings.append(LedgerFinding(kind: kind, start: start, end: end, wattHours: wattHours))
    }

    /// Counts at `internalScale` in one unit of a mantissa at `scale`; nil beyond it.
    private static func factor(of scale: Int8) -> Int128? {
        guard scale <= internalScale else { return nil }
        return Int64.powerOfTen(Int(internalScale) - Int(scale)).map { Int128($0) }
    }
}

/// What survives a restart, as a line of text: whole numbers, separated by spaces.
extension MeterLedger {
    private static let stateName = "frostline-ledger-2"
    /// Without what is known of the register's steps.
    private static let firstStateName = "frostline-ledger-1"
    /// Milliseconds; the year 5138. A state beyond it is damaged.
    private static let maximumStateTime: UInt64 = 100_000_000_000_000

    package var state: [UInt8] {
        let (numerator, denominator) = multiplier
        var fields: [String] = [Self.stateName, String(numerator), String(denominator)]
        if let display {
            fields += [
                String(display.counts), String(display.since.milliseconds), String(display.step),
                String(display.confirmed),
            ]
        } else {
            fields.append("-")
        }
        func add(_ anchor: Anchor?) {
            guard let anchor else { return fields.append("-") }
            fields += [
                String(anchor.time.milliseconds), String(anchor.counts),
                anchor.substituted ? "1" : "0",
            ]
        }
        add(last)
        add(candidate?.anchor)
        if let candidate { fields.append(candidate.verdict.rawValue) }
        if let splitter {
            fields += [
                String(splitter.interval.number), String(splitter.exact), splitter.flag.rawValue,
                splitter.complete ? "1" : "0", String(splitter.carry),
            ]
        } else {
            fields.append("-")
        }
        return Array(fields.joined(separator: " ").utf8)
    }

    /// Nil where the bytes are no state, or one of another multiplier: then the ledger starts anew,
    /// and the quarter hour of the change is missing.
    package init?(settings: MeterSettings, state: [UInt8]) {
        self.init(settings: settings)
        var fields = String(decoding: state.prefix(4096), as: UTF8.self)
            .split(separator: " ").map(String.init)[...]
        func anchor() -> Anchor?? {
            guard let first = fields.popFirst() else { return nil }
            if first == "-" { return .some(nil) }
            guard let time = Int64(first), time.magnitude < Self.maximumStateTime,
                let counts = fields.popFirst().flatMap({ Int128($0) }),
                let substituted = fields.popFirst()
            else { return nil }
            return Anchor(
                time: Instant(milliseconds: time), counts: counts,
                substituted: substituted == "1")
        }
        let name = fields.popFirst()
        guard name == Self.stateName || name == Self.firstStateName,
            let numerator = fields.popFirst(), let denominator = fields.popFirst()
        else { return nil }
        if name == Self.stateName {
            guard let known = Self.display(&fields) else { return nil }
            display = known
        }
        guard let last = anchor(), let held = anchor() else { return nil }
        if let last { adopt(multiplierAt: last.time) }
        guard numerator == String(multiplier.0), denominator == String(multiplier.1) else {
            return nil
        }
        self.last = last
        if display == nil, let last {
            display = RegisterDisplay(counts: last.counts, since: last.time)
        }
        if let held {
            guard let verdict = fields.popFirst().flatMap({ RegisterVerdict(rawValue: $0) })
            else { return nil }
            candidate = (held, verdict)
        }
        if fields.count == 1, fields.first == "-", last == nil { return }
        guard fields.count == 5, last != nil,
            let number = fields.popFirst().flatMap({ Int64($0) }),
            number == last.map({ QuarterHour(containing: $0.time).number }),
            let exact = fields.popFirst().flatMap({ Int128($0) }), exact >= 0,
            exact < Int128(1) << 100,
            let flag = fields.popFirst().flatMap({ LedgerFlag(rawValue: $0) }),
            let complete = fields.popFirst(), let carry = fields.popFirst().flatMap({ Int128($0) }),
            carry.magnitude <= scale.denominator.magnitude
        else { return nil }
        splitter = IntervalSplitter(
            unitsPerWattHour: scale.denominator, interval: QuarterHour(number: number),
            exact: exact, flag: flag, complete: complete == "1", carry: carry)
    }

    /// Nil where the fields say nothing that can be so.
    private static func display(_ fields: inout ArraySlice<String>) -> RegisterDisplay?? {
        guard let first = fields.popFirst() else { return nil }
        if first == "-" { return .some(nil) }
        guard let counts = Int128(first),
            let since = fields.popFirst().flatMap({ Int64($0) }),
            since.magnitude < maximumStateTime,
            let step = fields.popFirst().flatMap({ Int128($0) }), step >= 0,
            let confirmed = fields.popFirst().flatMap({ Int($0) }),
            (0...RegisterDisplay.confirmingSteps).contains(confirmed)
        else { return nil }
        return RegisterDisplay(
            counts: counts, since: Instant(milliseconds: since), step: step, confirmed: confirmed)
    }
}
