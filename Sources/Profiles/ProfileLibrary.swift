package import Model

/// All profiles known to a process, by name.
package struct ProfileLibrary: Sendable {
    /// The newest version of each name.
    private let profiles: [String: Profile]
    /// Every version, as `apc.rpdu2@2`.
    private let versions: [String: Profile]

    /// Of two profiles with one name and version the later counts: a site's own come after those
    /// that ship.
    package init(_ profiles: [Profile]) {
        versions = Dictionary(profiles.map { ("\($0.name)@\($0.version)", $0) }) { $1 }
        self.profiles = Dictionary(profiles.map { ($0.name, $0) }) {
            $1.version >= $0.version ? $1 : $0
        }
    }

    /// The same with others, which come later.
    package func adding(_ others: [Profile]) -> ProfileLibrary {
        ProfileLibrary(Array(versions.values) + others)
    }

    /// `apc.rpdu2` is the newest version, `apc.rpdu2@2` that one and no other.
    package subscript(name: String) -> Profile? { profiles[name] ?? versions[name] }

    /// The versions of a profile that are there, the oldest first.
    package func versions(of name: String) -> [Int] {
        versions.values.filter { $0.name == name }.map(\.version).sorted()
    }

    package var names: [String] { profiles.keys.sorted() }

    /// The maker whose enterprise number the identifier has, `1.3.6.1.4.1.N`, by what profiles of
    /// theirs are known; nil where there is none, or several.
    package func vendor(of sysObjectID: ObjectID?) -> String? {
        guard let arcs = sysObjectID?.arcs, arcs.count > 6,
            arcs.starts(with: [1, 3, 6, 1, 4, 1])
        else { return nil }
        let own = arcs[...6]
        let vendors = Set(
            profiles.values.filter { profile in
                profile.identification.contains { rule in
                    rule.objectIDs.contains { $0.arcs.starts(with: own) }
                }
            }.map(\.vendor))
        return vendors.count == 1 ? vendors.first : nil
    }

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
                    isBetter(score, profile, than: best)
                else { continue }
                best = (score, profile)
            }
        }
        return best?.profile
    }

    /// Of equals a child knows more than its parent.
    private func isBetter(
        _ score: Int, _ profile: Profile, than best: (score: Int, profile: Profile)?
    ) -> Bool {
        guard let best, best.score >= score else { return true }
        return best.score == score && profile.ancestors.contains(best.profile.name)
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

    /// The profile whose signature the registers carry; of several the one that says most.
    package func identify(registers: [RegisterBlock]) -> Profile? {
        let layout = RegisterLayout(registers)
        var held: [UInt16] = []
        layout.gather(registers, into: &held)
        var best: (score: Int, profile: Profile)?
        for name in names {
            guard let profile = profiles[name] else { continue }
            for case let signature? in profile.identification.map(\.registers) {
                let words = signature.words.indices.compactMap {
                    layout.place(signature.table, Int(signature.address) + $0).map { held[$0] }
                }
                guard signature.accepts(words), isBetter(signature.bits, profile, than: best) else {
                    continue
                }
                best = (signature.bits, profile)
            }
        }
        return best?.profile
    }
}
