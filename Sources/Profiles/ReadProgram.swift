import Model

/// Where a poll's values are, by slot. A slot of the present layout always has one.
protocol PollValues {
    /// Nil for what is no number by its type.
    func number(_ slot: Int) -> RawNumber?
    func text(_ slot: Int) -> DecimalText?
    func raw(_ slot: Int) -> RawValue?
}

extension PollValues {
    @inline(__always)
    func integer(_ slot: Int) -> Int64? {
        if case .decimal(let mantissa, 0)? = number(slot) { return Int64(exactly: mantissa) }
        return raw(slot)?.integer
    }
}

struct ObjectValues: PollValues {
    let varBinds: [VarBind]

    @inline(__always)
    func number(_ slot: Int) -> RawNumber? {
        switch varBinds[slot].value {
        case .integer(let number): .decimal(mantissa: Int128(number), digits: 0)
        case .counter32(let number), .gauge32(let number), .timeTicks(let number):
            .decimal(mantissa: Int128(number), digits: 0)
        case .counter64(let number): .decimal(mantissa: Int128(number), digits: 0)
        case .float(let number): .binary(Double(number))
        case .double(let number): .binary(number)
        default: nil
        }
    }

    func text(_ slot: Int) -> DecimalText? {
        guard case .octets(let bytes) = varBinds[slot].value else { return nil }
        return DecimalText(bytes)
    }

    func raw(_ slot: Int) -> RawValue? { RawValue(varBinds[slot].value) }
}

struct RegisterValues: PollValues {
    let words: [UInt16]
    let fields: [PlacedField]

    @inline(__always)
    func number(_ slot: Int) -> RawNumber? { fields[slot].number(words) }
    func text(_ slot: Int) -> DecimalText? { nil }
    func raw(_ slot: Int) -> RawValue? { number(slot).map { .number($0) } }
}

/// The points of a device as a flat list of places to read, good for one layout of answers. Made of
/// plain numbers: no step of it copies a reference.
struct ReadProgram: Sendable {
    struct Step: Sendable {
        var place: Int
        var firstSource: Int
        var endSource: Int
        /// Whether the point's conditions hold.
        var isActive = true
        /// False where the device says itself that the value is not to be believed.
        var isValid = true
    }
    struct SourceStep: Sendable {
        /// In the point's order of preference.
        var number: Int
        var value: Int
        /// -1 where the rule has none, or the device did not answer it.
        var scale: Int
        var unit: Int
        var high: Int
        /// Whether the alternative's own condition holds.
        var isActive = true
        var rule: QuickRule
    }
    var steps: [Step] = []
    var sources: [SourceStep] = []
    private var meanings: [Meaning] = []
    /// By point: which of its sources gave the last value.
    private(set) var lastSources: [Int] = []

    mutating func removeAll() {
        steps.removeAll(keepingCapacity: true)
        sources.removeAll(keepingCapacity: true)
        meanings.removeAll(keepingCapacity: true)
    }

    /// A point of which at least one source has an answer. Sources come by `addSource` before.
    mutating func addStep(place: Int, firstSource: Int) {
        guard sources.count > firstSource else { return }
        steps.append(Step(place: place, firstSource: firstSource, endSource: sources.count))
    }

    mutating func addSource(
        number: Int, value: Int, scale: Int?, unit: Int?, high: Int?, ratio: [Int?],
        _ source: Source, _ spec: PointSpec
    ) {
        sources.append(
            SourceStep(
                number: number, value: value, scale: scale ?? -1, unit: unit ?? -1,
                high: high ?? -1, rule: QuickRule(source.rule, spec)))
        meanings.append(Meaning(source: source, spec: spec, ratio: ratio))
    }

    /// What of the program follows from the answers of one poll.
    enum Target: Sendable {
        case active(step: Int)
        case valid(step: Int)
        case source(Int)
    }

    /// Writes only what changes: the steps may be those of other devices too, and are copied then.
    mutating func set(_ target: Target, _ holds: Bool) {
        switch target {
        case .active(let step):
            if steps[step].isActive != holds { steps[step].isActive = holds }
        case .valid(let step):
            if steps[step].isValid != holds { steps[step].isValid = holds }
        case .source(let source):
            if sources[source].isActive != holds { sources[source].isActive = holds }
        }
    }

    mutating func forgetLastSources() {
        lastSources = Array(repeating: 0, count: lastSources.count)
    }

    /// Of a new point, and of one that is now read elsewhere.
    mutating func forgetLastSource(of place: Int) {
        if place < lastSources.count {
            lastSources[place] = 0
        } else {
            lastSources += Array(repeating: 0, count: place + 1 - lastSources.count)
        }
    }

