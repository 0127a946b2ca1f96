package import Model

/// What persons do with alarms.
extension AlarmEngine {
    package enum Refusal: Error, Sendable, CustomStringConvertible {
        case unknown(String)
        case notAllowed(String)
        package var description: String {
            switch self {
            case .unknown(let id):
                "no alarm `\(id)`; `frostline alarms list` prints the ids"
            case .notAllowed(let reason): reason
            }
        }
    }

    /// What a person asks for.
    package enum Act: Sendable {
        case acknowledge
        /// For so many milliseconds, at most a day; again: a new end.
        case shelve(milliseconds: Int64)
        case unshelve
        /// By two persons, until somebody looks again.
        case takeOutOfService(approver: String, review: Instant)
        case returnToService
    }

    package static let longestShelf: Int64 = 86_400_000
    /// What nobody has looked at for so long has been forgotten.
    package static let longestReview: Int64 = 366 * 86_400_000

    /// The alarms of a point, or of a device where that is named.
    package func ids(on subject: String) -> [String] {
        alarms.lazy.map(\.key).filter {
            $0.device == subject || !$0.point.isEmpty && $0.device + "/" + $0.point == subject
        }.map(\.description).sorted()
    }

    /// Those of them that may be put aside: the critical ones of a device stay where they are.
    package func shelvable(_ ids: [String]) -> [String] {
        ids.filter { id in
            guard let index = index(ofID: id) else { return false }
            var trial = alarms[index].machine
            if case .refused = trial.apply(.shelve) { return false }
            return true
        }
    }

    /// Names of rules have no colon, and those of devices no slash: one look is enough but for
    /// serial lines.
    private func index(ofID id: String) -> Int? {
        let parts = id.split(separator: ":", maxSplits: 1).map(String.init)
        if parts.count == 2 {
            let rest = parts[1].split(separator: "/", maxSplits: 1).map(String.init)
            let key = AlarmKey(
                rule: parts[0], device: rest.first ?? "", point: rest.count > 1 ? rest[1] : "")
            if let index = indexByKey[key], key.description == id { return index }
        }
        return alarms.firstIndex { $0.key.description == id }
    }

    /// Repeating an acknowledgement, or ending what is ended, changes nothing and is no error.
    package mutating func act(
        _ act: Act, id: String, by actor: String, comment: String?, now: Int64, at time: Instant
    ) throws(Refusal) -> [AlarmEvent] {
        guard let index = index(ofID: id) else { throw .unknown(id) }
        switch act {
        case .acknowledge:
            return try applyOrRefuse(
                Self.input(alarms[index].machine), index, now, time, actor, comment)
        case .shelve(let milliseconds):
            return try shelve(index, milliseconds, now, time, actor, comment)
        case .unshelve: return endShelf(index, .unshelve, now, time, actor: actor, comment)
        case .takeOutOfService(let approver, let review):
            return try takeOut(index, approver, review, now, time, actor, comment)
        case .returnToService:
            let before = alarms[index].record.reasons
            alarms[index].record.reasons.removeAll { $0.kind == .outOfService }
            guard before.count != alarms[index].record.reasons.count else { return [] }
            return apply(.backInService, to: index, now, time, actor: actor, comment: comment)
                + spokenChanged(index, now, time)
        }
    }

    /// What an acknowledgement is to the machine: of a latched alarm that was acknowledged and has
    /// returned it is the reset, which ends it.
    private static func input(_ machine: AlarmStateMachine) -> AlarmInput {
        machine.state == .latchedAcknowledged ? .reset : .acknowledge
    }

    private mutating func applyOrRefuse(
        _ input: AlarmInput, _ index: Int, _ now: Int64, _ time: Instant, _ actor: String,
        _ comment: String?, detail: String? = nil
    ) throws(Refusal) -> [AlarmEvent] {
        var trial = alarms[index].machine
        if case .refused(let reason) = trial.apply(input) { throw .notAllowed(reason) }
        return apply(
            input, to: index, now, time, actor: actor, comment: comment, detail: detail)
    }

    private mutating func shelve(
        _ index: Int, _ milliseconds: Int64, _ now: Int64, _ time: Instant, _ actor: String,
        _ comment: String?
    ) throws(Refusal) -> [AlarmEvent] {
        guard (1...Self.longestShelf).contains(milliseconds) else {
            throw .notAllowed("a shelf has an end, at most 24 hours from now")
        }
        guard let comment, comment.contains(where: { $0 != " " }) else {
            throw .notAllowed("say why the alarm is put aside")
        }
        let until = time.advanced(byMilliseconds: milliseconds)
        let reason = HidingReason(
            .shelf, by: actor, comment: comment, since: time, until: until)
        let detail = words.until(until.iso8601(offsetMinutes: site.offsetMinutes))
        var trial = alarms[index].machine
        if case .refused(let why) = trial.apply(.shelve) { throw .notAllowed(why) }
        timers.shelfEnds[index] = now + milliseconds
        return hide(index, reason, .shelve, detail, now, time)
    }

    /// The one reason of its kind. Where the alarm is hidden so already, it has a new end.
    private mutating func hide(
        _ index: Int, _ reason: HidingReason, _ input: AlarmInput, _ detail: String, _ now: Int64,
        _ time: Instant
    ) -> [AlarmEvent] {
        let state = alarms[index].machine.state
        alarms[index].record.reasons.removeAll { $0.kind == reason.kind }
        alarms[index].record.reasons.append(reason)
        let events = apply(
            input, to: index, now, time, actor: reason.by, comment: reason.comment, detail: detail)
        guard events.isEmpty else { return events + spokenChanged(index, now, time) }
        return write(
            index, previous: state,
            Change(input: input, actor: reason.by, comment: reason.comment, detail: detail), now,
            time)
    }

    /// Nothing where it is not shelved.
    mutating func endShelf(
        _ index: Int, _ input: AlarmInput, _ now: Int64, _ time: Instant, actor: String? = nil,
        _ comment: String? = nil, detail: String? = nil
    ) -> [AlarmEvent] {
        timers.shelfEnds[index] = nil
        guard alarms[index].record.reasons.contains(where: { $0.kind == .shelf }) else { return [] }
        alarms[index].record.reasons.removeAll { $0.kind == .shelf }
        return apply(
            input, to: index, now, time, actor: actor, comment: comment, detail: detail)
            + spokenChanged(index, now, time)
    }

    private mutating func takeOut(
        _ index: Int, _ approver: String, _ review: Instant, _ now: Int64, _ time: Instant,
        _ actor: String, _ comment: String?
    ) throws(Refusal) -> [AlarmEvent] {
        guard approver != actor, !approver.isEmpty else {
            throw .notAllowed("a second person has to approve it")
        }
        guard let comment, comment.contains(where: { $0 != " " }) else {
            throw .notAllowed("say why the alarm is taken out of service")
        }
        let wait = review.millisecondsSince(time)
        guard wait > 0, wait <= Self.longestReview else {
            throw .notAllowed("the date to look again is in the future, at most a year from now")
        }
        let reason = HidingReason(
            .outOfService, by: actor, approver: approver, comment: comment, since: time,
            until: review)
        let detail = words.approved(
            by: approver, review: review.iso8601(offsetMinutes: site.offsetMinutes))
        return hide(index, reason, .outOfService, detail, now, time)
    }
}
