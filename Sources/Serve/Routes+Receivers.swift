import FoundationEssentials
import Hummingbird

/// Receivers of notices: how they are doing, and dead letters that are called back.
extension Routes {
    private static let maximumRetryBytes = 4 << 10

    func registerReceivers(on router: Router<BasicRequestContext>) {
        router.get("api/v1/receivers") { _, _ in await receivers(.status) }
        router.post("api/v1/outbox/retry") { request, _ in
            await letters(request) { .retry($0) }
        }
        router.post("api/v1/outbox/discard") { request, _ in
            await letters(request) { .discard($0) }
        }
    }

    private func letters(
        _ request: Request, _ question: (OutboxRequest) -> ReceiverQuestion
    ) async -> Response {
        var request = request
        guard let buffer = try? await request.collectBody(upTo: Self.maximumRetryBytes),
            let letters = try? JSONDecoder().decode(
                OutboxRequest.self, from: Data(buffer.readableBytesView))
        else {
            return Self.refusal(
                APIRefusal(
                    status: 400,
                    message: "needs {\"id\": 17}, {\"receiver\": \"on-call\"} or {}"))
        }
        return await receivers(question(letters))
    }

    private func receivers(_ question: ReceiverQuestion) async -> Response {
        do throws(APIRefusal) {
            return Self.response(
                ByteBuffer(bytes: try await backend.receivers(question)), type: "application/json")
        } catch {
            return Self.refusal(error)
        }
    }
}

/// What is asked of the receivers; the answer is JSON.
package enum ReceiverQuestion: Sendable {
    case status
    case retry(OutboxRequest)
    case discard(OutboxRequest)
}

/// One notice, or all dead letters of one receiver or of all.
package struct OutboxRequest: Codable, Sendable {
    package var id: Int64?
    package var receiver: String?
    /// Who throws them away.
    package var by: String?
    package init(id: Int64? = nil, receiver: String? = nil, by: String? = nil) {
        self.id = id
        self.receiver = receiver
        self.by = by
    }
}

/// How many notices wait again, or were thrown away.
package struct OutboxAnswer: Codable, Sendable {
    package var count: Int
    package init(count: Int) { self.count = count }
}
