import Model

/// One notice for one cause: what another alarm explains, or a maintenance window covers, is
/// suppressed, and shown when that is over and it is not.
extension AlarmEngine {
    static let pathRule = "path-lost"
    static let standInPoint = "behind"
    /// A critical alarm is held no longer, so that it is out within its five seconds.
    private static let criticalHold: Int64 = 3_000
    private static let powerHold: Int64 = 3_000
    private static let shortestHold: Int64 = 30_000
    private static let mostHold: Int64 = 120_000
    private static let shortestGrace: Int64 = 300_000
    private static let missesInGrace = 2
    /// Names in the value of an alarm; the API has them all.
    private static let namesInText = 8

    // MARK: Holding

    /// How long the alarm may wait for what could explain it: long enough for two polls of its
    /// neighbours; not at all where there is nothing.
    func longestHold(_ index: Int) -> Int64 {
        let rule = rules[alarms[index].rule]
        let key = alarms[index].key
        if rule.losesPower { return causes.power.canBeExplained(key.device) ? Self.powerHold : 0 }
        guard let device = silentDevice(index), candidate(device) != nil else { return 0 }
        guard rule.priority < .critical else { return Self.criticalHold }
        let polls = 2 * site.devices[device].intervalMilliseconds
        return min(max(polls, Self.shortestHold), Self.mostHold)
    }

    /// The device that an alarm says is silent; nil for other alarms.
    private func silentDevice(_ index: Int) -> Int? {
        guard alarms[index].rule < site.alarmRules.count,
            case .noData = rules[alarms[index].rule].condition
        else { return nil }
        return deviceNumbers[alarms[index].key.device]
    }

    private func candidate(_ device: Int) -> Int? {
        causes.paths.candidate(above: device).flatMap { causes.roots[$0] == nil ? nil : $0 }
    }

    /// Whether something may still turn up that explains a held condition. A neighbour that has
    /// answered since shows that the way is whole.
    func mustWait(_ index: Int, _ now: Int64) -> Bool {
        guard let hold = timers.held[index], now < hold.until else { return false }
        guard let device = silentDevice(index), let node = candidate(device) else { return true }
        return !causes.paths.hasAnswered(node, since: hold.since)
    }

    // MARK: Ways

    /// What one poll says of the way to a device.
    mutating func followPaths(
        _ device: Int, answered: Bool, now: Int64, time: Instant
    ) -> [AlarmEvent] {
        guard device < site.devices.count else { return [] }
        if !answered { devices[device].grace?.misses += 1 }
        let limits = devices[device].noData.compactMap { index -> Int? in
            guard case .noData(let limit) = rules[alarms[index].rule].condition else { return nil }
            return limit
        }
        let isLost = !answered && devices[device].missedPolls >= limits.min() ?? .max
        let changes = causes.paths.take(device, answered: answered, isLost: isLost, now: now)
        var events: [AlarmEvent] = []
        for change in changes {
            switch change {
            case .down(let node): events += lose(node, now, time)
            case .up(let node): events += regain(node, now, time)
            }
        }
        return events
    }

    private mutating func lose(_ node: Int, _ now: Int64, _ time: Instant) -> [AlarmEvent] {
        guard let root = causes.roots[node] else { return [] }
        let text = silenceText(node)
        alarms[root.alarm].record.valueText = text
        alarms[root.standIn].record.valueText = text
        var events: [AlarmEvent] = []
        if alarms[root.alarm].filter.set(true, now: now) == .raise {
            events += raise(root.alarm, now: now, time: time)
        }
        return events + settleRoot(node, now, time)
    }

    private mutating func regain(_ node: Int, _ now: Int64, _ time: Instant) -> [AlarmEvent] {
        guard let root = causes.roots[node] else { return [] }
        let cause = alarms[speaker(node) ?? root.alarm].key
        if causes.paths.cause(ofNode: node) == nil {
            for device in causes.paths.tree.devices(behind: node)
            where devices[device].noData.contains(where: isHot) {
                devices[device].grace = (cause, now + longestGrace(device), 0)
                timers.graces.insert(device)
            }
        }
        var events: [AlarmEvent] = []
        for index in [root.alarm, root.standIn]
        where alarms[index].filter.set(false, now: now) == .clear {
            events += clear(index, now: now, time: time)
        }
        return events + settleRoot(node, now, time)
    }

    func longestGrace(_ device: Int) -> Int64 {
        let delays = devices[device].noData.map { rules[alarms[$0].rule].offDelayMilliseconds }
        let polls = 4 * site.devices[device].intervalMilliseconds
        return max(Self.shortestGrace, (delays.max() ?? 0) + polls)
    }

