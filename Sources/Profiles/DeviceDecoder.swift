package import Model

/// Turns what one device answered into values of its points. A value type without clock or I/O: the
/// same decode runs on a recording, a simulated device and a real one.
///
/// Points are found as the device shows them (outlets, sensors, phases) and are never forgotten:
/// the list only grows, so that a place in it stays good for the life of the decoder.
///
/// A poll that looks like the one before is read through places found then; whatever those places
/// follow from is compared first, so that the result is the same as of looking everything up.
package struct DeviceDecoder: Sendable {
    /// A 42-outlet PDU has about 400 points; a hostile agent must not fill memory with rows.
    package static let maximumPoints = 2_000

    package let profile: Profile
    /// Only grows. `PointValue.index` is the place here.
    package internal(set) var points: [PointDefinition] = []
    var live: [LivePoint] = []
    var places: [String: Int] = [:]
    var bound: Set<InstanceKey> = []
    let columns: ColumnDirectory
    /// A poll that brought nothing, of all points.
    var blank: [PointValue] = []
    /// Set by every new point and every point that is now read elsewhere.
    var hasGrown = false

    private let takesShortcuts: Bool
    /// True until the device has answered something, or has points by what it did not answer.
    private(set) var isNew: Bool
    /// True where looking for new points in the same answers once more would find none.
    private(set) var isSettled = false
    private var answerLayout: AnswerLayout?
    private var growthSlots: Set<Int> = []
    private var watchList = WatchList()
    private var registerLayout: RegisterLayout?
    private var chain = ModelChain()
    private var gates: [RegisterGate] = []
    private var words: [UInt16] = []
    private var fields: [PlacedField] = []
    private var tests: [RegisterTest] = []
    private var computed: ComputedPoints
    var program = ReadProgram()

    /// - Parameter takesShortcuts: false looks everything up anew in every poll and computes every
    ///   value with 128-bit fractions: the same values at thirty times the cost, as a yardstick.
    package init(profile: Profile, takesShortcuts: Bool = true) {
        self.profile = profile
        self.takesShortcuts = takesShortcuts
        isNew = takesShortcuts
        columns = ColumnDirectory(profile.tables)
        computed = ComputedPoints()
        for place in profile.points.indices where !profile.points[place].optional {
            addSingle(place)
        }
        for place in profile.derived.indices where !profile.derived[place].isTemplate {
            append(
                profile.derived[place].definition,
                LivePoint(kind: .derived(place, instance: nil)))
        }
    }

    /// A value for every known point, in the order of `points`. What the device did not answer has
    /// quality `absent`.
    package mutating func decode(_ frames: RawFrames) -> [PointValue] {
        var values: [PointValue]
        switch frames {
        case .snmp(let varBinds):
            if !profile.isModbus { prepare(varBinds) }
            values = blank
            if !profile.isModbus {
                program.read(ObjectValues(varBinds: varBinds), &values, quick: takesShortcuts)
            }
        case .registers(let blocks):
            if profile.isModbus { prepare(blocks) }
            values = blank
            if profile.isModbus {
                let answers = RegisterValues(words: words, fields: fields)
                for test in tests { test.apply(answers, &program) }
                program.read(answers, &values, quick: takesShortcuts)
            }
        }
        compute()
        computed.evaluate(&values)
        return values
    }

    /// Brings the computed points up to date with the list of points.
    mutating func compute() {
        if computed.pointCount == points.count { return }
        computed = ComputedPoints(profile.derived, live, points, places)
    }

    /// Where the point's value came from in the last decode, for people: an object identifier, or a
    /// register.
    package func origin(of index: Int) -> String {
        let last = program.lastSources[index]
        switch live[index].kind {
        case .objects(let sources, _):
            return last < sources.count ? sources[last].value.description : ""
        case .fields(let spec):
            return profile.points[spec].sources[last].value.registerField?.description ?? ""
        case .derived(let spec, let instance):
            return "derived from "
                + profile.derived[spec].operands.map { DerivedSpec.filled($0, instance) }
                .joined(separator: ", ")
        }
    }
}

