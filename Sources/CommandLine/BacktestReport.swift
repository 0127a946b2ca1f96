import Alarms
import Daemon
import Model

/// What a backtest found, in the form in which it is printed.
struct BacktestReport: Encodable {
    struct Episode: Encodable {
        var id: String
        var priority: String
        var start: String
        /// Absent where it went on at the end.
        var end: String?
        var seconds: Int64
        var value: String
    }
    struct Rule: Encodable {
        var name: String
        var episodes: Int
        var inForce: Int
        var activeSeconds: Int64
        var longestSeconds: Int64
    }
    struct Flood: Encodable {
        var start: String
        var end: String
        var alarms: Int
    }
    struct Chatter: Encodable {
        var id: String
        var bursts: Int
    }
    struct Change: Encodable {
        var before: Episode
        var after: Episode
    }
    struct Totals: Encodable {
        var episodes: Int
        var perDay: Double
        var mostInTenMinutes: Int
        var floods: Int
        var chattering: Int
    }

    var from: String
    var to: String
    var devices: Int
    var polls: Int
    var readings: Int
    var asked: Totals
    var inForce: Totals
    var rules: [Rule]
    var episodes: [Episode]
    var longest: [Episode]
    var floods: [Flood]
    var chattering: [Chatter]
    var gained: [Episode]
    var lost: [Episode]
    var changed: [Change]
    var same: Int

    init(_ result: BacktestRun.Result, _ asked: Site, _ inForce: Site, _ offset: Int) {
        let range = result.range
        let end = result.endedAt ?? range.end
        func time(_ instant: Instant) -> String { instant.iso8601(offsetMinutes: offset) }
        func episode(_ episode: Backtest.Episode) -> Episode {
            Episode(
                id: episode.key.description, priority: episode.priority.name,
                start: time(episode.start), end: episode.end.map(time),
                seconds: max(0, (episode.end ?? end).millisecondsSince(episode.start) / 1000),
                value: episode.valueText)
        }
        // What was over before the range is no answer to what happened in it.
        func inside(_ all: [Backtest.Episode]) -> [Backtest.Episode] {
            all.filter { $0.start < range.end && $0.end.map { $0 > range.start } ?? true }
        }
        let new = inside(result.asked.episodes)
        let old = inside(result.inForce.episodes)
        let figures = result.asked.figures
        from = time(range.start)
        to = time(range.end)
        devices = result.devices
        polls = result.polls
        readings = result.readings
        self.asked = Totals(new.count, figures)
        self.inForce = Totals(old.count, result.inForce.figures)
        episodes = new.map(episode)
        longest = Array(
            episodes.sorted { ($1.seconds, $0.start) < ($0.seconds, $1.start) }.prefix(5))
        floods = figures.floods.map {
            Flood(start: time($0.start), end: time($0.end), alarms: $0.alarms)
        }
        chattering = figures.chattering.map {
            Chatter(id: $0.key.description, bursts: $0.count)
        }
        let difference = BacktestDifference(before: old, after: new)
        gained = difference.gained.map(episode)
        lost = difference.lost.map(episode)
        changed = difference.changed.map {
            Change(before: episode($0.before), after: episode($0.after))
        }
        same = difference.same
        rules = Self.rules(new, old, asked, inForce, until: end)
    }

    /// Each rule of either set once, those that came most often first.
    private static func rules(
        _ new: [Backtest.Episode], _ old: [Backtest.Episode], _ asked: Site, _ inForce: Site,
        until end: Instant
    ) -> [Rule] {
        let counts = Dictionary(grouping: new, by: \.key.rule)
        let before = Dictionary(grouping: old, by: \.key.rule)
        let names =
            asked.alarmRules.map(\.name) + inForce.alarmRules.map(\.name) + Array(counts.keys)
            + Array(before.keys)
        var seen = Set<String>()
        return names.filter { seen.insert($0).inserted }.map { name in
            let lengths = (counts[name] ?? []).map {
                max(0, ($0.end ?? end).millisecondsSince($0.start) / 1000)
            }
            return Rule(
                name: name, episodes: lengths.count, inForce: before[name]?.count ?? 0,
                activeSeconds: lengths.reduce(0, +), longestSeconds: lengths.max() ?? 0)
        }.sorted { ($1.episodes, $1.inForce, $0.name) < ($0.episodes, $0.inForce, $1.name) }
    }

