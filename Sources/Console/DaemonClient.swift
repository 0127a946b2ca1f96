import FoundationEssentials
import HTTPClient
import Views

/// The daemon's HTTP API as the console uses it. Blocking; any thread.
struct DaemonClient: Sendable {
    /// What went wrong, with a cure.
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    let base: String
    let socketPath: String?
    let authorityFile: String?
    /// Of devices and points the values of this moment are asked for; nil for those of now.
    private var moment: Int64?

    init(_ options: ConsoleOptions) {
        switch options.address {
        case .socket(let path):
            // The host is only a header here; the socket decides.
            base = "http://localhost"
            socketPath = path
        case .url(let url):
            base = url.hasSuffix("/") ? String(url.dropLast()) : url
            socketPath = nil
        }
        authorityFile = options.authorityFile
    }

    func of(_ moment: Int64?) -> DaemonClient {
        var client = self
        client.moment = moment
        return client
    }

    private static let ofMoments = ["/api/v1/devices/", "/api/v1/last"]

    private func dated(_ path: String) -> String {
        guard let moment, Self.ofMoments.contains(where: { path.hasPrefix($0) }) else {
            return path
        }
        return path + (path.contains("?") ? "&" : "?") + "at=\(moment)"
    }

    private func request(_ path: String) -> HTTPRequest {
        HTTPRequest(
            url: base + path, unixSocketPath: socketPath, connectTimeoutMilliseconds: 3_000,
            totalTimeoutMilliseconds: 10_000, maximumResponseBytes: 64 << 20,
            authorityFile: authorityFile)
    }

    func get<Value: Decodable>(_ path: String, as type: Value.Type) throws(Failure) -> Value {
        let body = try answer(dated(path))
        do {
            return try JSONDecoder().decode(type, from: Data(body))
        } catch {
            throw Failure(description: SiteDocumentError.malformed.description)
        }
    }

    /// The picture of a moment that has passed.
    func picture(atMS: Int64) throws(Failure) -> SiteView {
        let body = try answer("/api/v1/snapshot?at=\(atMS)")
        do throws(SiteDocumentError) {
            return try SiteView(json: body)
        } catch {
            throw Failure(description: error.description)
        }
    }

    private func answer(_ path: String) throws(Failure) -> [UInt8] {
        let response: HTTPResponse
        do {
            response = try HTTP.send(request(path))
        } catch {
            throw Self.failure(error)
        }
        guard response.isSuccess else { throw refusal(response) }
        return response.body
    }

    private static func failure(_ error: HTTPError) -> Failure {
        guard error.kind == .unreachable else { return Failure(description: error.description) }
        return Failure(
            description: "the daemon is not reachable at \(error.target): \(error.detail); "
                + "start it with `frostline serve --config site.yaml`, or give its address")
    }

    private func refusal(_ response: HTTPResponse) -> Failure {
        // A proxy's page of HTML says less than its number.
        if response.status == 401 || response.status == 403 {
            return Failure(
                description: "user or password is wrong, or not allowed here (\(response.status))")
        }
        let text = String(decoding: response.body.prefix(200), as: UTF8.self)
        return Failure(description: "the daemon answered \(response.status) \(text)")
    }

    private struct Acknowledgement: Encodable {
        var id: String
        var by: String
        var comment: String
    }

    func acknowledge(id: String, by: String, comment: String) throws(Failure) {
        try post("/api/v1/alarms/ack", Acknowledgement(id: id, by: by, comment: comment))
    }

    func post(_ path: String, _ body: some Encodable) throws(Failure) {
        var post = request(path)
        post.method = .post
        post.headers = [.init("Content-Type", "application/json")]
        do {
            post.body = Array(try JSONEncoder().encode(body))
        } catch {
            throw Failure(description: "the comment cannot be sent; write it in plain words")
        }
        let response: HTTPResponse
        do {
            response = try HTTP.send(post)
        } catch {
            throw Failure(description: error.description)
        }
        guard response.isSuccess else { throw refusal(response) }
    }

    /// Silence after which the stream counts as dead; the daemon speaks about once a second.
    private static let stallSeconds: Int64 = 15

    /// Hands on pictures until the stream ends, which is always a failure unless asked for. A
    /// daemon that does not know changes sends whole pictures.
    func follow(
        shouldStop: () -> Bool, _ receive: (SiteView) -> Void
    ) throws(Failure) {
        var stream = request("/api/v1/events?changes=1")
        stream.totalTimeoutMilliseconds = 0
        stream.headers = [.init("Accept", "text/event-stream")]
        var parser = ServerSentEventParser()
        var picture: SiteView?
        var failure: Failure?
        do {
            let response = try HTTP.stream(
                stream, stallSeconds: Self.stallSeconds, shouldStop: shouldStop
            ) { bytes in
                for event in parser.append(bytes) {
                    do throws(SiteDocumentError) {
                        try Self.take(event, &picture)
                    } catch {
                        failure = Failure(description: error.description)
                        return false
                    }
                    if let picture { receive(picture) }
                }
                return true
            }
            guard response.status == 200 else { throw refusal(response) }
        } catch let error as HTTPError {
            throw failure ?? Self.failure(error)
        } catch let error as Failure {
            throw error
        } catch {
            throw Failure(description: "\(error)")
        }
        throw Failure(description: "the daemon ended the stream; it may be restarting")
    }

    private static func take(
        _ event: ServerSentEvent, _ picture: inout SiteView?
    ) throws(SiteDocumentError) {
        switch event.name {
        case "snapshot": picture = try SiteView(json: event.data)
        case "change":
            guard picture != nil else { throw .otherBase }
            try picture?.apply(event.data)
        default: break
        }
    }

    /// Percent-encodes what is not unreserved in RFC 3986.
    static func encoded(_ text: String) -> String {
        let hexadecimal = Array("0123456789ABCDEF")
        var result = ""
        for byte in text.utf8 {
            let isUnreserved =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || "-._~".utf8.contains(byte)
            if isUnreserved {
                result.append(Character(Unicode.Scalar(byte)))
            } else {
                result.append("%")
                result.append(hexadecimal[Int(byte >> 4)])
                result.append(hexadecimal[Int(byte & 15)])
            }
        }
        return result
    }
}
