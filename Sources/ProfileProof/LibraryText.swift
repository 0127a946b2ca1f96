extension LibraryProof {
    /// The report as lines for people.
    package var lines: [String] {
        var lines = [
            CorpusProof.padded("profile", 28) + CorpusProof.padded("recording", 16)
                + CorpusProof.right("points", 8) + "  result"
        ]
        for result in results {
            lines.append(
                CorpusProof.padded(result.profile, 28) + CorpusProof.padded(result.recording, 16)
                    + CorpusProof.right(String(result.lines.count), 8) + "  "
                    + result.word
                    + (result.warnings.isEmpty ? "" : ", \(result.warnings.count) warnings"))
        }
        for result in results {
            let details = result.differences + result.warnings.map { "  warning: " + $0 }
            guard !details.isEmpty else { continue }
            lines.append("")
            lines.append("\(result.path):")
            lines += details
        }
        if !problems.isEmpty { lines.append("") }
        return lines + problems
    }

}

extension LibraryProof.Result {
    package var differences: [String] {
        if case .differs(let lines) = verdict { lines } else { [] }
    }

    package var word: String {
        switch verdict {
        case .agrees: "ok"
        case .differs: "differs"
        case .missing: "no recording: add typical.snmprec or typical.csv (docs/PROFILES.md)"
        case .unwritten: "nothing expected yet; --accept writes it, then check each line"
        }
    }
}
