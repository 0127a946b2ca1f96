import Daemon
import FoundationEssentials
import HTTPClient

/// Asks the running daemon over its socket.
struct APIClient {
    let socketPath: String

    /// True while a daemon listens, whatever it says.
    var isAnswered: Bool {
        var request = HTTPRequest(method: .get, url: "http://localhost/healthz")
        request.unixSocketPath = socketPath
        request.totalTimeoutMilliseconds = 2_000
        return (try? HTTP.send(request)) != nil
    }

    func get<Answer: Decodable>(_ path: String, as type: Answer.Type) throws -> Answer {
        try decode(
            send(HTTPRequest(method: .get, url: "http://localhost" + path)), of: path)
    }

    private func decode<Answer: Decodable>(
        _ response: HTTPResponse, of path: String
    ) throws -> Answer {
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(response.body))
        } catch {
            throw CommandFailure(
                .unreachable, "the daemon's answer to \(path) is of another version: \(error)")
        }
    }

    func post(_ path: String, _ body: some Encodable) throws {
        _ = try posted(path, body)
    }

    func post<Answer: Decodable>(_ path: String, _ body: some Encodable) throws -> Answer {
        try decode(posted(path, body), of: path)
    }

    private func posted(_ path: String, _ body: some Encodable) throws -> HTTPResponse {
        var request = HTTPRequest(method: .post, url: "http://localhost" + path)
        request.headers = [HTTPRequest.Header("Content-Type", "application/json")]
        request.body = Array(try JSONEncoder().encode(body))
        return try send(request)
    }

    private func send(_ request: HTTPRequest) throws -> HTTPResponse {
        var request = request
        request.unixSocketPath = socketPath
        let response: HTTPResponse
        do {
            response = try HTTP.send(request)
        } catch {
            throw CommandFailure(
                .unreachable,
                "no daemon answers on \(socketPath): \(error.detail); start `frostline serve`, or "
                    + "name its socket with --socket")
        }
        guard response.isSuccess else {
            let text = String(decoding: response.body.prefix(500), as: UTF8.self)
            let line = text.split(separator: "\n").first.map(String.init) ?? ""
            throw CommandFailure(
                response.status == 404 || response.status == 409 ? .no : .unreachable,
                line.isEmpty ? "the daemon answered \(response.status)" : line)
        }
        return response
    }
}
