package import Model

/// A device as polling sees it: one group of its points. Where a profile has several groups the
/// device stands in the list of targets once for each, with the same transport.
package struct PollTarget: Hashable, Sendable {
    package var device: DeviceID
    package var group: PollGroup
    package var importance = PollImportance.normal
    package var name: String
    package var transport: Transport
    package var plan: RequestPlan
    package var intervalMilliseconds: Int64
    /// For each request, not for the whole poll.
    package var timeoutMilliseconds: Int64
    /// Repetitions of one request after the first.
    package var retries: Int
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
        self.device = device
        self.name = name
        self.group = group
        self.transport = transport
        self.plan = plan
        self.intervalMilliseconds = intervalMilliseconds
        self.timeoutMilliseconds = timeoutMilliseconds
        self.retries = retries
    }
}
