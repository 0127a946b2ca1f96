package import Model

extension Rota {
    /// Who is on call: whoever the last override that holds names, else whose turn it is.
    package func person(at time: Instant) -> String {
        if let override = overrides.last(where: { $0.range.contains(time) }) {
            return override.person
        }
        let turn = shift(at: time) % Int64(people.count)
        return people[Int(turn < 0 ? turn + Int64(people.count) : turn)]
    }

    /// The shift of a moment, from 0; before the start they count backwards.
    private func shift(at time: Instant) -> Int64 {
        let since = time.milliseconds.subtractingReportingOverflow(start.milliseconds)
        guard !since.overflow else { return 0 }
        let quotient = since.partialValue / shiftMilliseconds
        return since.partialValue % shiftMilliseconds < 0 ? quotient - 1 : quotient
    }

    /// When somebody else may be on call: the next handover, or where an override begins or ends.
    package func nextChange(after time: Instant) -> Instant {
        let handover = start.milliseconds &+ (shift(at: time) &+ 1) &* shiftMilliseconds
        let edges = overrides.flatMap { [$0.range.start.milliseconds, $0.range.end.milliseconds] }
        let next = edges.filter { $0 > time.milliseconds }.min() ?? .max
        return Instant(milliseconds: min(handover, next))
    }
}

