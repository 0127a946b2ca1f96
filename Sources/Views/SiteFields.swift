// The fields of the documents that make up the picture of a site, once each, in the order in which
// they are written. The tests compare with `Codable`: a field that is missing here fails them.

extension SiteView: Document {
    static var blank: SiteView {
        SiteView(
            sequence: 0, timeMS: 0, offsetMinutes: 0, site: "", displayName: "",
            header: HeaderView(), rows: [], devices: [], alarms: [], cooling: [], chain: [],
            health: .blank)
    }

    mutating func visit(_ fields: inout some FieldVisitor, since old: SiteView) {
        visitFigures(&fields, since: old)
        fields.field("rows", &rows, old.rows)
        fields.field("devices", &devices, old.devices)
        fields.field("cooling", &cooling, old.cooling)
        fields.field("chain", &chain, old.chain)
    }

    /// All but the long lists, which change in places.
    mutating func visitFigures(_ fields: inout some FieldVisitor, since old: SiteView) {
        fields.field("sequence", &sequence, old.sequence)
        fields.field("timeMS", &timeMS, old.timeMS)
        fields.field("offsetMinutes", &offsetMinutes, old.offsetMinutes)
        fields.field("site", &site, old.site)
        fields.field("displayName", &displayName, old.displayName)
        fields.field("header", &header, old.header)
        fields.field("alarms", &alarms, old.alarms)
        fields.field("health", &health, old.health)
        fields.field("past", &past, old.past)
        fields.field("hiddenAlarms", &hiddenAlarms, old.hiddenAlarms)
        fields.field("hiddenCounts", &hiddenCounts, old.hiddenCounts)
    }
}

extension PastView: Document {
    static var blank: PastView { PastView(oldestMS: 0, devicesKnown: 0, damaged: 0) }

    mutating func visit(_ fields: inout some FieldVisitor, since old: PastView) {
        fields.field("oldestMS", &oldestMS, old.oldestMS)
        fields.field("devicesKnown", &devicesKnown, old.devicesKnown)
        fields.field("damaged", &damaged, old.damaged)
    }
}

extension HeaderView: Document {
    static var blank: HeaderView { HeaderView() }

    mutating func visit(_ fields: inout some FieldVisitor, since old: HeaderView) {
        fields.field("pue", &pue, old.pue)
        fields.field("pueCategory", &pueCategory, old.pueCategory)
        fields.field("pueCoverage", &pueCoverage, old.pueCoverage)
        fields.field("pueToday", &pueToday, old.pueToday)
        fields.field("totalWatts", &totalWatts, old.totalWatts)
        fields.field("itWatts", &itWatts, old.itWatts)
        fields.field("coolingWatts", &coolingWatts, old.coolingWatts)
        fields.field("lossWatts", &lossWatts, old.lossWatts)
        fields.field("otherWatts", &otherWatts, old.otherWatts)
        fields.field("costYuanPerHour", &costYuanPerHour, old.costYuanPerHour)
        fields.field("priceYuanPerKWh", &priceYuanPerKWh, old.priceYuanPerKWh)
        fields.field("costTodayYuan", &costTodayYuan, old.costTodayYuan)
        fields.field("costTodayIsPartial", &costTodayIsPartial, old.costTodayIsPartial)
        fields.field("freeCoolingMode", &freeCoolingMode, old.freeCoolingMode)
        fields.field("freeCoolingHoursToday", &freeCoolingHoursToday, old.freeCoolingHoursToday)
        fields.field("outdoorCelsius", &outdoorCelsius, old.outdoorCelsius)
        fields.field("alarmsCritical", &alarmsCritical, old.alarmsCritical)
        fields.field("alarmsHigh", &alarmsHigh, old.alarmsHigh)
        fields.field("alarmsMedium", &alarmsMedium, old.alarmsMedium)
        fields.field("alarmsLow", &alarmsLow, old.alarmsLow)
    }
}

