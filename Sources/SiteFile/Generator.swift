import ConfigTree
import Model

/// A place as generators see it.
struct PlaceFacts {
    /// `h1-r01-k07`.
    var name: String
    /// `k07`.
    var ownName: String
    /// From 1 among its neighbours.
    var number: Int
    /// From 1 among its kind at the site.
    var index: Int
    /// Index of the row or hall above, in the list of that kind.
    var parent: Int?
}

/// The tree of halls as three lists, for `each`.
struct PlaceTree {
    var halls: [PlaceFacts] = []
    var rows: [PlaceFacts] = []
    var racks: [PlaceFacts] = []
}

/// Turns one list item with `each` into the items it stands for.
struct Generator {
    let places: PlaceTree
    /// Places were in error, so that a pattern without a match may be right.
    let placesIncomplete: Bool

    /// The values and lists of one template; a device has about ten. Without this a file of 4 MiB
    /// could ask for 20,000 copies of itself.
    private static let maximumNodes = 200
    private static let maximumTextBytes = 4096

    /// One value of one variable: what it adds to the placeholders.
    private typealias Setting = [String: String]

    static func isGenerated(_ item: ConfigNode) -> Bool {
        guard case .mapping(let entries) = item.content else { return false }
        return entries.contains { $0.key == "each" || $0.key == "with" }
    }

    /// `item` itself where it has no `each`. Positions stay those of the template.
    func items(_ item: ConfigNode, _ diagnostics: inout Diagnostics) -> [ConfigNode] {
        guard Self.isGenerated(item), case .mapping(let entries) = item.content else {
            return [item]
        }
        let rest = entries.filter { $0.key != "each" && $0.key != "with" }
        let template = ConfigNode(position: item.position, content: .mapping(rest))
        guard Self.size(template) <= Self.maximumNodes else {
            diagnostics.add(
                item.position,
                "a generated item has more than \(Self.maximumNodes) values, or a "
                    + "text of more than \(Self.maximumTextBytes) bytes",
                cure: "shorten it, or write it out")
            return []
        }
        guard let each = entries.first(where: { $0.key == "each" })?.value else {
            diagnostics.add(
                item.position, "`with` stands without `each`", cure: "add `each: {…}`")
            return []
        }
        guard var settings = combinations(each, &diagnostics) else { return [] }
        if let with = entries.first(where: { $0.key == "with" })?.value {
            guard add(with, to: &settings, &diagnostics) else { return [] }
        }
        var items: [ConfigNode] = []
        for (index, setting) in settings.enumerated() {
            var variables = setting
            variables["n"] = String(index + 1)
            var failed = false
            items.append(
                filled(template, Placeholders(variables: variables), &failed, &diagnostics))
            // The same mistake stands in every item: once is enough.
            if failed { return [] }
        }
        return items
    }

    /// Nodes of a tree; a text that is too long counts as too many.
    private static func size(_ node: ConfigNode) -> Int {
        switch node.content {
        case .null: 1
        case .scalar(let text, _): text.utf8.count <= maximumTextBytes ? 1 : maximumNodes + 1
        case .sequence(let items): items.reduce(1) { $0 + size($1) }
        case .mapping(let entries): entries.reduce(1) { $0 + size($1.value) }
        }
    }

    private func combinations(
        _ each: ConfigNode, _ diagnostics: inout Diagnostics
    ) -> [Setting]? {
        guard let entries = each.entries(&diagnostics) else { return nil }
        var results: [Setting] = [[:]]
        let kinds = entries.filter { ["hall", "row", "rack"].contains($0.key) }
        if kinds.count > 1 {
            diagnostics.add(
                kinds[1].keyPosition, "`each` has both `\(kinds[0].key)` and `\(kinds[1].key)`",
                cure: "keep the innermost: a rack knows its row and hall")
            return nil
        }
        for entry in entries {
            guard let values = values(of: entry, &diagnostics) else { return nil }
            guard results.count * values.count <= Spans.maximumCount else {
                diagnostics.add(
                    each.position, "`each` makes more than \(Spans.maximumCount) items",
                    cure: "split it, or name fewer values")
                return nil
            }
            results = results.flatMap { result in
                values.map { result.merging($0) { _, new in new } }
            }
        }
        if entries.isEmpty {
            diagnostics.add(
                each.position, "`each` names no variable", cure: "write `each: {rack: \"*\"}`")
            return nil
        }
        return results
    }

    private func values(
        of entry: ConfigNode.Entry, _ diagnostics: inout Diagnostics
    ) -> [Setting]? {
        switch entry.key {
        case "rack": return places(entry, of: places.racks, settings: rack, &diagnostics)
        case "row": return places(entry, of: places.rows, settings: row, &diagnostics)
        case "hall": return places(entry, of: places.halls, settings: hall, &diagnostics)
        default:
            guard isVariableName(entry, &diagnostics),
                let texts = listed(entry.value, &diagnostics)
            else { return nil }
            return texts.enumerated().map { number, text in
                [
                    entry.key: text, entry.key + ".n": String(number + 1),
                    entry.key + ".lower": text.lowercased(),
                ]
            }
        }
    }

