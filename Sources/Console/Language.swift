/// The language of the console's own words. Names and texts of the site file stay as they are
/// written there.
package enum Language: String, Sendable, CaseIterable {
    case english = "en"
    case chinese = "zh"

    /// POSIX order: LC_ALL over LC_MESSAGES over LANG; an empty value counts as unset.
    package static func of(_ environment: (String) -> String?) -> Language {
        let value = ["LC_ALL", "LC_MESSAGES", "LANG"].lazy.compactMap(environment)
            .first { !$0.isEmpty }
        return value?.lowercased().hasPrefix("zh") == true ? .chinese : .english
    }
}

/// The console's words. English stands in the code and is the key; a language is a list of
/// `English | translation` lines.
package enum Phrases {
    /// `text` in `language`, `{0}`, `{1}`, … replaced by the arguments. English where a language
    /// lacks it: a test finds such lines, an operator never a blank.
    package static func text(
        _ text: String, _ arguments: [String] = [], in language: Language
    ) -> String {
        let phrase = language == .chinese ? chinese[text] ?? text : text
        guard !arguments.isEmpty else { return phrase }
        return filled(phrase, arguments)
    }

    /// Placeholders replaced in one pass: what an argument holds is never looked at again.
    private static func filled(_ phrase: String, _ arguments: [String]) -> String {
        var result = ""
        var rest = phrase.utf8[...]
        while let open = rest.firstIndex(of: UInt8(ascii: "{")) {
            result += Substring(rest[..<open])
            let tail = rest[rest.index(after: open)...]
            guard let close = tail.firstIndex(of: UInt8(ascii: "}")),
                let number = Int(Substring(tail[..<close])), arguments.indices.contains(number)
            else {
                result.append("{")
                rest = tail
                continue
            }
            result += arguments[number]
            rest = tail[tail.index(after: close)...]
        }
        return result + Substring(rest)
    }

    package static let chinese: [String: String] = {
        var table: [String: String] = [:]
        for line in ChinesePhrases.lines.split(separator: "\n") {
            guard let bar = line.firstRange(of: " | ") else { continue }
            table[String(line[..<bar.lowerBound])] = String(line[bar.upperBound...])
        }
        return table
    }()
}

extension ConsoleModel {
    /// A text of the console in its language.
    func t(_ text: String, _ arguments: String...) -> String {
        Phrases.text(text, arguments, in: language)
    }
}

extension Painter {
    /// A text of the console in its language.
    func t(_ text: String, _ arguments: String...) -> String {
        Phrases.text(text, arguments, in: model.language)
    }
}
