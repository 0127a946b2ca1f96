import Model
import Store
import Synchronization
import Views

/// What a device's profile says of one of its points.
struct PointFacts: Sendable {
    var group: PollGroup
    /// The OID or register it is read from.
    var origin: String
}

/// What a picture of a site asks of a store, learned once for all who read it.
final class PastQuestions: Sendable {
    struct Plan: Sendable {
        fileprivate var version: NamesVersion
        /// One for each device of the site.
        var questions: [MomentQuestion]
        /// How many points each has, shown or not.
        var pointCounts: [Int]
    }

    let site: Site
    fileprivate let deviceIndex: [String: Int]
    private let builder: SiteViewBuilder
    private let plan = Mutex<Plan?>(nil)

    init(site: Site, builder: SiteViewBuilder) {
        self.site = site
        self.builder = builder
        deviceIndex = Dictionary(
            uniqueKeysWithValues: site.devices.enumerated().map { ($0.element.name, $0.offset) })
    }

    /// Which points are asked for changes only when the store gets to know new ones.
    func plan(_ source: any MomentSource) throws(StoreError) -> Plan {
        let version = try source.namesVersion()
        if let known = plan.withLock({ $0 }), known.version == version { return known }
        var new = Plan(
            version: version,
            questions: site.devices.map { MomentQuestion(device: $0.name, points: []) },
            pointCounts: .init(repeating: 0, count: site.devices.count))
        for point in try source.points(matching: Glob("*")) {
            guard let index = deviceIndex[point.device] else { continue }
            new.pointCounts[index] += 1
            if builder.shows(point.definition, ofDevice: index) {
                new.questions[index].points?.append(point.definition.name)
            }
        }
        // Of a device that shows nothing all points say whether it answers.
        for index in new.questions.indices where new.questions[index].points?.isEmpty == true {
            new.questions[index].points = nil
        }
        plan.withLock { $0 = new }
        return new
    }
}

/// Reads what devices had said by a moment, and makes it the live values of that moment.
struct PastReader {
    let source: any MomentSource
    private let known: PastQuestions
    private var site: Site { known.site }

    /// Intervals without a reading after which a value is stale: `Quality.stale`.
    private static let staleIntervals: Int64 = 3
    /// Readings farther apart than this hold no value between them: `FreeCoolingClock` may not
    /// claim more either.
    private static let longestSpacing: Int64 = 900_000

    init(_ source: any MomentSource, _ known: PastQuestions) {
        self.source = source
        self.known = known
    }

    /// Does a share of the work: pieces of it until none is left.
    func share(in work: MomentWork) throws(StoreError) {
        let plan = try known.plan(source)
        while let piece = work.take(), !work.isCancelled() {
            let moments = try source.moment(
                at: work.time, Array(plan.questions[piece]), isCancelled: work.isCancelled)
            work.add(
                zip(piece, moments).map { index, moment in
                    let device = liveDevice(
                        moment,
                        interval: { site.devices[index].intervalMilliseconds(of: $0) },
                        groups: work.groups[index] ?? [:], at: work.time)
                    return MomentWork.Found(
                        index: index, device: device, pointCount: plan.pointCounts[index],
                        damaged: moment.damage.count)
                })
        }
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
            let spec = known.deviceIndex[moment.device].map { site.devices[$0] }
            return liveDevice(
                moment,
                interval: { spec?.intervalMilliseconds(of: $0) ?? SiteSeries.stepMilliseconds },
                groups: groups[moment.device] ?? [:], at: time)
        }
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
