/// One change of one alarm: an element of `GET /api/v1/alarms/history`.
package struct AlarmHistoryLine: Codable, Sendable, Equatable {
    package var timeMS: Int64
    package var id: String
    /// The state after it, `UNACK`, `ACKED`, ….
    package var state: String
    package var priority: String
    package var valueText: String?
    package var by: String?
    package var comment: String?
    /// What happened, as `shelve`, and more of it; nil in lines of before this was kept.
    package var input: String?
    package var detail: String?
    package init(timeMS: Int64, id: String, state: String, priority: String) {
        self.timeMS = timeMS
        self.id = id
        self.state = state
        self.priority = priority
    }
}
