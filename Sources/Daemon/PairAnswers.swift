import FoundationEssentials
import Model
import Platform
import Redundancy
import Serve
import Store

/// What the other collector asks of this one. Most of it blocks, and runs on threads of its own.
struct PairAnswers: Sendable {
    /// Of one page of history; a table more may come on top.
    private static let pageBytes = 4 << 20
    private static let journalLines = 20_000
    /// Questions that are worked on at once: there is one collector that asks.
    private static let mostQuestions = 4
    private static let underWay = ConditionLock(0)

    let keeper: PairKeeper
    let collector: Collector
    let store: SiteStore

    func answer(_ question: CollectorQuestion) async throws(APIRefusal) -> [UInt8] {
        if case .report = question { return try Self.json(keeper.report()) }
        switch question {
        case .report: preconditionFailure("BUG: answered above")
        case .feed(let after, let since):
            return try await onThread {
                // First the entries: then whatever of them waits for a receiver is among the keys.
                var page = keeper.feed.page(after: after, since: since, trailer: [])
                let pending = PairPending(keys: try pendingNotices().map(\.idempotencyKey))
                let trailer = try JSONEncoder().encode(pending)
                page.trailer = Array(trailer)
                return page.encoded()
            }
        case .history(let range, let device):
            return try await onThread { try past(range, device).encoded() }
        case .alarms(let from):
            // A poll that is applied now may have been taken some seconds ago.
            let recent = Clocks.wallMilliseconds() - 60_000
            let standing = await collector.pairAlarms()
            let isLeading = await collector.isLeading
            return try await onThread {
                var alarms = standing
                // What the records say must be in the journal.
                try? store.commitNow()
                alarms.pending = try pendingNotices().map(PairAlarms.Notice.init)
                let reader = try StoreReader(directory: store.directory)
                let end = Clocks.wallMilliseconds() + 86_400_000
                guard from < end else { return Array(try JSONEncoder().encode(alarms)) }
                let range = TimeRange(
                    start: Instant(milliseconds: from), end: Instant(milliseconds: end))
                alarms.events = try reader.journal(range, limit: Self.journalLines)
                    .map(PairAlarms.Event.init)
                if isLeading { alarms.dropNewerEvents(since: recent) }
                return Array(try JSONEncoder().encode(alarms))
            }
        case .yield(let body):
            guard let request = try? JSONDecoder().decode(YieldRequest.self, from: Data(body))
            else {
                throw APIRefusal(
                    status: 400, message: "needs {\"site\":\"…\",\"instance\":\"…\"}")
            }
            return try await onThread {
                Array(try JSONEncoder().encode(keeper.yield(request)))
            }
        }
    }

    private func pendingNotices() throws -> [OutboxItem] {
        try store.pendingNotices(limit: PairPending.limit)
    }

    /// What a person does goes to the one that leads; its alarms come back as all do.
    func forward(
        _ action: AlarmAction, _ request: AlarmActionRequest
    ) async throws(APIRefusal) -> [String] {
        // Passed on only to one that leads: two that follow would pass it to and fro.
        guard keeper.state.withLock({ $0.report?.state }) == .leading else {
            throw APIRefusal(
                status: 503, message: "no collector leads yet; ask again in some seconds")
        }
        let client = keeper.client
        let refusal = ConditionLock<APIRefusal?>(nil)
        let answer = try await onThread {
            do throws(PairClient.Refusal) {
                return try client.act(action.rawValue, request)
            } catch .status(let code, let text) {
                refusal.update { $0 = APIRefusal(status: code, message: text) }
                return []
            }
        }
        if let refusal = refusal.withLock({ $0 }) { throw refusal }
        return (try? JSONDecoder().decode([String].self, from: Data(answer))) ?? []
    }

    private func past(_ range: TimeRange, _ first: Int) throws -> PastPage {
        let names = keeper.site.devices.map(\.name) + [SiteSeries.device]
        guard first < names.count else { return PastPage(tables: [], nextDevice: nil) }
        // Once for each range: what was taken last is of it too. A full disk is told by the times.
        if first == 0 { try? store.commitNow() }
        let reader = try StoreReader(directory: store.directory)
        var page = PastPage(tables: [], nextDevice: nil)
        var bytes = 0
        for index in first..<names.count {
            if bytes >= Self.pageBytes {
                page.nextDevice = index
                break
            }
            let table = PastTable(names[index], try reader.table(device: names[index], range))
            guard !table.times.isEmpty else { continue }
            bytes += 3 * table.times.count * (table.columns.count + 1) + 40 * table.columns.count
            page.tables.append(table)
        }
        return page
    }

    private static func json(_ value: some Encodable) throws(APIRefusal) -> [UInt8] {
        guard let data = try? JSONEncoder().encode(value) else {
            throw APIRefusal(status: 500, message: "the answer could not be encoded; ask again")
        }
        return Array(data)
    }

    private func onThread(
        _ body: @escaping @Sendable () throws -> [UInt8]
    ) async throws(APIRefusal) -> [UInt8] {
        let isAdmitted = Self.underWay.update { count -> Bool in
            guard count < Self.mostQuestions else { return false }
            count += 1
            return true
        }
        guard isAdmitted else {
            throw APIRefusal(status: 503, message: "too many questions at once; ask again")
        }
        defer { Self.underWay.update { $0 -= 1 } }
        let result: Result<[UInt8], any Error> = await withCheckedContinuation { continuation in
            do {
                let thread = try NativeThread(name: "pair-answer") {
                    continuation.resume(returning: Result { try body() })
                }
                thread.detach()
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        switch result {
        case .success(let bytes): return bytes
        case .failure(let error): throw APIRefusal(status: 503, message: "\(error)")
        }
    }
}
