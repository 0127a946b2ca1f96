import FoundationEssentials
package import Model

/// What alerts look like to software that speaks Alertmanager's language: labels tell which alarm,
/// annotations what is said of it.
enum AlertFields {
    /// What Alertmanager writes for an alert that has not ended.
    static let noEnd = "0001-01-01T00:00:00Z"

    /// Labels that stay the same for as long as the alarm does; a change of priority is another
    /// alert, so that routes by severity see it.
    static func identity(_ notice: Notice) -> [String: String] {
        var labels = [
            "alertname": notice.rule, "site": notice.site, "device": notice.device,
            "severity": notice.priority,
        ]
        if !notice.point.isEmpty { labels["point"] = notice.point }
        if let place = notice.place { labels["place"] = place }
        if notice.isTest { labels["test"] = "true" }
        return labels.mapValues { cleaned($0) }
    }

    static func annotations(_ notice: Notice) -> [String: String] {
        var annotations = [
            "summary": NoticeText(language: .english).headline(notice), "value": notice.value,
        ]
        annotations["cause"] = notice.cause
        annotations["consequence"] = notice.consequence
        annotations["action"] = notice.action
        annotations["details"] = notice.details
        annotations["acknowledged_by"] = notice.actor
        annotations["comment"] = notice.comment
        annotations["instead_of"] = notice.insteadOf
        annotations["escalation_step"] = notice.step.map(String.init)
        return annotations.mapValues { cleaned($0) }
    }

    /// A page about the alarm: the configured one, with the alarm behind `#`.
    static func link(_ notice: Notice, _ page: String?) -> String {
        page.map { $0 + "#" + percentEncodedFragment(notice.key.description) } ?? ""
    }

    private static func percentEncodedFragment(_ text: String) -> String {
        text.utf8.reduce(into: "") { result, byte in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
                || "-_.~/:".utf8.contains(byte)
            if isPlain {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
    }

    static func json(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value))
        } catch {
            preconditionFailure("BUG: texts and whole numbers always encode; got \(error)")
        }
    }
}

/// The body of a webhook: Alertmanager's version 4 document, which every receiver of the field
/// reads, with our own facts as labels.
package enum WebhookPayload {
    private struct Document: Encodable {
        var version = "4"
        var groupKey: String
        var truncatedAlerts = 0
        var status: String
        var receiver: String
        var groupLabels: [String: String]
        var commonLabels: [String: String]
        var commonAnnotations: [String: String]
        var externalURL: String
        var alerts: [Alert]
    }

    private struct Alert: Encodable {
        var status: String
        var labels: [String: String]
        var annotations: [String: String]
        var startsAt: String
        var endsAt: String
        var generatorURL: String
        var fingerprint: String
    }

    package static func make(
        _ message: Message, receiver: String, link: String? = nil
    ) -> [UInt8] {
        let alerts = message.notices.map { alert($0, receiver, link) }
        let isFiring = alerts.contains { $0.status == "firing" }
        var group = ["alertname": message.notices.first?.rule ?? ""]
        var groupKey = "{}:{alertname=\"\(message.notices.first?.rule ?? "")\"}"
        if let only = message.notices.first, message.notices.count == 1 {
            groupKey += "/\(only.key)"
        } else {
            group = [:]
            groupKey = "{}:{}/digest"
        }
        return AlertFields.json(
            Document(
                groupKey: groupKey, status: isFiring ? "firing" : "resolved", receiver: receiver,
                groupLabels: group, commonLabels: common(alerts.map(\.labels)),
                commonAnnotations: common(alerts.map(\.annotations)), externalURL: link ?? "",
                alerts: alerts))
    }

    private static func alert(_ notice: Notice, _ receiver: String, _ link: String?) -> Alert {
        var labels = AlertFields.identity(notice)
        labels["priority"] = notice.priority
        labels["ack_state"] = notice.state
        labels["notice"] = notice.kind
        labels["episode"] = String(notice.episode)
        labels["seq"] = String(notice.sequence)
        var annotations = AlertFields.annotations(notice)
        annotations["key"] = notice.idempotencyKey(receiver: receiver)
        // The fingerprint names the alarm, whatever its episode, state or value.
        let identity = notice.site + "/" + notice.key.description
        return Alert(
            status: notice.isOpen ? "firing" : "resolved", labels: labels,
            annotations: annotations, startsAt: notice.raisedAt.iso8601(),
            endsAt: notice.isOpen ? AlertFields.noEnd : notice.time.iso8601(),
            generatorURL: AlertFields.link(notice, link), fingerprint: hexadecimal(fnv1a(identity)))
    }

    /// What all have.
    private static func common(_ all: [[String: String]]) -> [String: String] {
        guard let first = all.first else { return [:] }
        return first.filter { entry in all.allSatisfy { $0[entry.key] == entry.value } }
    }
}

/// What is posted to Alertmanager's API v2.
package enum AlertmanagerPayload {
    /// An open alert is posted again this often, and ends by itself when it was not for so long:
    /// what nobody tells of any more is not known to be open.
    package static let repeatMilliseconds: Int64 = 60_000
    private static let lifetime: Int64 = 5 * 60_000

    private struct Alert: Encodable {
        var labels: [String: String]
        var annotations: [String: String]
        var startsAt: String
        var endsAt: String
        var generatorURL: String?
    }

    package static func make(_ message: Message, link: String?, now: Instant) -> [UInt8] {
        // Of each alarm the newest: the API knows alerts, not their changes.
        var newest: [[String: String]: Alert] = [:]
        var order: [[String: String]] = []
        func put(_ notice: Notice, ended: Bool) {
            let alert = alert(notice, ended: ended, link, now)
            if newest.updateValue(alert, forKey: alert.labels) == nil { order.append(alert.labels) }
        }
        for notice in message.superseded { put(notice, ended: true) }
        for notice in message.notices { put(notice, ended: !notice.isOpen) }
        return AlertFields.json(order.compactMap { newest[$0] })
    }

    private static func alert(
        _ notice: Notice, ended: Bool, _ link: String?, _ now: Instant
    ) -> Alert {
        var annotations = AlertFields.annotations(notice)
        annotations["ack_state"] = notice.state
        annotations["notice"] = notice.kind
        annotations["episode"] = String(notice.episode)
        annotations["seq"] = String(notice.sequence)
        let page = AlertFields.link(notice, link)
        // An alert that ends before it began is refused.
        let end = ended ? max(notice.time, notice.raisedAt) : now.advanced(byMilliseconds: lifetime)
        return Alert(
            labels: AlertFields.identity(notice), annotations: annotations,
            startsAt: notice.raisedAt.iso8601(), endsAt: end.iso8601(),
            generatorURL: page.isEmpty ? nil : page)
    }
}

/// The plain document: the notices as they are.
enum PlainPayload {
    private struct Document: Encodable {
        var key: String
        var notices: [Notice]
    }

    static func make(_ message: Message) -> [UInt8] {
        AlertFields.json(Document(key: message.key, notices: message.notices))
    }
}