/// Which hooks reach whom.
package struct OnCallDirectory: Sendable {
    private let rotas: [String: Rota]
    private let people: [String: Person]
    private let hooks: Set<String>

    package init(_ site: Site) {
        rotas = Dictionary(
            site.rotas.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        people = Dictionary(
            site.people.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        hooks = Set(site.hooks.map(\.name))
    }

    /// Hooks of hooks, people and rotas at a moment, each once, in their order.
    package func hooks(of targets: [String], at time: Instant) -> [String] {
        var found: [String] = []
        for target in targets {
            let name = rotas[target]?.person(at: time) ?? target
            let reached = hooks.contains(name) ? [name] : people[name]?.hooks ?? []
            for hook in reached where !found.contains(hook) { found.append(hook) }
        }
        return found
    }
}

/// Who is told when nobody acknowledges. Time comes in, calls go out; an alarm that is open and not
/// acknowledged climbs its policy's steps, the last again and again where it says so.
package struct EscalationBook: Sendable {
    /// A step that is due: whom to tell now.
    package struct Call: Hashable, Sendable {
        package var key: AlarmKey
        package var episode: Int64
        /// From 1; repeats count on.
        package var step: Int
        package var hooks: [String]
    }

    /// An alarm that nobody has acknowledged yet, as it stands.
    package struct Standing: Hashable, Sendable {
        package var key: AlarmKey
        package var episode: Int64
        package var priority: AlarmPriority
        package var raisedAt: Instant
        package init(
            key: AlarmKey, episode: Int64, priority: AlarmPriority, raisedAt: Instant
        ) {
            self.key = key
            self.episode = episode
            self.priority = priority
            self.raisedAt = raisedAt
        }
    }

    private struct Climb {
        var episode: Int64
        /// Nil where no policy reaches the alarm any more; who was told hears of its end.
        var policy: Int?
        /// Monotonic ms of the moment from which steps count.
        var start: Int64
        var done = 0
        var told: [String] = []
    }

    /// By falling priority: the first that an alarm reaches is its own.
    private let policies: [EscalationPolicy]
    private let directory: OnCallDirectory
    private var climbs: [AlarmKey: Climb] = [:]

    package init(_ site: Site) {
        policies = site.escalations.sorted { $0.minimumPriority > $1.minimumPriority }
        directory = OnCallDirectory(site)
    }

    package var isEmpty: Bool { policies.isEmpty && climbs.isEmpty }

    /// The same alarms under the policies and people of another reading of the site file: a step
    /// that was taken is not taken again.
    package func under(
        _ site: Site, standing: [Standing], now: Int64, wall: Instant
    ) -> EscalationBook {
        var book = EscalationBook(site)
        book.restore(climbs.keys.compactMap { mark($0) }, standing: standing, now: now, wall: wall)
        return book
    }

    /// What was known before a restart. Alarms begin where they were: a step that was due in the
    /// meantime is due at once, and of several only the last.
    package mutating func restore(
        _ marks: [EscalationMark], standing: [Standing], now: Int64, wall: Instant
    ) {
        let known = Dictionary(marks.map { ($0.alarm, $0) }, uniquingKeysWith: { $1 })
        for alarm in standing {
            let mark = known[alarm.key.description].flatMap {
                $0.episode == alarm.episode ? $0 : nil
            }
            if let mark, !mark.told.isEmpty {
                climbs[alarm.key] = Climb(
                    episode: alarm.episode, start: Self.start(alarm, now: now, wall: wall),
                    done: max(0, mark.done), told: mark.told)
            }
            begin(alarm, now: now, wall: wall)
            if let mark { climbs[alarm.key]?.done = max(0, mark.done) }
        }
    }

    /// An alarm has become open, or stands open with another priority.
    package mutating func begin(_ alarm: Standing, now: Int64, wall: Instant) {
        let policy = policies.firstIndex { $0.minimumPriority <= alarm.priority }
        if let climb = climbs[alarm.key], climb.episode == alarm.episode,
            policy != nil || !climb.told.isEmpty
        {
            climbs[alarm.key]?.policy = policy
            return
        }
        climbs[alarm.key] = policy.map {
            Climb(
                episode: alarm.episode, policy: $0,
                start: Self.start(alarm, now: now, wall: wall))
        }
    }

    /// A clock that was set forward must not bring all steps at once, nor one set back none.
    private static func start(_ alarm: Standing, now: Int64, wall: Instant) -> Int64 {
        now - min(max(0, wall.millisecondsSince(alarm.raisedAt)), 365 * 86_400_000)
    }

    /// Acknowledged, ended, shelved or hidden. Gives who had been told, to be told of the end too.
    @discardableResult
    package mutating func end(_ key: AlarmKey) -> [String] {
        climbs.removeValue(forKey: key)?.told ?? []
    }

    package func told(_ key: AlarmKey) -> [String] { climbs[key]?.told ?? [] }
    package var keys: [AlarmKey] { Array(climbs.keys) }

    /// Of one alarm, as it is to be kept.
    package func mark(_ key: AlarmKey) -> EscalationMark? {
        climbs[key].map {
            EscalationMark(
                alarm: key.description, episode: $0.episode, done: $0.done, told: $0.told)
        }
    }

    /// Steps that are due, by alarm. Each is given once.
    package mutating func due(now: Int64, wall: Instant) -> [Call] {
        var calls: [Call] = []
        for (key, climb) in climbs {
            guard let policy = climb.policy.map({ policies[$0] }) else { continue }
            let reached = steps(of: policy, after: now - climb.start)
            guard reached > climb.done else { continue }
            let targets = policy.steps[min(reached, policy.steps.count) - 1].targets
            let hooks = directory.hooks(of: targets, at: wall)
            climbs[key]?.done = reached
            climbs[key]?.told += hooks.filter { !climb.told.contains($0) }
            calls.append(Call(key: key, episode: climb.episode, step: reached, hooks: hooks))
        }
        return calls.sorted { $0.key.description < $1.key.description }
    }

    /// How many steps lie within `age`, repeats included.
    private func steps(of policy: EscalationPolicy, after age: Int64) -> Int {
        let reached = policy.steps.count { $0.afterMilliseconds <= age }
        guard reached == policy.steps.count, let again = policy.repeatMilliseconds, again > 0,
            let last = policy.steps.last
        else { return reached }
        return reached + Int((age - last.afterMilliseconds) / again)
    }
}
