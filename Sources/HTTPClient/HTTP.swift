import CCurlShims

/// HTTP over libcurl. Every call blocks its thread until the answer is there; one handle per call,
/// so any thread may call.
package enum HTTP {
    /// The complete answer to one request, whatever its status.
    package static func send(_ request: HTTPRequest) throws(HTTPError) -> HTTPResponse {
        let exchange = Exchange(maximumBytes: request.maximumResponseBytes)
        let status = try run(request, exchange, stallSeconds: 0)
        return HTTPResponse(status: status, headers: exchange.headers, body: exchange.body)
    }

    /// Hands the body to `onBytes` as it comes, until the server ends it or `onBytes` returns
    /// false. Bodies of other statuses than 200 are not handed on; they come back in the response.
    ///
    /// - Parameters:
    ///   - stallSeconds: silence longer than this ends the stream with `timeout`; 0 never.
    ///   - shouldStop: asked at least once a second, also in silence; true ends with `stopped`.
    @discardableResult
    package static func stream(
        _ request: HTTPRequest, stallSeconds: Int64,
        shouldStop: () -> Bool = { false }, onBytes: (Span<UInt8>) -> Bool
    ) throws(HTTPError) -> HTTPResponse {
        // Both closures are used only inside ccurl_perform, which returns before this function.
        try withoutActuallyEscaping(shouldStop) { escapingStop throws(HTTPError) in
            try withoutActuallyEscaping(onBytes) { escapingBytes throws(HTTPError) in
                let exchange = Exchange(maximumBytes: request.maximumResponseBytes)
                exchange.onBytes = escapingBytes
                exchange.shouldStop = escapingStop
                defer {
                    exchange.onBytes = nil
                    exchange.shouldStop = nil
                }
                let status = try run(request, exchange, stallSeconds: stallSeconds)
                return HTTPResponse(
                    status: status, headers: exchange.headers, body: exchange.body)
            }
        }
    }

    private static func run(
        _ request: HTTPRequest, _ exchange: Exchange, stallSeconds: Int64
    ) throws(HTTPError) -> Int {
        guard let transfer = ccurl_transfer_create() else {
            throw HTTPError(.unavailable, target: request.target, detail: "libcurl did not start")
        }
        defer { ccurl_transfer_free(transfer) }
        try configure(transfer, request, stallSeconds: stallSeconds)
        exchange.transfer = transfer
        defer { exchange.transfer = nil }
        let outcome = withExtendedLifetime(exchange) {
            ccurl_perform(
                transfer, headerArrived, bodyArrived, ticked,
                Unmanaged.passUnretained(exchange).toOpaque())
        }
        guard outcome == 0 else { throw failure(outcome, transfer, request, exchange) }
        return Int(ccurl_status(transfer))
    }

    private static func configure(
        _ transfer: OpaquePointer, _ request: HTTPRequest, stallSeconds: Int64
    ) throws(HTTPError) {
        func check(_ result: Int32, _ what: String) throws(HTTPError) {
            guard result == 0 else {
                throw HTTPError(.invalidRequest, target: request.target, detail: what)
            }
        }
        try check(ccurl_set_url(transfer, request.url), "bad URL")
        if let body = request.body {
            try check(ccurl_set_body(transfer, body, body.count), "bad body")
        } else if request.method == .post || request.method == .put {
            try check(ccurl_set_body(transfer, nil, 0), "bad body")
        }
        try check(
            ccurl_set_method(transfer, request.method.rawValue, request.method == .head ? 1 : 0),
            "bad method")
        // libcurl waits a second for "100 Continue" on larger bodies unless told not to ask.
        try check(ccurl_add_header(transfer, "Expect:"), "bad header")
        for header in request.headers {
            let line = header.name + ": " + header.value
            guard !line.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }),
                !header.name.isEmpty
            else {
                throw HTTPError(
                    .invalidRequest, target: request.target,
                    detail: "header `\(header.name.prefix(40))` holds control characters")
            }
            try check(ccurl_add_header(transfer, line), "bad header")
        }
        if let path = request.unixSocketPath {
            try check(ccurl_set_unix_socket(transfer, path), "the socket's path is too long")
        }
        if let file = request.authorityFile {
            try check(ccurl_set_ca_file(transfer, file), "bad CA file")
        }
        if request.isLocal { try check(ccurl_set_no_proxy(transfer), "bad proxy") }
        try check(
            ccurl_set_timeouts(
                transfer, request.connectTimeoutMilliseconds, request.totalTimeoutMilliseconds,
                stallSeconds), "bad timeouts")
    }

    private static func failure(
        _ outcome: Int32, _ transfer: OpaquePointer, _ request: HTTPRequest, _ exchange: Exchange
    ) -> HTTPError {
        let target = request.target
        if exchange.tooLarge {
            let detail = "more than \(request.maximumResponseBytes) bytes"
            return HTTPError(.tooLarge, target: target, detail: detail)
        }
        let kind = HTTPError.Kind(outcome)
        // libcurl names the URL's host and port here, which a socket has nothing to do with.
        let detail =
            kind == .unreachable && request.unixSocketPath != nil
            ? "nobody listens on this socket" : String(cString: ccurl_error_text(transfer))
        return HTTPError(kind, target: target, detail: detail)
    }
}

