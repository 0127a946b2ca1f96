package import ConfigTree

/// A title of a dashboard: one text, or one for each of the console's languages.
package struct BoardText: Sendable, Equatable, ExpressibleByStringLiteral {
    private var texts: [Language: String] = [:]
    /// What is shown where a language has no text of its own.
    private var usual: String

    package init(stringLiteral text: String) { self.init(text) }
    package init(_ text: String) { usual = text }

    package func text(in language: Language) -> String { texts[language] ?? usual }

    /// `title: Cooling` or `title: {en: Cooling, zh: 制冷}`.
    package init?(_ node: ConfigNode, maximum: Int, _ diagnostics: inout Diagnostics) {
        guard case .mapping = node.content else {
            guard let text = node.text(maximum: maximum, &diagnostics) else { return nil }
            usual = text
            return
        }
        let before = diagnostics.all.count
        usual = ""
        var table = TableReader(node, what: "title", &diagnostics)
        for language in Language.allCases {
            let text = table.optional(language.rawValue)?.text(maximum: maximum, &diagnostics)
            if let text { texts[language] = text }
        }
        table.finish(&diagnostics)
        let first = Language.allCases.lazy.compactMap { [texts] in texts[$0] }.first
        if first == nil, diagnostics.all.count == before {
            diagnostics.add(
                node.position, "the title has no text",
                cure: "write `title: Cooling` or `title: {en: Cooling, zh: 制冷}`")
        }
        guard diagnostics.all.count == before, let first else { return nil }
        usual = first
    }
}
