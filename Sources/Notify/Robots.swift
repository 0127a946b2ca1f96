import Digest
import FoundationEssentials
import HTTPClient
import Model
import Platform

/// How the makers of group robots want messages signed. Pure.
package enum RobotSignature {
    /// DingTalk: the secret signs time and secret; both go into the address.
    package static func dingtalk(secret: String, milliseconds: Int64) -> String {
        base64(SHA256.hmac(key: Array(secret.utf8), Array("\(milliseconds)\n\(secret)".utf8)))
    }

    /// Feishu: time and secret are the key, and nothing is signed with it.
    package static func feishu(secret: String, seconds: Int64) -> String {
        base64(SHA256.hmac(key: Array("\(seconds)\n\(secret)".utf8), []))
    }

    private static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
}

/// DingTalk, Feishu and WeCom. Whether a message was taken stands in the answer's body; the status
/// is 200 all the same.
struct RobotSender: Sender {
    let hook: Hook
    let target: WebTarget

    private struct Text: Encodable {
        var content: String
    }
    private struct FeishuText: Encodable {
        var text: String
    }
    private struct Body: Encodable {
        var msgtype: String?
        var feishuType: String?
        var text: Text?
        var content: FeishuText?
        var timestamp: String?
        var sign: String?

        enum CodingKeys: String, CodingKey {
            case msgtype, text, content, timestamp, sign
            case feishuType = "msg_type"
        }
    }
    private struct Answer: Decodable {
        var errcode: Int64?
        var errmsg: String?
        var code: Int64?
        var msg: String?
        /// Feishu's older names.
        var statusCode: Int64?
        var statusMessage: String?

        enum CodingKeys: String, CodingKey {
            case errcode, errmsg, code, msg
            case statusCode = "StatusCode"
            case statusMessage = "StatusMessage"
        }
    }

    /// Bytes of a text message, with room for the frame around it.
    private var maximumBytes: Int { hook.kind == .wecom ? 2_000 : 18_000 }
    /// Lines of a digest: more than a screen nobody reads.
    private static let digestLines = 30

    func send(_ message: Message) -> DeliveryQueue.Outcome {
        guard !message.notices.isEmpty else {
            return .refused("it is of an older version, which only webhooks can read")
        }
        var url = target.url.reveal
        let body = body(message, &url, wall: Clocks.wallMilliseconds())
        let answer = Posting.post(body, key: message.key, url: url, token: nil)
        switch answer {
        case .outcome(let outcome): return outcome
        case .response(let response):
            guard response.isSuccess else { return Posting.outcome(response) }
            return outcome(response)
        }
    }

    private func body(_ message: Message, _ url: inout String, wall: Int64) -> [UInt8] {
        let text = NoticeText(language: hook.language)
        let lines =
            message.isDigest
            ? text.digest(message.notices, lines: Self.digestLines)
            : message.notices.flatMap { text.body($0) }
        let content = fitted(lines.map(Self.harmless), bytes: maximumBytes)
        var body = Body()
        if hook.kind == .feishu {
            body.feishuType = "text"
            body.content = FeishuText(text: content)
            if let secret = target.signing?.reveal {
                body.timestamp = String(wall / 1_000)
                body.sign = RobotSignature.feishu(secret: secret, seconds: wall / 1_000)
            }
        } else {
            body.msgtype = "text"
            body.text = Text(content: content)
            if hook.kind == .dingtalk, let secret = target.signing?.reveal {
                let sign = RobotSignature.dingtalk(secret: secret, milliseconds: wall)
                url += (url.contains("?") ? "&" : "?") + "timestamp=\(wall)"
                url += "&sign=" + percentEncoded(sign)
            }
        }
        return AlertFields.json(body)
    }

    /// A device's text must not call everybody: `<at user_id="all">`, `@all`.
    private static func harmless(_ line: String) -> String {
        String(
            line.map { character in
                switch character {
                case "<": "＜"
                case ">": "＞"
                case "@": "＠"
                default: character
                }
            })
    }

    private func outcome(_ response: HTTPResponse) -> DeliveryQueue.Outcome {
        let answer = try? JSONDecoder().decode(Answer.self, from: Data(response.body))
        guard let answer, let code = answer.errcode ?? answer.code ?? answer.statusCode else {
            return .retry(
                "the answer is none of a \(hook.kind.rawValue) robot\(Posting.excerpt(response))",
                isAnswer: true)
        }
        let words = cleaned(answer.errmsg ?? answer.msg ?? answer.statusMessage ?? "", limit: 200)
        let said = "\(hook.kind.rawValue) code \(code): \(words)"
        if code == 0 { return .delivered(said) }
        switch (hook.kind, code) {
        // Too fast: the makers count a minute, and DingTalk then stays silent for ten.
        case (.dingtalk, 130_101), (.feishu, 11_232), (.feishu, 9_499), (.wecom, 45_009):
            return .retry(said + " (sent too fast)", afterMilliseconds: 60_000)
        case (.dingtalk, 310_000), (.feishu, 19_021):
            return .retry(
                said + " (check the signing secret, the keyword, and this machine's clock: "
                    + "it may be wrong by an hour)")
        // Too long or malformed: it would be so again.
        case (.dingtalk, 460_101), (.dingtalk, 101_002), (.dingtalk, 40_035), (.wecom, 45_002),
            (.wecom, 40_058):
            return .refused(said)
        default: return .retry(said, isAnswer: true)
        }
    }
}