extension HTTPError.Kind {
    /// Of a `ccurl_outcome` other than success.
    init(_ outcome: Int32) {
        self =
            switch ccurl_outcome(UInt32(bitPattern: outcome)) {
            case CCURL_BAD_REQUEST: .invalidRequest
            case CCURL_NAME, CCURL_UNREACHABLE: .unreachable
            case CCURL_TIMEOUT: .timeout
            case CCURL_TLS: .tls
            case CCURL_STOPPED: .stopped
            case CCURL_NO_MEMORY: .unavailable
            default: .broken
            }
    }
}

/// What the callbacks of one transfer fill. Used only by the thread inside `ccurl_perform`.
final class Exchange {
    /// More headers than this are an attack or a mistake.
    static let maximumHeaders = 200

    let maximumBytes: Int
    var headers: [HTTPRequest.Header] = []
    var body: [UInt8] = []
    var tooLarge = false
    /// The last line that came where headers do, without its end; of mail the server's last word.
    var lastLine = ""
    var onBytes: ((Span<UInt8>) -> Bool)?
    var shouldStop: (() -> Bool)?
    var transfer: OpaquePointer?

    init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

    func header(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        lastLine = String(decoding: bytes.prefix(400).prefix { $0 >= 0x20 }, as: UTF8.self)
        // A new status line (after 100 Continue) starts a new set.
        if bytes.starts(with: "HTTP/".utf8) {
            headers = []
            return true
        }
        guard headers.count < Self.maximumHeaders else {
            tooLarge = true
            return false
        }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return true }
        let name = String(decoding: bytes[..<colon], as: UTF8.self)
        let value = bytes[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 }
        let end = value.lastIndex { $0 > 0x20 }.map { $0 + 1 } ?? value.startIndex
        headers.append(
            HTTPRequest.Header(name, String(decoding: value[..<end], as: UTF8.self)))
        return true
    }

    func receive(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        if let onBytes, let transfer, ccurl_status(transfer) == 200 { return onBytes(bytes.span) }
        guard body.count + bytes.count <= maximumBytes else {
            tooLarge = true
            return false
        }
        body.append(contentsOf: bytes)
        return true
    }
}

func exchange(_ context: UnsafeMutableRawPointer) -> Exchange {
    Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
}

@c(frostline_http_header_arrived)
func headerArrived(
    _ bytes: UnsafePointer<UInt8>, _ count: Int, _ context: UnsafeMutableRawPointer
) -> Int32 {
    exchange(context).header(UnsafeBufferPointer(start: bytes, count: count)) ? 1 : 0
}

@c(frostline_http_body_arrived)
func bodyArrived(
    _ bytes: UnsafePointer<UInt8>, _ count: Int, _ context: UnsafeMutableRawPointer
) -> Int32 {
    exchange(context).receive(UnsafeBufferPointer(start: bytes, count: count)) ? 1 : 0
}

@c(frostline_http_ticked)
func ticked(_ context: UnsafeMutableRawPointer) -> Int32 {
    exchange(context).shouldStop?() == true ? 1 : 0
}
