/// Decides which traps are a reason to poll at once: a storm of traps must not become a storm of
/// polls. Pure: time comes in, decisions go out.
///
/// A device is polled for its first trap, and once more when the pause after that is over if more
/// traps came meanwhile, so that what they told of is seen. All devices together share a bucket of
/// polls; what it refuses is seen at the devices' own slots.
package struct TrapGate: Sendable {
    package enum Decision: Hashable, Sendable {
        case pollNow
        /// At this moment, in monotonic nanoseconds.
        case pollAt(Int64)
        /// A poll that will see it is on its way.
        case covered
        case refused
    }

    /// Of one device, between two polls for traps. Cards send several traps for one event.
    package static let pauseNanoseconds: Int64 = 5_000_000_000
    /// Polls for traps of a whole site: so many at once, and so many a second in the long run. A
    /// tenth of what a site of 3,000 devices is polled anyway.
    package static let burst: Int64 = 60
    package static let perSecond: Int64 = 30

    private struct Device {
        /// The last poll for a trap, also one that is still to come.
        var polledAt: Int64
    }
    /// Only of devices of the site; never more than those.
    private var devices: [Int: Device] = [:]
    /// Of a poll, in nanoseconds of refill.
    private static let price = 1_000_000_000 / perSecond
    private var credit = burst * price
    private var refilledAt: Int64

    package init(monotonicNanoseconds now: Int64) { refilledAt = now }

    /// A trap of this device has come.
    package mutating func take(_ number: Int, monotonicNanoseconds now: Int64) -> Decision {
        let last = devices[number]?.polledAt
        if let last, now < last { return .covered }
        guard spend(at: now) else { return .refused }
        guard let last, now < last + Self.pauseNanoseconds else {
            devices[number] = Device(polledAt: now)
            return .pollNow
        }
        devices[number] = Device(polledAt: last + Self.pauseNanoseconds)
        return .pollAt(last + Self.pauseNanoseconds)
    }

    private mutating func spend(at now: Int64) -> Bool {
        let passed = max(0, now - refilledAt)
        refilledAt = max(now, refilledAt)
        credit = min(Self.burst * Self.price, credit + min(passed, Self.burst * Self.price))
        guard credit >= Self.price else { return false }
        credit -= Self.price
        return true
    }
}
