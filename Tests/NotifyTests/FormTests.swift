import Model
import Synchronization
import TestSupport
import Testing

@testable import Notify

@Suite("how notices look to each kind of receiver")
struct FormTests {
    @Test("robots are signed as their makers' documents say")
    func signatures() {
        // Cross-checked with openssl: secret `SECabc`, 2023-11-14T22:13:20Z.
        let ding = RobotSignature.dingtalk(secret: "SECabc", milliseconds: 1_700_000_000_000)
        #expect(ding == "jcUpW0QmtKduN03n4JqQ0PBosVjqnM8gU7fIIvsDmCM=")
        let feishu = RobotSignature.feishu(secret: "SECabc", seconds: 1_700_000_000)
        #expect(feishu == "XprR1de+0SSBnwWyU/4k6x2TL+Q2SJlM5NNEdAv7MWg=")
    }

    @Test("a subject in Chinese becomes encoded words of at most 75 characters that decode to it")
    func subjects() {
        let subject = "【紧急】 吕梁: inlet-hot 告警: " + String(repeating: "很长的机房名称", count: 10)
        let words = MailText.encodedWords(subject)
        let lines = words.split(separator: "\r\n ", omittingEmptySubsequences: false)
        #expect(lines.count > 2)
        #expect(lines.allSatisfy { $0.utf8.count <= 75 && $0.hasPrefix("=?UTF-8?B?") })
        #expect(MailText.encodedWords("plain") == "plain")
        #expect(!MailText.encodedWords("a\r\nBcc: x@y").contains("\n"))
    }

    @Test("a mail has no header that a device could have written, and the same id for the same key")
    func mail() {
        var notice = sample(1, 1, .critical)
        notice.value = "31\r\nBcc: everybody@example\r\n\r\nboo"
        func text(_ key: String) -> String {
            let message = Message(notices: [notice], key: key)
            let mail = MailText(
                message, from: "dcim@site.example", to: ["a@b.example", "c@d.example"],
                language: .english, at: Instant(seconds: 1_790_000_000))
            return String(decoding: mail.bytes, as: UTF8.self)
        }
        let first = text("k1")
        let head = first.split(separator: "\r\n\r\n", maxSplits: 1)[0]
        #expect(!head.contains("Bcc"))
        #expect(head.contains("Date: Mon, 21 Sep 2026 22:13:20 +0800"))
        #expect(head.contains("Auto-Submitted: auto-generated"))
        func id(_ text: String) -> Substring? {
            text.split(separator: "\r\n").first { $0.hasPrefix("Message-ID: <") }
        }
        #expect(id(first) != nil && id(first) == id(text("k1")) && id(first) != id(text("k2")))
        for line in first.split(separator: "\r\n") { #expect(line.utf8.count <= 998) }
    }

    @Test("syslog lines are RFC 5424 with octet counting, and values cannot end their quotes")
    func syslog() {
        var notice = sample(1, 1, .critical)
        notice.value = "a\"b]c\\d\ne"
        let line = SyslogText.line(notice, receiver: "log", language: .english, process: 7)
        let text = String(decoding: line, as: UTF8.self)
        #expect(text.hasPrefix("<130>1 1970-01-01T00:00:00Z ll-dc1 frostline 7 ALARM ["))
        #expect(text.contains("value=\"a\\\"b\\]c\\\\de\""))
        #expect(text.contains("] \u{FEFF}[CRITICAL]"))
        let frame = SyslogText.frame(line)
        #expect(String(decoding: frame, as: UTF8.self).hasPrefix("\(line.count) <130>1 "))
    }

    @Test("Alertmanager's API gets stable labels, an end for what is over, and old labels ended")
    func alertmanager() throws {
        var old = sample(1, 1, .high)
        old.timeMS = 5_000
        var message = Message(
            notices: [sample(1, 2, .critical), sample(2, 2, .high, .resolved)], key: "k")
        message.superseded = [old]
        let bytes = AlertmanagerPayload.make(
            message, link: "https://dcim.example/alarms", now: Instant(seconds: 100))
        let alerts = try JSONValue.parse(String(decoding: bytes, as: UTF8.self)).array
        #expect(alerts.map { $0["labels"]["severity"].string } == ["high", "critical", "high"])
        #expect(alerts[0]["endsAt"].string == "1970-01-01T00:00:05Z")
        #expect(alerts[1]["endsAt"].string == "1970-01-01T00:06:40Z")
        #expect(alerts[2]["endsAt"].string == "1970-01-01T00:00:00Z")
        #expect(
            alerts[1]["generatorURL"].string == "https://dcim.example/alarms#hot:probe-1/t")
        #expect(alerts[1]["labels"]["episode"].string == nil)
    }

