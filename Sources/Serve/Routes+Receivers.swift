import FoundationEssentials
import Hummingbird

/// Receivers of notices: how they are doing, and dead letters that are called back.
extension Routes {
    private static let maximumRetryBytes = 4 << 10

    func registerReceivers(on router: Router<BasicRequestContext>) {
        router.get("api/v1/receivers") { _, _ in await receivers(.status) }
        router.post("api/v1/outbox/retry") { request, _ in
            var request = request
            guard let buffer = try? await request.collectBody(upTo: Self.maximumRetryBytes),
                let retry = try? JSONDecoder().decode(
                    RetryRequest.self, from: Data(buffer.readableBytesView))
            else {
                return Self.refusal(
                    APIRefusal(
                        status: 400,
                        message: "needs {\"id\": 17}, {\"receiver\": \"on-call\"} or {}"))
            }
            return await receivers(.retry(retry))
        }
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
    case retry(RetryRequest)
}

/// One notice at once, or all dead letters of one receiver or of all.
package struct RetryRequest: Codable, Sendable {
    package var id: Int64?
    package var receiver: String?
    package init(id: Int64? = nil, receiver: String? = nil) {
        self.id = id
        self.receiver = receiver
    }
}

/// How many notices wait again.
package struct RetryAnswer: Codable, Sendable {
    package var count: Int
    package init(count: Int) { self.count = count }
}
