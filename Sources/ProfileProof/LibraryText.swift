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
        switch verdict {
        case .differs(let lines), .written(let lines): lines
        case .agrees, .missing, .unwritten: []
        }
    }

    package var word: String {
        switch verdict {
        case .agrees: "ok"
        case .differs:
            differsInReadingsOnly
                ? "differs; with FILE --accept --replace writes what came out now" : "differs"
        case .written: "written now: check each line"
        case .missing: "no recording: add typical.snmprec or typical.csv (docs/PROFILES.md)"
        case .unwritten: "nothing expected yet; --accept writes it"
        }
    }
}
