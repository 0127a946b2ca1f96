import Model
import Screen
import Views

/// View 2: the halls as a heat map, one cell a rack, and the figures of the selected rack.
extension Painter {
    private static let sideWidth = 40
    /// Lines of the figures below the map; where the screen is low, one.
    private static let flatHeight = 7
    private static let lowHeight = 10

    mutating func drawRacks(_ body: Rect) {
        guard let snapshot = model.snapshot else { return }
        guard !model.floor.rows.isEmpty else {
            screen.put(t("the site file names no racks"), in: body.rows(1, 1), .muted)
            return
        }
        let map: Rect
        let detail: Rect
        if body.width >= 110, !isWide(snapshot, body) {
            let parts = body.split(columns: [.share(1), .fixed(Self.sideWidth)], gap: 3)
            map = parts[0]
            detail = parts[1]
        } else {
            let lines = body.height < Self.lowHeight ? 1 : min(Self.flatHeight, body.height / 2)
            let parts = body.split(rows: [.share(1), .fixed(lines)])
            map = parts[0]
            detail = parts[1]
        }
        drawMap(snapshot, map)
        if let rack = model.selectedRackView { drawRackDetail(snapshot, rack, detail) }
    }

    /// Where the figures of the selected rack would hide columns of the map, and there are lines
    /// for them below it.
    private func isWide(_ snapshot: SiteView, _ body: Rect) -> Bool {
        let floor = model.floor
        let columns = Self.mapLabelWidth + floor.widest * Self.leastMapCell
        let halls = floor.racksOfHall.count
        return columns > body.width - Self.sideWidth - 3 && columns <= body.width
            && snapshot.rows.count + halls + Self.flatHeight + 2 <= body.height
    }
}
