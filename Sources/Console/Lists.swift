import Model
package import Views

/// The lists behind the pages: filtered, ordered, and a selection that survives new data.
extension ConsoleModel {
    /// Case-insensitive search; an empty filter finds everything.
    package static func matches(_ filter: String, _ texts: String?...) -> Bool {
        if filter.isEmpty { return true }
        let wanted = filter.lowercased()
        return texts.contains { $0.map { TextSearch.contains($0, wanted) } == true }
    }

    var alarmsKey: Derived.AlarmsKey {
        Derived.AlarmsKey(picture: picture, filter: alarmFilter)
    }

    /// By priority, then those that wait for somebody, then the newest: places in the picture's
    /// list of alarms.
    var alarmPlaces: [Int] {
        if derived.alarmsKey == alarmsKey { return derived.alarms }
        let all = snapshot?.alarms ?? []
        let found = all.indices.filter {
            let alarm = all[$0]
            return Self.matches(
                alarmFilter, alarm.id, alarm.place, alarm.priority, alarm.state, alarm.cause,
                alarm.valueText)
        }
        let keyed = found.map { place in
            let waits = Self.isUnacknowledged(all[place])
            return (
                rank: 2 * Self.priorityRank(all[place].priority) + (waits ? 0 : 1),
                raised: all[place].raisedMS, place: place
            )
        }
        return keyed.sorted { a, b in
            if a.rank != b.rank { return a.rank < b.rank }
            if a.raised != b.raised { return a.raised > b.raised }
            return all[a.place].id < all[b.place].id
        }.map(\.place)
    }

    package var alarms: [AlarmView] {
        let all = snapshot?.alarms ?? []
        return alarmPlaces.map { all[$0] }
    }

    /// The row of the selected alarm in the list of view 1; nil where it is gone.
    var selectedAlarmRow: Int? {
        guard let selectedAlarm, let all = snapshot?.alarms else { return nil }
        return alarmPlaces.firstIndex { all[$0].id == selectedAlarm }
    }

    static func priorityRank(_ priority: String) -> Int {
        AlarmPriority(name: priority).map { 3 - Int($0.rawValue) } ?? 4
    }

    static func isUnacknowledged(_ alarm: AlarmView) -> Bool {
        [
            AlarmState.unacknowledged, .returnedUnacknowledged, .latchedUnacknowledged,
        ].contains { $0.rawValue == alarm.state }
    }

    package var points: [PointView] {
        guard let device = openDevice, let view = device.view else { return [] }
        return view.points.filter {
            Self.matches(device.filter, $0.name, $0.label, $0.unit, $0.quality, $0.text)
        }
    }

    /// The index of the selected element, 0 where it is gone.
    static func index(of selected: String?, in names: [String]) -> Int {
        selected.flatMap { names.firstIndex(of: $0) } ?? 0
    }

    /// The element `delta` away, held at the ends.
    static func moved(_ selected: String?, in names: [String], by delta: Int) -> String? {
        moved(selected.flatMap { names.firstIndex(of: $0) }, of: names.count, by: delta)
            .map { names[$0] }
    }

    /// The row `delta` away from one of `count`; the first where there was none.
    static func moved(_ row: Int?, of count: Int, by delta: Int) -> Int? {
        guard count > 0 else { return nil }
        let moved = row.map { $0.addingReportingOverflow(delta).partialValue } ?? 0
        return min(max(0, moved), count - 1)
    }
}
