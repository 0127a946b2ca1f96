import Model

/// Objects of a walk that lie as a table does: entry (arc 1), column, index.
struct WalkTable {
    struct Column {
        var number: UInt32
        var values: [SNMPValue] = []
    }
    var entry: ObjectID
    var indexCount: Int
    var columns: [Column] = []

    /// Index arcs tried where nothing but the numbers tells; more are names in ASCII, which people
    /// must decode.
    private static let mostIndexArcs = 4

    static func all(in walk: [VarBind], _ shared: SharedTails) -> [WalkTable] {
        var tables: [WalkTable] = []
        var numbers: [ObjectID: Int] = [:]
        for bind in walk {
            let arcs = bind.oid.arcs
            guard arcs.starts(with: [1, 3, 6, 1, 4, 1]), arcs.last != 0 || arcs.count > 12 else {
                continue
            }
            // Else the shortest index whose table entry is arc 1, as SMIv2 has it (RFC 2578,
            // 7.1.12).
            let length =
                shared.indexLength(of: arcs)
                ?? (1...mostIndexArcs).first { count in
                    let place = arcs.count - count - 2
                    return place > 7 && arcs[place] == 1
                }
            guard let length, !(length == 1 && arcs.last == 0) else { continue }
            let entry = ObjectID(Array(arcs[..<(arcs.count - length - 1)]))
            let number = arcs[arcs.count - length - 1]
            let place = numbers[entry] ?? tables.count
            if place == tables.count {
                numbers[entry] = place
                tables.append(WalkTable(entry: entry, indexCount: length))
            }
            guard tables[place].indexCount == length else { continue }
            if tables[place].columns.last?.number != number {
                tables[place].columns.append(Column(number: number))
            }
            tables[place].columns[tables[place].columns.count - 1].values.append(bind.value)
        }
        return tables
    }

    /// The first column of distinct texts with letters.
    var labelColumn: UInt32? {
        columns.first { column in
            var seen: Set<[UInt8]> = []
            return column.values.allSatisfy { value in
                guard case .octets(let bytes) = value, seen.insert(bytes).inserted else {
                    return false
                }
                return bytes.contains { (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) }
                    && TextMeasure(bytes) == nil
            }
        }?.number
    }
}

/// Where tables begin, told by their columns: those of one table have the same rows, so that what
/// stands behind the column is alike. An index may have more arcs than a number or two, and among
/// them some that look like a table's entry.
struct SharedTails {
    /// Fewer columns than these may be two tables that look alike.
    private static let fewestColumns = 3
    /// Of an address, or a name of some letters.
    private static let mostIndexArcs = 16

    private var entries: Set<[UInt32]> = []

    init(_ walk: [VarBind]) {
        var columns: [[UInt32]: [[UInt32]: Set<UInt32>]] = [:]
        for bind in walk {
            let arcs = bind.oid.arcs
            for place in Self.places(arcs) {
                let tail = Array(arcs[(place + 2)...])
                columns[Array(arcs[...place]), default: [:]][tail, default: []]
                    .insert(arcs[place + 1])
            }
        }
        for (entry, tails) in columns {
            let numbers = tails.values.reduce(into: Set<UInt32>()) { $0.formUnion($1) }
            let all = tails.values.reduce(0) { $0 + $1.count }
            let shared = tails.values.reduce(0) { $0 + ($1.count > 1 ? $1.count : 0) }
            // Groups of scalars end in 0.
            guard numbers.count >= Self.fewestColumns, 10 * shared >= 8 * all,
                tails.keys.contains(where: { $0.last != 0 })
            else { continue }
            entries.insert(entry)
        }
    }

    /// Places of arcs that may be an entry, the outermost first.
    private static func places(_ arcs: [UInt32]) -> [Int] {
        guard arcs.count > 10, arcs.starts(with: [1, 3, 6, 1, 4, 1]) else { return [] }
        return (max(8, arcs.count - 2 - mostIndexArcs)..<(arcs.count - 2)).filter { arcs[$0] == 1 }
    }

    /// Nil where the columns do not tell.
    func indexLength(of arcs: [UInt32]) -> Int? {
        Self.places(arcs).first { entries.contains(Array(arcs[...$0])) }
            .map { arcs.count - $0 - 2 }
    }
}