extension RowView: Document {
    static var blank: RowView { RowView(name: "", displayName: "", hall: "", racks: []) }

    mutating func visit(_ fields: inout some FieldVisitor, since old: RowView) {
        fields.field("name", &name, old.name)
        fields.field("displayName", &displayName, old.displayName)
        fields.field("hall", &hall, old.hall)
        fields.field("racks", &racks, old.racks)
    }
}

extension RackView: Document {
    static var blank: RackView {
        RackView(name: "", displayName: "", heightUnits: 0, ratedWatts: 0)
    }

    mutating func visit(_ fields: inout some FieldVisitor, since old: RackView) {
        fields.field("name", &name, old.name)
        fields.field("displayName", &displayName, old.displayName)
        fields.field("heightUnits", &heightUnits, old.heightUnits)
        fields.field("ratedWatts", &ratedWatts, old.ratedWatts)
        fields.field("inletCelsius", &inletCelsius, old.inletCelsius)
        fields.field("outletCelsius", &outletCelsius, old.outletCelsius)
        fields.field("humidityPercent", &humidityPercent, old.humidityPercent)
        fields.field("watts", &watts, old.watts)
        fields.field("feedAWatts", &feedAWatts, old.feedAWatts)
        fields.field("feedBWatts", &feedBWatts, old.feedBWatts)
        fields.field("load", &load, old.load)
        fields.field("quality", &quality, old.quality)
        fields.field("ageMS", &ageMS, old.ageMS)
        fields.field("alarm", &alarm, old.alarm)
        fields.field("devices", &devices, old.devices)
    }
}

extension DeviceSummaryView: Document {
    static var blank: DeviceSummaryView {
        DeviceSummaryView(
            name: "", displayName: "", profile: "", place: nil, feed: nil, endpoint: "", state: "",
            lastAnswerMS: nil, latencyMS: nil, polls: nil, failures: nil, lastFailure: nil,
            points: 0)
    }

    mutating func visit(_ fields: inout some FieldVisitor, since old: DeviceSummaryView) {
        fields.field("name", &name, old.name)
        fields.field("displayName", &displayName, old.displayName)
        fields.field("profile", &profile, old.profile)
        fields.field("place", &place, old.place)
        fields.field("feed", &feed, old.feed)
        fields.field("endpoint", &endpoint, old.endpoint)
        fields.field("state", &state, old.state)
        fields.field("lastAnswerMS", &lastAnswerMS, old.lastAnswerMS)
        fields.field("latencyMS", &latencyMS, old.latencyMS)
        fields.field("polls", &polls, old.polls)
        fields.field("failures", &failures, old.failures)
        fields.field("lastFailure", &lastFailure, old.lastFailure)
        fields.field("points", &points, old.points)
        fields.field("latencyP50MS", &latencyP50MS, old.latencyP50MS)
        fields.field("latencyP95MS", &latencyP95MS, old.latencyP95MS)
        fields.field("requestsPerPoll", &requestsPerPoll, old.requestsPerPoll)
        fields.field("retries", &retries, old.retries)
        fields.field("timeouts", &timeouts, old.timeouts)
        fields.field("backOffMS", &backOffMS, old.backOffMS)
        fields.field("intervalMS", &intervalMS, old.intervalMS)
        fields.field("busyShare", &busyShare, old.busyShare)
        fields.field("note", &note, old.note)
    }
}

extension AlarmView: Document {
    static var blank: AlarmView {
        AlarmView(
            id: "", rule: "", device: "", point: "", place: nil, priority: "", state: "",
            raisedMS: 0, changedMS: 0, valueText: "", cause: "", consequence: "", action: "",
            acknowledgedBy: nil, comment: nil)
    }

