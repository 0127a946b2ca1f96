/// The tables of docs/PROFILES-COVERAGE.md.
extension CorpusProof {
    package func page(_ notes: CoverageNotes) -> [String] {
        let summary = CorpusSummary(self)
        let heads = "expected | reproduced | differing | suspect reproduced | unclaimed |"
        var lines = [
            "## By kind", "", "| kind | " + heads, "| --- | ---: | ---: | ---: | ---: | ---: |",
        ]
        for kind in SensorKind.counted {
            guard let counts = summary.kinds[kind] else { continue }
            lines.append("| \(kind) |" + Self.markdown(counts))
        }
        lines.append("| **total** |" + Self.markdown(summary.total))
        lines += [
            "", "## By recording", "", "| recording | profile | " + heads,
            "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
        ]
        for device in devices {
            var counts = CorpusCounts()
            for result in device.rows where SensorKind.counted.contains(result.row.kind) {
                counts.add(result)
            }
            lines.append(
                "| \(Self.stem(device.file)) | \(device.profile.map { "`\($0)`" } ?? "–") |"
                    + Self.markdown(counts))
        }
        lines += ["", "## Differences, each explained", ""]
        lines += table(.differing, notes)
        lines += ["", "## What no point claims", ""]
        lines += table(.unclaimed, notes)
        return lines
    }

    private func table(_ fate: Fate, _ notes: CoverageNotes) -> [String] {
        var lines = [
            "| recording | OID | expected | ours | why |", "| --- | --- | --- | --- | --- |",
        ]
        for device in devices {
            for result in device.rows
            where result.fate == fate && SensorKind.counted.contains(result.row.kind) {
                let row = result.row
                let reason =
                    notes.reason(recording: device.file, object: row.object)
                    ?? (device.profile == nil ? "not in the library" : "")
                let expected = [row.value, row.unit, row.kind, row.description]
                    .filter { !$0.isEmpty }.joined(separator: " ")
                let ours = result.claims.isEmpty ? "–" : result.claims.joined(separator: "; ")
                lines.append(
                    "| \(Self.stem(device.file)) | \(row.object) | \(Self.cell(expected)) | "
                        + "\(Self.cell(ours)) | \(reason) |")
            }
        }
        return lines
    }

    private static func markdown(_ counts: CorpusCounts) -> String {
        " \(counts.expected) | \(counts.reproduced) | \(counts.differing) | "
            + "\(counts.suspectReproduced) | \(counts.unclaimed) |"
    }

    /// Text that cannot end a cell.
    private static func cell(_ text: String) -> String {
        String(text.map { $0 == "|" || $0.isNewline ? "/" : $0 })
    }
}
