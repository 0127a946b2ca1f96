import FoundationEssentials
import HTTPClient
import Model
import Redundancy

/// Asks the other collector. Every call blocks its thread, for a bounded time.
struct PairClient: Sendable {
    /// A look must be over well before the next decision.
    private static let lookMilliseconds: Int64 = 2_000
    /// A page of history is read from the other's disk first.
    private static let pageMilliseconds: Int64 = 20_000
    private static let pageBytes = 64 << 20
    private static let reportBytes = 64 << 10

    let address: Secret
    let authority: String?

    enum Refusal: Error, CustomStringConvertible {
        case http(HTTPError)
        case status(Int, String)
        case notUnderstood(String)
        var description: String {
            switch self {
            case .http(let error): error.description
            case .status(let code, let text): "the other collector refused (\(code)): \(text)"
            case .notUnderstood(let reason): reason
            }
        }
    }

    private static let otherVersion =
        "the other collector answers in another version's words; run the same on both"

    func report() throws(Refusal) -> PairReport {
        let report: PairReport = try decode(
            send(
                .get, "/api/v1/collector", limit: Self.lookMilliseconds,
                bytes: Self.reportBytes))
        guard report.isPlausible else { throw .notUnderstood(Self.otherVersion) }
        return report
    }

    func yield(_ request: YieldRequest) throws(Refusal) -> YieldAnswer {
        try decode(
            send(.post, "/api/v1/collector/yield", request, limit: Self.lookMilliseconds * 2))
    }

    func feed(after: Int64?, since: Int64) throws(Refusal) -> FeedPage {
        let place = after.map { "after=\($0)" } ?? "since=\(since)"
        let bytes = try send(.get, "/api/v1/collector/feed?" + place, limit: Self.pageMilliseconds)
        do throws(PageError) { return try FeedPage(bytes) } catch {
            throw .notUnderstood(error.description)
        }
    }

    func past(_ range: TimeRange, device: Int) throws(Refusal) -> PastPage {
        let bytes = try send(
            .get,
            "/api/v1/collector/history?from=\(range.start.milliseconds)"
                + "&to=\(range.end.milliseconds)&device=\(device)", limit: Self.pageMilliseconds)
        do throws(PageError) { return try PastPage(bytes) } catch {
            throw .notUnderstood(error.description)
        }
    }

    func alarms(from: Int64) throws(Refusal) -> PairAlarms {
        try decode(
            send(.get, "/api/v1/collector/alarms?from=\(from)", limit: Self.pageMilliseconds))
    }

    /// Passes on what a person does with an alarm; the body of the answer.
    func act(_ action: String, _ body: some Encodable) throws(Refusal) -> [UInt8] {
        try send(.post, "/api/v1/alarms/" + action, body, limit: Self.lookMilliseconds * 2)
    }

    private func decode<Answer: Decodable>(_ bytes: [UInt8]) throws(Refusal) -> Answer {
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(bytes))
        } catch {
            throw .notUnderstood(Self.otherVersion)
        }
    }

    private func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: (some Encodable)? = Int?.none,
        limit: Int64, bytes: Int = pageBytes
    ) throws(Refusal) -> [UInt8] {
        let isSocket = address.reveal.hasPrefix("/")
        var base = isSocket ? "http://localhost" : address.reveal
        while base.hasSuffix("/") { base.removeLast() }
        var request = HTTPRequest(method: method, url: base + path)
        if isSocket { request.unixSocketPath = address.reveal }
        request.authorityFile = authority
        request.connectTimeoutMilliseconds = Self.lookMilliseconds
        request.totalTimeoutMilliseconds = limit
        request.maximumResponseBytes = bytes
        if let body {
            request.headers = [HTTPRequest.Header("Content-Type", "application/json")]
            guard let data = try? JSONEncoder().encode(body) else {
                preconditionFailure("BUG: a question that is no JSON")
            }
            request.body = Array(data)
        }
        let response: HTTPResponse
        do throws(HTTPError) { response = try HTTP.send(request) } catch { throw .http(error) }
        guard response.isSuccess else {
            let text = String(decoding: response.body.prefix(300), as: UTF8.self)
            throw .status(
                response.status, text.split(separator: "\n").first.map(String.init) ?? "")
        }
        return response.body
    }
}