// MARK: SNMP

extension DeviceDecoder {
    /// A decoder that knows that there is no more to be found in the answers that it has decoded,
    /// its first, and what that follows from; nil where it would find more.
    func settled(_ frames: RawFrames) -> (decoder: DeviceDecoder, likeness: WatchList)? {
        guard case .snmp(let varBinds) = frames else { return (self, WatchList()) }
        var again = self
        if !isSettled { again.prepare(varBinds) }
        guard again.isSettled else { return nil }
        let slots = growthSlots.union(again.growthSlots)
        return (again, WatchList(growth: slots, others: [], varBinds))
    }

    /// Whether the first poll of another device of the profile comes to the same points.
    func isAlike(_ frames: RawFrames, _ likeness: WatchList) -> Bool {
        switch frames {
        case .snmp(let varBinds):
            guard answerLayout?.fits(varBinds) ?? false else { return false }
            return likeness.change(in: varBinds) == .nothing
        case .registers(let blocks):
            guard let layout = registerLayout, layout.fits(blocks) else { return false }
            var words: [UInt16] = []
            layout.gather(blocks, into: &words)
            return chain.stands(in: words)
                && gates.allSatisfy { $0.isOpen == $0.opens(words) }
        }
    }

    /// Labels of the device that this is a copy of, where these answers have no text for them.
    mutating func forgetLabels(_ frames: RawFrames) {
        guard case .snmp(let varBinds) = frames, watchList.change(in: varBinds) != .nothing,
            let layout = answerLayout
        else { return }
        for place in live.indices where points[place].label != nil {
            guard let object = live[place].label, let slot = layout.slot(of: object) else {
                continue
            }
            if case .text = RawValue(varBinds[slot].value) { continue }
            points[place].label = nil
        }
    }

    /// Brings points and places up to date with the answers.
    mutating func prepare(_ varBinds: [VarBind]) {
        let isSame = takesShortcuts && (answerLayout?.fits(varBinds) ?? false)
        let change = isSame ? watchList.change(in: varBinds) : .growth
        if isSame, isSettled, change == .nothing { return }
        let layout = isSame ? answerLayout ?? AnswerLayout(varBinds) : AnswerLayout(varBinds)
        answerLayout = layout
        var answers = Answers(layout, varBinds)
        hasGrown = false
        if change == .growth || !isSettled {
            grow(varBinds, &answers)
            growthSlots = answers.takeUsed()
            isSettled = !hasGrown
            if hasGrown || layout.hasAnswers { isNew = false }
        }
        if !isSame || hasGrown { place(layout) }
        for index in program.steps.indices {
            let place = program.steps[index].place
            program.set(.active(step: index), live[place].conditionsHold(&answers))
            program.set(.valid(step: index), live[place].valid?.holds(&answers) ?? true)
            guard case .objects(let sources, _) = live[place].kind else { continue }
            for step in program.steps[index].firstSource..<program.steps[index].endSource {
                guard let condition = sources[program.sources[step].number].condition else {
                    continue
                }
                program.set(.source(step), condition.holds(&answers))
            }
        }
        for place in live.indices {
            guard let object = live[place].label else { continue }
            updateLabel(place, answers.value(of: object))
        }
        watchList = WatchList(growth: growthSlots, others: answers.takeUsed(), varBinds)
    }

    private mutating func place(_ layout: AnswerLayout) {
        program.removeAll()
        for place in live.indices {
            guard case .objects(let sources, let spec) = live[place].kind else { continue }
            let first = program.sources.count
            for (number, source) in sources.enumerated() {
                guard let slot = layout.slot(of: source.value) else { continue }
                program.addSource(
                    number: number, value: slot, scale: source.scale.flatMap(layout.slot(of:)),
                    unit: source.unit.flatMap(layout.slot(of:)),
                    high: source.high.flatMap(layout.slot(of:)),
                    ratio: source.ratio.map(layout.slot(of:)), source.source, spec)
            }
            program.addStep(place: place, firstSource: first)
        }
    }

