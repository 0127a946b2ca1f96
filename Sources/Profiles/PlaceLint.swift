import ConfigTree
import Model

/// Object identifiers that no device answers: a scalar without its `.0`, a column where one object
/// is asked for. Told by what the profile itself says of the same part of the tree, and by the
/// rules of SMIv2 for what the instances of a table look like (RFC 2578, section 7.7).
struct PlaceLint {
    private let columns: Set<ObjectID>
    private let entries: Set<ObjectID>
    /// What scalars stand below that have their `.0`.
    private let groups: Set<ObjectID>
    /// Points that `repeat` made: what differs between them is a row.
    private let repeated: Set<SourcePosition>
    /// What scalars of different quantities stand below, where none of the profile has its `.0`.
    private let bareGroups: Set<ObjectID>

    init(_ profile: Profile) {
        let specs = profile.points + profile.tables.flatMap(\.points)
        let references = specs.flatMap(\.references) + profile.tables.flatMap(\.references)
        columns = Set(
            references.compactMap { if case .column(let oid, _) = $0 { oid } else { nil } })
        entries = Set(columns.map(\.parent))
        let objects = references.compactMap(\.object)
        groups = Set(objects.filter { $0.arcs.last == 0 }.map(\.parent.parent))
        var seen: Set<SourcePosition> = []
        repeated = Set(profile.points.map(\.position).filter { !seen.insert($0).inserted })
        bareGroups = groups.isEmpty ? Self.bareGroups(profile) : []
    }

    /// Arcs of the deepest scalars; an index of texts or addresses goes deeper.
    private static let deepestScalar = 18

    private static func bareGroups(_ profile: Profile) -> Set<ObjectID> {
        var quantities: [ObjectID: Set<Substring>] = [:]
        for spec in profile.points {
            let quantity = spec.template.description.split(separator: ".").last ?? ""
            for object in spec.sources.compactMap(\.value.object)
            where object.arcs.count <= deepestScalar {
                quantities[object.parent, default: []].insert(quantity)
            }
        }
        return Set(quantities.filter { $0.value.count > 1 }.keys)
    }

    func check(_ profile: Profile, _ d: inout Diagnostics) {
        for spec in profile.points + profile.tables.flatMap(\.points) {
            for reference in spec.references { check(reference, at: spec.position, &d) }
        }
        for table in profile.tables {
            for reference in table.references { check(reference, at: table.position, &d) }
        }
    }

    private func check(
        _ reference: Reference, at position: SourcePosition, _ d: inout Diagnostics
    ) {
        guard let object = reference.object, object.arcs.last != 0 else { return }
        if columns.contains(object) || entries.contains(object.parent) {
            d.add(
                position, "\(object) is a column: no device answers it without a row",
                cure: "write `column: …` for the row's own, or add the row, as `oid: \(object).1`")
        } else if groups.contains(object.parent) || bareGroups.contains(object.parent)
            || (!object.mayBeRow && !repeated.contains(position))
        {
            d.add(
                position, "\(object) is a scalar without its instance: no device answers it",
                cure: "write `oid: \(object).0`")
        }
    }
}

extension Reference {
    fileprivate var object: ObjectID? {
        if case .object(let oid) = self { oid } else { nil }
    }
}

extension ObjectID {
    fileprivate var parent: ObjectID { ObjectID(Array(arcs.dropLast())) }

    /// Whether it may be an instance of a table: an entry, whose last arc is 1, a column and an
    /// index. Makers who number their objects in their own way mostly count instances from 1.
    fileprivate var mayBeRow: Bool {
        // 1.3.6.1.4.1.N, or 1.3.6.1.2.1.N: a table stands below, and its entry below that.
        let first = 8
        guard arcs.last != 1, arcs.count > first + 2 else { return arcs.last == 1 }
        return arcs[first..<(arcs.count - 2)].contains(1)
    }
}
