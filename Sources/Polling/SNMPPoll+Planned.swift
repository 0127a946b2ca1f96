import Model
import SNMPWire

/// Requests of a learned plan.
extension SNMPPoll {
    mutating func takePlanned(
        _ number: Int, _ message: UnsafeRawBufferPointer, _ header: PDUHeader
    ) throws(BERError) {
        guard let request = learned?.requests[number] else { return }
        switch try request.expected.fill(&frames, from: message, header) {
        case .whole:
            noteAnswer()
            memory.prove(
                variables: request.names.count, bytes: request.answerBytes,
                repetitions: request.repetitions)
            if filled == nil {
                plannedDone += 1
            } else {
                for slot in request.expected.slots { filled?[slot] = true }
            }
        case .shortened(let count) where count > 0 && request.isBulk:
            noteAnswer()
            takeBeginning(number, count)
        case .shortened, .different:
            let bindings = try BERReader(message).bindings(header)
            noteAnswer()
            compare(number, bindings)
        }
    }

    /// The agent ended its answer early: as much is what it can send.
    private mutating func takeBeginning(_ number: Int, _ count: Int) {
        guard let request = learned?.requests[number] else { return }
        noteTrouble()
        for slot in request.expected.slots.prefix(count) { filled?[slot] = true }
        halved = true
        memory.limits.variables = max(1, min(memory.limits.variables, count))
        askUnplanned(Array(request.names[count...]))
    }

    /// From here on each place is accounted for.
    mutating func noteTrouble() {
        guard filled == nil, let learned else { return }
        var done = [Bool](repeating: false, count: frames.count)
        for request in learned.requests[..<plannedDone] {
            for slot in request.expected.slots { done[slot] = true }
        }
        // What the device is known not to have is answered.
        for place in learned.missing.prefix(isGuess ? missingSeen : .max) { done[place] = true }
        filled = done
    }

    /// Sorts out an answer with other names, or without values, among those expected.
    private mutating func compare(_ number: Int, _ bindings: [VarBind]) {
        guard let learned else { return }
        noteTrouble()
        let request = learned.requests[number]
        var values: [ObjectID: SNMPValue] = [:]
        for binding in bindings { values[binding.oid] = binding.value }
        var missing: [ObjectID] = []
        for (name, slot) in zip(request.names, request.expected.slots) {
            let owner = learned.owners[slot]
            switch values[name] {
            case .noSuchObject?, .noSuchInstance?, .endOfMibView?, nil:
                if owner >= 0 {
                    dirty.insert(owner)
                } else if !request.isBulk, let value = values[name] {
                    scalars[name] = value
                } else {
                    memory.exact.insert(name)
                    missing.append(name)
                }
            case .some(let value):
                frames[slot].value = value
                filled?[slot] = true
            }
        }
        askNames(missing)
        noteStrangers(bindings, Set(request.names))
    }

    /// A row where none was: its subtree has changed.
    private mutating func noteStrangers(_ bindings: [VarBind], _ expected: Set<ObjectID>) {
        let known = Set((learned?.instances ?? []).map(\.name))
        for binding in bindings where !expected.contains(binding.oid) {
            if binding.value == .endOfMibView || known.contains(binding.oid) { continue }
            for (number, root) in plan.subtrees.enumerated() where root.isPrefix(of: binding.oid) {
                dirty.insert(number)
            }
        }
    }

    /// A cell that is not there means that its table has changed.
    mutating func noteGone(_ name: ObjectID) {
        guard let learned else { return }
        for (place, binding) in frames.enumerated()
        where learned.owners[place] >= 0 && binding.oid == name {
            dirty.insert(learned.owners[place])
        }
    }

    mutating func askNames(_ names: [ObjectID]) {
        batches = split(batches.flatMap { $0 } + names)
    }

    /// By name, instead of by a planned request.
    private mutating func askUnplanned(_ names: [ObjectID]) {
        guard isGuess else { return askNames(names) }
        // Names show no rows that are new between them.
        dirty.formUnion(plan.subtrees.indices)
        let scalars = Set(plan.scalars)
        askNames(names.filter(scalars.contains))
    }