    private mutating func updateLabel(_ place: Int, _ value: RawValue?) {
        guard case .text(let bytes) = value else { return }
        let label = DeviceText.label(bytes)
        if label != points[place].label { points[place].label = label }
    }
}

// MARK: Modbus

extension DeviceDecoder {
    /// A condition on a register; it may change with every poll.
    private struct RegisterTest: Sendable {
        var target: ReadProgram.Target
        /// Nil where the device did not answer it.
        var field: Int?
        var condition: Condition

        func apply(_ answers: RegisterValues, _ program: inout ReadProgram) {
            let holds = condition.holds(field.flatMap { answers.raw($0) })
            program.set(target, holds)
        }
    }

    mutating func prepare(_ blocks: [RegisterBlock]) {
        if takesShortcuts, let layout = registerLayout, layout.fits(blocks) {
            layout.gather(blocks, into: &words)
            // What has joined stays, whatever its register says later.
            if chain.stands(in: words), !gates.contains(where: { !$0.isOpen && $0.opens(words) }) {
                return
            }
        }
        let layout = RegisterLayout(blocks)
        registerLayout = layout
        isNew = false
        layout.gather(blocks, into: &words)
        let chain = ModelChain(bases: profile.sunspecBases, layout, words)
        self.chain = chain
        let gathered = words
        gates = RegisterGate.all(profile) { chain.field($0, layout) }
        for index in gates.indices { gates[index].isOpen = gates[index].opens(gathered) }
        growOptional { source in
            guard let field = chain.field(source.value, layout) else { return false }
            return source.rule.absent.isEmpty
                || !source.rule.isAbsent(.number(field.number(gathered)))
        }
        place(layout, chain)
    }

    private mutating func place(_ layout: RegisterLayout, _ chain: ModelChain) {
        program.removeAll()
        fields.removeAll(keepingCapacity: true)
        tests.removeAll(keepingCapacity: true)
        for place in live.indices {
            guard case .fields(let specPlace) = live[place].kind else { continue }
            let spec = profile.points[specPlace]
            let first = program.sources.count
            for (number, source) in spec.sources.enumerated() {
                guard let value = add(chain.field(source.value, layout)) else { continue }
                let scale = source.rule.scale?.reference
                let unit = source.rule.unitChoice?.from
                let high = source.rule.high?.reference
                if let condition = source.condition {
                    let field = add(
                        chain.field(condition.reference, beside: source.value, layout))
                    tests.append(
                        RegisterTest(
                            target: .source(program.sources.count), field: field,
                            condition: condition))
                }
                program.addSource(
                    number: number, value: value,
                    scale: scale.flatMap { add(chain.field($0, beside: source.value, layout)) },
                    unit: unit.flatMap { add(chain.field($0, beside: source.value, layout)) },
                    high: high.flatMap { add(chain.field($0, beside: source.value, layout)) },
                    ratio: source.rule.ratio.map {
                        add(chain.field($0.reference, beside: source.value, layout))
                    }, source, spec)
            }
            let steps = program.steps.count
            program.addStep(place: place, firstSource: first)
            guard program.steps.count > steps else { continue }
            let conditions: [(ReadProgram.Target, Condition?)] = [
                (.active(step: steps), spec.available), (.valid(step: steps), spec.valid),
            ]
            for case (let target, let condition?) in conditions {
                let field = add(
                    chain.field(condition.reference, beside: spec.sources.first?.value, layout))
                tests.append(RegisterTest(target: target, field: field, condition: condition))
            }
        }
    }

    private mutating func add(_ field: PlacedField?) -> Int? {
        guard let field else { return nil }
        fields.append(field)
        return fields.count - 1
    }
}
