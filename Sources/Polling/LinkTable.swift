import Modbus
import Model
import Platform
import SNMPSecurity

/// All links of one poller: made when first needed, shared by the devices behind them.
// Used on the reactor's thread only.
final class LinkTable {
    private struct Route {
        /// As it came, so that no other gets its identity, and none after it.
        let target: PollTarget
        let link: any DeviceLink
    }

    /// Polls in a row that may fail before a host's name is asked for again: it may have moved.
    private static let failuresBeforeLookUp = 5

    private let reactor: Reactor
    private let counters: PollCounters
    private let resolver: NameResolver
    private let snmp: SNMPStack
    private var links: [LinkKey: any DeviceLink] = [:]
    /// How targets are polled whose hosts are addresses in figures, which nothing changes: looked
    /// up once. By the targets' identity; as many as its owner has targets.
    private var routes: [ObjectIdentifier: Route] = [:]
    private var addresses: [String: String] = [:]
    private var failures: [String: Int] = [:]
    private var isClosed = false

    init(
        reactor: Reactor, counters: PollCounters, resolver: NameResolver,
        engines: EngineBook = EngineBook()
    ) {
        self.reactor = reactor
        self.counters = counters
        self.resolver = resolver
        snmp = SNMPStack(reactor: reactor, counters: counters, engines: engines)
    }

    /// Polls `target` over its link, which is made first where there is none.
    func poll(_ target: PollTarget, completion: @escaping (RawPoll) -> Void) {
        if let route = routes[target.identity] {
            return route.link.poll(target, completion: completion)
        }
        guard let host = target.host else { return start(target, target, completion) }
        if !failures.isEmpty, failures[host, default: 0] >= Self.failuresBeforeLookUp {
            failures[host] = 0
            lookUpAgain(host)
        }
        if let address = addresses[host] {
            return start(target, target.resolved(to: address), completion)
        }
        resolver.resolve(host, reactor) { [self] address in
            // Waiting for a name is not polling: nothing was asked, nothing is late.
            guard let address, !isClosed else {
                return Self.fail(target, isClosed ? .cancelled : .unreachable, completion)
            }
            addresses[host] = address
            start(target, target.resolved(to: address), completion)
        }
    }

    /// The address in figures of a host that has been resolved.
    func address(of host: String) -> String? { addresses[host] }

    func close() {
        isClosed = true
        let open = links.values
        links = [:]
        routes = [:]
        for link in open { link.close() }
        snmp.close()
    }

    private func start(
        _ named: PollTarget, _ target: PollTarget, _ completion: @escaping (RawPoll) -> Void
    ) {
        let key = LinkKey(named)
        do throws(PollingError) {
            let link: any DeviceLink
            if let existing = links[key] {
                link = existing
            } else {
                link = try make(target)
                links[key] = link
            }
            if !mayMove(named) {
                routes[named.identity] = Route(target: named, link: link)
                return link.poll(named, completion: completion)
            }
            link.poll(target) { [self] raw in
                note(named, raw)
                completion(raw)
            }
        } catch {
            counters.update { counters in
                counters.linkFailures += 1
                counters.lastLinkFailure = error.description
            }
            reactor.atEndOfTurn { Self.fail(named, .unreachable, completion) }
        }
    }

    private func make(_ target: PollTarget) throws(PollingError) -> any DeviceLink {
        switch target.transport {
        case .snmp: return try SNMPLink(target: target, stack: snmp)
        case .modbusRTU(let transport):
            return try ModbusRTULink(
                settings: SerialSettings(transport), gapMilliseconds: transport.gapMilliseconds,
                reactor: reactor, counters: counters)
        case .modbusTCP(let transport):
            guard
                let address = SocketAddress(numericHost: transport.host, port: transport.port)
            else {
                throw PollingError(
                    device: target.name, reason: "\(transport.host) is no address in figures")
            }
            return ModbusTCPLink(
                address: address, options: transport.link, reactor: reactor, counters: counters)
        }
    }

    /// True where the target's host has a name, which may come to stand for another address.
    private func mayMove(_ target: PollTarget) -> Bool {
        guard let host = target.host else { return false }
        return host != addresses[host]
    }

    private func note(_ target: PollTarget, _ raw: RawPoll) {
        guard let host = target.host else { return }
        if case .failure(let failure) = raw.outcome, failure.meansSilence {
            failures[host, default: 0] += 1
        } else if failures[host] != nil {
            failures[host] = nil
        }
    }

    /// Replaces the links to a host whose name now stands for another address; as long as it
    /// stands for the same one, the devices behind it are not disturbed.
    private func lookUpAgain(_ host: String) {
        resolver.resolve(host, reactor) { [self] address in
            guard let address, !isClosed, address != addresses[host] else { return }
            addresses[host] = address
            for key in links.keys where key.names(host) { links.removeValue(forKey: key)?.close() }
        }
    }

    private static func fail(
        _ target: PollTarget, _ failure: PollFailure, _ completion: (RawPoll) -> Void
    ) {
        completion(
            RawPoll(
                device: target.device, time: Instant(milliseconds: Clocks.wallMilliseconds()),
                latencyMicroseconds: 0, requests: 0, outcome: .failure(failure)))
    }
}
