import Model
import Profiles

/// docs/NAMES.md as it follows from DeviceProfiles/NAMES.yaml: what stands before its first table
/// is written by hand, sections are the comments of the file.
struct NamesPage {
    let vocabulary: Vocabulary
    /// The text of NAMES.yaml.
    let source: String

    private static let classesHeading = "## Classes of devices"

    func text(after page: String) -> String {
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var result = Array(lines.prefix { $0 != Self.classesHeading })
        result += [
            Self.classesHeading, "",
            "A profile that claims a class must be able to give its required points.", "",
            "| class | what | required |", "| --- | --- | --- |",
        ]
        result += vocabulary.classes.map { kind in
            let required = kind.required.map { "`\($0)`" }.joined(separator: ", ")
            return "| \(kind.name) | \(kind.about) | \(required) |"
        }
        for section in sections {
            result += ["", "## " + section.title, ""]
            if !section.about.isEmpty { result += [section.about, ""] }
            result += [
                "| name | kind | unit | digits | range | meaning |",
                "| --- | --- | --- | --- | --- | --- |",
            ]
            result += section.keys.compactMap { vocabulary.entry(for: $0).map(row) }
        }
        return result.joined(separator: "\n") + "\n"
    }

    private func row(_ entry: Vocabulary.Entry) -> String {
        let range = entry.range.map { "\($0.lowerBound.decimal) to \($0.upperBound.decimal)" }
        var about = entry.about
        if let sign = entry.sign { about += " (\(sign))" }
        if !entry.states.isEmpty {
            about += ": " + entry.states.joined(separator: ", ")
        }
        let digits = entry.kind == .state ? "" : String(entry.digits)
        return "| `\(entry.key)` | \(entry.kind.rawValue) | \(entry.unit.rawValue) | \(digits) | "
            + "\(range ?? "") | \(about) |"
    }

    private struct Section {
        var title: String
        var about: String
        var keys: [String] = []
    }

    /// A comment among the names opens a section: `# Title. What is to be said of it.`
    private var sections: [Section] {
        var result: [Section] = []
        var isAmongNames = false
        var isComment = false
        for line in source.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("names:") { isAmongNames = true }
            guard isAmongNames else { continue }
            if line.hasPrefix("  # ") {
                let text = String(line.dropFirst(4))
                if isComment, let last = result.indices.last {
                    result[last].about += (result[last].about.isEmpty ? "" : " ") + text
                } else if let end = text.firstRange(of: ". ") {
                    result.append(
                        Section(
                            title: String(text[..<end.lowerBound]),
                            about: String(text[end.upperBound...])))
                } else {
                    let title = text.hasSuffix(".") ? String(text.dropLast()) : text
                    result.append(Section(title: title, about: ""))
                }
                isComment = true
                continue
            }
            isComment = false
            guard line.hasPrefix("  "), line.dropFirst(2).first != " ",
                let end = line.firstRange(of: ":"), let last = result.indices.last
            else { continue }
            let key = line[line.index(line.startIndex, offsetBy: 2)..<end.lowerBound]
            result[last].keys.append(key.filter { $0 != "\"" })
        }
        return result
    }
}
