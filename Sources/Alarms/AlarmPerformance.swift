package import Model

/// How an alarm system treats its operators, from the journal (ISA-18.2-2016, section 16;
/// IEC 62682). Distributions beside averages: an average of a flood and a quiet night misleads.
package struct AlarmPerformance: Sendable {
    /// What is good, and from where on something must be done. Figures of IEC 62682, and of
    /// ISA-18.2-2009 where the later edition left them out.
    package enum Judgement: String, Sendable { case good, watch, act }

    package struct Rank: Sendable, Hashable {
        package var key: AlarmKey
        package var count: Int
    }

    /// A stretch of more alarms than a person can follow: it begins with more than 10 alarms in 10
    /// minutes and ends with fewer than 5.
    package struct Flood: Sendable, Hashable {
        package var start: Instant
        package var end: Instant
        package var alarms: Int
    }

    package var range: TimeRange
    /// New episodes.
    package private(set) var activations = 0
    package private(set) var byPriority: [AlarmPriority: Int] = [:]
    /// Ten-minute periods by how many alarms began in them; the index is the number, 11 and more
    /// stand together at the end.
    package private(set) var periods: [Int]
    package private(set) var peak = 0
    package private(set) var floods: [Flood] = []
    /// The most frequent, at most ten.
    package private(set) var frequent: [Rank] = []
    /// Alarms that began three times or more within a minute.
    package private(set) var chattering: [Rank] = []
    /// Episodes that were over before anybody could look: shorter than ten seconds.
    package private(set) var fleeting = 0
    /// Active for more than a day at the end.
    package private(set) var stale: [AlarmKey] = []
    /// Critical alarms that nobody acknowledged within five minutes.
    package private(set) var lateCritical = 0
    /// Seconds from the start of a critical or high alarm to its acknowledgement, ascending.
    package private(set) var secondsToAcknowledge: [Int64] = []

    /// While changes are taken: when each alarm began, and those that last.
    private var begins: [AlarmKey: [Instant]] = [:]
    private var live: [AlarmKey: Lasting] = [:]

    private struct Lasting: Sendable {
        var since: Instant
        var priority: AlarmPriority
        var isAcknowledged = false
    }

    private static let periodMilliseconds: Int64 = 600_000
    private static let dayMilliseconds: Int64 = 86_400_000
    private static let many = 11

    /// - Parameters:
    ///   - events: the journal of `range`, ascending by time. Episodes that began before count as
    ///     stale where they last, and not among those that began.
    package init(_ events: some Sequence<AlarmEvent>, in range: TimeRange) {
        self.init(in: range)
        for event in events { take(event) }
        finish()
    }

    /// Before any change; they are taken one by one, so that nobody has to hold them all, and then
    /// it is finished.
    package init(in range: TimeRange) {
        self.range = range
        periods = Array(repeating: 0, count: Self.many + 1)
    }

    package mutating func take(_ event: AlarmEvent) {
        guard range.contains(event.time) else { return }
        // What another alarm explains, or a person has put aside, does not come to people; it
        // does when it is shown for the first time.
        let isShown = event.hiding == nil
        let comesOut =
            event.notice == .active && live[event.key] == nil
            && event.input != AlarmInput.priorityUp.rawValue
        let (wasLive, isLive) = (event.previous.isLive, event.state.isLive)
        if isLive, isShown, !wasLive || comesOut {
            activations += 1
            byPriority[event.priority, default: 0] += 1
            begins[event.key, default: []].append(event.time)
            live[event.key] = Lasting(since: event.time, priority: event.priority)
        }
        if event.state == .acknowledged, event.previous == .unacknowledged {
            acknowledged(event, live[event.key])
            live[event.key]?.isAcknowledged = true
        }
        if wasLive, !isLive { ended(event, live.removeValue(forKey: event.key)) }
    }

    package mutating func finish() {
        for (key, episode) in live.sorted(by: { $0.key.description < $1.key.description }) {
            let age = range.end.millisecondsSince(episode.since)
            if age > Self.dayMilliseconds { stale.append(key) }
            if episode.priority == .critical, !episode.isAcknowledged, age > 300_000 {
                lateCritical += 1
            }
        }
        rank(begins)
        distribute(begins.values.flatMap(\.self).sorted())
        (begins, live) = ([:], [:])
    }

    private mutating func acknowledged(
        _ event: AlarmEvent, _ episode: Lasting?
    ) {
        guard let episode, episode.priority >= .high else { return }
        let waited = event.time.millisecondsSince(episode.since)
        secondsToAcknowledge.append(max(0, waited / 1000))
        if episode.priority == .critical, waited > 300_000 { lateCritical += 1 }
    }

    private mutating func ended(_ event: AlarmEvent, _ episode: Lasting?) {
        guard let episode else { return }
        let lasted = event.time.millisecondsSince(episode.since)
        if lasted < 10_000 { fleeting += 1 }
        if episode.priority == .critical, !episode.isAcknowledged, lasted > 300_000 {
            lateCritical += 1
        }
    }

    private mutating func rank(_ begins: [AlarmKey: [Instant]]) {
        func order(_ ranks: [Rank]) -> [Rank] {
            ranks.sorted { ($1.count, $0.key.description) < ($0.count, $1.key.description) }
        }
        frequent = Array(order(begins.map { Rank(key: $0, count: $1.count) }).prefix(10))
        chattering = order(
            begins.compactMap { key, times in
                var bursts = 0
                for index in times.indices.dropFirst(2)
                where times[index].millisecondsSince(times[index - 2]) <= 60_000 { bursts += 1 }
                return bursts > 0 ? Rank(key: key, count: bursts) : nil
            })
        secondsToAcknowledge.sort()
    }

    /// Ten-minute periods counted from the start of the range.
    private mutating func distribute(_ begins: [Instant]) {
        let length = range.end.millisecondsSince(range.start)
        let whole = length / Self.periodMilliseconds
        let count = Int(whole + (length % Self.periodMilliseconds > 0 ? 1 : 0))
        var byPeriod: [Int: Int] = [:]
        for begin in begins {
            let index = begin.millisecondsSince(range.start) / Self.periodMilliseconds
            byPeriod[Int(index), default: 0] += 1
        }
        periods[0] = count - byPeriod.count
        var flood: Flood?
        for (index, alarms) in byPeriod.sorted(by: { $0.key < $1.key }) {
            peak = max(peak, alarms)
            periods[min(alarms, Self.many)] += 1
            let start = range.start.advanced(byMilliseconds: Int64(index) * Self.periodMilliseconds)
            if var running = flood {
                // A period without an alarm, or with few, has ended it.
                if running.end == start, alarms >= 5 {
                    running.end = start.advanced(byMilliseconds: Self.periodMilliseconds)
                    running.alarms += alarms
                    flood = running
                    continue
                }
                floods.append(running)
                flood = nil
            }
            if alarms > 10 {
                flood = Flood(
                    start: start, end: start.advanced(byMilliseconds: Self.periodMilliseconds),
                    alarms: alarms)
            }
        }
        if let flood { floods.append(flood) }
    }

    // MARK: - Figures

    package var days: Double { Double(range.end.millisecondsSince(range.start)) / 86_400_000 }
    package var perDay: Double { days > 0 ? Double(activations) / days : 0 }
    package var perTenMinutes: Double { perDay / 144 }

    /// Share of ten-minute periods with more than ten alarms, 0…1.
    package var floodedPeriods: Double {
        let all = periods.reduce(0, +)
        return all > 0 ? Double(periods[Self.many]) / Double(all) : 0
    }

    /// Share of the time in floods, 0…1.
    package var timeInFlood: Double {
        let milliseconds = floods.reduce(Int64(0)) { $0 + $1.end.millisecondsSince($1.start) }
        return days > 0 ? Double(milliseconds) / 86_400_000 / days : 0
    }

    /// Share of the ten most frequent alarms, 0…1.
    package var shareOfFrequent: Double {
        activations > 0
            ? Double(frequent.reduce(0) { $0 + $1.count }) / Double(activations) : 0
    }

    package func share(_ priority: AlarmPriority) -> Double {
        activations > 0 ? Double(byPriority[priority] ?? 0) / Double(activations) : 0
    }

    /// A share of fewer alarms says more of chance than of them.
    package static let fewestForShare = 10

    /// Name, value, target and judgement of each figure. A rate a day is not judged from less than
    /// a day, and a share not from few alarms.
    package var figures: [Figure] {
        func figure(
            _ name: String, _ value: Double, digits: Int8, unit: String, good: Double, act: Double,
            isJudged: Bool = true
        ) -> Figure {
            let judgement: Judgement? =
                !isJudged ? nil : value <= good ? .good : value > act ? .act : .watch
            return Figure(
                name: name, value: FixedDecimal(nearest: value, digits: digits), unit: unit,
                target: FixedDecimal(nearest: good, digits: digits), judgement: judgement)
        }
        return [
            figure(
                "alarms per day", perDay, digits: 1, unit: "", good: 144, act: 300,
                isJudged: days >= 1),
            figure("alarms per 10 min", perTenMinutes, digits: 2, unit: "", good: 1, act: 2),
            figure("most in 10 min", Double(peak), digits: 0, unit: "", good: 10, act: 10),
            figure(
                "periods over 10 alarms", floodedPeriods * 100, digits: 2, unit: "%", good: 1,
                act: 1),
            figure("time in flood", timeInFlood * 100, digits: 2, unit: "%", good: 1, act: 1),
            figure(
                "share of the 10 most frequent", shareOfFrequent * 100, digits: 1, unit: "%",
                good: 5, act: 5, isJudged: activations >= Self.fewestForShare),
            figure(
                "chattering", Double(chattering.count), digits: 0, unit: "alarms", good: 0, act: 0),
            figure("fleeting", Double(fleeting), digits: 0, unit: "episodes", good: 0, act: 0),
            figure(
                "stale over a day", Double(stale.count), digits: 0, unit: "alarms", good: 4,
                act: 4),
            figure(
                "critical unacknowledged over 5 min", Double(lateCritical), digits: 0,
                unit: "episodes", good: 0, act: 0),
        ]
    }

    package struct Figure: Sendable, Hashable {
        package var name: String
        package var value: FixedDecimal?
        package var unit: String
        package var target: FixedDecimal?
        /// Nil where too little is known.
        package var judgement: Judgement?
    }
}
