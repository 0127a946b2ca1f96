import Model
import SNMP

/// What polling has learned of one device and keeps from poll to poll.
struct SNMPDeviceMemory {
    /// Variables in one GET.
    static let mostVariables = 40
    /// Rows in one GETBULK, before the size of its rows is known and ever.
    static let firstRepetitions = 20
    static let mostRepetitions = 60
    /// After so many polls without a halving, larger requests and remembered holes are tried again:
    /// a lost datagram must not slow a device for ever, and devices are given new sensors.
    static let relearnAfter = 100

    struct Subtree {
        var count: Int
        var averageBytes: Int
    }

    var variables = mostVariables
    var repetitions = mostRepetitions
    /// Variables that a v1 device does not have.
    var holes: Set<ObjectID> = []
    var subtrees: [ObjectID: Subtree] = [:]
    /// The last poll got no answer at all: ask for one variable first, so that a device that only
    /// cannot manage large requests is told from one that is gone.
    var wasSilent = false
    private var calmPolls = 0

    mutating func endPoll(halved: Bool) {
        calmPolls = halved ? 0 : calmPolls + 1
        guard calmPolls >= Self.relearnAfter else { return }
        calmPolls = 0
        variables = min(variables * 2, Self.mostVariables)
        repetitions = min(repetitions * 2, Self.mostRepetitions)
        holes.removeAll()
    }
}

/// One poll of one device as a state machine without I/O: it says what to ask next and takes the
/// answers. One request is in flight at a time, which is what small agents manage.
struct SNMPPoll {
    enum Step {
        case ask(SNMPOperation, [ObjectID])
        case finished(RawPoll.Outcome)
    }

    /// Bytes of one request or answer: below the smallest usual path MTU, 1,500 less IP and UDP.
    static let messageBytes = 1400
    /// Variables of one subtree; a table beyond this is no device we know.
    static let walkLimit = 10_000
    /// Requests of one poll, retries not counted.
    private static let stepLimit = 20_000
    /// Requests in a row without an answer after which the rest of the poll is given up.
    private static let silenceLimit = 2

    private struct Walk {
        var root: ObjectID
        var cursor: ObjectID
        var found: [VarBind] = []
        var bytes = 0
    }

    private let plan: SNMPRequestPlan
    private let isV1: Bool
    private(set) var memory: SNMPDeviceMemory
    private var batches: [[ObjectID]] = []
    private var batch: [ObjectID] = []
    private var subtreeIndex = 0
    private var walk: Walk?
    private var scalars: [ObjectID: SNMPValue] = [:]
    private var tables: [VarBind] = []
    private var answered = false
    private var halved = false
    private var silences = 0
    private var steps = 0
    private var givenUp = false
    /// The first thing that went wrong, also where the poll as a whole succeeds.
    private(set) var failure: PollFailure?

    init(plan: SNMPRequestPlan, memory: SNMPDeviceMemory, isV1: Bool) {
        self.plan = plan
        self.isV1 = isV1
        self.memory = memory
        var wanted = plan.scalars
        if isV1 {
            for hole in memory.holes { scalars[hole] = .noSuchObject }
            wanted.removeAll { memory.holes.contains($0) }
        }
        // A GET must not name a variable twice: some agents refuse it.
        var seen: Set<ObjectID> = []
        wanted.removeAll { !seen.insert($0).inserted }
        if memory.wasSilent, let first = wanted.first {
            batches = [[first]] + split(Array(wanted.dropFirst()))
        } else {
            batches = split(wanted)
        }
    }

    /// What to do now. After `ask`, `take` is called with the answer, then this again.
    mutating func next() -> Step {
        if givenUp || steps >= Self.stepLimit { return finish() }
        steps += 1
        if !batches.isEmpty {
            batch = batches.removeFirst()
            return .ask(.get, batch)
        }
        if walk == nil {
            guard subtreeIndex < plan.subtrees.count else { return finish() }
            let root = plan.subtrees[subtreeIndex]
            subtreeIndex += 1
            walk = Walk(root: root, cursor: root)
        }
        guard let walk else { return finish() }
        if isV1 { return .ask(.getNext, [walk.cursor]) }
        return .ask(.getBulk(nonrepeaters: 0, repetitions: repetitions(for: walk)), [walk.cursor])
    }

    mutating func take(_ result: Result<[SNMPBinding], SNMPError>) {
        switch result {
        case .success(let bindings):
            answered = true
            silences = 0
            if walk == nil {
                for binding in bindings {
                    scalars[ObjectID(binding.oid)] = SNMPValue(binding.value)
                }
            } else {
                advance(bindings)
            }
        case .failure(let error): fail(error)
        }
    }

    // MARK: Scalars

    private func split(_ names: [ObjectID]) -> [[ObjectID]] {
        var batches: [[ObjectID]] = []
        var current: [ObjectID] = []
        var bytes = 0
        for name in names {
            // Answers are larger than questions by their values; 12 bytes is a 64-bit counter with
            // room, and long texts show as tooBig.
            let size = BERSize.question(name.arcs) + 12
            if current.count >= memory.variables || (bytes + size > room && !current.isEmpty) {
                batches.append(current)
                current = []
                bytes = 0
            }
            current.append(name)
            bytes += size
        }
        if !current.isEmpty { batches.append(current) }
        return batches
    }