    /// Ends the grace of a device that is well, or has been asked in vain again.
    mutating func settleGrace(_ device: Int, now: Int64, time: Instant) -> [AlarmEvent] {
        guard let grace = devices[device].grace,
            grace.misses >= Self.missesInGrace || now >= grace.until
                || !devices[device].noData.contains(where: isHot)
        else { return [] }
        devices[device].grace = nil
        timers.graces.remove(device)
        return devices[device].noData.flatMap { reconcile($0, now, time) }
    }

    /// The alarm that stands for what is behind a node that is down; nil where persons or windows
    /// hide both, and nothing is taken for explained.
    private func speaker(_ node: Int) -> Int? {
        guard let root = causes.roots[node] else { return nil }
        return [root.alarm, root.standIn].first { alarms[$0].machine.isLive && speaks($0) }
    }

    /// Neither a person nor a window hides it.
    private func speaks(_ index: Int) -> Bool {
        alarms[index].record.reasons.allSatisfy { $0.kind == .cause }
    }

    /// A condition that holds, announced or not.
    private func holds(_ index: Int) -> Bool {
        alarms[index].machine.isLive || timers.held[index] != nil
    }

    private func isHot(_ index: Int) -> Bool {
        alarms[index].machine.state != .normal || timers.held[index] != nil
    }

    /// After a change of a node or of who hides its alarm: the stand-in, and all that is behind.
    mutating func settleRoot(_ node: Int, _ now: Int64, _ time: Instant) -> [AlarmEvent] {
        guard let root = causes.roots[node] else { return [] }
        let needsStandIn = causes.paths.isDown(node) && !speaks(root.alarm)
        var events: [AlarmEvent] = []
        let input = alarms[root.standIn].filter.set(needsStandIn, now: now)
        if input == .raise { events += raise(root.standIn, now: now, time: time) }
        // What is behind finds its new speaker before the old one goes.
        for index in behind(node) { events += reconcile(index, now, time) }
        if input == .clear { events += clear(root.standIn, now: now, time: time) }
        return events
    }

    /// Alarms that the silence of a node may explain.
    private func behind(_ node: Int) -> [Int] {
        let tree = causes.paths.tree
        let roots = tree.nodes(behind: node).dropFirst().compactMap { causes.roots[$0] }
        return roots.flatMap { [$0.alarm, $0.standIn] }
            + tree.devices(behind: node).flatMap { devices[$0].noData }
    }

    /// At most as many as a view has.
    func silentDevices(behind node: Int) -> [String] {
        causes.paths.tree.devices(behind: node).lazy.filter { causes.paths.isSilent($0) }
            .prefix(Self.mostNames).map { site.devices[$0].name }
    }
    package static let mostNames = 1_000

    private func silenceText(_ node: Int) -> String {
        words.silence(
            causes.paths.silentCount(node), of: causes.paths.tree.nodes[node].total,
            names: Array(silentDevices(behind: node).prefix(Self.namesInText)))
    }

    // MARK: Power

    /// After a change of an alarm that says that something has no power.
    mutating func powerChanged(_ now: Int64, _ time: Instant) -> [AlarmEvent] {
        var power = causes.power
        power.update(holds: holds, speaks: speaks)
        let lifted = power.ofRacksWithoutPower(speaks: speaks, holds: holds)
            .filter { alarms[$0].machine.isLive }
        causes.power = power
        var events: [AlarmEvent] = []
        for index in timers.lifted.subtracting(lifted).sorted() {
            events += lower(index, now, time)
        }
        for index in lifted.subtracting(timers.lifted).sorted() { events += lift(index, now, time) }
        timers.lifted = lifted
        for index in power.alarms + devices.flatMap(\.noData) where isHot(index) {
            events += reconcile(index, now, time)
        }
        return events
    }

    /// Makes an alarm critical: it has taken the last power of a rack. Nobody may shelve it then.
    private mutating func lift(_ index: Int, _ now: Int64, _ time: Instant) -> [AlarmEvent] {
        guard alarms[index].machine.priority < .critical else { return [] }
        let detail = words.rackIsDark
        var events = endShelf(index, .unshelve, now, time, detail: detail)
        while alarms[index].machine.priority < .critical, alarms[index].machine.isLive {
            alarms[index].record.raisedLevels += 1
            let isLast = alarms[index].machine.priority.raised(by: 1) == .critical
            events += apply(
                .priorityUp, to: index, now, time, detail: detail, isQuiet: !isLast)
        }
        return events
    }