    mutating func visit(_ fields: inout some FieldVisitor, since old: AlarmView) {
        fields.field("id", &id, old.id)
        fields.field("rule", &rule, old.rule)
        fields.field("device", &device, old.device)
        fields.field("point", &point, old.point)
        fields.field("place", &place, old.place)
        fields.field("priority", &priority, old.priority)
        fields.field("state", &state, old.state)
        fields.field("raisedMS", &raisedMS, old.raisedMS)
        fields.field("changedMS", &changedMS, old.changedMS)
        fields.field("valueText", &valueText, old.valueText)
        fields.field("cause", &cause, old.cause)
        fields.field("consequence", &consequence, old.consequence)
        fields.field("action", &action, old.action)
        fields.field("acknowledgedBy", &acknowledgedBy, old.acknowledgedBy)
        fields.field("comment", &comment, old.comment)
        fields.field("hiding", &hiding, old.hiding)
        fields.field("hiddenSinceMS", &hiddenSinceMS, old.hiddenSinceMS)
        fields.field("hiddenUntilMS", &hiddenUntilMS, old.hiddenUntilMS)
        fields.field("hiddenBy", &hiddenBy, old.hiddenBy)
        fields.field("hiddenReason", &hiddenReason, old.hiddenReason)
        fields.field("approver", &approver, old.approver)
        fields.field("reviewMS", &reviewMS, old.reviewMS)
        fields.field("causeID", &causeID, old.causeID)
        fields.field("windows", &windows, old.windows)
        fields.field("childrenCount", &childrenCount, old.childrenCount)
        fields.field("children", &children, old.children)
        fields.field("isRaised", &isRaised, old.isRaised)
    }
}

extension HiddenCountsView: Document {
    static var blank: HiddenCountsView { HiddenCountsView() }

    mutating func visit(_ fields: inout some FieldVisitor, since old: HiddenCountsView) {
        fields.field("shelved", &shelved, old.shelved)
        fields.field("suppressed", &suppressed, old.suppressed)
        fields.field("outOfService", &outOfService, old.outOfService)
    }
}

extension CoolingView: Document {
    static var blank: CoolingView {
        CoolingView(name: "", displayName: "", device: "", mode: "", quality: "")
    }

    mutating func visit(_ fields: inout some FieldVisitor, since old: CoolingView) {
        fields.field("name", &name, old.name)
        fields.field("displayName", &displayName, old.displayName)
        fields.field("device", &device, old.device)
        fields.field("mode", &mode, old.mode)
        fields.field("supplyCelsius", &supplyCelsius, old.supplyCelsius)
        fields.field("returnCelsius", &returnCelsius, old.returnCelsius)
        fields.field("fanPercent", &fanPercent, old.fanPercent)
        fields.field("compressorPercent", &compressorPercent, old.compressorPercent)
        fields.field("valvePercent", &valvePercent, old.valvePercent)
        fields.field("freePercent", &freePercent, old.freePercent)
        fields.field("ratedWatts", &ratedWatts, old.ratedWatts)
        fields.field("watts", &watts, old.watts)
        fields.field("quality", &quality, old.quality)
    }
}

extension PowerNodeView: Document {
    static var blank: PowerNodeView {
        PowerNodeView(
            name: "", displayName: "", kind: "", feed: nil, parents: [], watts: nil,
            ratedWatts: nil, quality: "")
    }

    mutating func visit(_ fields: inout some FieldVisitor, since old: PowerNodeView) {
        fields.field("name", &name, old.name)
        fields.field("displayName", &displayName, old.displayName)
        fields.field("kind", &kind, old.kind)
        fields.field("feed", &feed, old.feed)
        fields.field("parents", &parents, old.parents)
        fields.field("watts", &watts, old.watts)
        fields.field("ratedWatts", &ratedWatts, old.ratedWatts)
        fields.field("quality", &quality, old.quality)
        fields.field("place", &place, old.place)
        fields.field("batteryMinutes", &batteryMinutes, old.batteryMinutes)
        fields.field("batteryPercent", &batteryPercent, old.batteryPercent)
    }
}

extension HealthView: Document {
    static var blank: HealthView {
        HealthView(version: "", startedMS: nil, devicesTotal: 0, store: "")
    }

