package import Model

/// A device as polling sees it: one group of its points. Where a profile has several groups the
/// device stands in the list of targets once for each, with the same transport.
///
/// Targets go from hand to hand at every poll; all that stays the same is shared, so that a copy
/// costs one count.
package struct PollTarget: Hashable, Sendable {
    private struct Values: Hashable, Sendable {
        var device: DeviceID
        var group: PollGroup
        var importance = PollImportance.normal
        var name: String
        var transport: Transport
        var plan: RequestPlan
        var intervalMilliseconds: Int64
        var timeoutMilliseconds: Int64
        var retries: Int
    }
    private final class Shared: Hashable, Sendable {
        let values: Values
        init(_ values: Values) { self.values = values }
        static func == (a: Shared, b: Shared) -> Bool { a === b || a.values == b.values }
        func hash(into hasher: inout Hasher) { values.hash(into: &hasher) }
    }

    private var shared: Shared
    /// When the poll should have ended, monotonic: nothing is repeated after it. Set for each poll;
    /// nil where there is no next one to make room for.
    package var deadlineNanoseconds: Int64?

    package init(
        device: DeviceID, name: String, group: PollGroup = .normal, transport: Transport,
        plan: RequestPlan, intervalMilliseconds: Int64, timeoutMilliseconds: Int64 = 2000,
        retries: Int = 2
    ) {
        precondition(
            intervalMilliseconds > 0 && timeoutMilliseconds > 0 && retries >= 0,
            "BUG: a poll target needs a positive interval and time-out; got \(name)")
        shared = Shared(
            Values(
                device: device, group: group, name: name, transport: transport, plan: plan,
                intervalMilliseconds: intervalMilliseconds,
                timeoutMilliseconds: timeoutMilliseconds, retries: retries))
    }

    private var values: Values {
        get { shared.values }
        set { shared = Shared(newValue) }
    }

    package var device: DeviceID {
        get { shared.values.device }
        set { values.device = newValue }
    }
    package var group: PollGroup {
        get { shared.values.group }
        set { values.group = newValue }
    }
    package var importance: PollImportance {
        get { shared.values.importance }
        set { values.importance = newValue }
    }
    package var name: String {
        get { shared.values.name }
        set { values.name = newValue }
    }
    package var transport: Transport {
        get { shared.values.transport }
        set { values.transport = newValue }
    }
    package var plan: RequestPlan {
        get { shared.values.plan }
        set { values.plan = newValue }
    }
    package var intervalMilliseconds: Int64 {
        get { shared.values.intervalMilliseconds }
        set { values.intervalMilliseconds = newValue }
    }
    /// For each request, not for the whole poll.
    package var timeoutMilliseconds: Int64 {
        get { shared.values.timeoutMilliseconds }
        set { values.timeoutMilliseconds = newValue }
    }
    /// Repetitions of one request after the first.
    package var retries: Int {
        get { shared.values.retries }
        set { values.retries = newValue }
    }

    /// The same for all copies of a target, whatever their deadlines; another target may have it
    /// once the last of them is gone.
    var identity: ObjectIdentifier { ObjectIdentifier(shared) }
}
