import FoundationEssentials
import HTTPClient
import Model
import Platform

/// HTTP posts and what their answers mean.
enum Posting {
    private static let connectTimeoutMilliseconds: Int64 = 5_000
    private static let totalTimeoutMilliseconds: Int64 = 15_000
    /// Nobody needs more of a receiver's answer than its reason.
    private static let maximumAnswerBytes = 64 << 10

    enum Answer {
        case response(HTTPResponse)
        case outcome(DeliveryQueue.Outcome)
    }

    static func post(
        _ body: [UInt8], key: String, url: String, token: Secret?, authority: String? = nil
    ) -> Answer {
        var headers = [
            HTTPRequest.Header("Content-Type", "application/json"),
            HTTPRequest.Header("Idempotency-Key", cleaned(key)),
            HTTPRequest.Header("User-Agent", "frostline"),
        ]
        if let token {
            headers.append(HTTPRequest.Header("Authorization", "Bearer " + token.reveal))
        }
        var request = HTTPRequest(method: .post, url: url)
        request.headers = headers
        request.body = body
        request.connectTimeoutMilliseconds = connectTimeoutMilliseconds
        request.totalTimeoutMilliseconds = totalTimeoutMilliseconds
        request.maximumResponseBytes = maximumAnswerBytes
        request.authorityFile = authority
        do {
            return .response(try HTTP.send(request))
        } catch {
            // The URL may hold a secret: say what went wrong, not where.
            return .outcome(.retry("\(error.kind.rawValue): \(error.detail)"))
        }
    }

    /// By the status alone. What a person has to mend at the receiver (a token, a path) is tried
    /// again; what is wrong with the notice itself is not.
    static func outcome(_ response: HTTPResponse) -> DeliveryQueue.Outcome {
        let words = excerpt(response)
        switch response.status {
        case 200..<300: return .delivered("HTTP \(response.status)\(words)")
        case 401, 403, 404, 407, 408, 425, 429, 300..<400, 500...:
            let pause = response.header("Retry-After").flatMap { Int64($0) }
            return .retry(
                "the receiver answered \(response.status)\(words)",
                afterMilliseconds: pause.map { min(max(0, $0), 3_600) * 1_000 },
                isAnswer: response.status >= 500)
        default: return .refused("the receiver answered \(response.status)\(words)")
        }
    }

    /// The beginning of the answer's text, for receipts.
    static func excerpt(_ response: HTTPResponse) -> String {
        let text = cleaned(String(decoding: response.body.prefix(400), as: UTF8.self), limit: 200)
        return text.isEmpty ? "" : ": " + text
    }
}

/// Webhooks and Prometheus Alertmanager.
struct WebSender: Sender {
    let hook: Hook
    let target: WebTarget

    func send(_ message: Message) -> DeliveryQueue.Outcome {
        let body: [UInt8]
        var url = target.url.reveal
        if hook.kind == .alertmanager {
            while url.hasSuffix("/") { url.removeLast() }
            url += "/api/v2/alerts"
            let now = Instant(milliseconds: Clocks.wallMilliseconds())
            body = AlertmanagerPayload.make(message, link: target.link, now: now)
        } else if let document = message.document {
            body = document
        } else if target.format == .plain {
            body = PlainPayload.make(message)
        } else {
            body = WebhookPayload.make(message, receiver: hook.name, link: target.link)
        }
        if hook.kind == .alertmanager, message.notices.isEmpty, message.superseded.isEmpty {
            return .refused("it is of an older version, which only webhooks can read")
        }
        switch Posting.post(
            body, key: message.key, url: url, token: target.token, authority: target.authority)
        {
        case .outcome(let outcome): return outcome
        case .response(let response): return Posting.outcome(response)
        }
    }
}
