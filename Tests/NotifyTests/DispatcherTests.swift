import Glibc
import Model
import Notify
import Synchronization
import TestSupport
import Testing

@Suite("delivery of notices")
struct DispatcherTests {
    private func hook(_ port: UInt16) -> Hook {
        Hook(
            name: "hook", kind: .webhook,
            target: .web(
                WebTarget(
                    url: Secret("http://127.0.0.1:\(port)/x?token=s3cret"), token: Secret("t0ken")))
        )
    }

    private func outbox(_ count: Int) -> MemoryOutbox {
        let outbox = MemoryOutbox()
        let now = Int64(time(nil)) * 1_000
        for number in 1...count { outbox.add(sample(number, at: now)) }
        return outbox
    }

    private func waitUntil(_ condition: () -> Bool) async {
        for _ in 0..<600 where !condition() {
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test(
        "notices arrive in order, each with its key, again after an error, and only once after success"
    )
    func order() async throws {
        let answered = Mutex(0)
        let server = LoopbackServer { _ in
            let number = answered.withLock { count -> Int in
                count += 1
                return count
            }
            let status = number == 2 ? "503 Busy" : "200 OK"
            return [
                .init(text: "HTTP/1.1 \(status)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            ]
        }
        defer { server.stop() }
        let outbox = outbox(3)
        let dispatcher = try Dispatcher(hooks: [hook(server.port)], outbox: outbox)
        await waitUntil { outbox.state.withLock { $0.delivered.count == 3 } }
        dispatcher.stop()
        #expect(outbox.state.withLock { $0.delivered.map(\.id) } == [1, 2, 3])
        #expect(outbox.state.withLock { $0.failures } == ["the receiver answered 503"])
        let requests = server.requests
        #expect(requests.count == 4)
        let key = "Idempotency-Key: ll-dc1/hot:probe-2/t/1/1/hook"
        #expect(requests.map { $0.contains(key) } == [false, true, true, false])
        #expect(requests.allSatisfy { $0.contains("Authorization: Bearer t0ken") })
    }

    @Test("a receiver that is away keeps its notices, and the reason does not show the URL")
    func away() async throws {
        let server = LoopbackServer { _ in [] }
        let port = server.port
        server.stop()
        let outbox = outbox(1)
        let dispatcher = try Dispatcher(hooks: [hook(port)], outbox: outbox)
        await waitUntil { outbox.state.withLock { !$0.failures.isEmpty } }
        dispatcher.stop()
        let state = outbox.state.withLock { $0 }
        #expect(state.delivered.isEmpty)
        #expect(state.rows.count == 1 && state.rows[0].attempts >= 1)
        #expect(state.failures.allSatisfy { !$0.contains("s3cret") }, "\(state.failures)")
    }

    @Test(
        "while the outbox cannot note a delivery, the receiver does not hear it again and again",
        arguments: ["200 OK", "503 Busy"])
    func forgetfulOutbox(status: String) async throws {
        let server = LoopbackServer { _ in
            [
                .init(
                    text: "HTTP/1.1 \(status)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            ]
        }
        defer { server.stop() }
        let outbox = outbox(2)
        outbox.state.withLock { $0.forgets = true }
        let dispatcher = try Dispatcher(hooks: [hook(server.port)], outbox: outbox)
        await waitUntil { !server.requests.isEmpty }
        for _ in 0..<20 {
            dispatcher.wake()
            try await Task.sleep(for: .milliseconds(20))
        }
        await waitUntil { status != "200 OK" || server.requests.count == 2 }
        dispatcher.stop()
        // A refused one may come again after its pause, on a slow machine more than once; but not
        // with every wake-up.
        let heard = server.requests.count
        #expect(status == "200 OK" ? heard == 2 : (1..<15).contains(heard), "\(heard)")
    }

    @Test("the pause doubles to five minutes and stays within ±50 %")
    func backoff() {
        for attempts in 1...40 {
            let base = min(Int64(1000) << Int64(min(attempts - 1, 16)), 300_000)
            for seed in UInt64(0)..<50 {
                let delay = Backoff.milliseconds(afterAttempts: attempts, seed: seed)
                #expect(delay >= base / 2 && delay <= base + base / 2)
            }
        }
        #expect(
            Set((0..<20).map { Backoff.milliseconds(afterAttempts: 3, seed: $0) }).count > 10)
    }
}

@Suite("the webhook's body")
struct WebhookPayloadTests {
    @Test(
        "it is Alertmanager's document, firing until the condition ends, without control characters"
    )
    func document() throws {
        var site = Site(name: "ll-dc1", displayName: "吕梁", offsetMinutes: 480, altitudeMetres: 950)
        site.alarmRules = []
        let key = AlarmKey(rule: "inlet-hot", device: "probe-1", point: "inlet.temperature")
        var event = AlarmEvent(
            key: key, episode: 2, sequence: 1, time: Instant(seconds: 1_790_000_000),
            state: .unacknowledged, previous: .normal, priority: .high,
            valueText: "31.0 °C\u{1B}[2J", notice: .active)
        let rule = AlarmRule(
            name: "inlet-hot", device: "*", point: "*", condition: .noData(missedPolls: 1),
            onDelayMilliseconds: 0, offDelayMilliseconds: 0, priority: .high, cause: "因",
            consequence: "果", action: "做")
        func parse() throws -> JSONValue {
            let notice = Notice(
                event, site: site, rule: rule, place: "h1-r01",
                raisedAt: Instant(seconds: 1_790_000_000))
            let bytes = WebhookPayload.make(
                Message(notices: [notice], key: "k"), receiver: "ops")
            return try JSONValue.parse(String(decoding: bytes, as: UTF8.self))
        }
        let firing = try parse()
        #expect(firing["version"].string == "4" && firing["status"].string == "firing")
        let alert = firing["alerts"][0]
        #expect(alert["labels"]["alertname"].string == "inlet-hot")
        #expect(alert["labels"]["episode"].string == "2")
        #expect(alert["annotations"]["value"].string == "31.0 °C[2J")
        #expect(alert["annotations"]["cause"].string == "因")
        #expect(alert["endsAt"].string == "0001-01-01T00:00:00Z")
        event.state = .returnedUnacknowledged
        event.notice = .returned
        let resolved = try parse()
        #expect(resolved["status"].string == "resolved")
        #expect(resolved["alerts"][0]["fingerprint"] == alert["fingerprint"])
    }
}
