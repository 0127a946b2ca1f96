import FoundationEssentials
import HTTPClient
import Model
import Platform

/// Mail: one message for all recipients, UTF-8 throughout.
struct MailSender: Sender {
    let hook: Hook
    let target: MailTarget

    func send(_ message: Message) -> DeliveryQueue.Outcome {
        guard !message.notices.isEmpty else {
            return .refused("it is of an older version, which only webhooks can read")
        }
        var server = MailServer(
            host: target.host, port: target.port, protection: MailServer.Protection(target))
        if let user = target.user { server.login = (user, target.password?.reveal ?? "") }
        server.authorityFile = target.authority
        let now = Instant(milliseconds: Clocks.wallMilliseconds())
        let bytes = MailText(
            message, from: target.from, to: target.to, language: hook.language, at: now
        ).bytes
        let reply = Mail.send(bytes, from: target.from, to: target.to, server: server)
        let words = cleaned(reply.text, limit: 200)
        switch reply.failure {
        case nil: return .delivered(words.isEmpty ? "\(reply.code)" : words)
        case .login: return .retry("the mail server does not take user and password: \(words)")
        case .refused where reply.code >= 500:
            return .refused("the mail server refuses the message: \(words)")
        case .refused: return .retry("the mail server said: \(words)", isAnswer: true)
        case .transport(let kind, let detail): return .retry("\(kind.rawValue): \(detail)")
        }
    }
}

extension MailServer.Protection {
    fileprivate init(_ target: MailTarget) {
        self =
            switch target.protection {
            case .startTLS: .startTLS
            case .tls: .tls
            case .none: .none
            }
    }
}

/// A notice as an Internet message (RFC 5322, MIME of RFC 2045 and 2047).
struct MailText {
    private static let digestLines = 200
    private(set) var bytes: [UInt8] = []

    init(_ message: Message, from: String, to: [String], language: NoticeLanguage, at now: Instant)
    {
        let text = NoticeText(language: language)
        let lines =
            message.isDigest
            ? text.digest(message.notices, lines: Self.digestLines)
            : message.notices.flatMap { text.body($0) }
        header("Date", Self.date(now, offsetMinutes: message.notices.first?.offsetMinutes ?? 0))
        header("From", from)
        header("To", to.joined(separator: ",\r\n "))
        header("Subject", Self.encodedWords(lines.first ?? ""))
        let domain = from.split(separator: "@").last.map(String.init) ?? "localhost"
        header("Message-ID", Self.identifier(message.key, domain))
        if let notice = message.notices.first, !message.isDigest {
            // All mails about one episode are one conversation.
            let thread = Self.identifier("\(notice.site)/\(notice.key)/\(notice.episode)", domain)
            header("References", thread)
        }
        header("Auto-Submitted", "auto-generated")
        header("X-Frostline-Key", Self.encodedWords(message.key))
        if message.notices.contains(where: { $0.level == .critical && $0.isOpen }) {
            header("Importance", "high")
        }
        header("MIME-Version", "1.0")
        header("Content-Type", "text/plain; charset=utf-8")
        header("Content-Transfer-Encoding", "base64")
        bytes += Array("\r\n".utf8)
        let body = Data(lines.map { cleaned($0, limit: 1_000) }.joined(separator: "\r\n").utf8)
        // 76 characters a line (RFC 2045, section 6.8).
        let encoded = Array(body.base64EncodedString().utf8)
        for start in stride(from: 0, to: encoded.count, by: 76) {
            bytes += encoded[start..<min(start + 76, encoded.count)] + Array("\r\n".utf8)
        }
    }

    private mutating func header(_ name: String, _ value: String) {
        bytes += Array((name + ": " + value + "\r\n").utf8)
    }

    /// The same for the same key, so that a repeat is known as one.
    static func identifier(_ key: String, _ domain: String) -> String {
        let second = hexadecimal(fnv1a(String(key.reversed())))
        return "<\(hexadecimal(fnv1a(key)))\(second).frostline@\(domain)>"
    }

    /// `Sat, 21 Nov 2026 12:00:00 +0800`.
    static func date(_ instant: Instant, offsetMinutes: Int) -> String {
        let civil = CivilTime(instant, offsetMinutes: offsetMinutes)
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        let local = instant.milliseconds + Int64(offsetMinutes) * 60_000
        let number = Int(local.quotientRounding(down: 86_400_000))
        let day = days[((number % 7) + 7) % 7]
        let month = months[min(max(civil.month, 1), 12) - 1]
        let minutes = abs(offsetMinutes)
        let zone =
            (offsetMinutes < 0 ? "-" : "+") + padded(minutes / 60, 2) + padded(minutes % 60, 2)
        return "\(day), \(padded(civil.day, 2)) \(month) \(padded(civil.year, 4)) "
            + "\(civil.clockText) \(zone)"
    }

    /// Plain ASCII as it is, other text as encoded words (RFC 2047): of at most 75 characters,
    /// cut between characters, never within one.
    static func encodedWords(_ text: String) -> String {
        let text = cleaned(text, limit: 300)
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }), !text.contains("=?") {
            return text.utf8.count <= 900 ? text : String(text.prefix(900))
        }
        var words: [String] = []
        var piece: [UInt8] = []
        func flush() {
            if !piece.isEmpty {
                words.append("=?UTF-8?B?" + Data(piece).base64EncodedString() + "?=")
            }
            piece = []
        }
        for scalar in text.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            // 45 bytes are 60 characters of Base64.
            if piece.count + bytes.count > 45 { flush() }
            piece += bytes
        }
        flush()
        return words.joined(separator: "\r\n ")
    }
}

extension Int64 {
    fileprivate func quotientRounding(down divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
