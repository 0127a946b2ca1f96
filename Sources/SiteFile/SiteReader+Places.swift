import ConfigTree
import Model

/// Halls, rows, racks and rooms.
extension SiteReader {
    mutating func readRooms(_ node: ConfigNode) {
        for item in node.list(&diagnostics) ?? [] {
            var table = TableReader(item, what: "room", &diagnostics)
            let names = placeNames(&table)
            let display = table.optional("displayName")
            table.finish(&diagnostics)
            for (index, name) in names.enumerated() {
                let variables = ["n": String(index + 1), "name": name]
                _ = addPlace(
                    Place(
                        name: name, displayName: filled(display, variables) ?? name, kind: .room,
                        parent: nil), at: item.position)
            }
        }
    }

    mutating func readHalls(_ node: ConfigNode) {
        for item in node.list(&diagnostics) ?? [] {
            var table = TableReader(item, what: "hall", &diagnostics)
            let names = placeNames(&table)
            let display = table.optional("displayName")
            let rows = table.optional("rows")
            table.finish(&diagnostics)
            for name in names where site.places.count < SiteBounds.places {
                let number = tree.halls.count + 1
                let variables = ["n": String(number), "name": name]
                let hall = Place(
                    name: name, displayName: filled(display, variables) ?? name, kind: .hall,
                    parent: nil)
                guard addPlace(hall, at: item.position) else { continue }
                tree.halls.append(
                    PlaceFacts(name: name, ownName: name, number: number, index: number))
                if let rows { readRows(rows) }
            }
        }
    }

    /// The rows of the last hall.
    private mutating func readRows(_ node: ConfigNode) {
        let hallIndex = tree.halls.count - 1
        let hall = tree.halls[hallIndex]
        var number = 0
        for item in node.list(&diagnostics) ?? [] {
            var table = TableReader(item, what: "row", &diagnostics)
            let names = placeNames(&table)
            let display = table.optional("displayName")
            let racks = table.optional("racks")
            table.finish(&diagnostics)
            for name in names {
                guard site.places.count < SiteBounds.places else {
                    reportTooManyPlaces(at: item.position)
                    return
                }
                number += 1
                let full = hall.name + "-" + name
                let variables = ["n": String(number), "name": name, "hall": hall.name]
                let row = Place(
                    name: full, displayName: filled(display, variables) ?? full, kind: .row,
                    parent: hall.name)
                guard addPlace(row, at: item.position) else { continue }
                tree.rows.append(
                    PlaceFacts(
                        name: full, ownName: name, number: number, index: tree.rows.count + 1,
                        parent: hallIndex))
                if let racks { readRacks(racks) }
            }
        }
    }

    /// The racks of the last row: a list, or one text such as `k[01..20]`.
    private mutating func readRacks(_ node: ConfigNode) {
        var number = 0
        if let pattern = node.plainText {
            addRacks(
                expanded(pattern, at: node.position), WrittenRack(), number: &number,
                at: node.position)
            return
        }
        for item in node.list(&diagnostics) ?? [] {
            var table = TableReader(item, what: "rack", &diagnostics)
            let names = placeNames(&table)
            var rack = WrittenRack()
            rack.display = table.optional("displayName")
            let height = table.optional("height")
            rack.height = height?.integer(in: SiteBounds.rackHeights, &diagnostics)
            rack.watts = table.optional("rated")?.watts(&diagnostics)
            rack.items = table.optional("contents").map { contents($0) }
            table.finish(&diagnostics)
            addRacks(names, rack, number: &number, at: item.position)
        }
    }

    /// What one item of `racks` says; nil for what `defaults.rack` says.
    private struct WrittenRack {
        var display: ConfigNode?
        var height: Int64?
        var watts: Int64?
        var items: [WrittenItem]?
    }

