import HTTPClient
import TestSupport
import Testing

@Suite("HTTP client")
struct HTTPClientTests {
    private func url(_ server: LoopbackServer, _ path: String = "/") -> String {
        "http://127.0.0.1:\(server.port)\(path)"
    }

    private func kind(_ request: HTTPRequest) -> HTTPError.Kind? {
        do {
            _ = try HTTP.send(request)
            return nil
        } catch {
            return error.kind
        }
    }

    @Test("A request carries method, headers and body, and the answer comes back whole")
    func roundTrip() throws {
        let server = LoopbackServer { _ in
            [.init(text: answer("201 Created", headers: "X-Id:  a b \r\n", "{\"ok\":true}"))]
        }
        let response = try HTTP.send(
            HTTPRequest(
                method: .post, url: url(server, "/hook?x=1"),
                headers: [.init("Content-Type", "application/json")], body: Array("{}".utf8)))
        #expect(response.status == 201)
        #expect(response.isSuccess)
        #expect(response.header("x-id") == "a b")
        #expect(String(decoding: response.body, as: UTF8.self) == "{\"ok\":true}")
        let request = try #require(server.requests.first)
        #expect(request.hasPrefix("POST /hook?x=1 HTTP/1.1\r\n"))
        #expect(request.contains("Content-Type: application/json\r\n"))
        #expect(request.hasSuffix("\r\n\r\n{}"))
        #expect(!request.contains("Expect:"))
    }

    @Test("A Unix socket is reached by its path")
    func unixSocket() throws {
        let path = try temporaryDirectory() + "/s"
        let server = LoopbackServer(unixPath: path) { _ in [.init(text: answer("200 OK", "hi"))] }
        let response = try HTTP.send(
            HTTPRequest(url: "http://localhost/x", unixSocketPath: path))
        #expect(String(decoding: response.body, as: UTF8.self) == "hi")
        #expect(server.requests.first?.hasPrefix("GET /x HTTP/1.1") == true)
    }

    @Test("A redirect is an answer, not followed")
    func redirect() throws {
        let server = LoopbackServer { _ in
            [.init(text: answer("302 Found", headers: "Location: /elsewhere\r\n"))]
        }
        #expect(try HTTP.send(HTTPRequest(url: url(server))).status == 302)
        #expect(server.requests.count == 1)
    }

    @Test("A server's failure is an answer with its status")
    func serverError() throws {
        let server = LoopbackServer { _ in [.init(text: answer("500 Oops", "why"))] }
        let response = try HTTP.send(HTTPRequest(url: url(server)))
        #expect(response.status == 500)
        #expect(!response.isSuccess)
        #expect(String(decoding: response.body, as: UTF8.self) == "why")
    }

    @Test("A body beyond the limit is refused")
    func oversize() {
        let server = LoopbackServer { _ in
            [.init(text: answer("200 OK", String(repeating: "x", count: 5000)))]
        }
        #expect(kind(HTTPRequest(url: url(server), maximumResponseBytes: 4999)) == .tooLarge)
        #expect(kind(HTTPRequest(url: url(server), maximumResponseBytes: 5000)) == nil)
    }

