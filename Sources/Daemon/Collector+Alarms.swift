import Alarms
import Model
import Notify
import Platform
import Serve
import Store
import Views

/// What the collector does with alarms for persons, receivers and views.
extension Collector {
    // MARK: Persons

    /// Returns when the change is on the disk: nobody is told "saved" before. The ids of the alarms
    /// that were meant: one, or all of a point or device; of those that end what hides, the
    /// ones that it hid.
    func act(_ action: AlarmAction, _ request: AlarmActionRequest) async throws(ActionProblem)
        -> [String]
    {
        let now = Instant(milliseconds: Clocks.wallMilliseconds())
        let monotonic = Clocks.monotonicNanoseconds() / 1_000_000
        var ids = request.id.map { [$0] } ?? request.point.map { alarms.ids(on: $0) } ?? []
        if action == .shelve, request.id == nil {
            let shelvable = alarms.shelvable(ids)
            // Where none may be shelved, the first says why.
            if !shelvable.isEmpty { ids = shelvable }
        }
        guard !ids.isEmpty else {
            throw .refused(.notAllowed("no rule watches `\(request.point ?? "")`"))
        }
        do throws(AlarmEngine.Refusal) {
            // All or none: what one refuses, the others do not do either.
            var changed = alarms
            var events: [AlarmEvent] = []
            var touched: [String] = []
            for id in ids {
                let own = try changed.act(
                    act(action, request, now), id: id, by: request.by,
                    comment: request.comment, now: monotonic, at: now)
                if !own.isEmpty { touched.append(id) }
                events += own
            }
            if action == .unshelve || action == .returnToService { ids = touched }
            alarms = changed
            unsaved += events
        } catch {
            throw .refused(error)
        }
        publish(at: now)
        let failure = await withCheckedContinuation { continuation in
            saveAlarms { continuation.resume(returning: $0) }
        }
        if let failure { throw .notSaved(failure) }
        return ids
    }

    private func act(
        _ action: AlarmAction, _ request: AlarmActionRequest, _ now: Instant
    ) -> AlarmEngine.Act {
        switch action {
        case .acknowledge: .acknowledge
        case .shelve: .shelve(milliseconds: request.forMS ?? 0)
        case .unshelve: .unshelve
        case .takeOutOfService:
            .takeOutOfService(
                approver: request.approver ?? "",
                review: Instant(milliseconds: request.reviewMS ?? now.milliseconds))
        case .returnToService: .returnToService
        }
    }

    enum ActionProblem: Error {
        case refused(AlarmEngine.Refusal)
        /// It holds, and is written when the disk takes it.
        case notSaved(StoreError)
    }

    // MARK: Receivers

    // MARK: Views

    func alarmViews() -> [AlarmView] { alarms.active.map { view($0) } }

    /// With all of them counted, and no more listed than a snapshot carries.
    func hiddenAlarmViews() -> (list: [AlarmView], counts: HiddenCountsView) {
        let hidden = alarms.hidden
        var counts = HiddenCountsView()
        for standing in hidden {
            switch standing.record.hidden {
            case .shelved: counts.shelved += 1
            case .suppressed: counts.suppressed += 1
            case .outOfService: counts.outOfService += 1
            case nil: break
            }
        }
        return (hidden.prefix(SiteView.hiddenLimit).map { view($0) }, counts)
    }

    /// All of them.
    func hiddenAlarmsNow() -> [AlarmView] { alarms.hidden.map { view($0) } }

    private func view(_ standing: AlarmEngine.Standing) -> AlarmView {
        let record = standing.record
        var view = AlarmView(
            record, standing.rule,
            place: live.index(ofDevice: record.key.device).flatMap { site.devices[$0].place })
        view.hide(record.reasons)
        view.isRaised = record.raisedLevels > 0 ? true : nil
        view.childrenCount = standing.childrenCount
        view.children = standing.childrenCount == nil ? nil : standing.children
        return view
    }
}

extension AlarmView {
    /// Says what hides it: of several reasons the strongest.
    mutating func hide(_ reasons: [HidingReason]) {
        func first(_ kind: HidingReason.Kind) -> HidingReason? {
            reasons.first { $0.kind == kind }
        }
        hiding = HiddenState(reasons)?.rawValue
        hiddenSinceMS = reasons.map(\.since).min()?.milliseconds
        hiddenUntilMS = first(.shelf)?.until?.milliseconds
        causeID = first(.cause)?.name
        let names = reasons.filter { $0.kind == .window }.map(\.name)
        windows = names.isEmpty ? nil : names
        if let reason = first(.outOfService) ?? first(.window) ?? first(.shelf) {
            hiddenBy = reason.by
            hiddenReason = reason.comment
        }
        if let reason = first(.outOfService) {
            approver = reason.approver
            reviewMS = reason.until?.milliseconds
        }
    }
}
