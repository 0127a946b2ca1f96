import Model
import SNMPWire

/// Subtrees, walked several at once.
extension SNMPPoll {
    /// Puts the subtrees to be walked in line, once everything else is answered.
    mutating func queueWalks() {
        guard !isWalkQueued else { return }
        isWalkQueued = true
        var roots: Set<ObjectID> = []
        for (number, root) in plan.subtrees.enumerated() {
            guard learned == nil || dirty.contains(number) else { continue }
            // Two equal names in one request are refused by some agents, and bring nothing.
            guard roots.insert(root).inserted else { continue }
            walks.append(Walk(number: number, root: root, cursor: root))
        }
    }

    private var active: ArraySlice<Walk> { walks.prefix(max(1, memory.columns)) }

    mutating func askWalk() -> Step {
        let names = active.map(\.cursor)
        if !memory.limits.usesBulk {
            asking = .walk(repetitions: 1)
            return .ask(PreparedPDU(.getNext, names))
        }
        let count = repetitions
        asking = .walk(repetitions: count)
        return .ask(PreparedPDU(.getBulk(nonrepeaters: 0, repetitions: count), names))
    }

    private var repetitions: Int {
        let known = memory.lastCounts(plan)
        let room = max(1, memory.limits.bytes - SNMPPlanner.overhead)
        let found = active.reduce(0) { $0 + $1.found.count }
        // Thirty bytes are a name of twenty arcs and a number.
        let average = found > 0 ? active.reduce(0) { $0 + $1.bytes } / found : 30
        var rows = min(memory.limits.variables, room / max(1, average)) / active.count
        // One more than there were last time sees the end of the subtree in the same answer.
        let expected = active.map { walk in
            known.indices.contains(walk.number)
                ? known[walk.number] + 1 - walk.found.count : Int.max
        }
        if let most = expected.max(), most > 0 { rows = min(rows, most) }
        return max(1, min(rows, memory.limits.repetitions))
    }

    mutating func takeRows(_ bindings: [VarBind], _ repetitions: Int, _ bytes: Int) {
        let columns = active.count
        if bindings.isEmpty {
            return shrinkWalk(repetitions, .badReply("an empty answer to a walk"))
        }
        if memory.limits.usesBulk { memory.hasBulk = true }
        noteAnswer()
        var ended = Set<Int>()
        // What is beyond what was asked for is padding.
        for (place, binding) in bindings.prefix(columns * repetitions).enumerated() {
            let column = place % columns
            if ended.contains(column) { continue }
            if binding.value == .endOfMibView {
                ended.insert(column)
                continue
            }
            let root = walks[column].root
            // A name in front of the root is no end either: the agent has mixed the columns up.
            guard walks[column].cursor < binding.oid else {
                return walkSingly(.badReply("OID not increasing in a walk of \(root)"))
            }
            guard root.isPrefix(of: binding.oid) else {
                ended.insert(column)
                continue
            }
            guard walks[column].found.count < Self.walkLimit else {
                return walkSingly(.badReply("more than \(Self.walkLimit) values in \(root)"))
            }
            walks[column].cursor = binding.oid
            walks[column].bytes += BERWriter.size(of: binding)
            walks[column].found.append(binding)
        }
        memory.prove(variables: bindings.count, bytes: bytes, repetitions: repetitions)
        end(ended)
    }

    private mutating func end(_ columns: Set<Int>) {
        for column in columns.sorted(by: >) {
            let walk = walks.remove(at: column)
            found[walk.number] = walk.found
        }
    }

    /// The agent cannot be followed in several columns at once; in one, half a table must not pass
    /// for a whole one.
    private mutating func walkSingly(_ reason: PollFailure) {
        if active.count > 1 {
            for place in active.indices {
                walks[place].cursor = walks[place].root
                walks[place].found = []
                walks[place].bytes = 0
            }
            memory.columns = 1
        } else {
            dropWalk(reason)
        }
    }

    private mutating func dropWalk(_ reason: PollFailure) {
        failure = failure ?? reason
        walks.removeFirst()
    }

    /// Less of everything, after silence or tooBig.
    mutating func shrinkWalk(_ repetitions: Int, _ reason: PollFailure) {
        if reason == .timeout, memory.limits.usesBulk, !memory.hasBulk {
            memory.bulkSilences += 1
            if memory.bulkSilences >= Self.silenceLimit {
                // The device answers, and this never: it has no GETBULK.
                memory.limits.usesBulk = false
                return
            }
        }
        if memory.limits.usesBulk, repetitions > 1 {
            halved = true
            memory.limits.repetitions = max(1, repetitions / 2)
        } else if active.count > 1 {
            memory.columns = active.count / 2
        } else {
            dropWalk(reason)
        }
    }

    mutating func refuseWalk(_ repetitions: Int, _ header: PDUHeader, _ reason: PollFailure) {
        if isV1, header.errorStatus == ErrorStatus.noSuchName {
            // Nothing after this name.
            answered = true
            let column = Int(clamping: header.errorIndex) &- 1
            if active.indices.contains(column) {
                end([column])
            } else if active.count == 1 {
                end([0])
            } else {
                walkSingly(reason)
            }
        } else if memory.limits.usesBulk, repetitions > 1 {
            halved = true
            memory.limits.repetitions = max(1, repetitions / 2)
        } else {
            walkSingly(reason)
        }
    }
}
