import Energy
import Model
import Views

/// What the header says of a moment: of now, and of any that has passed.
struct HeaderFigures {
    var figures: LiveFigures
    var pueToday: Double?
    var costTodayYuan: Double?
    var costIsPartial = false
    /// Equivalent hours since local midnight.
    var freeCoolingHours: Double?
    var outdoor: LiveValue?
    /// One for each alarm that is shown.
    var alarms: [AlarmPriority]

    func view(_ site: Site) -> HeaderView {
        var header = HeaderView()
        header.pue = figures.pue?.double
        header.pueCategory = figures.category?.rawValue
        header.pueCoverage = figures.coverage
        header.pueToday = pueToday
        header.totalWatts = figures.total.watts
        header.itWatts = figures.it.watts
        header.coolingWatts = figures.cooling.watts
        header.otherWatts = figures.other.watts
        header.lossWatts = figures.lossMilliwatts.map { Double($0) / 1000 }
        header.costYuanPerHour = figures.costYuanPerHour
        header.priceYuanPerKWh = figures.priceYuanPerKWh
        header.costTodayYuan = costTodayYuan
        header.costTodayIsPartial = costTodayYuan == nil ? nil : costIsPartial
        if !site.coolingUnits.isEmpty {
            header.freeCoolingMode = figures.mode.rawValue
            header.freeCoolingHoursToday = freeCoolingHours
        }
        if let outdoor, outdoor.quality.isUsable { header.outdoorCelsius = outdoor.decimal.double }
        for priority in alarms {
            switch priority {
            case .critical: header.alarmsCritical += 1
            case .high: header.alarmsHigh += 1
            case .medium: header.alarmsMedium += 1
            case .low: header.alarmsLow += 1
            }
        }
        return header
    }
}

extension AlarmView {
    /// - Parameter rule: nil where the site file has none of that name any more.
    init(_ record: AlarmRecord, _ rule: AlarmRule?, place: String?) {
        self.init(
            id: record.key.description, rule: record.key.rule, device: record.key.device,
            point: record.key.point, place: place, priority: record.priority.name,
            state: record.state.rawValue, raisedMS: record.raisedAt.milliseconds,
            changedMS: record.changedAt.milliseconds, valueText: record.valueText,
            cause: rule?.cause ?? "", consequence: rule?.consequence ?? "",
            action: rule?.action ?? "", acknowledgedBy: record.acknowledgedBy,
            comment: record.comment)
    }
}