    private mutating func addRacks(
        _ names: [String], _ written: WrittenRack, number: inout Int, at position: SourcePosition
    ) {
        let rowIndex = tree.rows.count - 1
        let row = tree.rows[rowIndex]
        for name in names {
            number += 1
            let full = row.name + "-" + name
            guard tree.racks.count < SiteBounds.racks else {
                diagnostics.add(
                    position, "more than \(SiteBounds.racks) racks", cure: "split the site")
                return
            }
            let variables = ["n": String(number), "name": name, "row": row.name]
            let height = written.height.map(Int.init) ?? defaults.rackHeight
            let facts = PlaceFacts(
                name: full, ownName: name, number: number, index: tree.racks.count + 1,
                parent: rowIndex)
            let rack = Place(
                name: full, displayName: filled(written.display, variables) ?? full, kind: .rack,
                parent: row.name,
                rack: RackDetails(
                    heightUnits: height, ratedWatts: written.watts ?? defaults.rackWatts ?? 0,
                    items: fill(facts, height, written.items ?? defaults.rackItems)))
            if written.watts == nil, defaults.rackWatts == nil {
                diagnostics.add(
                    position, "rack has no `rated`",
                    cure: "add `rated: 8 kW` here or to `defaults.rack`")
            }
            guard addPlace(rack, at: position) else { continue }
            tree.racks.append(facts)
        }
    }

    private mutating func reportTooManyPlaces(at position: SourcePosition) {
        diagnostics.add(
            position, "more than \(SiteBounds.places) places", cure: "split the site")
    }

    private mutating func addPlace(_ place: Place, at position: SourcePosition) -> Bool {
        guard site.places.count < SiteBounds.places else {
            reportTooManyPlaces(at: position)
            return false
        }
        guard placeIndex[place.name] == nil else {
            // A range that repeats names repeats all of them: the first tells enough.
            if !diagnostics.all.contains(where: { $0.position == position }) {
                diagnostics.add(
                    position, "two places are called `\(place.name)`", cure: "rename one of them")
            }
            return false
        }
        placeIndex[place.name] = site.places.count
        site.places.append(place)
        return true
    }

    /// The names that `name` or `range` gives; empty after reporting a mistake.
    private mutating func placeNames(_ table: inout TableReader) -> [String] {
        let range = table.optional("range")
        let single = table.optional("name")
        switch (single, range) {
        case (let name?, nil):
            if let text = name.plainText, text.contains("[") {
                diagnostics.add(
                    name.position, "`name` holds a range", cure: "write `range: \(text)`")
                return []
            }
            return name.identifier(&diagnostics).map { [$0] } ?? []
        case (nil, let range?):
            guard let pattern = range.text(maximum: 200, &diagnostics) else { return [] }
            return expanded(pattern, at: range.position)
        case (nil, nil):
            diagnostics.add(
                table.position, "a place has no name",
                cure: "add `name: h1`, or `range: k[01..20]` for many")
        case (let name?, .some):
            diagnostics.add(
                name.position, "a place has both `name` and `range`", cure: "keep one of them")
        }
        return []
    }

    private mutating func expanded(_ pattern: String, at position: SourcePosition) -> [String] {
        do throws(Spans.Mistake) {
            let names = try Spans.expand(pattern)
            for name in names {
                let node = ConfigNode(position: position, content: .scalar(name, quoted: true))
                guard node.identifier(&diagnostics) != nil else { return [] }
            }
            return names
        } catch {
            diagnostics.add(position, error.problem, cure: error.cure)
            return []
        }
    }

    private mutating func filled(_ node: ConfigNode?, _ variables: [String: String]) -> String? {
        guard let node, let text = node.text(maximum: 200, &diagnostics) else { return nil }
        do throws(Placeholders.Mistake) {
            return try Placeholders(variables: variables).replace(in: text)
        } catch {
            diagnostics.add(node.position, error.problem, cure: error.cure)
            return nil
        }
    }

    /// Whether `place` is `ancestor` or stands in it.
    func isInside(_ place: String, _ ancestor: String) -> Bool {
        var current: String? = place
        // The tree is three deep.
        while let name = current {
            if name == ancestor { return true }
            current = placeIndex[name].flatMap { site.places[$0].parent }
        }
        return false
    }
}