    @Test(
        "an answer with an error code and status 200 is no delivery",
        arguments: [
            (Hook.Kind.dingtalk, "{\"errcode\":0,\"errmsg\":\"ok\"}", "delivered"),
            (.dingtalk, "{\"errcode\":310000,\"errmsg\":\"sign not match\"}", "retry"),
            (.dingtalk, "{\"errcode\":130101,\"errmsg\":\"too fast\"}", "retry"),
            (.dingtalk, "{\"errcode\":460101,\"errmsg\":\"too long\"}", "refused"),
            (.feishu, "{\"code\":0,\"msg\":\"success\"}", "delivered"),
            (.feishu, "{\"code\":19021,\"msg\":\"sign match fail\"}", "retry"),
            (.feishu, "{\"StatusCode\":0,\"StatusMessage\":\"success\"}", "delivered"),
            (.wecom, "{\"errcode\":45009,\"errmsg\":\"api freq out of limit\"}", "retry"),
            (.wecom, "{\"errcode\":0,\"errmsg\":\"ok\"}", "delivered"),
            (.wecom, "<html>proxy</html>", "retry"),
        ])
    func robotAnswers(kind: Hook.Kind, answer: String, outcome: String) {
        let server = LoopbackServer { _ in
            [
                .init(
                    text: "HTTP/1.1 200 OK\r\nContent-Length: \(answer.utf8.count)\r\n"
                        + "Connection: close\r\n\r\n" + answer)
            ]
        }
        defer { server.stop() }
        let target = WebTarget(
            url: Secret("http://127.0.0.1:\(server.port)/robot/send?access_token=abc"),
            signing: kind == .wecom ? nil : Secret("SECabc"))
        let hook = Hook(name: "robot", kind: kind, target: .web(target))
        var notice = sample(1)
        notice.comment = "<at user_id=\"all\"></at> @all"
        let result = hook.sender.send(Message(notices: [notice], key: "k"))
        let name =
            switch result {
            case .delivered: "delivered"
            case .retry: "retry"
            case .refused: "refused"
            }
        #expect(name == outcome, "\(result)")
        let request = server.requests.first ?? ""
        #expect(!request.contains("<at ") && !request.contains("@all"))
        if kind == .dingtalk {
            #expect(request.contains("&timestamp=") && request.contains("&sign="))
        }
        if kind == .feishu { #expect(request.contains("\"sign\":")) }
    }

    @Test("a digest fits what the robot takes and counts what it leaves out")
    func digest() {
        let notices = (0..<3_000).map { sample($0, 1, $0 == 2_999 ? .critical : .medium) }
        let lines = NoticeText(language: .chinese).digest(notices, lines: 30)
        let text = fitted(lines, bytes: 2_000)
        #expect(text.utf8.count <= 2_000)
        #expect(text.hasPrefix("【紧急】 吕梁: 3000 条合并（1 紧急，2999 一般）"))
        // The most urgent line comes first.
        #expect(lines[2].contains("紧急 hot") && lines.last?.contains("2970") == true)
    }

    @Test("a program gets the notices on its input, is ended with its children, and cannot flood")
    func program() throws {
        func run(_ script: String, timeout: Int64 = 20_000) -> DeliveryQueue.Outcome {
            Hook(
                name: "bell", kind: .exec,
                target: .program(
                    ProgramTarget(
                        arguments: ["/bin/sh", "-c", script],
                        environment: [("WHO", Secret("me"))], timeoutMilliseconds: timeout))
            ).sender.send(Message(notices: [sample(1)], key: "k"))
        }
        let good = run("grep -q '\"device\":\"probe-1\"' && echo $WHO $FROSTLINE_NOTICE $HOME")
        #expect(good == .delivered("exit 0: me active"))
        #expect(run("echo no; exit 75") == .retry("exit 75: no"))
        #expect(run("exit 3") == .retry("exit 3", isAnswer: true))
        if case .delivered(let text) = run("head -c 3000000 /dev/zero | tr '\\0' x") {
            #expect(text.utf8.count < 300)
        } else {
            Issue.record("a flood is no failure")
        }
        let hung = run("sleep 600 & sleep 600", timeout: 1_000)
        #expect(hung == .retry("it did not end in its time and was ended"))
        let missing = Hook(
            name: "bell", kind: .exec,
            target: .program(ProgramTarget(arguments: ["/nonexistent/bell"])))
        guard
            case .retry(let reason, _, _) = missing.sender.send(
                Message(notices: [sample(1)], key: "k"))
        else { return #expect(Bool(false), "a missing program cannot deliver") }
        #expect(reason.contains("/nonexistent/bell"))
    }
}
