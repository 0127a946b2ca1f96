package import Model

/// Rules over readings of before: the engine itself, with time that the readings give.
package struct Backtest: Sendable {
    /// One life of one alarm.
    package struct Episode: Sendable, Hashable {
        package var key: AlarmKey
        package var priority: AlarmPriority
        package var start: Instant
        /// Nil where it goes on.
        package var end: Instant?
        /// The value at its start.
        package var valueText: String
    }

    /// Some tens of megabytes; rules that make more are of no use to anybody.
    package static let maximumEpisodes = 100_000

    private var engine: AlarmEngine
    private var nextTick: Int64 = .min
    private var bound: [Int: Int] = [:]
    /// Of the changes in the range.
    package private(set) var figures: AlarmPerformance
    private var open: [AlarmKey: Int] = [:]
    /// In the order in which they began.
    package private(set) var episodes: [Episode] = []

    /// - Parameter range: what `figures` are about; readings may begin before it.
    package init(site: Site, range: TimeRange) {
        engine = AlarmEngine(site: site, restored: [])
        figures = AlarmPerformance(in: range)
    }

    /// True where no more changes are taken.
    package var isFull: Bool { episodes.count >= Self.maximumEpisodes }

    /// The number under which the site's own figures are given.
    package var ownSeries: DeviceID { engine.ownSeries }

    package mutating func bind(
        _ device: DeviceID, points: [PointDefinition], groups: [PollGroup] = []
    ) {
        guard bound[Int(device.index)] != points.count else { return }
        bound[Int(device.index)] = points.count
        engine.bind(device, points: points, groups: groups)
    }

    /// Takes one poll; polls come in the order of their times. Returns what has changed since the
    /// one before.
    @discardableResult
    package mutating func step(_ batch: ReadingBatch) -> [AlarmEvent] {
        var events = advance(to: batch.time)
        // A poll without an answer leaves nothing that could be trusted.
        let answered = batch.values.contains { $0.quality.isUsable || $0.quality == .bad }
        let new = engine.step(batch, answered: answered, now: batch.time.milliseconds)
        note(new)
        events += new
        return events
    }

    /// Lets time pass until `time`: second by second as the daemon does while something waits for
    /// it, otherwise by the minute.
    private mutating func advance(to time: Instant) -> [AlarmEvent] {
        let now = time.milliseconds
        var events: [AlarmEvent] = []
        if nextTick == .min {
            events += engine.begin(now: now, time: time)
            nextTick = now - now % 1000 + 1000
        }
        while nextTick <= now {
            events += engine.tick(now: nextTick, time: Instant(milliseconds: nextTick))
            nextTick += 1000
            if engine.hasDelays { continue }
            nextTick = min(nextTick + 59_000, max(nextTick, now - now % 1000))
        }
        note(events)
        return events
    }

    /// Behind the last reading.
    package mutating func finish(at time: Instant) {
        _ = advance(to: time)
        figures.finish()
    }

    private mutating func note(_ new: [AlarmEvent]) {
        for event in new where !isFull {
            figures.take(event)
            let wasLive = event.previous.isLive
            if event.state.isLive, !wasLive {
                open[event.key] = episodes.count
                episodes.append(
                    Episode(
                        key: event.key, priority: event.priority, start: event.time, end: nil,
                        valueText: event.valueText))
            } else if wasLive, !event.state.isLive, let index = open.removeValue(forKey: event.key)
            {
                episodes[index].end = event.time
            }
        }
    }
}

extension AlarmState {
    /// The condition holds.
    package var isLive: Bool { self == .unacknowledged || self == .acknowledged }
}

/// What other rules would have made of the same readings.
package struct BacktestDifference: Sendable {
    package struct Change: Sendable {
        package var before: Backtest.Episode
        package var after: Backtest.Episode
    }
    /// With the new rules only.
    package private(set) var gained: [Backtest.Episode] = []
    /// With the rules in force only.
    package private(set) var lost: [Backtest.Episode] = []
    /// Of the same alarm at overlapping times, but with another start, end or priority.
    package private(set) var changed: [Change] = []
    package private(set) var same = 0

    package init(before: [Backtest.Episode], after: [Backtest.Episode]) {
        let old = Dictionary(grouping: before, by: \.key)
        let new = Dictionary(grouping: after, by: \.key)
        for key in Set(old.keys).union(new.keys) { compare(old[key] ?? [], new[key] ?? []) }
        func isEarlier(_ a: Backtest.Episode, _ b: Backtest.Episode) -> Bool {
            (a.start, a.key.description) < (b.start, b.key.description)
        }
        gained.sort(by: isEarlier)
        lost.sort(by: isEarlier)
        changed.sort { isEarlier($0.after, $1.after) }
    }

    /// Episodes of one alarm, each list ascending.
    private mutating func compare(_ before: [Backtest.Episode], _ after: [Backtest.Episode]) {
        var index = 0
        for new in after {
            while index < before.count, let end = before[index].end, end <= new.start,
                before[index].start != new.start
            {
                lost.append(before[index])
                index += 1
            }
            guard index < before.count, new.end.map({ before[index].start < $0 }) ?? true else {
                gained.append(new)
                continue
            }
            let old = before[index]
            index += 1
            if old.start == new.start, old.end == new.end, old.priority == new.priority {
                same += 1
            } else {
                changed.append(Change(before: old, after: new))
            }
        }
        lost += before[index...]
    }
}