    /// The request was too large: this one and those after it in smaller ones.
    mutating func shrinkPlanned(_ number: Int) {
        guard let request = learned?.requests[number] else { return }
        noteTrouble()
        halved = true
        memory.limits.variables = max(1, request.names.count / 2)
        memory.limits.bytes = max(256, min(memory.limits.bytes, request.answerBytes) / 2)
        if request.isBulk {
            memory.limits.repetitions = max(1, request.repetitions / 2)
        }
        askRest(from: number)
    }

    /// The device refused the request: which variable it did not like shows when they are named.
    mutating func askSingly(_ number: Int) {
        noteTrouble()
        guard let request = learned?.requests[number] else { return }
        if request.isBulk {
            halved = true
            memory.limits.repetitions = max(1, request.repetitions / 2)
        }
        askUnplanned(request.names)
    }

    private mutating func askRest(from number: Int) {
        guard let learned else { return }
        nextPlanned = learned.requests.count
        askUnplanned(learned.requests[number...].flatMap(\.names))
    }

    // MARK: The end

    /// The frames of a planned poll, and a new plan where something was not as planned.
    mutating func assemble(_ learned: SNMPLearnedPlan) -> Result {
        for copy in learned.copies { frames[copy.to].value = frames[copy.from].value }
        if filled == nil, plannedDone == learned.requests.count, isProven {
            // Nothing else was asked but the probe, whose variable the plan asks for again, and
            // whether there is no more.
            return Result(frames: frames, draft: nil, isConfirmed: isGuess)
        }
        noteTrouble()
        for (place, binding) in frames.enumerated() where filled?[place] == false {
            guard let value = scalars[binding.oid] else { continue }
            frames[place].value = value
            filled?[place] = learned.owners[place] < 0 || !value.isException
        }
        for copy in learned.copies {
            let isFilled = filled?[copy.from] ?? true
            filled?[copy.to] = isFilled
        }
        return merge(learned)
    }

    private func merge(_ learned: SNMPLearnedPlan) -> Result {
        let filled = filled ?? []
        var draft = SNMPPlanDraft()
        var result: [VarBind] = []
        var isComplete = isProven
        for place in frames.indices where learned.owners[place] < 0 {
            guard filled[place] else {
                isComplete = false
                continue
            }
            result.append(frames[place])
            let name = frames[place].oid
            draft.addScalar(frames[place], exact: memory.exact.contains(name))
        }
        for (number, root) in plan.subtrees.enumerated() {
            var rows = found[number]
            if rows == nil, !dirty.contains(number) {
                let places = frames.indices.filter { learned.owners[$0] == number }
                // Half a table must not pass for a whole one.
                if places.allSatisfy({ filled[$0] }) { rows = places.map { frames[$0] } }
            }
            if rows == nil { isComplete = false }
            result += rows ?? []
            draft.addSubtree(root, rows ?? [], owner: number)
        }
        return Result(frames: result, draft: isComplete ? draft : nil, wasWalked: isGuess)
    }

    /// The frames of a poll that walked everything, and the plan for the next ones.
    func assembleLearning() -> Result {
        var draft = SNMPPlanDraft()
        var frames: [VarBind] = []
        var isComplete = !givenUp
        var seen: Set<ObjectID> = []
        for name in plan.scalars where seen.insert(name).inserted {
            guard let value = scalars[name] else {
                isComplete = false
                continue
            }
            frames.append(VarBind(oid: name, value: value))
            draft.addScalar(VarBind(oid: name, value: value), exact: memory.exact.contains(name))
        }
        for (number, root) in plan.subtrees.enumerated() {
            if found[number] == nil, plan.subtrees.firstIndex(of: root) == number {
                isComplete = false
            }
            frames += found[number] ?? []
            draft.addSubtree(root, found[number] ?? [], owner: number)
        }
        return Result(frames: frames, draft: isComplete ? draft : nil, wasWalked: true)
    }
}

extension SNMPValue {
    var isException: Bool {
        switch self {
        case .noSuchObject, .noSuchInstance, .endOfMibView: true
        default: false
        }
    }
}
