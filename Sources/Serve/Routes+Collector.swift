import Hummingbird
import Model

/// What two collectors of one site ask of each other.
extension Routes {
    private static let maximumQuestionBytes = 4 << 10
    private static let json = "application/json"
    private static let binary = "application/octet-stream"

    func registerCollector(on router: Router<BasicRequestContext>) {
        router.get("api/v1/collector") { _, _ in await answer(.report, Self.json) }
        router.get("api/v1/collector/feed") { request, _ in
            await answer(
                .feed(
                    after: Self.number(request, "after"),
                    since: Self.number(request, "since") ?? 0), Self.binary)
        }
        router.get("api/v1/collector/history") { request, _ in await history(request) }
        router.get("api/v1/collector/alarms") { request, _ in
            await answer(.alarms(from: Self.number(request, "from") ?? 0), Self.json)
        }
        router.post("api/v1/collector/yield") { request, _ in
            var request = request
            guard let body = try? await request.collectBody(upTo: Self.maximumQuestionBytes) else {
                return Self.refusal(APIRefusal(status: 413, message: "the body is too long"))
            }
            return await answer(.yield(body: Array(body.readableBytesView)), Self.json)
        }
    }

    /// Times beyond 2^53 ms, which no clock shows, are none.
    private static func number(_ request: Request, _ name: String) -> Int64? {
        request.uri.queryParameters[Substring(name)].flatMap { Int64($0) }
            .flatMap { $0.magnitude < 1 << 53 ? $0 : nil }
    }

    private func history(_ request: Request) async -> Response {
        guard let from = Self.number(request, "from"), let to = Self.number(request, "to"),
            from < to, to - from <= 86_400_000,
            let device = Self.number(request, "device"), (0...1_000_000).contains(device)
        else {
            return Self.refusal(
                APIRefusal(
                    status: 400,
                    message: "needs from and to in milliseconds, at most a day, and device"))
        }
        let range = TimeRange(
            start: Instant(milliseconds: from), end: Instant(milliseconds: to))
        return await answer(.history(range, device: Int(device)), Self.binary)
    }

    private func answer(_ question: CollectorQuestion, _ type: String) async -> Response {
        do throws(APIRefusal) {
            let bytes = try await backend.collector(question)
            return Self.response(ByteBuffer(bytes: bytes), type: type)
        } catch {
            return Self.refusal(error)
        }
    }
}