    mutating func visit(_ fields: inout some FieldVisitor, since old: HealthView) {
        fields.field("version", &version, old.version)
        fields.field("startedMS", &startedMS, old.startedMS)
        fields.field("devicesTotal", &devicesTotal, old.devicesTotal)
        fields.field("devicesAnswering", &devicesAnswering, old.devicesAnswering)
        fields.field("readingsStored", &readingsStored, old.readingsStored)
        fields.field("readingsPerSecond", &readingsPerSecond, old.readingsPerSecond)
        fields.field("store", &store, old.store)
        fields.field("storeDetail", &storeDetail, old.storeDetail)
        fields.field("storeBytes", &storeBytes, old.storeBytes)
        fields.field("diskFreeBytes", &diskFreeBytes, old.diskFreeBytes)
        fields.field("diskTotalBytes", &diskTotalBytes, old.diskTotalBytes)
        fields.field("lastCommitMS", &lastCommitMS, old.lastCommitMS)
        fields.field("outboxPending", &outboxPending, old.outboxPending)
        fields.field("polling", &polling, old.polling)
        fields.field("pair", &pair, old.pair)
        fields.field("forwards", &forwards, old.forwards)
    }
}

extension PollingView: Document {
    static var blank: PollingView { PollingView() }

    mutating func visit(_ fields: inout some FieldVisitor, since old: PollingView) {
        fields.field("pollsPerSecond", &pollsPerSecond, old.pollsPerSecond)
        fields.field("requestsPerSecond", &requestsPerSecond, old.requestsPerSecond)
        fields.field("failedPolls", &failedPolls, old.failedPolls)
        fields.field("inFlight", &inFlight, old.inFlight)
        fields.field("inFlightLimit", &inFlightLimit, old.inFlightLimit)
        fields.field("waiting", &waiting, old.waiting)
        fields.field("lateStarts", &lateStarts, old.lateStarts)
        fields.field("missedSlots", &missedSlots, old.missedSlots)
        fields.field("overrunSlots", &overrunSlots, old.overrunSlots)
        fields.field("shedSlots", &shedSlots, old.shedSlots)
        fields.field("shedLevel", &shedLevel, old.shedLevel)
        fields.field("pollerShare", &pollerShare, old.pollerShare)
        fields.field("processShare", &processShare, old.processShare)
        fields.field("residentBytes", &residentBytes, old.residentBytes)
        fields.field("traps", &traps, old.traps)
        fields.field("trapPolls", &trapPolls, old.trapPolls)
        fields.field("trapsIgnored", &trapsIgnored, old.trapsIgnored)
    }
}

extension PairView: Document {
    static var blank: PairView {
        PairView(
            role: "", state: "", sinceMS: 0, other: "", otherSeenMS: nil, condition: "", note: nil)
    }

    mutating func visit(_ fields: inout some FieldVisitor, since old: PairView) {
        fields.field("role", &role, old.role)
        fields.field("state", &state, old.state)
        fields.field("sinceMS", &sinceMS, old.sinceMS)
        fields.field("other", &other, old.other)
        fields.field("otherSeenMS", &otherSeenMS, old.otherSeenMS)
        fields.field("condition", &condition, old.condition)
        fields.field("note", &note, old.note)
    }
}

extension ForwardView: Document {
    static var blank: ForwardView { ForwardView(receiver: "", version: "") }

    mutating func visit(_ fields: inout some FieldVisitor, since old: ForwardView) {
        fields.field("receiver", &receiver, old.receiver)
        fields.field("state", &state, old.state)
        fields.field("lagSeconds", &lagSeconds, old.lagSeconds)
        fields.field("againSinceMS", &againSinceMS, old.againSinceMS)
        fields.field("sent", &sent, old.sent)
        fields.field("refused", &refused, old.refused)
        fields.field("version", &version, old.version)
        fields.field("note", &note, old.note)
    }
}
