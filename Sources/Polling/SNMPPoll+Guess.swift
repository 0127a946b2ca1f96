import Model
import SNMPWire

/// Plans that are likely to hold. Most devices of one profile have the same instances: one is
/// walked, and the others are asked for what it had, and whether they have no more.
extension SNMPPoll {
    /// Takes a plan to begin with, where there is one; false where there is none.
    mutating func guess() -> Bool {
        guard !isV1, memory.limits.usesBulk, !memory.wasSilent else { return false }
        var candidate = memory.lastLearned(plan)
        if candidate == nil, memory.isUntried { candidate = plans.likely(plan, memory.limits) }
        guard let candidate, candidate.isProvable else { return false }
        learned = candidate
        frames = candidate.template
        checks = candidate.checks[...]
        isGuess = true
        return true
    }

    /// The first request of a guess instead of the first one asked, which has not been sent yet;
    /// nil where there is still no plan to guess.
    mutating func guessLate() -> PreparedPDU? {
        guard learned == nil, steps == 1, !answered, guess() else { return nil }
        batches = []
        scalars = [:]
        steps = 0
        guard case .ask(let pdu) = next() else {
            preconditionFailure("BUG: a plan without requests")
        }
        return pdu
    }

    mutating func take(_ check: SNMPLearnedPlan.Check, _ bindings: [VarBind]) {
        noteAnswer()
        guard let learned else { return }
        switch check.subject {
        case .ends(let subtrees):
            for (place, number) in subtrees.enumerated() {
                let next = place < bindings.count ? bindings[place] : nil
                let isEnd = next.map {
                    $0.value == .endOfMibView
                        || learned.ends[number] < $0.oid
                            && !plan.subtrees[number].isPrefix(of: $0.oid)
                }
                if isEnd != true { doubt(number) }
            }
        case .missing(let range):
            let expected = learned.missing[range].map { learned.template[$0] }
            if filled == nil, bindings.prefix(expected.count) == expected[...] {
                missingSeen = range.upperBound
                return
            }
            noteTrouble()
            takeScalars(expected.map(\.oid), bindings, 0)
        }
    }

    /// Nothing is left to be checked.
    var isProven: Bool { !isGuess || checks.isEmpty && !givenUp }

    /// A check without an answer, or refused.
    mutating func distrust(_ check: SNMPLearnedPlan.Check) {
        switch check.subject {
        case .ends(let subtrees): for number in subtrees { doubt(number) }
        case .missing(let range):
            noteTrouble()
            guard let learned else { return }
            askNames(learned.missing[range].map { learned.template[$0].oid })
        }
    }

    /// The subtree has to be walked.
    private mutating func doubt(_ number: Int) {
        noteTrouble()
        dirty.insert(number)
    }
}
