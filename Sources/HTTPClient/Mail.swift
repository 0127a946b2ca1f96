import CCurlShims

/// A mail server and what it wants to know.
package struct MailServer: Sendable {
    package enum Protection: Sendable { case startTLS, tls, none }
    package var host: String
    package var port: UInt16
    package var protection: Protection
    package var login: (user: String, password: String)?
    /// PEM file of authorities to trust instead of the system's.
    package var authorityFile: String?
    package init(host: String, port: UInt16, protection: Protection) {
        self.host = host
        self.port = port
        self.protection = protection
    }

    var url: String {
        let host = host.contains(":") ? "[" + host + "]" : host
        return (protection == .tls ? "smtps://" : "smtp://") + host + ":" + String(port)
    }
}

/// Mail over libcurl. A call blocks its thread; one handle per call, so any thread may call.
package enum Mail {
    /// What the server came to.
    package struct Reply: Sendable {
        /// The last code it said (RFC 5321, section 4.2); 0 where it said none.
        package var code: Int
        /// Its last line.
        package var text: String
        /// Nil where it took the message.
        package var failure: Failure?
    }
    package enum Failure: Sendable {
        /// The server said no, with `code`.
        case refused
        case login
        case transport(HTTPError.Kind, String)
    }

    /// Hands over `message`, headers and body with CRLF, in UTF-8. Delivered when one of the
    /// recipients at least was taken.
    package static func send(
        _ message: [UInt8], from: String, to recipients: [String], server: MailServer,
        connectTimeoutMilliseconds: Int64 = 5_000, totalTimeoutMilliseconds: Int64 = 30_000
    ) -> Reply {
        guard let transfer = ccurl_transfer_create() else {
            return Reply(code: 0, text: "", failure: .transport(.unavailable, "no memory"))
        }
        defer { ccurl_transfer_free(transfer) }
        let exchange = Exchange(maximumBytes: 64 << 10)
        return message.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress,
                configure(
                    transfer, UnsafeBufferPointer(start: base, count: bytes.count), from,
                    recipients, server),
                ccurl_set_timeouts(
                    transfer, connectTimeoutMilliseconds, totalTimeoutMilliseconds, 0) == 0
            else {
                let failure = Failure.transport(.invalidRequest, "a setting is not valid")
                return Reply(code: 0, text: "", failure: failure)
            }
            let outcome = withExtendedLifetime(exchange) {
                ccurl_perform(
                    transfer, headerArrived, bodyArrived, ticked,
                    Unmanaged.passUnretained(exchange).toOpaque())
            }
            return reply(outcome, transfer, exchange)
        }
    }

    private static func configure(
        _ transfer: OpaquePointer, _ message: UnsafeBufferPointer<UInt8>, _ from: String,
        _ recipients: [String], _ server: MailServer
    ) -> Bool {
        guard let base = message.baseAddress, ccurl_set_url(transfer, server.url) == 0,
            ccurl_set_mail(
                transfer, from, server.protection == .startTLS ? 1 : 0, base, message.count) == 0,
            recipients.allSatisfy({ ccurl_add_recipient(transfer, $0) == 0 })
        else { return false }
        if let login = server.login,
            ccurl_set_login(transfer, login.user, login.password) != 0
        {
            return false
        }
        if let file = server.authorityFile, ccurl_set_ca_file(transfer, file) != 0 { return false }
        return ccurl_set_no_proxy(transfer) == 0
    }

    private static func reply(
        _ outcome: Int32, _ transfer: OpaquePointer, _ exchange: Exchange
    ) -> Reply {
        let code = Int(ccurl_status(transfer))
        let text = exchange.lastLine
        if outcome == 0 { return Reply(code: code, text: text, failure: nil) }
        let failure: Failure =
            if outcome == Int32(CCURL_LOGIN.rawValue) || code == 530 || code == 535 {
                .login
            } else if code >= 400 {
                .refused
            } else {
                .transport(
                    HTTPError.Kind(outcome), String(cString: ccurl_error_text(transfer)))
            }
        return Reply(code: code, text: text, failure: failure)
    }
}

/// Bytes to a server, without an answer: TCP or TLS over it.
package enum ByteStream {
    /// Connects, sends all and waits until the server's TCP has acknowledged them. Nil on success.
    package static func send(
        _ bytes: [UInt8], host: String, port: UInt16, isSecure: Bool, authorityFile: String?,
        connectTimeoutMilliseconds: Int64 = 5_000, sendTimeoutMilliseconds: Int64 = 10_000
    ) -> HTTPError? {
        let shown = host.contains(":") ? "[" + host + "]" : host
        let target = shown + ":" + String(port)
        guard let transfer = ccurl_transfer_create() else {
            return HTTPError(.unavailable, target: target, detail: "no memory")
        }
        defer { ccurl_transfer_free(transfer) }
        let exchange = Exchange(maximumBytes: 1 << 10)
        guard ccurl_set_url(transfer, (isSecure ? "https://" : "http://") + target) == 0,
            ccurl_set_connect_only(transfer) == 0,
            authorityFile.map({ ccurl_set_ca_file(transfer, $0) == 0 }) ?? true,
            ccurl_set_timeouts(
                transfer, connectTimeoutMilliseconds, connectTimeoutMilliseconds, 0) == 0
        else { return HTTPError(.invalidRequest, target: target, detail: "bad address") }
        let outcome = withExtendedLifetime(exchange) {
            ccurl_perform(
                transfer, headerArrived, bodyArrived, ticked,
                Unmanaged.passUnretained(exchange).toOpaque())
        }
        let sent =
            outcome != 0
            ? outcome : ccurl_send_all(transfer, bytes, bytes.count, sendTimeoutMilliseconds)
        guard sent != 0 else { return nil }
        let detail =
            outcome != 0
            ? String(cString: ccurl_error_text(transfer))
            : "the connection ended before all was acknowledged"
        return HTTPError(HTTPError.Kind(sent), target: target, detail: detail)
    }
}
