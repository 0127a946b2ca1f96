/// What persons do with alarms; the raw value is the last part of the path,
/// `POST /api/v1/alarms/shelve`.
package enum AlarmAction: String, CaseIterable, Sendable {
    case acknowledge = "ack"
    case shelve
    case unshelve
    case takeOutOfService = "oos"
    case returnToService = "return"
}

package struct AlarmActionRequest: Codable, Sendable {
    /// `rule:device/point`.
    package var id: String?
    /// `device/point`, or a device: all alarms on it; where there is no `id`.
    package var point: String?
    package var by: String
    package var comment: String?
    /// Of a shelf: for how long, 1…86,400,000.
    package var forMS: Int64?
    /// Of what goes out of service: the second person, and when to look again.
    package var approver: String?
    package var reviewMS: Int64?
    package init(id: String?, point: String? = nil, by: String, comment: String?) {
        self.id = id
        self.point = point
        self.by = by
        self.comment = comment
    }

    /// In words, what is wrong with it whatever the alarm; nil for nothing.
    package func problem(of action: AlarmAction) -> String? {
        guard (id == nil) != (point == nil) else { return "say which: either `id` or `point`" }
        guard !by.isEmpty, by.utf8.count <= 100 else {
            return "say who, in `by`, in at most 100 bytes"
        }
        guard comment?.utf8.count ?? 0 <= 2_000, (id ?? point)?.utf8.count ?? 0 <= 400 else {
            return "a comment has at most 2000 bytes, an id 400"
        }
        switch action {
        case .acknowledge where point != nil: return "say which alarm: `id`"
        case .shelve where forMS == nil: return "say for how long, in `forMS`"
        case .takeOutOfService where approver == nil || reviewMS == nil:
            return "say who approves it, in `approver`, and when to look again, in `reviewMS`"
        case .takeOutOfService
        where approver?.utf8.count ?? 0 > 100 || (reviewMS ?? 0).magnitude >= 1 << 53:
            return "`approver` has at most 100 bytes, `reviewMS` is milliseconds since 1970"
        case .acknowledge, .shelve, .unshelve, .takeOutOfService, .returnToService: return nil
        }
    }
}
