import FoundationEssentials
import Hummingbird
import Model
import Views

/// Alarms: those that are shown, those that are not, and what persons do with them.
extension Routes {
    /// A change with its comment fits easily.
    private static let maximumBodyBytes = 16 << 10

    func registerAlarms(on router: Router<BasicRequestContext>) {
        router.get("api/v1/alarms") { request, _ in
            await alarms(hidden: request.uri.queryParameters["hidden"] == "true")
        }
        for action in AlarmAction.allCases {
            router.post("api/v1/alarms/\(action.rawValue)") { request, _ in
                await act(action, request)
            }
        }
    }

    private func alarms(hidden: Bool) async -> Response {
        if hidden { return Self.json(await backend.hiddenAlarms()) }
        guard let alarms = await backend.alarms() else { return Self.notYet }
        return Self.json(alarms)
    }

    private func act(_ action: AlarmAction, _ request: Request) async -> Response {
        var request = request
        do {
            let body = try await request.collectBody(upTo: Self.maximumBodyBytes)
            let asked = try JSONDecoder().decode(
                AlarmActionRequest.self, from: Data(body.readableBytesView))
            let ids = try await backend.act(action, asked)
            if case .acknowledge = action { return Response(status: .noContent) }
            return Self.json(ids)
        } catch let refusal as APIRefusal {
            return Self.refusal(refusal)
        } catch let error as HTTPError where error.status == .contentTooLarge {
            return Self.refusal(
                APIRefusal(
                    status: 413,
                    message: "the body has more than \(Self.maximumBodyBytes) bytes"))
        } catch {
            return Self.refusal(
                APIRefusal(
                    status: 400,
                    message: "needs a JSON body {\"id\":\"rule:device/point\",\"by\":\"name\"}"))
        }
    }
}