    private var room: Int { Self.messageBytes - BERSize.messageOverheadV3 }

    private mutating func halveBatch() {
        halved = true
        memory.variables = max(1, batch.count / 2)
        let rest = batch + batches.flatMap { $0 }
        batches = split(rest)
    }

    /// The device named one variable as the cause: go on without it.
    private mutating func dropVariable(at index: Int, code: Int) {
        let name = batch.remove(at: index - 1)
        if isV1, code == 2 {
            memory.holes.insert(name)
            scalars[name] = .noSuchObject
        }
        if !batch.isEmpty { batches.insert(batch, at: 0) }
    }

    // MARK: Subtrees

    private func repetitions(for walk: Walk) -> Int {
        let known = memory.subtrees[walk.root]
        let average =
            walk.found.isEmpty ? known?.averageBytes : walk.bytes / walk.found.count
        var count = SNMPDeviceMemory.firstRepetitions
        if let average { count = max(1, room / max(1, average)) }
        // One more than there were last time sees the end of the subtree in the same answer.
        if let known, known.count + 1 > walk.found.count {
            count = min(count, known.count + 1 - walk.found.count)
        }
        return max(1, min(count, memory.repetitions))
    }

    private mutating func advance(_ bindings: [SNMPBinding]) {
        guard var walk else { return }
        if bindings.isEmpty { return halveWalk(.badReply("an empty answer to a walk")) }
        for binding in bindings {
            let oid = ObjectID(binding.oid)
            if binding.value == .endOfMibView || !walk.root.isPrefix(of: oid) {
                return finishWalk(walk)
            }
            guard walk.cursor < oid else {
                return dropWalk(.badReply("OID not increasing in a walk of \(walk.root)"))
            }
            guard walk.found.count < Self.walkLimit else {
                return dropWalk(.badReply("more than \(Self.walkLimit) values in \(walk.root)"))
            }
            walk.cursor = oid
            walk.bytes += BERSize.binding(binding.oid, binding.value)
            walk.found.append(VarBind(binding))
        }
        self.walk = walk
    }

    private mutating func finishWalk(_ walk: Walk) {
        tables += walk.found
        memory.subtrees[walk.root] = SNMPDeviceMemory.Subtree(
            count: walk.found.count,
            averageBytes: walk.found.isEmpty ? 40 : max(1, walk.bytes / walk.found.count))
        self.walk = nil
    }

    /// Half a table must not pass for a whole one.
    private mutating func dropWalk(_ reason: PollFailure) {
        failure = failure ?? reason
        walk = nil
    }

    private mutating func halveWalk(_ reason: PollFailure) {
        guard let walk, !isV1 else { return dropWalk(reason) }
        let asked = repetitions(for: walk)
        guard asked > 1 else { return dropWalk(reason) }
        halved = true
        memory.repetitions = max(1, asked / 2)
    }

    // MARK: Failures

    private mutating func fail(_ error: SNMPError) {
        let reason = PollFailure(error)
        switch error {
        case .timeout: fallSilent(reason)
        case .tooBig:
            answered = true
            silences = 0
            if walk != nil {
                halveWalk(reason)
            } else if batch.count > 1 {
                halveBatch()
            } else {
                failure = failure ?? reason
            }
        case .errorStatus(let code, let index):
            silences = 0
            refuse(code, index, reason)
        case .unreachable, .authentication, .badReply, .setup:
            failure = failure ?? reason
            givenUp = true
        }
    }

    private mutating func refuse(_ code: Int, _ index: Int, _ reason: PollFailure) {
        if let walk {
            // noSuchName is how a v1 agent says that there is nothing after this.
            if isV1, code == 2 {
                answered = true
                finishWalk(walk)
            } else {
                dropWalk(reason)
            }
            return
        }
        if isV1, code == 2 { answered = true } else { failure = failure ?? reason }
        if batch.indices.contains(index - 1) {
            dropVariable(at: index, code: code)
        } else if batch.count > 1 {
            halveBatch()
        }
    }

    private mutating func fallSilent(_ reason: PollFailure) {
        silences += 1
        failure = failure ?? reason
        guard answered, silences < Self.silenceLimit else {
            givenUp = true
            return
        }
        if walk != nil {
            halveWalk(reason)
        } else if batch.count > 1 {
            halveBatch()
        }
    }

    // MARK: The end

    private mutating func finish() -> Step {
        memory.wasSilent = !answered && failure == .timeout
        memory.endPoll(halved: halved)
        var seen: Set<ObjectID> = []
        var frames = plan.scalars.compactMap { name -> VarBind? in
            guard seen.insert(name).inserted, let value = scalars[name] else { return nil }
            return VarBind(oid: name, value: value)
        }
        frames += tables
        if frames.isEmpty, let failure { return .finished(.failure(failure)) }
        return .finished(.frames(.snmp(frames)))
    }
}
