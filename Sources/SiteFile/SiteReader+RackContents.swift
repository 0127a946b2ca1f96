import ConfigTree
import Model

/// One thing of `contents` or of a layout, before it is put into a rack.
struct WrittenItem {
    /// May hold placeholders of the rack and `{n}`.
    var name: String?
    var kind: RackItem.Kind?
    var position: RackPosition
    var outlets: [String]
    /// From 1 in its range.
    var number = 1
    /// Where its name, its unit and its outlets stand.
    var nameAt: SourcePosition
    var unitAt: SourcePosition
    var outletsAt: SourcePosition
}

/// What of a rack is taken.
struct RackUse {
    var height: Int
    var units: [(range: ClosedRange<Int>, title: String, at: SourcePosition)] = []
    var outlets: [String: String] = [:]
}

/// What hangs in racks besides devices, and what is where.
extension SiteReader {
    // MARK: Layouts and contents

    mutating func readLayouts(_ node: ConfigNode) {
        guard let entries = node.entries(&diagnostics) else { return }
        guard entries.count <= SiteBounds.layouts else {
            diagnostics.add(
                node.position, "more than \(SiteBounds.layouts) layouts",
                cure: "write `contents` at racks that are like no other")
            return
        }
        for entry in entries { layouts[entry.key] = contents(entry.value, isLayout: true) }
    }

    /// The name of a layout, or a list of things and names of layouts.
    mutating func contents(_ node: ConfigNode, isLayout: Bool = false) -> [WrittenItem] {
        if !isLayout, node.plainText != nil { return layout(node) }
        var items: [WrittenItem] = []
        for item in node.list(&diagnostics) ?? [] {
            if item.plainText != nil {
                items += layout(item)
            } else {
                items += things(item)
            }
            guard items.count <= SiteBounds.rackItems else {
                diagnostics.add(
                    item.position, "more than \(SiteBounds.rackItems) things in one rack",
                    cure: "leave out what nobody looks for")
                return []
            }
        }
        return items
    }

    private mutating func layout(_ node: ConfigNode) -> [WrittenItem] {
        guard let name = node.text(maximum: 64, &diagnostics) else { return [] }
        if let items = layouts[name] { return items }
        reportUnknown(
            "layout", name, at: node.position, among: layouts.keys.sorted(),
            otherwise: "add it to `layouts`, above what uses it")
        return []
    }

    /// What one table of `contents` stands for: a range is a stack, from its lowest unit upwards.
    private mutating func things(_ node: ConfigNode) -> [WrittenItem] {
        var table = TableReader(node, what: "a thing in a rack", &diagnostics)
        let kind = table.optional("kind")?.choice(RackItem.Kind.self, &diagnostics)
        let single = table.optional("name")
        let range = table.optional("range")
        let unitNode = table.required("u", &diagnostics)
        let position = position(unitNode, table.optional("height"))
        let outletsNode = table.optional("outlets")
        table.finish(&diagnostics)
        var outlets: [String] = []
        for node in oneOrMany(outletsNode) {
            if let text = node.text(maximum: 20, &diagnostics) { outlets.append(text) }
        }
        guard let names = names(single, range, kind, at: node.position), let position,
            let unitNode
        else { return [] }
        var item = WrittenItem(
            kind: kind, position: position, outlets: outlets,
            nameAt: (single ?? range ?? node).position, unitAt: unitNode.position,
            outletsAt: (outletsNode ?? node).position)
        return names.enumerated().map { index, name in
            item.name = name
            item.number = index + 1
            if index > 0, case .units(let last) = item.position {
                let next = last.upperBound + 1
                item.position = .units(next...next + last.count - 1)
            }
            return item
        }
    }

    /// A nil name is that of the kind. Nil after reporting a mistake.
    private mutating func names(
        _ single: ConfigNode?, _ range: ConfigNode?, _ kind: RackItem.Kind?,
        at position: SourcePosition
    ) -> [String?]? {
        switch (single, range) {
        case (let node?, nil):
            guard let text = node.text(maximum: 200, &diagnostics) else { return nil }
            guard !text.contains("[") else {
                diagnostics.add(
                    node.position, "`name` holds a range", cure: "write `range: \(text)`")
                return nil
            }
            return [text]
        case (nil, let node?):
            guard let text = node.text(maximum: 200, &diagnostics) else { return nil }
            do throws(Spans.Mistake) {
                let names = try Spans.expand(text)
                guard names.count <= SiteBounds.rackItems else {
                    throw Spans.Mistake(
                        problem: "`\(text.prefix(40))` stands for \(names.count) things",
                        cure: "name at most \(SiteBounds.rackItems)")
                }
                return names
            } catch {
                diagnostics.add(node.position, error.problem, cure: error.cure)
                return nil
            }
        case (let node?, .some):
            diagnostics.add(
                node.position, "a thing in a rack has both `name` and `range`",
                cure: "keep one of them")
            return nil
        case (nil, nil):
            if kind != nil { return [nil] }
            diagnostics.add(
                position, "a thing in a rack has neither `name` nor `kind`",
                cure: "add `name: …`, or `kind: blank` for blanking panels")
            return nil
        }
    }

