import FoundationEssentials
package import HTTPClient
package import Model

extension RemoteAccess {
    /// A request to the engine with what it wants to see of who asks. `path` is put behind the
    /// address; empty for the address itself.
    package func request(_ method: HTTPRequest.Method, _ path: String = "") -> HTTPRequest {
        var base = url.reveal
        if !path.isEmpty { while base.hasSuffix("/") { base.removeLast() } }
        var request = HTTPRequest(method: method, url: base + path)
        request.headers = [HTTPRequest.Header("User-Agent", "frostline")]
        if let token {
            request.headers.append(HTTPRequest.Header("Authorization", "Bearer " + token.reveal))
        } else if let user {
            let pair = Data((user + ":" + (password?.reveal ?? "")).utf8)
            request.headers.append(
                HTTPRequest.Header("Authorization", "Basic " + pair.base64EncodedString()))
        }
        request.authorityFile = authority
        return request
    }
}

/// Why a remote engine gave no readings. `description` has a cure.
package struct RemoteReadError: Error, CustomStringConvertible {
    package var description: String
}

/// Asks an engine by PromQL over HTTP. Calls block.
struct RemoteEngine {
    static let cure = "check that the address of the remote store is the part before /api/v1"
    /// A series without a sample for longer than this has no value: what Prometheus does by itself,
    /// and VictoriaMetrics where it is told.
    static let lookback = "5m"
    private static let answerBytes = 512 << 20
    private static let answerMilliseconds: Int64 = 120_000

    let access: RemoteAccess

    init(_ access: RemoteAccess) { self.access = access }

    /// The body of the answer to `path`.
    func get(_ path: String) throws(RemoteReadError) -> [UInt8] {
        try body(access.request(.get, path))
    }

    /// The answer to `query` as of `time`. Sent as a form: selectors of many sites are long.
    func query(_ query: String, at time: Instant) throws(RemoteReadError) -> [UInt8] {
        var request = access.request(.post, "/api/v1/query")
        request.headers.append(
            HTTPRequest.Header("Content-Type", "application/x-www-form-urlencoded"))
        // VictoriaMetrics answers as of half a minute ago without `nocache`.
        let form =
            "query=" + percentEncoded(query) + "&time=" + Self.seconds(time)
            + "&step=\(Self.lookback)&nocache=1"
        request.body = Array(form.utf8)
        return try body(request)
    }

    private func body(_ request: HTTPRequest) throws(RemoteReadError) -> [UInt8] {
        let response = try send(request)
        guard response.isSuccess else { throw refusal(response) }
        return response.body
    }

    func send(_ request: HTTPRequest) throws(RemoteReadError) -> HTTPResponse {
        var request = request
        request.totalTimeoutMilliseconds = Self.answerMilliseconds
        request.maximumResponseBytes = Self.answerBytes
        do throws(HTTPError) {
            return try HTTP.send(request)
        } catch {
            throw RemoteReadError(description: "the remote store: \(error)")
        }
    }

    func refusal(_ response: HTTPResponse) -> RemoteReadError {
        let line =
            String(decoding: response.body.prefix(200), as: UTF8.self)
            .split(separator: "\n").first.map { String($0) } ?? ""
        return RemoteReadError(
            description: "the remote store answered \(response.status): \(line); \(Self.cure)")
    }

    static func seconds(_ time: Instant) -> String {
        FixedDecimal(mantissa: time.milliseconds, scale: 3).description
    }
}
