package import ConfigTree

/// Profile files together: a profile may `extend` another, so none can be compiled alone.
///
/// What a child says replaces what its parent says, key by key; points are told apart by their
/// names, tables by their entries. The result is one tree, whose nodes keep their places in the
/// files, and which is then compiled as any other.
package struct ProfileFamily: Sendable {
    /// Families of families are two levels deep; more is a circle or a maze.
    private static let maximumDepth = 4

    private var nodes: [String: ConfigNode] = [:]

    /// Of two files with one name and version the later counts.
    package init(_ files: [ConfigNode]) {
        for node in files {
            guard let name = node.child("profile")?.plainText else { continue }
            let version = node.child("version")?.plainText ?? "1"
            nodes["\(name)@\(version)"] = node
            let newest = nodes[name]?.child("version")?.plainText.flatMap { Int($0) } ?? 1
            if nodes[name] == nil || Int(version) ?? 1 >= newest { nodes[name] = node }
        }
    }

    /// The file with everything it inherits, and the names of its ancestors, nearest first. Nil
    /// where that cannot be known; the reason has been reported.
    package func whole(
        _ node: ConfigNode, _ d: inout Diagnostics
    ) -> (node: ConfigNode, ancestors: [String])? {
        guard case .mapping = node.content, let parent = node.child("extends") else {
            return (node, [])
        }
        return whole(node, parent, depth: 1, &d)
    }

    private func whole(
        _ node: ConfigNode, _ reference: ConfigNode, depth: Int, _ d: inout Diagnostics
    ) -> (node: ConfigNode, ancestors: [String])? {
        guard let name = reference.text(&d) else { return nil }
        guard let parent = nodes[name] else {
            let known = nodes.keys.filter { !$0.contains("@") }
            d.add(
                reference.position, "there is no profile `\(name)` to extend",
                cure: closest(to: name, in: known.sorted()).map { "did you mean `\($0)`?" }
                    ?? "`frostline profiles list` prints them")
            return nil
        }
        guard depth <= Self.maximumDepth else {
            d.add(
                reference.position, "profiles extend each other without end",
                cure: "let one of them stand alone")
            return nil
        }
        var base = parent
        var ancestors = [name]
        if let grandparent = parent.child("extends") {
            guard let (whole, older) = whole(parent, grandparent, depth: depth + 1, &d) else {
                return nil
            }
            base = whole
            ancestors += older
        }
        return (ProfileMerge(parent: base, child: node).result(&d), ancestors)
    }
}

/// One step of inheritance.
private struct ProfileMerge {
    let parent: ConfigNode
    let child: ConfigNode

    /// What a device is, each profile says itself.
    private static let ownKeys: Set<String> = [
        "profile", "version", "extends", "identify", "source", "remove", "override",
        "rebase",
    ]

    func result(_ d: inout Diagnostics) -> ConfigNode {
        var entries = parent.entries.filter { !Self.ownKeys.contains($0.key) }
        let removed = child.child("remove")?.items ?? []
        let overrides = child.child("override")?.entries ?? []
        for place in entries.indices {
            entries[place].value = removing(removed, from: entries[place])
            entries[place].value = overriding(overrides, in: entries[place])
        }
        check(removed, overrides, &d)
        if let moves = child.child("rebase")?.entries {
            for place in entries.indices {
                entries[place].value = rebased(entries[place].value, moves)
            }
        }
        for entry in child.entries where !["remove", "override", "rebase"].contains(entry.key) {
            guard let place = entries.firstIndex(where: { $0.key == entry.key }) else {
                entries.append(entry)
                continue
            }
            entries[place].value = merged(entry.key, entries[place].value, entry.value)
        }
        return ConfigNode(position: child.position, content: .mapping(entries))
    }

    private func merged(_ key: String, _ old: ConfigNode, _ new: ConfigNode) -> ConfigNode {
        switch (key, old.content, new.content) {
        case ("snmp", .mapping, .mapping), ("modbus", .mapping, .mapping):
            return merging(old, new) { merged($0, $1, $2) }
        case ("scalars", .sequence, .sequence), ("points", .sequence, .sequence),
            ("derived", .sequence, .sequence):
            return byName(old, new)
        case ("tables", .sequence, .sequence): return byEntry(old, new)
        default: return new
        }
    }

    /// Keys of `new` replace those of `old`, or are combined with them.
    private func merging(
        _ old: ConfigNode, _ new: ConfigNode,
        _ combine: (String, ConfigNode, ConfigNode) -> ConfigNode = { $2 }
    ) -> ConfigNode {
        var entries = old.entries
        for entry in new.entries {
            if let place = entries.firstIndex(where: { $0.key == entry.key }) {
                entries[place].value = combine(entry.key, entries[place].value, entry.value)
            } else {
                entries.append(entry)
            }
        }
        return ConfigNode(position: new.position, content: .mapping(entries))
    }

