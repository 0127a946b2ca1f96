package import Model

/// Rules that no site file has to write.
extension AlarmEngine {
    static let deliveryRule = "delivery-failing"

    /// A rule for each node that more than one device is behind, those for chatter, and one for
    /// receivers that take no notices. A rule of the site file by one of these names stands in its
    /// place.
    mutating func addOwnRules() {
        let taken = Set(site.alarmRules.map(\.name))
        if !taken.contains(Self.deliveryRule) {
            deliveryRuleIndex = append(makeDeliveryRule())
        }
        if taken.contains(Self.chatterRule) {
            chatterRules = [nil, nil]
        } else {
            for priority in [AlarmPriority.low, .high] {
                chatterRules.append(append(makeChatterRule(priority)))
            }
        }
        if !taken.contains(Self.pathRule) { addPathRules() }
    }

    private func makeChatterRule(_ priority: AlarmPriority) -> AlarmRule {
        ownRule(
            Self.chatterRule, priority,
            cause: (
                "报警在一分钟内反复三次以上：回差或延时过小，或触点松动",
                "The alarm came three times within a minute: deadband or delays too small, or a "
                    + "loose contact"
            ),
            consequence: (
                "该报警恢复前的等待时间已自动加倍，最长 15 分钟；安静一小时后自动还原",
                "Its off-delay is doubled, at most 15 minutes; after a quiet hour it is as before"
            ),
            action: (
                "调整该规则的 deadband 或 offDelay，检查传感器接线",
                "Set deadband or offDelay of the rule, check the sensor's wiring"
            ))
    }

    private func makeDeliveryRule() -> AlarmRule {
        var rule = ownRule(
            Self.deliveryRule, .high,
            cause: (
                "接收端持续无应答，或拒收告警",
                "The receiver does not answer, or refuses notices for good"
            ),
            consequence: (
                "值班人员收不到经此通道的告警",
                "Whoever relies on this channel is not told of alarms"
            ),
            action: (
                "frostline alarms outbox 查看原因；修复后 outbox retry 重发，或 outbox discard 丢弃",
                "See why: frostline alarms outbox; then outbox retry, or outbox discard"
            ))
        // After a start it takes a while until a receiver has shown again that it does not answer.
        rule.offDelayMilliseconds = 180_000
        return rule
    }

    private mutating func addPathRules() {
        for (node, facts) in causes.paths.tree.nodes.enumerated()
        where facts.total > 1 && facts.isTold {
            let devices = causes.paths.tree.devices(behind: node)
            let priorities = devices.flatMap { self.devices[$0].noData }
                .map { rules[alarms[$0].rule].priority }
            guard let priority = priorities.max() else { continue }
            let name = facts.displayName
            let rule = append(
                ownRule(
                    Self.pathRule, priority,
                    cause: (
                        "\(name) 断电、故障，或其上行线路中断",
                        "\(name) has no power, has failed, or the line above it is cut"
                    ),
                    consequence: (
                        "其后 \(devices.count) 台设备没有数据，其报警由本报警代表",
                        "\(devices.count) devices behind it have no data; this alarm stands for "
                            + "theirs"
                    ),
                    action: (
                        "先查 \(name) 的电源与网线，再查单台设备",
                        "Check power and cables of \(name) first, single devices afterwards"
                    )))
            let key = AlarmKey(rule: Self.pathRule, device: facts.name, point: "")
            var other = key
            other.point = Self.standInPoint
            guard let alarm = add(rule, key, nil, test: .external),
                let standIn = add(rule, other, nil, test: .external)
            else { return }
            causes.roots[node] = CauseWatch.Root(alarm: alarm, standIn: standIn)
            causes.nodeOfRoot[alarm] = node
            causes.nodeOfRoot[standIn] = node
        }
    }

    /// A text in both languages.
    private typealias Texts = (chinese: String, english: String)

    private func ownRule(
        _ name: String, _ priority: AlarmPriority, cause: Texts, consequence: Texts, action: Texts
    ) -> AlarmRule {
        func pick(_ texts: Texts) -> String { words.pick(texts.chinese, texts.english) }
        return AlarmRule(
            name: name, device: "", point: "", condition: .noData(missedPolls: 1),
            onDelayMilliseconds: 0, offDelayMilliseconds: 0, priority: priority,
            cause: pick(cause), consequence: pick(consequence), action: pick(action))
    }

    /// Of a stored alarm of our own that is made when it is needed.
    func ownRule(for key: AlarmKey) -> Int? {
        switch key.rule {
        case Self.chatterRule: chatterRules.first ?? nil
        case Self.deliveryRule: deliveryRuleIndex
        default: nil
        }
    }

    // MARK: Receivers that fail

    /// `failing`: hooks that take no notices, and why. The alarm of a hook is
    /// `delivery-failing:site/HOOK`; its notices are for the others.
    package mutating func setDelivery(
        _ failing: [String: String], now: Int64, time: Instant
    ) -> [AlarmEvent] {
        guard let rule = deliveryRuleIndex else { return [] }
        var events: [AlarmEvent] = []
        for (hook, reason) in failing.sorted(by: { $0.key < $1.key }) {
            let key = AlarmKey(rule: Self.deliveryRule, device: Site.ownSeriesDevice, point: hook)
            guard let index = indexByKey[key] ?? add(rule, key, nil, test: .external) else {
                continue
            }
            alarms[index].record.valueText = reason
        }
        for index in deliveryAlarms.sorted() {
            let isFailing = failing[alarms[index].key.point] != nil
            let input = alarms[index].filter.set(isFailing, now: now)
            events += follow(input, alarm: index, now: now, time: time)
        }
        return events
    }

    /// The hook that an alarm is about; it is not told of it.
    package static func failingHook(_ key: AlarmKey) -> String? {
        key.rule == deliveryRule ? key.point : nil
    }
}
