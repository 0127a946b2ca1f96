import ConfigTree
import ProfileProof
import Profiles
import TestSupport
import Testing

/// The library against its own recordings, and against what another program made of real ones.
struct LibraryProofTests {
    @Test("every profile has a recording, and decodes it to the readings expected there")
    func recordings() throws {
        let library = try Library()
        var proof = LibraryProof()
        for name in library.profiles.names {
            guard let profile = library.profiles[name] else { continue }
            proof.add(
                profile, folder: Library.folder + "/recordings", library.profiles, Library.reader)
        }
        #expect(proof.isGood, "\(proof.lines.joined(separator: "\n"))")
        #expect(library.profiles.names.count >= 40)
    }

    @Test("no rule of identification stands behind one that always wins")
    func unreachable() throws {
        let found = try Library().profiles.unreachableRules.map(\.description)
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }

    @Test(
        """
        of the values others found in real recordings nine tenths come out, the suspect never, \
        and each difference has its reason
        """
    )
    func corpus() throws {
        guard let shared = sharedFolder(for: "recordings of real devices") else { return }
        let library = try Library().profiles
        let proof = CorpusProof(Corpus(shared + "/recordings", Library.reader), library)
        let summary = CorpusSummary(proof)
        #expect(proof.problems.isEmpty, "\(proof.problems.joined(separator: "\n"))")
        #expect(summary.suspectReproduced == 0)
        #expect(summary.total.expected > 3_000)
        #expect(
            summary.total.expected
                == summary.total.reproduced + summary.total.differing + summary.total.unclaimed)
        #expect(summary.total.reproduced * 10 >= summary.total.expected * 9, "\(summary.total)")
        let page = try readText(repositoryRoot() + "/docs/PROFILES-COVERAGE.md")
        let open = proof.unexplained(CoverageNotes([page]))
        #expect(open.isEmpty, "\(open.joined(separator: "\n"))")
    }

    @Test("no switch, server or printer is claimed, and devices of the known families are")
    func identification() throws {
        guard let shared = sharedFolder(for: "identification of real devices") else { return }
        let library = try Library().profiles
        let proof = IdentificationProof(Corpus(shared + "/recordings", Library.reader), library)
        #expect(proof.negatives.count > 1_000)
        let wrong = proof.negatives.compactMap { result in
            result.profile.map { "\(result.claim.file) claimed by \($0)" }
        }
        #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
        #expect(proof.positives.count { $0.profile != nil } * 2 > proof.positives.count)
    }
}
