/// What is asked of a server. Redirects are never followed: what is configured is what is called.
package struct HTTPRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
    }
    package struct Header: Sendable, Equatable {
        package var name: String
        package var value: String
        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package var method: Method
    /// `http://…` or `https://…`; with a Unix socket the host part is only the `Host:` header.
    package var url: String
    package var headers: [Header]
    package var body: [UInt8]?
    /// Connects to this socket instead of the URL's host.
    package var unixSocketPath: String?
    package var connectTimeoutMilliseconds: Int64
    /// From start to the last byte; 0 is no limit, for streams.
    package var totalTimeoutMilliseconds: Int64
    /// An answer with a longer body is refused with `tooLarge`.
    package var maximumResponseBytes: Int
    /// PEM file of authorities to trust instead of the system's.
    package var authorityFile: String?

    package init(
        method: Method = .get, url: String, headers: [Header] = [], body: [UInt8]? = nil,
        unixSocketPath: String? = nil, connectTimeoutMilliseconds: Int64 = 5_000,
        totalTimeoutMilliseconds: Int64 = 30_000, maximumResponseBytes: Int = 16 << 20,
        authorityFile: String? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.unixSocketPath = unixSocketPath
        self.connectTimeoutMilliseconds = connectTimeoutMilliseconds
        self.totalTimeoutMilliseconds = totalTimeoutMilliseconds
        self.maximumResponseBytes = maximumResponseBytes
        self.authorityFile = authorityFile
    }

    /// Where it goes, without path, query or credentials: those may be secret.
    var target: String {
        if let unixSocketPath { return unixSocketPath }
        guard let scheme = url.range(ofASCII: "://") else { return "the configured address" }
        let rest = url[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        return String(url[..<scheme.upperBound]) + host
    }

    /// True where a proxy of the environment would be wrong.
    var isLocal: Bool {
        if unixSocketPath != nil { return true }
        return ["://127.", "://localhost", "://[::1]"].contains { url.range(ofASCII: $0) != nil }
    }
}

/// What a server said. A status of 400 or 500 is an answer, not an error.
package struct HTTPResponse: Sendable {
    package var status: Int
    package var headers: [HTTPRequest.Header]
    package var body: [UInt8]

    package init(status: Int, headers: [HTTPRequest.Header], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package var isSuccess: Bool { (200..<300).contains(status) }

    /// The first header of that name, whatever its case.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// Why there is no complete answer. `description` has a cure and never shows headers, paths or
/// queries, which may hold secrets.
package struct HTTPError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        /// The request itself cannot be sent: a malformed URL, a line break in a header.
        case invalidRequest
        /// Name unknown, connection refused, socket missing.
        case unreachable
        case timeout
        /// Handshake failed or the certificate is not trusted.
        case tls
        /// The body is longer than the caller allows.
        case tooLarge
        /// The connection ended or went wrong in the middle of an answer.
        case broken
        /// The receiver of a stream said stop.
        case stopped
        /// libcurl could not be started or memory is short.
        case unavailable
    }
    package var kind: Kind
    package var target: String
    package var detail: String

    package init(_ kind: Kind, target: String, detail: String) {
        self.kind = kind
        self.target = target
        self.detail = detail
    }

    package var description: String {
        switch kind {
        case .invalidRequest: "request to \(target) is not valid: \(detail); mend the address"
        case .unreachable: "cannot reach \(target): \(detail); check that it runs and is reachable"
        case .timeout: "\(target) did not answer in time: \(detail); check its load and the network"
        case .tls: "\(target) is not trusted: \(detail); check its certificate and the CA file"
        case .tooLarge: "\(target) sent too much: \(detail); ask for less"
        case .broken: "\(target) broke off: \(detail); try again"
        case .stopped: "stopped listening to \(target)"
        case .unavailable: "no HTTP client: \(detail); check memory and libcurl"
        }
    }
}

extension String {
    /// Foundation-free search of an ASCII needle.
    func range(ofASCII needle: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(needle) {
                return start..<index(start, offsetBy: needle.count)
            }
            start = index(after: start)
        }
        return nil
    }
}
