import FoundationEssentials
package import Model

/// The body of a webhook: Alertmanager's version 4 document, which every receiver of the field
/// reads, with our own facts as labels.
package enum WebhookPayload {
    /// What a notice says beside the journal line.
    package struct Context: Sendable {
        package var site: Site
        package var rule: AlarmRule?
        package var place: String?
        package var raisedAt: Instant
        package var isTest: Bool
        package init(
            site: Site, rule: AlarmRule?, place: String?, raisedAt: Instant, isTest: Bool = false
        ) {
            self.site = site
            self.rule = rule
            self.place = place
            self.raisedAt = raisedAt
            self.isTest = isTest
        }
    }

    private struct Document: Encodable {
        var version = "4"
        var groupKey: String
        var truncatedAlerts = 0
        var status: String
        var receiver: String
        var groupLabels: [String: String]
        var commonLabels: [String: String]
        var commonAnnotations: [String: String]
        var externalURL = ""
        var alerts: [Alert]
    }

    private struct Alert: Encodable {
        var status: String
        var labels: [String: String]
        var annotations: [String: String]
        var startsAt: String
        var endsAt: String
        var generatorURL = ""
        var fingerprint: String
    }

    /// What Alertmanager writes for an alert that has not ended.
    private static let noEnd = "0001-01-01T00:00:00Z"

    package static func make(
        _ event: AlarmEvent, receiver: String, _ context: Context
    ) -> [UInt8] {
        let labels = labels(event, context)
        let annotations = annotations(event, context)
        let open = event.state != .normal && event.state != .returnedUnacknowledged
        let status = open ? "firing" : "resolved"
        // The fingerprint names the alarm, whatever its episode, state or value.
        let identity = context.site.name + "/" + event.key.description
        let alert = Alert(
            status: status, labels: labels, annotations: annotations,
            startsAt: context.raisedAt.iso8601(), endsAt: open ? noEnd : event.time.iso8601(),
            fingerprint: fingerprint(identity))
        let document = Document(
            groupKey: "{}:{alertname=\"\(event.key.rule)\"}/\(event.key.description)",
            status: status, receiver: receiver, groupLabels: ["alertname": event.key.rule],
            commonLabels: labels, commonAnnotations: annotations, alerts: [alert])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(document))
        } catch {
            preconditionFailure("BUG: texts and whole numbers always encode; got \(error)")
        }
    }

    private static func labels(_ event: AlarmEvent, _ context: Context) -> [String: String] {
        var labels = [
            "alertname": event.key.rule, "site": context.site.name, "device": event.key.device,
            "priority": event.priority.name, "severity": event.priority.name,
            "ack_state": event.state.rawValue, "notice": event.notice?.rawValue ?? "",
            "episode": String(event.episode), "seq": String(event.sequence),
        ]
        if !event.key.point.isEmpty { labels["point"] = event.key.point }
        if let place = context.place { labels["place"] = place }
        if context.isTest { labels["test"] = "true" }
        return labels
    }

    private static func annotations(_ event: AlarmEvent, _ context: Context) -> [String: String] {
        var annotations = ["summary": summary(event, context), "value": clean(event.valueText)]
        if let rule = context.rule {
            annotations["cause"] = clean(rule.cause)
            annotations["consequence"] = clean(rule.consequence)
            annotations["action"] = clean(rule.action)
        }
        if let actor = event.actor { annotations["acknowledged_by"] = clean(actor) }
        if let comment = event.comment { annotations["comment"] = clean(comment) }
        return annotations
    }

    private static func summary(_ event: AlarmEvent, _ context: Context) -> String {
        let what =
            event.key.point.isEmpty
            ? event.key.device : "\(event.key.device) \(event.key.point)"
        let head = context.isTest ? "TEST " : ""
        let value = event.valueText.isEmpty ? "" : ", \(event.valueText)"
        let place = context.place.map { " at \($0)" } ?? ""
        let word = event.notice?.rawValue ?? event.state.rawValue
        let subject = "\(head)\(context.site.displayName): \(event.key.rule) \(word)"
        return clean("\(subject) on \(what)\(place)\(value)")
    }

    /// Text may come from a device: no control characters, no more than 500 characters.
    private static func clean(_ text: String) -> String {
        let kept = text.unicodeScalars.prefix(500).filter {
            $0.value >= 0x20 && $0.value != 0x7F && !(0x80...0x9F).contains($0.value)
        }
        return String(String.UnicodeScalarView(kept))
    }

    /// FNV-1a, 64 bits, in hexadecimal.
    private static func fingerprint(_ text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
