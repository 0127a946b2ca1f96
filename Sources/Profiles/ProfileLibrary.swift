package import Model

/// All profiles known to a process, by name.
package struct ProfileLibrary: Sendable {
    private let profiles: [String: Profile]

    /// Of two profiles with one name the later counts: a site's own come after those that ship.
    package init(_ profiles: [Profile]) {
        self.profiles = Dictionary(profiles.map { ($0.name, $0) }) { _, later in later }
    }

    package subscript(name: String) -> Profile? { profiles[name] }

    package var names: [String] { profiles.keys.sorted() }

    /// Objects a prober should ask for before it calls `identify`.
    package var probeObjects: [ObjectID] {
        Set(profiles.values.flatMap { $0.identification.flatMap(\.probes).map(\.object) })
            .sorted()
    }

    /// Registers a prober should read before it calls `identify(registers:)`.
    package var registerSignatures: [RegisterSignature] {
        Array(Set(profiles.values.flatMap { $0.identification.compactMap(\.registers) }))
            .sorted { ($0.address, $0.words.count) < ($1.address, $1.words.count) }
    }

    /// The profile that fits best: longest sysObjectID prefix, then description, then probes. Rules
    /// with probes count only where `answers` has all of them; a wrong claim is worse than none.
    package func identify(
        sysObjectID: ObjectID?, sysDescr: String, answers: [ObjectID: SNMPValue] = [:]
    ) -> Profile? {
        var best: (score: Int, profile: Profile)?
        for name in names {
            guard let profile = profiles[name] else { continue }
            for rule in profile.identification where rule.registers == nil {
                guard
                    let score = score(
                        rule, sysObjectID: sysObjectID, sysDescr: sysDescr, answers: answers),
                    score > best?.score ?? 0
                else { continue }
                best = (score, profile)
            }
        }
        return best?.profile
    }

    private func score(
        _ rule: IdentificationRule, sysObjectID: ObjectID?, sysDescr: String,
        answers: [ObjectID: SNMPValue]
    ) -> Int? {
        var score = 0
        if !rule.objectIDs.isEmpty {
            guard let sysObjectID else { return nil }
            let lengths = rule.objectIDs.filter { $0.isPrefix(of: sysObjectID) }.map(\.arcs.count)
            guard let longest = lengths.max() else { return nil }
            score += 10 * longest
        }
        if !rule.descriptions.isEmpty {
            let isDescribed = rule.descriptions.contains { text in
                text.hasPrefix("^") ? sysDescr.hasPrefix(text.dropFirst()) : sysDescr.contains(text)
            }
            guard isDescribed else { return nil }
            score += 5
        }
        guard !rule.otherDescriptions.contains(where: { sysDescr.contains($0) }),
            rule.probes.allSatisfy({ $0.accepts(answers[$0.object]) })
        else { return nil }
        // Whatever is asked beside it, a longer sysObjectID says more.
        return score + min(rule.probes.count, 4)
    }

    /// The profile whose signature the registers carry.
    package func identify(registers: [RegisterBlock]) -> Profile? {
        let layout = RegisterLayout(registers)
        var held: [UInt16] = []
        layout.gather(registers, into: &held)
        for name in names {
            guard let profile = profiles[name] else { continue }
            for case let signature? in profile.identification.map(\.registers) {
                let words = signature.words.indices.map {
                    layout.place(signature.table, Int(signature.address) + $0).map { held[$0] }
                }
                if words == signature.words { return profile }
            }
        }
        return nil
    }
}