    // MARK: Units

    /// `12`, `12` with a height, `12..13` or `side`.
    private mutating func position(
        _ node: ConfigNode?, _ heightNode: ConfigNode?
    ) -> RackPosition? {
        let limits = SiteBounds.rackHeights
        let height = heightNode?.integer(in: limits, &diagnostics)
        guard let text = node?.text(maximum: 40, &diagnostics), let node else { return nil }
        if text == "side" {
            guard let heightNode else { return .side }
            diagnostics.add(
                heightNode.position, "what stands at the side takes no units",
                cure: "remove `height`, or write the lowest unit as `u`")
            return nil
        }
        if let dots = text.firstRange(of: ".."), let low = Int64(text[..<dots.lowerBound]),
            let high = Int64(text[dots.upperBound...]), limits.contains(low),
            limits.contains(high), low <= high
        {
            if let heightNode {
                diagnostics.add(
                    heightNode.position, "`u: \(text)` says the height already",
                    cure: "remove `height`")
            }
            return .units(Int(low)...Int(high))
        }
        guard let lowest = Int64(text), limits.contains(lowest) else {
            diagnostics.add(
                node.position, "`\(text)` is no rack unit",
                cure: "write the lowest unit it takes, as `12`, all of them, as `12..13`, or "
                    + "`side` for what takes none; U 1 is the lowest")
            return nil
        }
        if heightNode != nil, height == nil { return nil }
        return .units(Int(lowest)...Int(lowest + (height ?? 1) - 1))
    }

    /// Adds one mistake a place in the file: racks that are alike have it all.
    private mutating func addOnce(_ position: SourcePosition, _ problem: String, cure: String) {
        guard !diagnostics.all.contains(where: { $0.position == position }) else { return }
        diagnostics.add(position, problem, cure: cure)
    }

    /// Takes units of a rack; reports what stands there already or is beyond its height.
    private mutating func take(
        _ position: RackPosition, in rack: String, for title: String, at place: SourcePosition
    ) -> Bool {
        guard case .units(let units) = position, let use = rackUses[rack] else { return true }
        guard units.upperBound <= use.height else {
            addOnce(
                place,
                "`\(title)` at \(Self.text(units)) is beyond the \(use.height) U of rack "
                    + "`\(rack)`",
                cure: "correct `u`, or the rack's `height`")
            return false
        }
        if let other = use.units.first(where: { $0.range.overlaps(units) }) {
            addOnce(
                place,
                "`\(title)` at \(Self.text(units)) is where `\(other.title)` is, at "
                    + "\(Self.text(other.range)) of rack `\(rack)` (line \(other.at.line))",
                cure: "move one of them")
            return false
        }
        rackUses[rack]?.units.append((units, title, place))
        return true
    }

    private static func text(_ units: ClosedRange<Int>) -> String {
        units.count == 1
            ? "U \(units.lowerBound)" : "U \(units.lowerBound) to \(units.upperBound)"
    }

    // MARK: Into a rack

    /// Puts things into a rack of this height, their placeholders replaced.
    mutating func fill(_ rack: PlaceFacts, _ height: Int, _ items: [WrittenItem]) -> [RackItem] {
        guard rackUses[rack.name] == nil else { return [] }
        rackUses[rack.name] = RackUse(height: height)
        var variables = [
            "rack": rack.name, "rack.name": rack.ownName, "rack.n": String(rack.number),
            "rack.index": String(rack.index),
        ]
        var result: [RackItem] = []
        for item in items {
            variables["n"] = String(item.number)
            let name = item.name.flatMap { filled($0, variables, at: item.nameAt) }
            let title = name ?? item.kind?.rawValue ?? ""
            let outlets = outlets(item, variables, of: rack.name, title)
            guard take(item.position, in: rack.name, for: title, at: item.unitAt) else { continue }
            result.append(
                RackItem(
                    name: name, kind: item.kind, position: item.position, outlets: outlets))
        }
        return result
    }

    private mutating func filled(
        _ text: String, _ variables: [String: String], at position: SourcePosition
    ) -> String? {
        guard text.utf8.contains(UInt8(ascii: "{")) else { return text }
        do throws(Placeholders.Mistake) {
            return try Placeholders(variables: variables).replace(in: text)
        } catch {
            addOnce(position, error.problem, cure: error.cure)
            return nil
        }
    }

