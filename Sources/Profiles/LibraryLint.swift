package import ConfigTree
import Model

extension ProfileLibrary {
    /// Rules of identification that never decide anything, because a rule of another profile fits
    /// every device they fit, at least as well.
    package var unreachableRules: [Diagnostic] {
        var found = Diagnostics()
        let profiles = names.compactMap { self[$0] }
        for profile in profiles {
            for rule in profile.identification where rule.registers == nil {
                guard let winner = profiles.first(where: { beats($0, profile, rule) }) else {
                    continue
                }
                found.add(
                    rule.position,
                    "no device is ever identified by this rule of `\(profile.name)`: "
                        + "`\(winner.name)` claims all it could",
                    cure: "say more here (sysDescr, probe), or less there")
            }
        }
        return found.sorted
    }

    private func beats(_ other: Profile, _ profile: Profile, _ rule: IdentificationRule) -> Bool {
        guard other.name != profile.name, !profile.ancestors.contains(other.name) else {
            return false
        }
        // Of equals the first by name counts, and a child before its parent.
        let winsTies = other.name < profile.name || other.ancestors.contains(profile.name)
        func covers(_ object: ObjectID?) -> Bool {
            other.identification.contains { rival in
                guard rival.registers == nil, rival.otherDescriptions.isEmpty,
                    rule.probes.count >= rival.probes.count,
                    rival.probes.allSatisfy({ rule.probes.contains($0) }),
                    rival.descriptions.isEmpty
                        || (!rule.descriptions.isEmpty
                            && rule.descriptions.allSatisfy { rival.descriptions.contains($0) })
                else { return false }
                let own = score(rule, length: object?.arcs.count ?? 0)
                guard let object else {
                    return rival.objectIDs.isEmpty && isHigher(score(rival, length: 0), own)
                }
                let length = rival.objectIDs.filter { $0.isPrefix(of: object) }
                    .map(\.arcs.count).max()
                guard let length else { return false }
                return isHigher(score(rival, length: length), own)
            }
        }
        func isHigher(_ theirs: Int, _ own: Int) -> Bool {
            theirs > own || (theirs == own && winsTies)
        }
        return rule.objectIDs.isEmpty ? covers(nil) : rule.objectIDs.allSatisfy { covers($0) }
    }

    private func score(_ rule: IdentificationRule, length: Int) -> Int {
        10 * length + (rule.descriptions.isEmpty ? 0 : 5) + min(rule.probes.count, 4)
    }
}