    private mutating func lower(_ index: Int, _ now: Int64, _ time: Instant) -> [AlarmEvent] {
        var events: [AlarmEvent] = []
        while alarms[index].record.raisedLevels > 0 {
            alarms[index].record.raisedLevels -= 1
            events += apply(
                .priorityDown, to: index, now, time, detail: words.rackHasPower)
        }
        return events
    }

    // MARK: Reasons

    /// What explains an alarm now.
    private func cause(of index: Int) -> Int? {
        if let node = causes.nodeOfRoot[index] {
            return causes.paths.cause(ofNode: node).flatMap { speaker($0) }
        }
        let key = alarms[index].key
        if let device = silentDevice(index) {
            if let node = causes.paths.cause(ofDevice: device), causes.roots[node] != nil {
                return speaker(node)
            }
            if let grace = devices[device].grace { return indexByKey[grace.cause] }
            return causes.power.cause(ofDevice: key.device, alarm: index)
        }
        guard rules[alarms[index].rule].losesPower else { return nil }
        return causes.power.cause(ofDevice: key.device, alarm: index)
    }

    private func wanted(_ index: Int, _ time: Instant) -> [HidingReason] {
        var reasons: [HidingReason] = []
        if let cause = cause(of: index) {
            reasons.append(
                HidingReason(.cause, name: alarms[cause].key.description, since: time))
        }
        for number in timers.windows.sorted() where covers(number, index) {
            let window = site.maintenance[number]
            reasons.append(
                HidingReason(
                    .window, name: window.name, by: window.owner, comment: window.reason,
                    since: time, until: window.end(at: time, offsetMinutes: site.offsetMinutes)))
        }
        return reasons
    }

    /// Makes the causes and windows that hide an alarm those that hold now: first what is new, then
    /// what is over, so that nothing is shown between. An alarm that is normal gets no new ones.
    mutating func reconcile(_ index: Int, _ now: Int64, _ time: Instant) -> [AlarmEvent] {
        func isOurs(_ reason: HidingReason) -> Bool {
            reason.kind == .cause || reason.kind == .window
        }
        func isSame(_ a: HidingReason, _ b: HidingReason) -> Bool {
            a.kind == b.kind && a.name == b.name
        }
        let isHot = isHot(index)
        let present = alarms[index].record.reasons.filter(isOurs)
        guard isHot || !present.isEmpty else { return [] }
        let wanted = wanted(index, time)
        let spoke = speaks(index)
        var events: [AlarmEvent] = []
        for reason in wanted where isHot && !present.contains(where: { isSame($0, reason) }) {
            guard alarms[index].record.reasons.count < AlarmRecord.maximumReasons else { break }
            alarms[index].record.reasons.append(reason)
            events += change(index, .suppress, reason, now, time)
        }
        for reason in present where !wanted.contains(where: { isSame($0, reason) }) {
            alarms[index].record.reasons.removeAll { isSame($0, reason) }
            let isLast = !alarms[index].record.reasons.contains(where: isOurs)
            events += change(index, .unsuppress, reason, now, time, isLast: isLast)
        }
        if timers.held[index] != nil, alarms[index].machine.isHidden {
            events += announce(index, now, time)
        }
        guard spoke != speaks(index) else { return events }
        return events + spokenChanged(index, now, time)
    }

    /// A person or a window hides an alarm or no longer does: others may lose or gain their cause.
    mutating func spokenChanged(_ index: Int, _ now: Int64, _ time: Instant) -> [AlarmEvent] {
        if let node = causes.nodeOfRoot[index] { return settleRoot(node, now, time) }
        return rules[alarms[index].rule].losesPower ? powerChanged(now, time) : []
    }

    /// One reason more or less; the machine knows whether there is any.
    private mutating func change(
        _ index: Int, _ input: AlarmInput, _ reason: HidingReason, _ now: Int64, _ time: Instant,
        isLast: Bool = true
    ) -> [AlarmEvent] {
        let state = alarms[index].machine.state
        let detail = input == .suppress ? words.hides(reason) : words.hidesNoMore(reason)
        let events = isLast ? apply(input, to: index, now, time, detail: detail) : []
        guard events.isEmpty else { return events }
        return write(index, previous: state, Change(input: input, detail: detail), now, time)
    }
}

extension AlarmPriority {
    func raised(by levels: UInt8) -> AlarmPriority {
        AlarmPriority(rawValue: min(rawValue.addingClamped(levels), Self.critical.rawValue))
            ?? .critical
    }
}

extension UInt8 {
    fileprivate func addingClamped(_ other: UInt8) -> UInt8 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
