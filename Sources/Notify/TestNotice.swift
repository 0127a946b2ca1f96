package import Model

/// A notice that is marked as a test, sent to one hook now the way real ones go, beside the outbox.
package struct TestNotice: Sendable {
    private let site: Site
    private let hook: Hook

    package init(site: Site, hook: Hook) {
        self.site = site
        self.hook = hook
    }

    package func send(at now: Instant) -> DeliveryQueue.Outcome {
        // Over at once: nobody is left with an alarm that never was.
        var event = AlarmEvent(
            key: AlarmKey(rule: "test", device: site.name, point: ""), episode: 1, sequence: 1,
            time: now, state: .unacknowledged, previous: .normal, priority: hook.minimumPriority,
            valueText: "", notice: .active)
        let sender = hook.sender
        func message(_ sequence: Int64) -> Message {
            event.sequence = sequence
            let notice = Notice(
                event, site: site, rule: nil, place: nil, raisedAt: now, isTest: true)
            return Message(
                notices: [notice], key: "\(site.name)/test/\(now.milliseconds)/\(hook.name)")
        }
        let outcome = sender.send(message(1))
        guard case .delivered = outcome, hook.kind == .alertmanager else { return outcome }
        event.state = .normal
        event.notice = .resolved
        event.time = now.advanced(byMilliseconds: 1)
        return sender.send(message(2))
    }
}