    /// Feed and number each, `A3`; one thing on an outlet, or its power would count twice.
    private mutating func outlets(
        _ item: WrittenItem, _ variables: [String: String], of rack: String, _ title: String
    ) -> [String] {
        var result: [String] = []
        for written in item.outlets {
            guard let text = filled(written, variables, at: item.outletsAt) else { return [] }
            let number = text.dropFirst()
            guard let letter = text.first, Feed(rawValue: String(letter)) != nil,
                number.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let value = Int(number), (1...999).contains(value)
            else {
                addOnce(
                    item.outletsAt, "`\(text.prefix(20))` is no outlet",
                    cure: "write the feed and the number on the PDU, as `A3`")
                return []
            }
            let outlet = "\(letter)\(value)"
            if let other = rackUses[rack]?.outlets.updateValue(title, forKey: outlet) {
                addOnce(
                    item.outletsAt,
                    "outlet `\(outlet)` of rack `\(rack)` feeds `\(other)` and `\(title)`",
                    cure: "correct one of them")
                return []
            }
            result.append(outlet)
        }
        return result
    }

    // MARK: Devices

    /// What a device's table says of its place, before its rack is known.
    struct WrittenMounting {
        var unit: ConfigNode?
        var position: RackPosition?
        var probes: ConfigNode?
        var breaker: Int64?
        /// A place was written, if perhaps wrongly.
        var hasPlace: Bool
    }

    mutating func writtenMounting(
        _ table: inout TableReader, hasPlace: Bool
    ) -> WrittenMounting {
        var written = WrittenMounting(hasPlace: hasPlace)
        written.unit = table.optional("u")
        let height = table.optional("height")
        written.position = position(written.unit, height)
        if let height, written.unit == nil {
            diagnostics.add(
                height.position, "`height` stands without `u`",
                cure: "add `u: 12`, the lowest unit that it takes")
        }
        written.probes = table.optional("probes")
        written.breaker = table.optional("breaker")?.whole(
            .ampere, example: "16 A", in: 1...10_000, &diagnostics)
        return written
    }

    mutating func mounting(_ written: WrittenMounting, of device: DeviceSpec) -> RackMounting {
        var mounting = RackMounting()
        mounting.breakerAmperes = written.breaker.map(Int.init)
        guard let first = written.unit ?? written.probes else { return mounting }
        guard let rack = device.place, let height = rackUses[rack]?.height else {
            // A place in error has been reported.
            guard device.place != nil || !written.hasPlace else { return mounting }
            diagnostics.add(
                first.position,
                device.place.map { "`\($0)` is no rack and has no units" }
                    ?? "device `\(device.name)` has no `place` and stands in no rack",
                cure: "name its rack as `place`, or remove `u` and `probes`")
            return mounting
        }
        if let position = written.position, let node = written.unit,
            take(position, in: rack, for: device.name, at: node.position)
        {
            mounting.position = position
        }
        if let node = written.probes { mounting.probes = probes(node, device, height) }
        return mounting
    }

    /// `{ambient.1.temperature: 40, ambient.2.temperature: 40 rear}`.
    private mutating func probes(
        _ node: ConfigNode, _ device: DeviceSpec, _ height: Int
    ) -> [String: ProbePlace] {
        guard let entries = node.entries(&diagnostics) else { return [:] }
        guard entries.count <= SiteBounds.probes else {
            diagnostics.add(
                node.position, "more than \(SiteBounds.probes) probes of one device",
                cure: "leave out some")
            return [:]
        }
        var result: [String: ProbePlace] = [:]
        for entry in entries where isTemperature(entry, device.profile) {
            guard let text = entry.value.text(maximum: 40, &diagnostics) else { continue }
            let words = text.split(separator: " ")
            guard (1...2).contains(words.count), let unit = Int(words[0]),
                (1...height).contains(unit),
                words.count == 1 || words[1] == "front" || words[1] == "rear"
            else {
                diagnostics.add(
                    entry.value.position, "`\(text)` is no height of a probe",
                    cure: "write a unit of the rack from 1 to \(height), with `front` or `rear` "
                        + "behind it where the name does not tell, as `40 rear`")
                continue
            }
            result[entry.key] = ProbePlace(
                unit: unit, isBehind: words.count == 1 ? nil : words[1] == "rear")
        }
        return result
    }

    private mutating func isTemperature(_ entry: ConfigNode.Entry, _ profile: String) -> Bool {
        guard let facts = profiles[profile] else { return true }
        guard let point = facts.point(named: entry.key) else {
            let temperatures = facts.points.filter { $0.unit == .celsius }
            let near = nearest(to: entry.key, in: temperatures.map(\.shownName))
            diagnostics.add(
                entry.keyPosition,
                "profile `\(profile)` has no point `\(entry.key.prefix(80))`",
                cure: near.map { "did you mean `\($0)`?" } ?? facts.examples)
            return false
        }
        guard point.unit == .celsius else {
            diagnostics.add(
                entry.keyPosition, "`\(entry.key.prefix(80))` is no temperature",
                cure: "name points in °C; humidity hangs where its temperature does")
            return false
        }
        return true
    }
}
