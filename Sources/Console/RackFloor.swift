package import Views

/// Where the racks stand. Found anew only where the site has other racks.
struct RackFloor: Sendable {
    /// Of a rack: places in the picture's list of rows and in the row.
    struct Position: Sendable, Hashable {
        var row: Int
        var column: Int
    }
    private var names: [[String]] = []
    private var halls: [String] = []
    private(set) var positions: [String: Position] = [:]
    /// Rows that have racks.
    private(set) var rows: [Int] = []
    /// Racks of the longest row.
    private(set) var widest = 0
    private(set) var racksOfHall: [String: Int] = [:]

    mutating func update(_ all: [RowView]) {
        guard !fits(all) else { return }
        names = all.map { $0.racks.map(\.name) }
        halls = all.map(\.hall)
        positions = [:]
        racksOfHall = [:]
        for (row, racks) in names.enumerated() {
            racksOfHall[halls[row], default: 0] += racks.count
            for (column, name) in racks.enumerated() where positions[name] == nil {
                positions[name] = Position(row: row, column: column)
            }
        }
        rows = names.indices.filter { !names[$0].isEmpty }
        widest = names.map(\.count).max() ?? 0
    }

    private func fits(_ all: [RowView]) -> Bool {
        all.count == names.count
            && all.indices.allSatisfy { row in
                let racks = all[row].racks
                return all[row].hall == halls[row] && racks.count == names[row].count
                    && racks.indices.allSatisfy { racks[$0].name == names[row][$0] }
            }
    }

    var first: Position? { rows.first.map { Position(row: $0, column: 0) } }
}

extension ConsoleModel {
    var floor: RackFloor {
        if derived.floorKey == picture { return derived.floor }
        var floor = derived.floor
        floor.update(snapshot?.rows ?? [])
        return floor
    }

    /// The selected rack; where it is gone, the first.
    var selectedPosition: RackFloor.Position? {
        let floor = floor
        return selectedRack.flatMap { floor.positions[$0] } ?? floor.first
    }

    package var selectedRackView: RackView? {
        selectedPosition.flatMap { snapshot?.rows[$0.row].racks[$0.column] }
    }

    /// Left and right along a row, up and down to the rack nearest in the next row.
    mutating func moveRack(_ dx: Int, _ dy: Int) {
        guard let all = snapshot?.rows, let position = selectedPosition else { return }
        let rows = floor.rows
        let row = (rows.firstIndex(of: position.row) ?? 0).addingReportingOverflow(dy).partialValue
        let racks = all[rows[min(max(0, row), rows.count - 1)]].racks
        let column = position.column.addingReportingOverflow(dx).partialValue
        selectedRack = racks[min(max(0, column), racks.count - 1)].name
    }
}
