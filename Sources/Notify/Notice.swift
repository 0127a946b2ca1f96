import FoundationEssentials
package import Model

/// What a receiver is told of one change of one alarm, whatever kind of receiver it is: the text
/// that waits in the outbox. How it looks is decided when it is sent.
package struct Notice: Codable, Hashable, Sendable {
    /// Of the site.
    package var site: String
    package var siteTitle: String
    package var offsetMinutes: Int
    package var rule: String
    package var device: String
    package var point: String
    package var place: String?
    package var episode: Int64
    package var sequence: Int64
    package var timeMS: Int64
    package var raisedMS: Int64
    package var state: String
    /// A `NoticeKind`.
    package var kind: String
    package var priority: String
    package var value: String
    package var cause: String?
    package var consequence: String?
    package var action: String?
    package var actor: String?
    package var comment: String?
    /// What stands behind it: devices that are silent because a gateway is.
    package var details: String?
    /// The step of an escalation that this is, from 1.
    package var step: Int?
    /// The receiver that did not answer, where this one is told in its place.
    package var insteadOf: String?
    package var isTest: Bool

    /// - Parameter site: its names and offset are copied.
    package init(
        _ event: AlarmEvent, site: Site, rule: AlarmRule?, place: String?, raisedAt: Instant,
        isTest: Bool = false
    ) {
        self.site = site.name
        siteTitle = site.displayName
        offsetMinutes = site.offsetMinutes
        self.rule = event.key.rule
        device = event.key.device
        point = event.key.point
        self.place = place
        episode = event.episode
        sequence = event.sequence
        timeMS = event.time.milliseconds
        raisedMS = raisedAt.milliseconds
        state = event.state.rawValue
        kind = (event.notice ?? .active).rawValue
        priority = event.priority.name
        value = event.valueText
        cause = rule?.cause
        consequence = rule?.consequence
        action = rule?.action
        actor = event.actor
        comment = event.comment
        self.isTest = isTest
    }

    package var key: AlarmKey { AlarmKey(rule: rule, device: device, point: point) }
    package var time: Instant { Instant(milliseconds: timeMS) }
    package var raisedAt: Instant { Instant(milliseconds: raisedMS) }
    package var level: AlarmPriority { AlarmPriority(name: priority) ?? .critical }
    package var noticeKind: NoticeKind { NoticeKind(rawValue: kind) ?? .active }
    /// False once the condition has ended.
    package var isOpen: Bool { noticeKind != .resolved && noticeKind != .returned && !isBack }
    private var isBack: Bool {
        state == AlarmState.normal.rawValue || state == AlarmState.returnedUnacknowledged.rawValue
    }

    /// `rack pdu-a input.power`: what it is about.
    package var subject: String { point.isEmpty ? device : device + " " + point }

    package func encoded() -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(self))
        } catch {
            preconditionFailure("BUG: texts and whole numbers always encode; got \(error)")
        }
    }

    /// Nil for what is none, such as the documents that versions before 6 of the store kept.
    package init?(_ payload: [UInt8]) {
        guard let notice = try? JSONDecoder().decode(Notice.self, from: Data(payload)) else {
            return nil
        }
        self = notice
    }

    /// `site/alarm/episode/sequence/receiver`.
    package func idempotencyKey(receiver: String) -> String {
        let step = step.map { "/step-\($0)" } ?? ""
        return "\(site)/\(key)/\(episode)/\(sequence)\(step)/\(receiver)"
    }

    /// On its way to `receiver`.
    package func item(for receiver: String, at time: Instant) -> OutboxItem {
        OutboxItem(
            id: 0, receiver: receiver, idempotencyKey: idempotencyKey(receiver: receiver),
            alarm: key.description, priority: level, payload: encoded(), createdAt: time,
            attempts: 0, nextAttemptAt: time)
    }
}

/// Text may come from a device: no control characters, no more than `limit` of them.
func cleaned(_ text: String, limit: Int = 500) -> String {
    let kept = text.unicodeScalars.prefix(limit).filter {
        $0.value >= 0x20 && $0.value != 0x7F && !(0x80...0x9F).contains($0.value)
            // Marks that turn the direction of the text around them.
            && !(0x202A...0x202E).contains($0.value) && !(0x2066...0x2069).contains($0.value)
    }
    return String(String.UnicodeScalarView(kept))
}
