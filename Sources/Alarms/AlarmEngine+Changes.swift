import Model

/// From conditions to changes of state, and their lines in the journal.
extension AlarmEngine {
    /// What one line of the journal says beside the alarm itself.
    struct Change {
        var input: AlarmInput
        var notice: NoticeKind?
        var actor: String?
        var comment: String?
        var detail: String?
    }

    /// Ends of episodes that receivers are told of after a newer one has begun are numbered beyond
    /// all others, so that no two notices have one number.
    private static let lateNumbers: Int64 = 1_000_000

    // MARK: Conditions

    /// The filtered condition is true. It is announced at once where nothing can explain it.
    mutating func raise(_ index: Int, now: Int64, time: Instant) -> [AlarmEvent] {
        let key = alarms[index].key
        if timers.clearings.removeValue(forKey: index) != nil {
            timers.guards[key]?.lastAt = now
            return []
        }
        guard !alarms[index].machine.isLive else { return [] }
        timers.held[index] = AlarmTimers.Hold(
            since: now, until: now + longestHold(index))
        var events = rules[alarms[index].rule].losesPower ? powerChanged(now, time) : []
        events += reconcile(index, now, time)
        if timers.held[index] != nil, !mustWait(index, now) {
            events += announce(index, now, time)
        }
        return events
    }

    /// Lets a condition that was held become an alarm.
    mutating func announce(_ index: Int, _ now: Int64, _ time: Instant) -> [AlarmEvent] {
        timers.held[index] = nil
        var events = apply(.raise, to: index, now, time)
        let rule = rules[alarms[index].rule]
        if rule.losesPower { events += powerChanged(now, time) }
        guard alarms[index].rule < site.alarmRules.count else { return events }
        let key = alarms[index].key
        if let offDelay = timers.noteActivation(key, offDelay: rule.offDelayMilliseconds, now: now)
        {
            events += chatters(key, rule.priority, offDelay: offDelay, now, time)
        }
        return events
    }

    /// The filtered condition is false.
    mutating func clear(_ index: Int, now: Int64, time: Instant) -> [AlarmEvent] {
        let losesPower = rules[alarms[index].rule].losesPower
        if timers.held.removeValue(forKey: index) != nil {
            // Over before anybody has heard of it.
            return losesPower ? powerChanged(now, time) : []
        }
        let offDelay = rules[alarms[index].rule].offDelayMilliseconds
        if let entry = timers.guards[alarms[index].key], entry.offDelay > offDelay {
            let wait = entry.offDelay - offDelay
            timers.clearings[index] = (now + wait, wait)
            return []
        }
        return end(index, now, time)
    }

    mutating func end(_ index: Int, _ now: Int64, _ time: Instant) -> [AlarmEvent] {
        let events = apply(.clear, to: index, now, time)
        return rules[alarms[index].rule].losesPower ? events + powerChanged(now, time) : events
    }

    // MARK: Changes

    /// Applies an input and writes what has come of it; nothing where nothing has changed.
    mutating func apply(
        _ input: AlarmInput, to index: Int, _ now: Int64, _ time: Instant, actor: String? = nil,
        comment: String? = nil, detail: String? = nil, isQuiet: Bool = false
    ) -> [AlarmEvent] {
        guard case .moved(let previous, let notice) = alarms[index].machine.apply(input) else {
            return []
        }
        return write(
            index, previous: previous,
            Change(
                input: input, notice: isQuiet ? nil : notice, actor: actor, comment: comment,
                detail: detail), now, time)
    }

    /// Writes a change that the machine has made, or that needs none of it.
    mutating func write(
        _ index: Int, previous: AlarmState, _ change: Change, _ now: Int64, _ time: Instant
    ) -> [AlarmEvent] {
        let machine = alarms[index].machine
        var record = alarms[index].record
        var events = journal(&record, machine, previous: previous, change, time: time)
        alarms[index].record = record
        if change.notice != nil, let node = causes.nodeOfRoot[index] {
            events[events.count - 1].children = silentDevices(behind: node)
        }
        if !machine.isLive {
            timers.realarms[index] = nil
        } else if let wait = rules[alarms[index].rule].realarmMilliseconds,
            [.raise, .acknowledge, .realarm, .priorityUp].contains(change.input)
                || change.notice != nil
        {
            timers.realarms[index] = now + wait
        }
        return events
    }

    func journal(
        _ record: inout AlarmRecord, _ machine: AlarmStateMachine, previous: AlarmState,
        _ change: Change, time: Instant
    ) -> [AlarmEvent] {
        let outside = record.outsideEpisode
        if change.input == .raise {
            record.episode += 1
            record.sequence = 0
            record.raisedAt = time
            record.acknowledgedBy = nil
            record.comment = nil
        }
        record.sequence += 1
        record.state = machine.state
        record.priority = machine.priority
        record.wasShown = machine.wasShown
        record.isOpenOutside = machine.isOpenOutside
        record.changedAt = time
        if change.input == .acknowledge || change.input == .reset {
            record.acknowledgedBy = change.actor
            record.comment = change.comment ?? record.comment
        }
        var event = AlarmEvent(
            key: record.key, episode: record.episode, sequence: record.sequence, time: time,
            state: record.state, previous: previous, priority: record.priority,
            valueText: record.valueText, actor: change.actor, comment: change.comment,
            notice: change.notice, input: change.input.rawValue, detail: change.detail,
            hiding: record.hidden)
        let isOlder = outside != 0 && outside != record.episode
        var events: [AlarmEvent] = []
        if isOlder, change.notice == .active {
            // Receivers still hold an older episode for active.
            var end = event
            end.episode = outside
            end.sequence = Self.lateNumbers + record.episode
            end.state = .normal
            end.notice = .resolved
            end.detail = words.began(episode: record.episode)
            events.append(end)
        } else if isOlder, change.notice == .resolved || change.notice == .returned {
            event.episode = outside
            event.sequence = Self.lateNumbers + record.episode
        }
        switch change.notice {
        case .active, .escalated: record.outsideEpisode = record.episode
        case .returned, .resolved, .acknowledged, nil:
            if !record.isOpenOutside { record.outsideEpisode = 0 }
        }
        return events + [event]
    }

    // MARK: Chatter

    static let chatterRule = "chattering"

    private mutating func chatters(
        _ key: AlarmKey, _ priority: AlarmPriority, offDelay: Int64, _ now: Int64, _ time: Instant
    ) -> [AlarmEvent] {
        guard let rule = chatterRules[priority == .critical ? 1 : 0] else { return [] }
        let own = Self.chatterKey(key)
        guard let index = indexByKey[own] ?? add(rule, own, nil, test: .external) else { return [] }
        alarms[index].record.valueText = words.chatter(
            times: AlarmTimers.activations, waits: offDelay)
        return raise(index, now: now, time: time)
    }

    static func chatterKey(_ key: AlarmKey) -> AlarmKey {
        AlarmKey(
            rule: chatterRule, device: key.device,
            point: key.point.isEmpty ? key.rule : key.rule + "/" + key.point)
    }

    /// What the name of a chatter alarm is of.
    static func target(ofChatter key: AlarmKey) -> AlarmKey {
        let parts = key.point.split(separator: "/", maxSplits: 1).map(String.init)
        return AlarmKey(
            rule: parts.first ?? "", device: key.device, point: parts.count > 1 ? parts[1] : "")
    }
}
