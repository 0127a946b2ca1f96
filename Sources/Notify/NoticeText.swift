import Model

/// Notices in words, for people: mail, robots, syslog.
struct NoticeText {
    let language: NoticeLanguage

    private func pick(_ english: String, _ chinese: String) -> String {
        language == .chinese ? chinese : english
    }

    private func word(_ kind: NoticeKind) -> String {
        switch kind {
        case .active: pick("raised", "告警")
        case .escalated: pick("still not acknowledged", "升级，仍未确认")
        case .acknowledged: pick("acknowledged", "已确认")
        case .returned: pick("back to normal, not acknowledged", "已恢复，未确认")
        case .resolved: pick("ended", "已结束")
        }
    }

    private func word(_ priority: AlarmPriority) -> String {
        switch priority {
        case .critical: pick("CRITICAL", "紧急")
        case .high: pick("HIGH", "重要")
        case .medium: pick("MEDIUM", "一般")
        case .low: pick("LOW", "提示")
        }
    }

    /// One line, for subjects and lists.
    func headline(_ notice: Notice) -> String {
        let test = notice.isTest ? pick("TEST ", "【测试】") : ""
        let site = notice.siteTitle.isEmpty ? notice.site : notice.siteTitle
        let priority = pick("[\(word(notice.level))]", "【\(word(notice.level))】")
        return cleaned("\(test)\(priority) \(site): \(line(notice))", limit: 300)
    }

    /// The same without site and priority.
    func line(_ notice: Notice) -> String {
        let value = notice.value.isEmpty ? "" : ", " + notice.value
        let place = notice.place.map { pick(" at ", " ") + $0 } ?? ""
        return cleaned(
            "\(notice.rule) \(word(notice.noticeKind)): \(notice.subject)\(place)\(value)",
            limit: 300)
    }

    /// All that is known, a line each.
    func body(_ notice: Notice) -> [String] {
        func moment(_ time: Instant) -> String {
            time.iso8601(offsetMinutes: notice.offsetMinutes)
        }
        var lines = [headline(notice)]
        func add(_ english: String, _ chinese: String, _ text: String?) {
            guard let text, !text.isEmpty else { return }
            lines.append(pick(english + ": ", chinese + "：") + cleaned(text))
        }
        add("Cause", "原因", notice.cause)
        add("Consequence", "后果", notice.consequence)
        add("Do", "处置", notice.action)
        add("Behind it", "涉及", notice.details)
        add("Raised", "发生时间", moment(notice.raisedAt))
        if notice.noticeKind != .active {
            add("Now", "本次时间", moment(notice.time))
        }
        add("By", "处理人", notice.actor)
        add("Comment", "说明", notice.comment)
        if let step = notice.step { add("Escalation step", "升级步骤", String(step)) }
        if let other = notice.insteadOf {
            add("Sent in place of", "代替通道", other + pick(", which does not answer", "（无应答）"))
        }
        add("Alarm", "告警标识", "\(notice.key) (\(notice.episode)/\(notice.sequence))")
        return lines
    }

    /// Several notices in one message: counts, then the most urgent lines.
    func digest(_ notices: [Notice], lines maximum: Int) -> [String] {
        guard let first = notices.first else { return [] }
        let site = first.siteTitle.isEmpty ? first.site : first.siteTitle
        let counts = AlarmPriority.allCases.reversed().compactMap { level -> String? in
            let count = notices.count { $0.level == level }
            return count == 0 ? nil : "\(count) \(word(level))"
        }
        let critical = notices.contains { $0.level == .critical } ? .critical : first.level
        let priority = pick("[\(word(critical))]", "【\(word(critical))】")
        var lines = [
            cleaned(
                "\(priority) \(site): "
                    + pick(
                        "\(notices.count) notices in one (\(counts.joined(separator: ", ")))",
                        "\(notices.count) 条合并（\(counts.joined(separator: "，"))）"))
        ]
        // By rule, the most frequent first: what a flood is about.
        var byRule: [String: Int] = [:]
        for notice in notices {
            byRule[notice.rule + " " + word(notice.noticeKind), default: 0] += 1
        }
        let rules = byRule.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        for rule in rules.prefix(8) { lines.append(cleaned("\(rule.value) × \(rule.key)")) }
        if rules.count > 8 { lines.append(pick("and other rules", "以及其他规则")) }
        let sorted = notices.enumerated().sorted {
            ($1.element.level, $0.offset) < ($0.element.level, $1.offset)
        }
        for (_, notice) in sorted.prefix(maximum) {
            let clock = CivilTime(notice.time, offsetMinutes: notice.offsetMinutes).clockText
            lines.append("\(clock) \(word(notice.level)) \(line(notice))")
        }
        if notices.count > maximum {
            lines.append(
                pick("… and \(notices.count - maximum) more", "…… 另有 \(notices.count - maximum) 条"))
        }
        return lines
    }
}

/// Lines joined to at most `bytes` of UTF-8; what does not fit is counted in the last line.
func fitted(_ lines: [String], bytes: Int) -> String {
    var text = ""
    for (index, line) in lines.enumerated() {
        // Room for the count.
        guard text.utf8.count + line.utf8.count + 1 <= bytes - 24 else {
            if index == 0 { text = String(line.prefix(max(0, bytes / 4 - 24))) }
            return text + "\n… +\(lines.count - max(1, index))"
        }
        text += (index == 0 ? "" : "\n") + line
    }
    return text
}
