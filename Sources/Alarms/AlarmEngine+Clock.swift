package import Model

/// What begins and ends by the clock, and what a start makes of what is stored.
extension AlarmEngine {
    /// At a start, and when this collector takes the lead: ends what no rule makes any more and
    /// shelves that ran out in the meantime, and goes on with everything else without a notice.
    package mutating func begin(now: Int64, time: Instant) -> [AlarmEvent] {
        var events = retireOrphans(at: time)
        for (node, root) in causes.roots {
            let isDown = [root.alarm, root.standIn].contains { alarms[$0].machine.isLive }
            causes.paths.set(node, isDown: isDown)
        }
        timers.windows = openWindows(time)
        let roots = Dictionary(
            causes.nodeOfRoot.keys.map { (alarms[$0].key.description, alarms[$0].key) },
            uniquingKeysWith: { first, _ in first })
        for index in alarms.indices where isFollowed(index) {
            restoreTimers(index, now, time)
            restoreGrace(index, roots, now)
        }
        causes.power.update(
            holds: { alarms[$0].machine.isLive },
            speaks: { alarms[$0].record.reasons.allSatisfy { $0.kind == .cause } })
        timers.lifted = Set(causes.power.alarms.filter { alarms[$0].record.raisedLevels > 0 })
        for index in timers.shelfEnds.keys.sorted() where timers.shelfEnds[index] ?? now <= now {
            events += endShelf(index, .shelfExpired, now, time)
        }
        // Windows may have come and gone meanwhile, in the site file too.
        for index in alarms.indices where isFollowed(index) {
            events += reconcile(index, now, time)
        }
        return events
    }

    private func isFollowed(_ index: Int) -> Bool {
        alarms[index].machine.state != .normal || !alarms[index].record.reasons.isEmpty
    }

    /// Never negative, and never longer than a person may ask for, whatever the clock says.
    private func remaining(_ until: Instant, _ time: Instant, atMost most: Int64) -> Int64 {
        let (left, overflow) = until.milliseconds.subtractingReportingOverflow(time.milliseconds)
        return overflow ? 0 : min(max(left, 0), most)
    }

    private mutating func restoreTimers(_ index: Int, _ now: Int64, _ time: Instant) {
        let record = alarms[index].record
        if let until = record.reasons.first(where: { $0.kind == .shelf })?.until {
            timers.shelfEnds[index] = now + remaining(until, time, atMost: Self.longestShelf)
        }
        if alarms[index].machine.isLive,
            let wait = rules[alarms[index].rule].realarmMilliseconds
        {
            let (due, overflow) = record.changedAt.milliseconds.addingReportingOverflow(wait)
            timers.realarms[index] =
                now
                + (overflow
                    ? wait : remaining(Instant(milliseconds: due), time, atMost: wait))
        }
        if record.key.rule == Self.chatterRule, alarms[index].machine.isLive {
            let target = Self.target(ofChatter: record.key)
            let offDelay = site.alarmRules.first { $0.name == target.rule }?.offDelayMilliseconds
            _ = offDelay.map { timers.resume(target, offDelay: $0, now: now) }
        }
    }

    /// Of a device whose way had just come back.
    private mutating func restoreGrace(
        _ index: Int, _ roots: [String: AlarmKey], _ now: Int64
    ) {
        guard let device = deviceNumbers[alarms[index].key.device],
            devices[device].noData.contains(index), devices[device].grace == nil,
            causes.paths.cause(ofDevice: device) == nil,
            let name = alarms[index].record.reasons.first(where: { $0.kind == .cause })?.name,
            let root = roots[name]
        else { return }
        devices[device].grace = (root, now + longestGrace(device), 0)
        timers.graces.insert(device)
    }

    /// What is due now; once a second.
    mutating func settle(now: Int64, time: Instant) -> [AlarmEvent] {
        var events: [AlarmEvent] = []
        let windows = openWindows(time)
        if windows != timers.windows {
            timers.windows = windows
            for index in alarms.indices where isFollowed(index) {
                events += reconcile(index, now, time)
            }
        }
        for index in timers.held.keys.sorted() where !mustWait(index, now) {
            guard timers.held[index] != nil else { continue }
            events += announce(index, now, time)
        }
        for (index, end) in timers.shelfEnds.sorted(by: { $0.key < $1.key }) where end <= now {
            events += endShelf(index, .shelfExpired, now, time)
        }
        for (index, clearing) in timers.clearings.sorted(by: { $0.key < $1.key })
        where clearing.at <= now {
            timers.clearings[index] = nil
            events += end(index, now, time)
        }
        for (index, due) in timers.realarms.sorted(by: { $0.key < $1.key }) where due <= now {
            timers.realarms[index] = rules[alarms[index].rule].realarmMilliseconds.map { now + $0 }
            events += apply(.realarm, to: index, now, time)
        }
        for device in timers.graces.sorted() {
            events += settleGrace(device, now: now, time: time)
        }
        for key in timers.quiet(now: now) {
            guard let index = indexByKey[Self.chatterKey(key)] else { continue }
            events += clear(index, now: now, time: time)
        }
        return events
    }

    // MARK: Windows

    private func openWindows(_ time: Instant) -> Set<Int> {
        Set(
            site.maintenance.indices.filter {
                site.maintenance[$0].end(at: time, offsetMinutes: site.offsetMinutes) != nil
            })
    }

    /// Whether a window is about an alarm.
    func covers(_ number: Int, _ index: Int) -> Bool {
        let window = site.maintenance[number]
        let key = alarms[index].key
        func fits(_ patterns: [String], _ name: String) -> Bool {
            patterns.isEmpty || patterns.contains { Glob($0).matches(name) }
        }
        guard fits(window.devices, key.device), fits(window.rules, key.rule) else { return false }
        let device = deviceNumbers[key.device].map { site.devices[$0] }
        if !window.tags.isEmpty, device?.tags.isDisjoint(with: window.tags) ?? true { return false }
        guard !window.places.isEmpty else { return true }
        var place = device?.place
        while let name = place {
            if window.places.contains(name) { return true }
            place = parentPlaces[name]
        }
        return false
    }

    // MARK: Steps of the wall clock

    /// A shelf lasts as long as was asked for, also when the clock is set: its end moves with it.
    /// Returns the records that are to be stored anew.
    package mutating func clockStepped(byMilliseconds step: Int64) -> [AlarmRecord] {
        var records: [AlarmRecord] = []
        for index in timers.shelfEnds.keys.sorted() {
            for place in alarms[index].record.reasons.indices
            where alarms[index].record.reasons[place].kind == .shelf {
                guard let until = alarms[index].record.reasons[place].until else { continue }
                let (moved, overflow) = until.milliseconds.addingReportingOverflow(step)
                if !overflow {
                    alarms[index].record.reasons[place].until = Instant(milliseconds: moved)
                }
            }
            records.append(alarms[index].record)
        }
        return records
    }
}
