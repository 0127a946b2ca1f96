import Glibc
import HTTPClient
import Model
import Platform

/// Syslog (RFC 5424) over TCP or TLS with octet counting (RFC 6587, section 3.4.1; RFC 5425).
///
/// Syslog has no answer: what the server's TCP has acknowledged counts as delivered.
struct SyslogSender: Sender {
    let hook: Hook
    let target: StreamTarget

    func send(_ message: Message) -> DeliveryQueue.Outcome {
        guard !message.notices.isEmpty else {
            return .refused("it is of an older version, which only webhooks can read")
        }
        let frames = message.notices.flatMap { notice in
            SyslogText.frame(
                SyslogText.line(
                    notice, receiver: hook.name, language: hook.language,
                    process: getpid()))
        }
        let problem = ByteStream.send(
            frames, host: target.host, port: target.port, isSecure: target.protection == .tls,
            authorityFile: target.authority)
        guard let problem else {
            return .delivered("\(frames.count) bytes acknowledged by TCP")
        }
        return .retry("\(problem.kind.rawValue): \(problem.detail)")
    }
}

enum SyslogText {
    /// local0 (RFC 5424, table 1).
    private static let facility = 16
    /// The number of RFC 5612 for documents: we have none of our own yet.
    static let enterprise = "frostline@32473"

    private static func severity(_ notice: Notice) -> Int {
        guard notice.isOpen else { return 5 }
        switch notice.level {
        case .critical: return 2
        case .high: return 3
        case .medium: return 4
        case .low: return 6
        }
    }

    /// Octet counting: the length, a space, the line.
    static func frame(_ line: [UInt8]) -> [UInt8] { Array("\(line.count) ".utf8) + line }

    static func line(
        _ notice: Notice, receiver: String, language: NoticeLanguage, process: Int32
    ) -> [UInt8] {
        var data = "[\(enterprise)"
        func add(_ name: String, _ value: String?) {
            guard let value, !value.isEmpty else { return }
            data += " \(name)=\"\(escaped(cleaned(value)))\""
        }
        add("id", notice.key.description)
        add("ep", String(notice.episode))
        add("seq", String(notice.sequence))
        add("st", notice.state)
        add("notice", notice.kind)
        add("prio", notice.priority)
        add("place", notice.place)
        add("value", notice.value)
        add("by", notice.actor)
        add("key", notice.idempotencyKey(receiver: receiver))
        if notice.isTest { add("test", "true") }
        data += "]"
        let priority = facility * 8 + severity(notice)
        let head = "<\(priority)>1 \(notice.time.iso8601()) \(name(notice.site, 255)) frostline"
        let text = NoticeText(language: language).headline(notice)
        return Array("\(head) \(process) ALARM \(data) ".utf8) + [0xEF, 0xBB, 0xBF]
            + Array(text.utf8)
    }

    /// RFC 5424, section 6.3.3.
    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { result, character in
            if character == "\"" || character == "\\" || character == "]" { result += "\\" }
            result.append(character)
        }
    }

    /// Printable ASCII without spaces.
    private static func name(_ text: String, _ limit: Int) -> String {
        let kept = text.utf8.filter { $0 > 0x20 && $0 < 0x7F }.prefix(limit)
        return kept.isEmpty ? "-" : String(decoding: kept, as: UTF8.self)
    }
}
