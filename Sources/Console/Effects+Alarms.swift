import Views

/// What is asked of the daemon about alarms.
extension Effects {
    func loadAlarmHistory(_ from: Int64, _ to: Int64) {
        ask("alarm history") { client in
            do throws(DaemonClient.Failure) {
                let path = "/api/v1/alarms/history?from=\(from)&to=\(to)"
                return .alarmHistory(try client.get(path, as: [AlarmHistoryLine].self))
            } catch {
                return .alarmHistoryFailed(error.description)
            }
        }
    }

    private struct ActionBody: Encodable, Sendable {
        var id: String
        var by: String
        var comment: String
        var forMS: Int64?
        var approver: String?
        var reviewMS: Int64?
    }

    func act(_ action: AlarmAction) {
        ask("\(action.kind) \(action.id)") { client in
            do throws(DaemonClient.Failure) {
                let body = ActionBody(
                    id: action.id, by: action.by, comment: action.comment, forMS: action.forMS,
                    approver: action.approver, reviewMS: action.reviewMS)
                try client.post("/api/v1/alarms/" + action.kind.rawValue, body)
                return .alarmActed(action)
            } catch {
                return .alarmActionFailed(action, error.description)
            }
        }
    }
}
