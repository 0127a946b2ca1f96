import Model
import Store
import Views

/// What a device's profile says of one of its points.
struct PointFacts: Sendable {
    var group: PollGroup
    /// The OID or register it is read from.
    var origin: String
}

/// Reads what devices had said by a moment, and makes it the live values of that moment.
// Lent by `PastSite` to the thread of one question at a time.
final class PastReader: @unchecked Sendable {
    let source: any MomentSource
    private let site: Site
    private let builder: SiteViewBuilder
    private let deviceIndex: [String: Int]
    /// What a picture of the site asks for, and how many points each device has; of `series`.
    private var questions: [MomentQuestion] = []
    private var pointCounts: [Int] = []
    private var namesVersion = -1

    /// Intervals without a reading after which a value is stale: `Quality.stale`.
    private static let staleIntervals: Int64 = 3
    /// Readings farther apart than this hold no value between them: `FreeCoolingClock` may not
    /// claim more either.
    private static let longestSpacing: Int64 = 900_000

    init(_ source: any MomentSource, site: Site, builder: SiteViewBuilder) {
        self.source = source
        self.site = site
        self.builder = builder
        deviceIndex = Dictionary(
            uniqueKeysWithValues: site.devices.enumerated().map { ($0.element.name, $0.offset) })
    }

    /// All devices of the site, with the points that a picture of it shows.
    struct Devices {
        var live: [LiveDevice]
        var pointCounts: [Int]
        var known: Int
        var damaged: Int
    }

    func devices(
        at time: Instant, groups: [Int: [String: PollGroup]],
        isCancelled: @escaping @Sendable () -> Bool
    ) throws(StoreError) -> Devices {
        try learn()
        let moments = try source.moment(at: time, questions, isCancelled: isCancelled)
        var result = Devices(live: [], pointCounts: pointCounts, known: 0, damaged: 0)
        for (index, moment) in moments.enumerated() {
            let device = liveDevice(
                moment, interval: { [site] in site.devices[index].intervalMilliseconds(of: $0) },
                groups: groups[index] ?? [:], at: time)
            if device.lastAnswer != nil { result.known += 1 }
            result.damaged += moment.damage.count
            result.live.append(device)
        }
        return result
    }

    /// Every point of one device, or those that are named.
    func device(
        named name: String, points: [String]? = nil, groups: [String: PollGroup], at time: Instant
    ) throws(StoreError) -> LiveDevice {
        let question = MomentQuestion(device: name, points: points)
        return try devices([question], groups: [name: groups], at: time).first ?? LiveDevice()
    }

    /// The devices of questions, in their order.
    func devices(
        _ questions: [MomentQuestion], groups: [String: [String: PollGroup]], at time: Instant,
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(StoreError) -> [LiveDevice] {
        try source.moment(at: time, questions, isCancelled: isCancelled).map { moment in
            let spec = deviceIndex[moment.device].map { site.devices[$0] }
            return liveDevice(
                moment,
                interval: { spec?.intervalMilliseconds(of: $0) ?? SiteSeries.stepMilliseconds },
                groups: groups[moment.device] ?? [:], at: time)
        }
    }

    /// Which points are asked for changes only when the store gets to know new ones.
    private func learn() throws(StoreError) {
        let version = try source.namesVersion()
        guard version != namesVersion else { return }
        questions = site.devices.map { MomentQuestion(device: $0.name, points: []) }
        pointCounts = .init(repeating: 0, count: site.devices.count)
        for point in try source.points(matching: Glob("*")) {
            guard let index = deviceIndex[point.device] else { continue }
            pointCounts[index] += 1
            if builder.shows(point.definition, ofDevice: index) {
                questions[index].points?.append(point.definition.name)
            }
        }
        // Of a device that shows nothing all points say whether it answers.
        for index in questions.indices where questions[index].points?.isEmpty == true {
            questions[index].points = nil
        }
        namesVersion = version
    }

    /// A device as it stood at `time`. A value whose next reading is overdue is stale: the one by
    /// the device's own intervals, or by the time between its readings then, which may have been
    /// longer.
    private func liveDevice(
        _ moment: DeviceMoment, interval: (PollGroup) -> Int64, groups: [String: PollGroup],
        at time: Instant
    ) -> LiveDevice {
        var values: [PointValue] = []
        var readAt: [Instant?] = []
        var own: [PollGroup] = []
        var shortest = Int64.max
        for (index, point) in moment.points.enumerated() {
            let group = groups[point.definition.name] ?? .normal
            let usual = max(interval(group), min(point.spacing ?? 0, Self.longestSpacing))
            shortest = min(shortest, usual)
            var value = PointValue(index: UInt16(clamping: index), mantissa: 0, quality: .absent)
            if let last = point.last {
                value.mantissa = last.mantissa
                value.quality = last.quality
                let isOverdue = time.millisecondsSince(last.time) > usual * Self.staleIntervals
                if isOverdue { value.quality = last.quality < .bad ? .stale : .absent }
            }
            if value.quality == .stale, point.usable == nil { value.quality = .absent }
            values.append(value)
            readAt.append(point.usable?.time)
            own.append(group)
        }
        var missed = moment.missedPolls
        if shortest < .max, let answer = moment.lastAnswer,
            time.millisecondsSince(answer) > shortest * Self.staleIntervals
        {
            missed = max(missed, 3)
        }
        return LiveDevice(
            points: moment.points.map(\.definition), values: values, readAt: readAt, groups: own,
            lastAnswer: moment.lastAnswer, missedPolls: missed)
    }
}
