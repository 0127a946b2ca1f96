/// The report as lines for people.
extension CorpusProof {
    private static let heads = [
        "expected", "reproduced", "differing", "suspect reproduced", "unclaimed",
    ]

    /// - Parameter isVerbose: each row with its fate and the points that stand on its object.
    package func lines(isVerbose: Bool) -> [String] {
        var lines: [String] = []
        if isVerbose { lines += devices.flatMap { Self.rows(of: $0) } }
        lines += recordingTable
        lines.append("")
        lines += kindTable
        if !problems.isEmpty {
            lines.append("")
            lines += problems.map { "corpus: " + $0 }
        }
        return lines
    }

    private static func rows(of device: DeviceResult) -> [String] {
        var lines = [
            "",
            "\(device.file): \(device.profile ?? "no profile claims it"), "
                + "\(device.points) points",
        ]
        for result in device.rows {
            let row = result.row
            let fate =
                result.fate == .suspect
                ? (result.isRepeated ? "SUSPECT REPRODUCED" : "suspect") : result.fate.rawValue
            var line = "  \(padded(fate, 11)) \(padded(row.kind, 11)) \(row.object)"
            line += "  expected \(row.value)\(row.unit.isEmpty ? "" : " " + row.unit)"
            if !row.stateText.isEmpty { line += "=" + row.stateText }
            line += " (\(row.description); raw \(row.raw.prefix(40)))"
            if !result.claims.isEmpty { line += "  ours: " + result.claims.joined(separator: "; ") }
            if !row.suspect.isEmpty { line += "  suspect: " + row.suspect }
            lines.append(line)
        }
        return lines
    }

    private var recordingTable: [String] {
        var lines = [
            Self.padded("recording", 40) + Self.padded("profile", 26)
                + Self.heads.map { Self.right($0, $0.count + 2) }.joined()
        ]
        for device in devices {
            var counts = CorpusCounts()
            for result in device.rows where SensorKind.counted.contains(result.row.kind) {
                counts.add(result)
            }
            lines.append(
                Self.padded(device.file, 40) + Self.padded(device.profile ?? "–", 26)
                    + Self.cells(counts))
        }
        return lines
    }

    private var kindTable: [String] {
        let summary = CorpusSummary(self)
        var lines = [
            Self.padded("kind", 16) + Self.heads.map { Self.right($0, $0.count + 2) }.joined()
        ]
        for kind in SensorKind.counted {
            guard let counts = summary.kinds[kind] else { continue }
            lines.append(Self.padded(kind, 16) + Self.cells(counts))
        }
        lines.append(Self.padded("total", 16) + Self.cells(summary.total))
        let share =
            summary.total.expected == 0
            ? 0 : Double(summary.total.reproduced * 1_000 / summary.total.expected) / 10
        lines.append("reproduced: \(share) %")
        if !summary.others.isEmpty {
            lines.append("")
            lines.append("not counted")
            for kind in summary.others.keys.sorted() {
                guard let counts = summary.others[kind] else { continue }
                lines.append(Self.padded(kind, 16) + Self.cells(counts))
            }
        }
        return lines
    }

    private static func cells(_ counts: CorpusCounts) -> String {
        let numbers = [
            counts.expected, counts.reproduced, counts.differing, counts.suspectReproduced,
            counts.unclaimed,
        ]
        return zip(heads, numbers).map { right(String($1), $0.count + 2) }.joined()
    }

    static func padded(_ text: String, _ width: Int) -> String {
        let missing = width - text.count
        return missing > 0 ? text + String(repeating: " ", count: missing) : text + " "
    }

    static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
