import Model

/// Reasons for differences, from the table of docs/PROFILES-COVERAGE.md:
/// `| recording | OID | expected | ours | why |`. `{1,2}` in an OID stands for each of the list,
/// `*` for anything.
package struct CoverageNotes: Sendable {
    private var reasons: [String: String] = [:]
    private var patterns: [(glob: Glob, why: String)] = []

    package init(_ pages: [String] = []) {
        for line in pages.lazy.flatMap({ $0.split(whereSeparator: \.isNewline) }) {
            guard line.hasPrefix("|") else { continue }
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
                .dropFirst().map { Self.trimmed($0) }
            guard cells.count >= 5, cells[1].hasPrefix("1.") || cells[1].hasPrefix(".1.") else {
                continue
            }
            let why = cells[4...].filter { !$0.isEmpty }.joined(separator: "|")
            guard !why.isEmpty else { continue }
            for object in Self.expanded(cells[1]) {
                let key = Self.key(cells[0], object)
                if key.contains("*") { patterns.append((Glob(key), why)) }
                reasons[key] = why
            }
        }
    }

    /// Nil where nobody has said why.
    package func reason(recording: String, object: String) -> String? {
        let key = Self.key(recording, object)
        return reasons[key] ?? patterns.first { $0.glob.matches(key) }?.why
    }

    /// A list in braces becomes one text for each of its parts.
    private static func expanded(_ text: String) -> [String] {
        guard let open = text.firstIndex(of: "{"), let close = text[open...].firstIndex(of: "}")
        else { return [text] }
        let rest = String(text[text.index(after: close)...])
        return text[text.index(after: open)..<close].split(separator: ",").prefix(100).flatMap {
            expanded(text[..<open] + $0.drop { $0 == " " } + rest)
        }
    }

    private static func key(_ recording: String, _ object: String) -> String {
        let stem = recording.hasSuffix(".snmprec") ? String(recording.dropLast(8)) : recording
        return stem + " " + object.drop { $0 == "." }
    }

    private static func trimmed(_ text: Substring) -> String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "`" || $0 == "\t" }
        return String(text.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}

extension CorpusProof {
    /// Rows that differ, of kinds that count, for which the notes have no reason.
    package func unexplained(_ notes: CoverageNotes) -> [String] {
        devices.flatMap { device in
            device.rows.compactMap { result in
                guard result.fate == .differing, SensorKind.counted.contains(result.row.kind),
                    notes.reason(recording: device.file, object: result.row.object) == nil
                else { return nil }
                return "\(device.file) \(result.row.object): expected \(result.row.value), ours "
                    + result.claims.joined(separator: "; ")
            }
        }
    }
}
