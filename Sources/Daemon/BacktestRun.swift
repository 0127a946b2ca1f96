package import Alarms
package import Model
import SiteFile
package import Store

/// Two sets of rules over the same stored readings, in one pass and in bounded memory.
package struct BacktestRun {
    package struct Result: Sendable {
        package var range: TimeRange
        package var readings = 0
        package var polls = 0
        /// Devices of the site that have readings in the range.
        package var devices = 0
        package var damage: [Damage] = []
        /// With the rules asked about, and with those in force.
        package var asked: Backtest
        package var inForce: Backtest
        /// Where the rules made so many changes that it was ended.
        package var endedAt: Instant?
    }

    private let asked: LoadedConfiguration
    private let inForce: LoadedConfiguration
    private let reader: StoreReader
    private let names: [String]
    /// What is known of each device's profile; nil of the site itself.
    private let facts: [ProfileFacts?]

    /// Values that are held at once: some tens of megabytes.
    private static let valuesAtOnce = 1_000_000
    /// As much is read at once, however thin history is.
    private static let longestSpan: Int64 = 86_400_000

    /// The two differ in their rules only.
    package init(
        asked: LoadedConfiguration, inForce: LoadedConfiguration, reader: StoreReader
    ) {
        self.asked = asked
        self.inForce = inForce
        self.reader = reader
        names = asked.site.devices.map(\.name) + [Site.ownSeriesDevice]
        let known = asked.profiles.facts
        facts = asked.site.devices.map { known[$0.profile] } + [nil]
    }

    /// How long before the range readings are taken in, so that delays and windows are as they
    /// would have been.
    private var leadIn: Int64 {
        let rules = asked.site.alarmRules + inForce.site.alarmRules
        let longest = rules.map { rule in
            var needed = max(rule.onDelayMilliseconds, rule.offDelayMilliseconds)
            if case .rate(let rate) = rule.condition { needed += 2 * rate.windowMilliseconds }
            return needed
        }.max()
        return min((longest ?? 0) + 600_000, 2 * 86_400_000)
    }

    /// - Parameter progress: told the share done, 0…1.
    package func run(
        _ range: TimeRange, progress: (Double) -> Void
    ) throws(StoreError) -> Result {
        var result = Result(
            range: range, asked: Backtest(site: Self.watched(asked.site), range: range),
            inForce: Backtest(site: Self.watched(inForce.site), range: range))
        var seen = Set<Int>()
        var time = range.start.advanced(byMilliseconds: -leadIn)
        let length = Double(max(range.end.millisecondsSince(time), 1))
        let first = time
        var span: Int64 = 600_000
        var bound = names.map { _ in [PointDefinition]() }
        while time < range.end {
            let end = min(time.advanced(byMilliseconds: span), range.end)
            let stretch = try reader.stretch(
                of: names, TimeRange(start: time, end: end), atMost: Self.valuesAtOnce)
            try bind(stretch.points, &bound, &result)
            var values = 0
            for poll in stretch.polls {
                values += poll.values.count
                if poll.time >= range.start {
                    result.polls += 1
                    result.readings += poll.values.count
                    seen.insert(poll.device)
                }
                let batch = ReadingBatch(
                    device: DeviceID(poll.device), time: poll.time, values: poll.values)
                result.asked.step(batch)
                result.inForce.step(batch)
            }
            if result.damage.count < 100 { result.damage += stretch.damage }
            // Dense history is read in short spans, thin history in long ones.
            span = stretch.end.millisecondsSince(time)
            if values < Self.valuesAtOnce / 4 { span = min(span * 2, Self.longestSpan) }
            time = stretch.end
            progress(Double(time.millisecondsSince(first)) / length)
            if result.asked.isFull || result.inForce.isFull {
                result.endedAt = stretch.polls.last?.time ?? time
                break
            }
        }
        let end = result.endedAt ?? range.end
        result.asked.finish(at: end)
        result.inForce.finish(at: end)
        result.devices = seen.subtracting([names.count - 1]).count
        return result
    }

    /// With what the daemon watches by itself.
    private static func watched(_ site: Site) -> Site {
        var site = site
        site.alarmRules += DiskRoom.rules(
            besides: site.alarmRules, language: site.language)
        return site
    }

    /// A store that is being written may know more points than a moment ago; should it know others,
    /// values would be taken for what they are not.
    private func bind(
        _ points: [[PointDefinition]], _ bound: inout [[PointDefinition]], _ result: inout Result
    ) throws(StoreError) {
        for (index, known) in points.enumerated() where known != bound[index] {
            guard known.map(\.name).starts(with: bound[index].map(\.name)) else {
                throw .system("the points of \(names[index]) changed meanwhile; run it again")
            }
            bound[index] = known
            let groups = known.map { facts[index]?.poll(of: $0.name) ?? .normal }
            result.asked.bind(DeviceID(index), points: known, groups: groups)
            result.inForce.bind(DeviceID(index), points: known, groups: groups)
        }
    }
}