    private func byName(_ old: ConfigNode, _ new: ConfigNode) -> ConfigNode {
        let names = Set(new.items.compactMap { $0.child("name")?.plainText })
        let kept = old.items.filter { !names.contains($0.child("name")?.plainText ?? "") }
        return ConfigNode(position: new.position, content: .sequence(kept + new.items))
    }

    /// A table of the child is the parent's with the same entry, where there is just one and its
    /// index has as many arcs; else it stands beside it.
    private func byEntry(_ old: ConfigNode, _ new: ConfigNode) -> ConfigNode {
        var tables = old.items
        for table in new.items {
            let same = tables.indices.filter { place in
                tables[place].child("entry")?.plainText == table.child("entry")?.plainText
                    && (table.child("index") == nil
                        || table.child("index")?.items.count
                            == tables[place].child("index")?.items.count)
            }
            if same.count == 1, let place = same.first {
                tables[place] = merging(tables[place], table) { merged($0, $1, $2) }
            } else {
                tables.append(table)
            }
        }
        return ConfigNode(position: new.position, content: .sequence(tables))
    }

    // MARK: Points by name

    private func isPointList(_ key: String) -> Bool {
        ["scalars", "points", "derived"].contains(key)
    }

    private func removing(_ names: [ConfigNode], from entry: ConfigNode.Entry) -> ConfigNode {
        let texts = Set(names.compactMap(\.plainText))
        guard !texts.isEmpty else { return entry.value }
        return mapPoints(entry) { point in
            texts.contains(point.child("name")?.plainText ?? "") ? nil : point
        }
    }

    private func overriding(
        _ overrides: [ConfigNode.Entry], in entry: ConfigNode.Entry
    ) -> ConfigNode {
        guard !overrides.isEmpty else { return entry.value }
        return mapPoints(entry) { point in
            let name = point.child("name")?.plainText
            guard let override = overrides.first(where: { $0.key == name }) else { return point }
            return merging(point, override.value)
        }
    }

    /// Points of scalars, of Modbus sections, of tables, and derived ones.
    private func mapPoints(
        _ entry: ConfigNode.Entry, _ transform: (ConfigNode) -> ConfigNode?
    ) -> ConfigNode {
        let node = entry.value
        if isPointList(entry.key) {
            return ConfigNode(
                position: node.position, content: .sequence(node.items.compactMap(transform)))
        }
        if entry.key == "tables" {
            let tables = node.items.map { table in
                ConfigNode(
                    position: table.position,
                    content: .mapping(
                        table.entries.map { inner in
                            var copy = inner
                            copy.value = mapPoints(inner, transform)
                            return copy
                        }))
            }
            // A table without points asks for nothing.
            return ConfigNode(
                position: node.position,
                content: .sequence(tables.filter { $0.child("points")?.items.isEmpty == false }))
        }
        guard entry.key == "snmp" || entry.key == "modbus" else { return node }
        let inner = node.entries.map { item in
            var copy = item
            copy.value = mapPoints(item, transform)
            return copy
        }
        return ConfigNode(position: node.position, content: .mapping(inner))
    }

    /// The same tree below another number: models of a make differ in one arc.
    private func rebased(_ node: ConfigNode, _ moves: [ConfigNode.Entry]) -> ConfigNode {
        var copy = node
        switch node.content {
        case .null: break
        case .scalar(let text, let quoted):
            for move in moves where text == move.key || text.hasPrefix(move.key + ".") {
                let target = move.value.plainText ?? ""
                copy.content = .scalar(target + text.dropFirst(move.key.count), quoted: quoted)
                break
            }
        case .sequence(let items): copy.content = .sequence(items.map { rebased($0, moves) })
        case .mapping(let entries):
            copy.content = .mapping(
                entries.map { entry in
                    var inner = entry
                    inner.value = rebased(entry.value, moves)
                    return inner
                })
        }
        return copy
    }

    private func check(
        _ removed: [ConfigNode], _ overrides: [ConfigNode.Entry], _ d: inout Diagnostics
    ) {
        var names: [String] = []
        for entry in parent.entries {
            _ = mapPoints(entry) { point in
                if let name = point.child("name")?.plainText { names.append(name) }
                return point
            }
        }
        let wanted =
            removed.map { (name: $0.plainText ?? "", position: $0.position) }
            + overrides.map { (name: $0.key, position: $0.keyPosition) }
        for item in wanted where !names.contains(item.name) {
            d.add(
                item.position, "the parent has no point `\(item.name)`",
                cure: closest(to: item.name, in: names).map { "did you mean `\($0)`?" }
                    ?? "take the line away")
        }
    }
}

extension ConfigNode {
    fileprivate var entries: [Entry] {
        if case .mapping(let entries) = content { entries } else { [] }
    }
    fileprivate var items: [ConfigNode] {
        if case .sequence(let items) = content { items } else { [] }
    }
    fileprivate var plainText: String? {
        if case .scalar(let text, _) = content { text } else { nil }
    }
    fileprivate func child(_ key: String) -> ConfigNode? {
        entries.first { $0.key == key }?.value
    }
}
