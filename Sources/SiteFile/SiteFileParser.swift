package import ConfigTree
package import Model
package import Profiles

/// Reads a site file: everything in it, or every mistake in it.
package enum SiteFileParser {
    /// The site that `node` describes, or nil with the mistakes in `diagnostics`.
    ///
    /// - Parameters:
    ///   - profiles: what is known of each profile, by name.
    ///   - catalog: what other profiles there are, and where they were looked for; for messages.
    ///   - templates: alarm rules that a site takes by name; those of its profiles come on top.
    ///   - tariffs: the voltage classes of each tariff table.
    ///   - now: what is over by then is warned of; nil for no such warnings.
    ///   - secret: gives the text behind a reference; called once for each place it stands.
    package static func parse(
        _ node: ConfigNode, profiles: [String: ProfileFacts],
        catalog: ProfileCatalog = ProfileCatalog(folders: [], files: []),
        templates: [ConfigNode] = [], tariffs: [String: [String]], now: Instant? = nil,
        secret: @escaping SecretSource,
        _ diagnostics: inout Diagnostics
    ) -> Site? {
        var reader = SiteReader(profiles: profiles, tariffs: tariffs, secret: secret)
        reader.catalog = catalog
        reader.now = now
        reader.rules.templates =
            templates + profiles.sorted { $0.key < $1.key }.flatMap(\.value.rules)
        reader.read(node)
        diagnostics.append(contentsOf: reader.diagnostics)
        return reader.diagnostics.isEmpty ? reader.site : nil
    }

    /// The keys whose values are lists, which several files may add to.
    private static let lists: Set<String> = [
        "rooms", "halls", "devices", "power", "cooling", "meters", "alarms", "hooks",
        "subsidiaries", "people", "rotas", "escalations", "maintenance", "network",
    ]

    /// The keys whose values are tables of names, which several files may add to.
    private static let tables: Set<String> = ["credentials", "layouts"]

    /// One tree of `main` and the files of `conf.d`: lists are joined, in the order given; every
    /// other key stands in one file only. Credentials and layouts are joined too.
    package static func merge(
        _ main: ConfigNode, with others: [ConfigNode], _ diagnostics: inout Diagnostics
    ) -> ConfigNode {
        guard !others.isEmpty, case .mapping(var merged) = main.content else { return main }
        for other in others {
            guard let entries = other.entries(&diagnostics) else { continue }
            for entry in entries {
                guard let index = merged.firstIndex(where: { $0.key == entry.key }) else {
                    merged.append(entry)
                    continue
                }
                switch (merged[index].value.content, entry.value.content) {
                case (_, .null): break
                case (.null, _): merged[index] = entry
                case (.sequence(let first), .sequence(let second)) where lists.contains(entry.key):
                    merged[index].value.content = .sequence(first + second)
                case (.mapping(let first), .mapping(let second)) where tables.contains(entry.key):
                    merged[index].value.content = .mapping(
                        joined(entry.key, first, second, &diagnostics))
                default:
                    diagnostics.add(
                        entry.keyPosition,
                        "`\(entry.key)` stands already at \(merged[index].keyPosition)",
                        cure: "keep one of them")
                }
            }
        }
        return ConfigNode(position: main.position, content: .mapping(merged))
    }

    /// The site with the rules of another file: a list of them, or a table that has `alarms`.
    package static func replaceRules(
        of site: ConfigNode, with rules: ConfigNode, _ diagnostics: inout Diagnostics
    ) -> ConfigNode {
        guard case .mapping(let entries) = site.content else { return site }
        var list: ConfigNode? = rules
        if case .mapping = rules.content {
            var table = TableReader(rules, what: "a file of rules", &diagnostics)
            list = table.required("alarms", &diagnostics)
            table.finish(&diagnostics)
        }
        guard let list else { return site }
        return ConfigNode(
            position: site.position,
            content: .mapping(
                entries.filter { $0.key != "alarms" } + [
                    ConfigNode.Entry(key: "alarms", keyPosition: list.position, value: list)
                ]))
    }

    private static func joined(
        _ what: String, _ first: [ConfigNode.Entry], _ second: [ConfigNode.Entry],
        _ diagnostics: inout Diagnostics
    ) -> [ConfigNode.Entry] {
        var result = first
        for entry in second {
            if let known = first.first(where: { $0.key == entry.key }) {
                diagnostics.add(
                    entry.keyPosition,
                    "\(what) `\(entry.key)` stand already at \(known.keyPosition)",
                    cure: "rename one of them")
                continue
            }
            result.append(entry)
        }
        return result
    }
}