    // MARK: For people

    func write(limit: Int) {
        Output.line(
            "\(from) to \(to): \(readings) readings, \(polls) polls, \(devices) devices")
        Output.line("")
        var totals = TextTable([
            ("", .left), ("EPISODES", .right), ("A DAY", .right), ("MOST IN 10 MIN", .right),
            ("FLOODS", .right), ("CHATTERING", .right),
        ])
        for (name, figures) in [("these rules", asked), ("in force", inForce)] {
            totals.add([
                name, "\(figures.episodes)",
                FixedDecimal(nearest: figures.perDay, digits: 1)?.description ?? "",
                "\(figures.mostInTenMinutes)", "\(figures.floods)", "\(figures.chattering)",
            ])
        }
        totals.write()
        Output.line("")
        var table = TextTable([
            ("RULE", .left), ("EPISODES", .right), ("IN FORCE", .right), ("ACTIVE", .right),
            ("LONGEST", .right),
        ])
        for rule in rules {
            table.add([
                rule.name, "\(rule.episodes)", "\(rule.inForce)", Self.span(rule.activeSeconds),
                Self.span(rule.longestSeconds),
            ])
        }
        table.write()
        write(episodes, "episodes", sign: " ", limit)
        for flood in floods.prefix(limit) {
            Output.line("flood: \(flood.alarms) alarms, \(flood.start) to \(flood.end)")
        }
        for chatter in chattering.prefix(limit) {
            Output.line("chattering: \(chatter.bursts) × \(Output.clean(chatter.id))")
        }
        if let first = longest.first {
            Output.line("longest: \(Self.span(first.seconds))  \(Output.clean(first.id))")
        }
        Output.line("")
        Output.line(
            "against the rules in force: \(gained.count) gained, \(lost.count) lost, "
                + "\(changed.count) changed, \(same) the same")
        write(gained, "gained", sign: "+", limit)
        write(lost, "lost", sign: "-", limit)
        if !changed.isEmpty { Output.line("") }
        for change in changed.prefix(limit) {
            Output.line("~ " + Output.clean(Self.line(change.after)))
            Output.line("  was " + Output.clean(Self.line(change.before)))
        }
        if changed.count > limit { Output.line("  and \(changed.count - limit) more changed") }
    }

    private func write(_ all: [Episode], _ name: String, sign: String, _ limit: Int) {
        guard !all.isEmpty else { return }
        Output.line("")
        for episode in all.prefix(limit) {
            Output.line(sign + " " + Output.clean(Self.line(episode)))
        }
        if all.count > limit {
            Output.line("  and \(all.count - limit) more \(name); --limit shows them")
        }
    }

    private static func line(_ episode: Episode) -> String {
        let length = episode.end == nil ? "goes on" : span(episode.seconds)
        return "\(episode.start)  \(length)  \(episode.priority)  \(episode.id)  \(episode.value)"
    }

    /// `45 s`, `12 min`, `3.5 h`, `2.0 d`.
    private static func span(_ seconds: Int64) -> String {
        switch seconds {
        case ..<120: return "\(seconds) s"
        case ..<7200: return "\(seconds / 60) min"
        case ..<172_800: return "\(FixedDecimal(mantissa: seconds / 360, scale: 1)) h"
        default: return "\(FixedDecimal(mantissa: seconds / 8640, scale: 1)) d"
        }
    }
}

extension BacktestReport.Totals {
    fileprivate init(_ episodes: Int, _ figures: AlarmPerformance) {
        let days = Double(figures.range.end.millisecondsSince(figures.range.start)) / 86_400_000
        self.init(
            episodes: episodes, perDay: days > 0 ? Double(figures.activations) / days : 0,
            mostInTenMinutes: figures.peak, floods: figures.floods.count,
            chattering: figures.chattering.count)
    }
}
