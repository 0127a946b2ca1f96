package import Model
import Platform

/// One poll of one device, for `probe`, `record` and tests. Blocks.
package enum SinglePoll {
    /// Resolves the name, opens a link, polls, closes. Never throws: what goes wrong is the poll's
    /// outcome. Not for the cooperative pool or a reactor's thread.
    package static func run(_ target: PollTarget) -> RawPoll {
        do throws(PollingError) {
            try target.check()
            return try poll(target)
        } catch {
            return RawPoll(
                device: target.device, time: Instant(milliseconds: Clocks.wallMilliseconds()),
                latencyMicroseconds: 0, requests: 0, outcome: .failure(.unreachable))
        }
    }

    /// Says in words why a target could not be polled at all, whatever the device does.
    package static func check(_ target: PollTarget) throws(PollingError) { try target.check() }

    private static func poll(_ target: PollTarget) throws(PollingError) -> RawPoll {
        let reactor: Reactor
        let resolver: NameResolver
        do throws(PlatformError) {
            reactor = try Reactor(name: "single poll")
            resolver = try NameResolver()
            try reactor.start()
        } catch {
            throw PollingError(device: target.name, reason: error.description)
        }
        let result = ConditionLock<RawPoll?>(nil)
        let session = SingleSession(
            LinkTable(reactor: reactor, counters: PollCounters(), resolver: resolver))
        reactor.submit {
            session.links.poll(target) { raw in result.update { $0 = raw } }
        }
        // Bounded by the link: each request by its time-out and repetitions.
        let raw = result.wait(until: { $0 })
        reactor.performAndWait { session.links.close() }
        reactor.stop()
        resolver.stop()
        return raw
    }
}

// The links are used on the reactor's thread only.
private final class SingleSession: @unchecked Sendable {
    let links: LinkTable
    init(_ links: LinkTable) { self.links = links }
}