    private func isVariableName(
        _ entry: ConfigNode.Entry, _ diagnostics: inout Diagnostics
    ) -> Bool {
        let good = entry.key.utf8.allSatisfy { (0x61...0x7A).contains($0 | 0x20) }
        guard good, entry.key != "n", !entry.key.isEmpty else {
            diagnostics.add(
                entry.keyPosition, "`\(entry.key.prefix(40))` cannot be a variable",
                cure: "use letters only, and not `n`, the running number")
            return false
        }
        return true
    }

    /// The values of a list, spans spelled out.
    private func listed(_ node: ConfigNode, _ diagnostics: inout Diagnostics) -> [String]? {
        guard let items = node.list(&diagnostics) else { return nil }
        var texts: [String] = []
        for item in items {
            guard let text = item.text(&diagnostics) else { return nil }
            do throws(Spans.Mistake) {
                texts += try Spans.values(text)
            } catch {
                diagnostics.add(item.position, error.problem, cure: error.cure)
                return nil
            }
            guard texts.count <= Spans.maximumCount else {
                diagnostics.add(
                    node.position, "the list has more than \(Spans.maximumCount) values",
                    cure: "name fewer values")
                return nil
            }
        }
        guard !texts.isEmpty else {
            diagnostics.add(node.position, "the list is empty", cure: "name at least one value")
            return nil
        }
        return texts
    }

    private func places(
        _ entry: ConfigNode.Entry, of all: [PlaceFacts], settings: (PlaceFacts) -> Setting,
        _ diagnostics: inout Diagnostics
    ) -> [Setting]? {
        var nodes = [entry.value]
        if case .sequence(let items) = entry.value.content { nodes = items }
        var chosen: Set<Int> = []
        for node in nodes {
            guard let pattern = node.text(&diagnostics) else { return nil }
            let glob = Glob(pattern)
            let found = all.indices.filter { glob.matches(all[$0].name) }
            guard !found.isEmpty else {
                if placesIncomplete { return nil }
                let near = nearest(to: pattern, in: all.map(\.name))
                diagnostics.add(
                    node.position, "no \(entry.key) is called `\(pattern)`",
                    cure: near.map { "did you mean `\($0)`?" }
                        ?? "use full names such as `\(all.first?.name ?? "h1-r01-k01")`, or `*`")
                return nil
            }
            chosen.formUnion(found)
        }
        return chosen.sorted().map { settings(all[$0]) }
    }

    private func own(_ kind: String, _ place: PlaceFacts) -> Setting {
        [
            kind: place.name, kind + ".name": place.ownName, kind + ".n": String(place.number),
            kind + ".index": String(place.index),
        ]
    }

    private func hall(_ place: PlaceFacts) -> Setting { own("hall", place) }

    private func row(_ place: PlaceFacts) -> Setting {
        let above = place.parent.map { hall(places.halls[$0]) } ?? [:]
        return above.merging(own("row", place)) { _, new in new }
    }

    private func rack(_ place: PlaceFacts) -> Setting {
        let above = place.parent.map { row(places.rows[$0]) } ?? [:]
        return above.merging(own("rack", place)) { _, new in new }
    }

    /// Adds the lists of `with`, one value to each combination.
    private func add(
        _ with: ConfigNode, to settings: inout [Setting], _ diagnostics: inout Diagnostics
    ) -> Bool {
        guard let entries = with.entries(&diagnostics) else { return false }
        for entry in entries {
            guard isVariableName(entry, &diagnostics),
                let texts = listed(entry.value, &diagnostics)
            else { return false }
            guard texts.count == settings.count else {
                diagnostics.add(
                    entry.value.position,
                    "`\(entry.key)` has \(texts.count) values for \(settings.count) items",
                    cure: "give one value for each combination of `each`")
                return false
            }
            for (index, text) in texts.enumerated() {
                settings[index][entry.key] = text
                settings[index][entry.key + ".lower"] = text.lowercased()
            }
        }
        return true
    }

    private func filled(
        _ node: ConfigNode, _ placeholders: Placeholders, _ failed: inout Bool,
        _ diagnostics: inout Diagnostics
    ) -> ConfigNode {
        var node = node
        switch node.content {
        case .null: break
        case .scalar(let text, let quoted):
            do throws(Placeholders.Mistake) {
                node.content = .scalar(try placeholders.replace(in: text), quoted: quoted)
            } catch {
                diagnostics.add(node.position, error.problem, cure: error.cure)
                failed = true
            }
        case .sequence(let items):
            node.content = .sequence(
                items.map { filled($0, placeholders, &failed, &diagnostics) })
        case .mapping(var entries):
            for index in entries.indices {
                entries[index].value = filled(
                    entries[index].value, placeholders, &failed, &diagnostics)
            }
            node.content = .mapping(entries)
        }
        return node
    }
}
