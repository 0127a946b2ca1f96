import Hummingbird
import Model
import Views

/// What single pages of the console ask.
extension Routes {
    /// Of the journal in one answer, the newest.
    private static let longestHistory: Int64 = 400 * 86_400_000
    private static let maximumFound = 500
    private static let longestID = 400

    func registerPages(on router: Router<BasicRequestContext>) {
        router.get("api/v1/energy/day") { request, _ in await energyDay(request) }
        router.get("api/v1/energy/cooling") { request, _ in await coolingDay(request) }
        router.get("api/v1/explain") { request, _ in await explain(request) }
        router.get("api/v1/alarms/history") { request, _ in await alarmHistory(request) }
        router.get("api/v1/find") { request, _ in await find(request) }
    }

    /// Milliseconds since 1970; nil for none, and beyond 2^53, which no clock shows.
    private static func number(_ request: Request, _ name: String) -> Int64? {
        request.uri.queryParameters[Substring(name)].flatMap { Int64($0) }
            .flatMap { $0.magnitude < 1 << 53 ? $0 : nil }
    }

    private func energyDay(_ request: Request) async -> Response {
        let at = Self.number(request, "at").map { Instant(milliseconds: $0) }
        do throws(APIRefusal) {
            return Self.json(try await backend.energyDay(at: at))
        } catch {
            return Self.refusal(error)
        }
    }

    private func coolingDay(_ request: Request) async -> Response {
        let at = Self.number(request, "at").map { Instant(milliseconds: $0) }
        do throws(APIRefusal) {
            return Self.json(try await backend.coolingDay(at: at))
        } catch {
            return Self.refusal(error)
        }
    }

    private func explain(_ request: Request) async -> Response {
        let id = request.uri.queryParameters["id"].map(String.init) ?? ""
        guard !id.isEmpty, id.utf8.count <= Self.longestID else {
            return Self.refusal(
                APIRefusal(
                    status: 400, message: "needs id=, as energy.cooling.missed.amount@2026-11"))
        }
        do throws(APIRefusal) {
            return Self.json(try await backend.explain(id))
        } catch {
            return Self.refusal(error)
        }
    }

    private func alarmHistory(_ request: Request) async -> Response {
        guard let from = Self.number(request, "from"), let to = Self.number(request, "to"),
            from < to, to - from <= Self.longestHistory
        else {
            return Self.refusal(
                APIRefusal(
                    status: 400,
                    message: "needs from and to in milliseconds, at most 400 days apart"))
        }
        let range = TimeRange(
            start: Instant(milliseconds: from), end: Instant(milliseconds: to))
        do throws(APIRefusal) {
            return Self.json(try await backend.alarmHistory(range))
        } catch {
            return Self.refusal(error)
        }
    }

    private func find(_ request: Request) async -> Response {
        let glob = request.uri.queryParameters["glob"].map(String.init) ?? ""
        let limit = Int(Self.number(request, "limit") ?? 100)
        guard !glob.isEmpty, glob.utf8.count <= 400, (1...Self.maximumFound).contains(limit) else {
            return Self.refusal(
                APIRefusal(
                    status: 400,
                    message: "needs glob=*text* and limit, 1 to \(Self.maximumFound)"))
        }
        return Self.json(await backend.find(Glob(glob), limit: limit))
    }
}