    @Test("A slow body ends with a timeout")
    func slow() {
        let server = LoopbackServer { _ in
            [
                .init(text: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
                .init(afterMilliseconds: 3000, text: "defghij"),
            ]
        }
        #expect(kind(HTTPRequest(url: url(server), totalTimeoutMilliseconds: 300)) == .timeout)
    }

    @Test("A body cut short is broken, not an answer")
    func cutShort() {
        let server = LoopbackServer { _ in
            [.init(text: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")]
        }
        #expect(kind(HTTPRequest(url: url(server))) == .broken)
    }

    @Test("Nobody listening is unreachable, and the message hides path and credentials")
    func unreachable() throws {
        let server = LoopbackServer { _ in [] }
        let port = server.port
        server.stop()
        do {
            _ = try HTTP.send(
                HTTPRequest(url: "http://me:secret@127.0.0.1:\(port)/token/abc?k=v"))
            Issue.record("the request succeeded")
        } catch {
            #expect(error.kind == .unreachable)
            #expect(error.target == "http://127.0.0.1:\(port)")
            #expect(!error.description.contains("secret"))
            #expect(!error.description.contains("abc"))
        }
        let missing = HTTPRequest(url: "http://localhost/", unixSocketPath: "/nonexistent/socket")
        #expect(kind(missing) == .unreachable)
    }

    @Test("Requests that cannot be right are refused before anything is sent")
    func invalid() {
        #expect(kind(HTTPRequest(url: "ftp://127.0.0.1/x")) == .invalidRequest)
        #expect(kind(HTTPRequest(url: "file:///etc/passwd")) == .invalidRequest)
        let injected = HTTPRequest(
            url: "http://127.0.0.1:1/", headers: [.init("A", "b\r\nEvil: yes")])
        #expect(kind(injected) == .invalidRequest)
        let long = HTTPRequest(
            url: "http://localhost/", unixSocketPath: "/" + String(repeating: "x", count: 300))
        #expect(kind(long) != nil)
    }

    @Test("A plain server behind https is a TLS error")
    func tls() {
        let server = LoopbackServer { _ in [.init(text: answer("200 OK"))] }
        #expect(kind(HTTPRequest(url: "https://127.0.0.1:\(server.port)/")) == .tls)
    }

    @Test("A stream hands on bytes as they come and ends when the receiver says stop")
    func stream() {
        let server = LoopbackServer { _ in
            [.init(text: "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")]
                + (1...50).map { .init(afterMilliseconds: 20, text: "data: \($0)\n\n") }
        }
        var parser = ServerSentEventParser()
        var data: [String] = []
        do {
            try HTTP.stream(
                HTTPRequest(url: url(server), totalTimeoutMilliseconds: 0), stallSeconds: 5
            ) { bytes in
                data += parser.append(bytes).map { String(decoding: $0.data, as: UTF8.self) }
                return data.count < 3
            }
            Issue.record("the stream ended by itself")
        } catch {
            #expect(error.kind == .stopped)
        }
        #expect(Array(data.prefix(3)) == ["1", "2", "3"])
    }

    @Test("A silent stream ends with a timeout, a stop is heard", .timeLimit(.minutes(1)))
    func stall() {
        let server = LoopbackServer { _ in
            [
                .init(text: "HTTP/1.1 200 OK\r\n\r\n"), .init(afterMilliseconds: 8000, text: "x"),
            ]
        }
        let request = HTTPRequest(url: url(server), totalTimeoutMilliseconds: 0)
        do {
            try HTTP.stream(request, stallSeconds: 1) { _ in true }
            Issue.record("the stream ended by itself")
        } catch {
            #expect(error.kind == .timeout)
        }
        let other = LoopbackServer { _ in
            [.init(text: "HTTP/1.1 200 OK\r\n\r\n"), .init(afterMilliseconds: 8000, text: "x")]
        }
        do {
            try HTTP.stream(
                HTTPRequest(url: url(other), totalTimeoutMilliseconds: 0), stallSeconds: 60,
                shouldStop: { true }, onBytes: { _ in true })
            Issue.record("the stream ended by itself")
        } catch {
            #expect(error.kind == .stopped)
        }
    }

    @Test("A refusal of a stream comes back with its text")
    func refusedStream() throws {
        let server = LoopbackServer { _ in [.init(text: answer("503 Busy", "later"))] }
        let response = try HTTP.stream(
            HTTPRequest(url: url(server)), stallSeconds: 5
        ) { _ in
            Issue.record("bytes of a refusal were handed on")
            return true
        }
        #expect(response.status == 503)
        #expect(String(decoding: response.body, as: UTF8.self) == "later")
    }
}
