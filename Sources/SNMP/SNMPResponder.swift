/// Computes answers the way RFC 3416, section 4.2 and RFC 3584, section 4.2.2 ask; no I/O.
struct SNMPResponder {
    enum Version { case v1, v2c, v3 }

    struct Question {
        var operation: SNMPOperation?
        var version: Version
        var names: [[UInt32]]
    }

    struct Answer: Equatable {
        var errorStatus = 0
        var errorIndex = 0
        var bindings: [SNMPBinding] = []
    }

    private enum Status {
        static let tooBig = 1
        static let noSuchName = 2
        static let notWritable = 17
    }
    /// Rows of one GETBULK. The size of a message ends most before.
    private static let repetitionLimit = 256

    let table: any SNMPObjectTable
    /// Bytes that the variables of one answer may take.
    let room: Int

    /// `operation` nil stands for SET.
    func answer(_ question: Question) -> Answer {
        guard let operation = question.operation else {
            let status = question.version == .v1 ? Status.noSuchName : Status.notWritable
            return Answer(errorStatus: status, errorIndex: question.names.isEmpty ? 0 : 1)
        }
        switch operation {
        case .get: return each(question) { exact($0, question.version) }
        case .getNext: return each(question) { following($0, question.version) }
        case .getBulk(let nonrepeaters, let repetitions):
            return bulk(question, max(0, nonrepeaters), max(0, repetitions))
        }
    }

    private func each(
        _ question: Question, _ lookUp: ([UInt32]) -> SNMPBinding?
    ) -> Answer {
        var answer = Answer()
        var size = 0
        for (index, name) in question.names.enumerated() {
            guard let binding = lookUp(name) else {
                return Answer(errorStatus: Status.noSuchName, errorIndex: index + 1)
            }
            size += BERSize.binding(binding.oid, binding.value)
            guard size <= room else { return Answer(errorStatus: Status.tooBig) }
            answer.bindings.append(binding)
        }
        return answer
    }

    private func bulk(_ question: Question, _ nonrepeaters: Int, _ repetitions: Int) -> Answer {
        var answer = Answer()
        var size = 0
        func add(_ binding: SNMPBinding) -> Bool {
            size += BERSize.binding(binding.oid, binding.value)
            guard size <= room else { return false }
            answer.bindings.append(binding)
            return true
        }
        let split = min(nonrepeaters, question.names.count)
        for name in question.names[..<split] {
            guard let binding = following(name, question.version), add(binding) else {
                return answer
            }
        }
        var row = Array(question.names[split...])
        guard !row.isEmpty else { return answer }
        for _ in 0..<min(repetitions, Self.repetitionLimit) {
            var ended = true
            for column in row.indices {
                guard let binding = following(row[column], question.version), add(binding) else {
                    return answer
                }
                row[column] = binding.oid
                if binding.value != .endOfMibView { ended = false }
            }
            if ended { break }
        }
        return answer
    }

    /// Nil stands for v1's noSuchName.
    private func exact(_ name: [UInt32], _ version: Version) -> SNMPBinding? {
        if let value = table.value(at: name), version != .v1 || !value.isBeyondV1 {
            return SNMPBinding(oid: name, value: value)
        }
        if version == .v1 { return nil }
        // The object exists where another instance of it does. For tables with an index of several
        // arcs this is a guess: a sibling of the last arc.
        let parent = Array(name.dropLast())
        let hasSibling = table.next(after: parent).map { $0.oid.starts(with: parent) } ?? false
        return SNMPBinding(oid: name, value: hasSibling ? .noSuchInstance : .noSuchObject)
    }

    private func following(_ name: [UInt32], _ version: Version) -> SNMPBinding? {
        var name = name
        while let (oid, value) = table.next(after: name) {
            if version != .v1 || !value.isBeyondV1 { return SNMPBinding(oid: oid, value: value) }
            // A table that does not advance (a fault for tests) must not hold the thread.
            guard name.lexicographicallyPrecedes(oid) else { return nil }
            name = oid
        }
        return version == .v1 ? nil : SNMPBinding(oid: name, value: .endOfMibView)
    }
}

extension SNMPDatum {
    /// Types and markers that SNMPv1 does not have (RFC 3584, section 4.2.2.1).
    fileprivate var isBeyondV1: Bool {
        switch self {
        case .counter64, .noSuchObject, .noSuchInstance, .endOfMibView: true
        default: false
        }
    }
}
