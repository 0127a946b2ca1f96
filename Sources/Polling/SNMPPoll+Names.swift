import Model
import SNMPWire

/// Variables asked for by name, with GET.
extension SNMPPoll {
    mutating func beginLearning() {
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

    func split(_ names: [ObjectID]) -> [[ObjectID]] {
        let room = memory.limits.bytes - SNMPPlanner.overhead
        var batches: [[ObjectID]] = []
        var current: [ObjectID] = []
        var bytes = 0
        for name in names {
            // Answers are larger than questions by their values; 12 bytes is a 64-bit counter with
            // room, and long texts show as tooBig.
            let size = BERWriter.size(of: VarBind(oid: name, value: .null)) + 12
            if current.count >= memory.limits.variables || (bytes + size > room && !current.isEmpty)
            {
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

    mutating func takeScalars(_ names: [ObjectID], _ bindings: [VarBind], _ bytes: Int) {
        // A device that answers to other names than were asked is not believed.
        guard bindings.count >= names.count,
            zip(names, bindings).allSatisfy({ $0 == $1.oid })
        else { return giveUp(.badReply("other variables than were asked for")) }
        noteAnswer()
        memory.prove(variables: names.count, bytes: bytes, repetitions: 1)
        for binding in bindings.prefix(names.count) {
            scalars[binding.oid] = binding.value
            if binding.value.isException { noteGone(binding.oid) }
        }
    }

    mutating func halve(_ names: [ObjectID]) {
        halved = true
        memory.limits.variables = max(1, names.count / 2)
        batches = split(names + batches.flatMap { $0 })
    }

    mutating func refuseNames(_ names: [ObjectID], _ header: PDUHeader, _ reason: PollFailure) {
        let isHole = isV1 && header.errorStatus == ErrorStatus.noSuchName
        if isHole { answered = true } else { failure = failure ?? reason }
        guard header.errorIndex > 0, header.errorIndex <= Int64(names.count) else {
            if names.count > 1 { halve(names) }
            return
        }
        // The device named one variable as the cause: go on without it.
        var rest = names
        let name = rest.remove(at: Int(header.errorIndex) - 1)
        if isHole {
            memory.holes.insert(name)
            scalars[name] = .noSuchObject
            noteGone(name)
        }
        if !rest.isEmpty { batches.insert(rest, at: 0) }
    }
}
