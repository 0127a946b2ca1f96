import FoundationEssentials
import Notify
import Platform
import Serve
import Store

/// Answers what persons ask of the receivers.
struct OutboxDesk: Sendable {
    let store: SiteStore
    let dispatcher: Dispatcher

    func answer(_ question: ReceiverQuestion) async throws(APIRefusal) -> [UInt8] {
        switch question {
        case .status: return try Self.json(dispatcher.status)
        case .retry(let request):
            let count = try await revive(request)
            guard count > 0 || request.id == nil else {
                throw APIRefusal(
                    status: 404,
                    message: "no notice \(request.id ?? 0) waits; see `frostline alarms outbox`")
            }
            dispatcher.revive()
            return try Self.json(RetryAnswer(count: count))
        }
    }

    /// The store blocks: not on Swift's pool.
    private func revive(_ request: RetryRequest) async throws(APIRefusal) -> Int {
        let store = store
        let result: Result<Int, any Error> = await withCheckedContinuation { continuation in
            do {
                try NativeThread(name: "outbox-retry") {
                    continuation.resume(
                        returning: Result {
                            try store.reviveNotices(id: request.id, receiver: request.receiver)
                        })
                }.detach()
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        switch result {
        case .success(let count): return count
        case .failure(let error): throw APIRefusal(status: 503, message: "\(error)")
        }
    }

    private static func json(_ value: some Encodable) throws(APIRefusal) -> [UInt8] {
        guard let data = try? JSONEncoder().encode(value) else {
            throw APIRefusal(status: 500, message: "the answer could not be encoded; ask again")
        }
        return Array(data)
    }
}

extension LiveBackend {
    func receivers(_ question: ReceiverQuestion) async throws(APIRefusal) -> [UInt8] {
        try await outbox.answer(question)
    }
}
