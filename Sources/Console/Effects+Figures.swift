import Views

/// Figures that the daemon makes when it is asked.
extension Effects {
    func loadCoolingDay(_ at: Int64) {
        ask("cooling") { client in
            do throws(DaemonClient.Failure) {
                let path = "/api/v1/energy/cooling?at=\(at)"
                return .coolingDay(try client.get(path, as: CoolingDayView.self))
            } catch {
                return .coolingDayFailed(error.description)
            }
        }
    }

    func explain(_ id: String) {
        ask("explain \(id)") { client in
            do throws(DaemonClient.Failure) {
                let path = "/api/v1/explain?id=" + DaemonClient.encoded(id)
                let view = try client.get(path, as: ExplanationView.self)
                return .explanation(id: id, view)
            } catch {
                return .explanationFailed(id: id, error.description)
            }
        }
    }
}