    /// - Parameter quick: false takes every value through the exact rule.
    mutating func read(_ answers: some PollValues, _ values: inout [PointValue], quick: Bool) {
        var adapted: [AdaptedRule] = []
        var moved: [Move] = []
        Self.read(
            steps, sources, meanings, answers, &values, lastSources, &moved, &adapted,
            quick: quick)
        for new in adapted { sources[new.source].rule = new.rule }
        for move in moved { lastSources[move.place] = move.number }
    }

    /// A rule made ready for another scale, unit or number of digits. Written back after the poll:
    /// the sources may be those of other devices too, and are copied only then.
    private struct AdaptedRule {
        var source: Int
        var rule: QuickRule
    }

    /// A point whose value came from another source than the one before; for the same reason.
    private struct Move {
        var place: Int
        var number: Int
    }

    private static func read(
        _ steps: [Step], _ sources: [SourceStep], _ meanings: [Meaning],
        _ answers: some PollValues, _ values: inout [PointValue], _ lastSources: [Int],
        _ moved: inout [Move], _ adapted: inout [AdaptedRule], quick: Bool
    ) {
        let steps = steps.span
        let meanings = meanings.span
        let sources = sources.span
        var values = values.mutableSpan
        let lastSources = lastSources.span
        for index in steps.indices where steps[index].isActive {
            let place = steps[index].place
            var last = lastSources[place]
            for source in steps[index].firstSource..<steps[index].endSource {
                guard sources[source].isActive else { continue }
                let before = adapted.count
                var outcome = outcome(
                    sources[source], meanings[source], answers, quick, &adapted)
                if adapted.count > before { adapted[before].source = source }
                if !steps[index].isValid, case .good(let mantissa) = outcome {
                    outcome = .bad(mantissa)
                }
                switch outcome {
                case .good(let mantissa):
                    values[place].mantissa = mantissa
                    values[place].quality = .good
                case .bad(let mantissa):
                    // Of several bad ones the first is shown.
                    guard values[place].quality == .absent else { continue }
                    values[place].mantissa = mantissa
                    values[place].quality = .bad
                case .absent: continue
                }
                last = sources[source].number
                if case .good = outcome { break }
            }
            if last != lastSources[place] { moved.append(Move(place: place, number: last)) }
        }
    }

    @inline(__always)
    private static func outcome(
        _ step: borrowing SourceStep, _ meaning: borrowing Meaning, _ answers: some PollValues,
        _ quick: Bool, _ adapted: inout [AdaptedRule]
    ) -> ValueRule.Outcome {
        let scale = step.scale < 0 ? nil : answers.integer(step.scale)
        let unit = step.unit < 0 ? nil : meaning.unitCode(step.unit, answers)
        let high = step.high < 0 ? nil : answers.integer(step.high)
        if quick {
            if let rule = meaning.high {
                if let high, let low = answers.integer(step.value),
                    let whole = rule.combined(high, low)
                {
                    let number = RawNumber.decimal(mantissa: Int128(whole), digits: 0)
                    if step.rule.fits(digits: 0, scale: scale, unit: unit) {
                        if let outcome = step.rule.outcome(number) { return outcome }
                    } else {
                        adapt(step.rule, meaning, 0, scale, unit, &adapted)
                        if let outcome = adapted.last?.rule.outcome(number) { return outcome }
                    }
                }
            } else if let number = answers.number(step.value) {
                if step.rule.fits(digits: 0, scale: scale, unit: unit) {
                    if let outcome = step.rule.outcome(number) { return outcome }
                } else {
                    adapt(step.rule, meaning, 0, scale, unit, &adapted)
                    if let outcome = adapted.last?.rule.outcome(number) { return outcome }
                }
            } else if step.rule.takesText, let text = answers.text(step.value) {
                let number = RawNumber.decimal(
                    mantissa: Int128(text.mantissa), digits: text.digits)
                if step.rule.fits(digits: text.digits, scale: scale, unit: unit) {
                    if let outcome = step.rule.outcome(text: number) { return outcome }
                } else {
                    adapt(step.rule, meaning, text.digits, scale, unit, &adapted)
                    if let outcome = adapted.last?.rule.outcome(text: number) { return outcome }
                }
            }
        }
        guard let raw = answers.raw(step.value) else { return .bad(0) }
        return meaning.source.rule.outcome(
            raw, spec: meaning.spec, scaleValue: scale, unitCode: unit, highValue: high,
            ratioValues: meaning.ratio.map { $0.flatMap { answers.integer($0) } })
    }

    private static func adapt(
        _ rule: QuickRule, _ meaning: borrowing Meaning, _ digits: Int, _ scale: Int64?,
        _ unit: Int64?, _ adapted: inout [AdaptedRule]
    ) {
        var rule = rule
        rule.adapt(copy meaning, digits: digits, scale: scale, unit: unit)
        adapted.append(AdaptedRule(source: -1, rule: rule))
    }
}
