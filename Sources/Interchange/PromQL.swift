/// Words of PromQL.
package enum PromQL {
    /// Text as a regular expression (RE2) that matches it alone.
    package static func literal(_ text: some StringProtocol) -> String {
        text.reduce(into: "") { result, character in
            if "\\.+*?()|[]{}^$".contains(character) { result.append("\\") }
            result.append(character)
        }
    }

    /// A regular expression that matches each of `texts` and nothing else.
    package static func any(of texts: some Sequence<String>) -> String {
        texts.map { literal($0) }.joined(separator: "|")
    }

    /// Text between quotation marks.
    package static func quoted(_ text: String) -> String {
        "\""
            + text.reduce(into: "") { result, character in
                if character == "\\" || character == "\"" { result.append("\\") }
                if character == "\n" { result += "\\n" } else { result.append(character) }
            } + "\""
    }
}
