import Model
package import Profiles

/// Which devices of the two lists the library claims by sysObjectID and sysDescr alone: rules that
/// ask for more do not count.
package struct IdentificationProof: Sendable {
    package struct Result: Sendable {
        package var claim: Corpus.Claim
        package var profile: String?
    }
    package let positives: [Result]
    package let negatives: [Result]

    package init(_ corpus: Corpus, _ library: ProfileLibrary) {
        func result(_ claim: Corpus.Claim) -> Result {
            let profile = library.identify(
                sysObjectID: ObjectID(claim.sysObjectID), sysDescr: claim.sysDescr)
            return Result(claim: claim, profile: profile?.name)
        }
        positives = corpus.positives.map(result)
        negatives = corpus.negatives.map(result)
    }

    /// Devices of other kinds that a profile claims; must be 0.
    package var wrongClaims: Int { negatives.count { $0.profile != nil } }

    package var lines: [String] {
        var lines: [String] = []
        for result in positives {
            lines.append(
                CorpusProof.padded(result.profile ?? "–", 26)
                    + "\(result.claim.file) \(result.claim.sysObjectID) "
                    + "\(result.claim.sysDescr.prefix(80))")
        }
        for result in negatives {
            guard let profile = result.profile else { continue }
            lines.append(
                "WRONG CLAIM by \(profile): \(result.claim.file) \(result.claim.sysObjectID) "
                    + "\(result.claim.sysDescr.prefix(80))")
        }
        let claimed = positives.count { $0.profile != nil }
        lines.append("devices of the kind: \(claimed) of \(positives.count) claimed")
        lines.append("other devices: \(wrongClaims) of \(negatives.count) claimed")
        return lines
    }
}
