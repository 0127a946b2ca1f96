import FoundationEssentials
import Model
import Notify
import Platform
import Serve
import Store

/// Answers what persons ask of the receivers.
struct OutboxDesk: Sendable {
    let store: SiteStore
    let outbox: OutboxAdapter
    let dispatcher: Dispatcher

    func answer(_ question: ReceiverQuestion) async throws(APIRefusal) -> [UInt8] {
        switch question {
        case .status: return try Self.json(dispatcher.status)
        case .retry(let request):
            return try await change(request) { store throws(StoreError) in
                try store.reviveNotices(id: request.id, receiver: request.receiver)
            }
        case .discard(let request):
            guard let person = request.by, !person.isEmpty else {
                throw APIRefusal(status: 400, message: "say who throws them away: {\"by\": …}")
            }
            let now = Instant(milliseconds: Clocks.wallMilliseconds())
            return try await change(request) { store throws(StoreError) in
                try store.discardNotices(
                    id: request.id, receiver: request.receiver, by: person, now: now)
            }
        }
    }

    /// The store blocks: not on Swift's pool.
    private func change(
        _ request: OutboxRequest,
        _ body: @escaping @Sendable (SiteStore) throws(StoreError) -> Int
    ) async throws(APIRefusal) -> [UInt8] {
        let store = store
        let result: Result<Int, any Error> = await withCheckedContinuation { continuation in
            do {
                try NativeThread(name: "outbox-desk") {
                    continuation.resume(returning: Result { try body(store) })
                }.detach()
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        let count: Int
        switch result {
        case .success(let changed): count = changed
        case .failure(let error): throw APIRefusal(status: 503, message: "\(error)")
        }
        outbox.forgetDead()
        guard count > 0 || request.id == nil else {
            throw APIRefusal(
                status: 404,
                message: "no such notice \(request.id ?? 0); see `frostline alarms outbox`")
        }
        dispatcher.revive()
        return try Self.json(OutboxAnswer(count: count))
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
