import HTTPClient
import Testing

@Suite("Server-sent events")
struct ServerSentEventTests {
    private func parse(_ text: String, cut: Int) -> [ServerSentEvent] {
        var parser = ServerSentEventParser()
        var events: [ServerSentEvent] = []
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + cut)
            events += parser.append(bytes[start..<end])
            start = end
        }
        return events
    }

    @Test("Events are the same however the network cuts the bytes", arguments: 1...40)
    func cuts(cut: Int) {
        let text =
            ": hello\r\n\r\nevent: snapshot\ndata: {\"a\":1}\r\ndata:  two\n\rid: 7\rdata:x\r\r"
        #expect(
            parse(text, cut: cut) == [
                ServerSentEvent(name: "snapshot", data: Array("{\"a\":1}\n two".utf8)),
                ServerSentEvent(name: "message", data: Array("x".utf8), id: "7"),
            ])
    }

    @Test("An event without data and an event without its blank line are not given out")
    func incomplete() {
        #expect(parse("event: snapshot\n\ndata: 1\n", cut: 100) == [])
    }

    @Test("An event beyond the limit is dropped, counted, and the next one arrives")
    func oversize() {
        var parser = ServerSentEventParser(maximumEventBytes: 10)
        let long = String(repeating: "x", count: 100)
        let lines = "data: 123456\ndata: 789012\n\n"
        let events = parser.append(Array("data: \(long)\n\n\(lines)data: ok\n\n".utf8))
        #expect(events == [ServerSentEvent(name: "message", data: Array("ok".utf8))])
        #expect(parser.dropped == 2)
    }
}
