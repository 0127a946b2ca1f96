import Model
import Platform
import Schedule

/// Hears traps and informs, and asks for a poll of who sent them.
// Used on the reactor's thread only, once it runs.
final class TrapListener {
    /// Datagrams of one turn of the reactor: polls go on in a storm of traps.
    private static let batchesPerTurn = 2
    /// A few seconds of a storm; more is dropped by the kernel, and seen at the devices' own slots.
    private static let receiveBufferBytes: Int32 = 1 << 20
    /// Names are looked at again for an unknown sender, but not for each.
    private static let namesPause: Int64 = 10_000_000_000

    private let socket: DatagramSocket
    let port: UInt16
    private let reactor: Reactor
    private let counters: PollCounters
    private let devices: [(host: String, sender: TrapReader.Sender)]
    private var senders: [HostNumber: [TrapReader.Sender]] = [:]
    private var namesAt: Int64 = 0
    private var gate: TrapGate
    private var timers: [Int: TimerToken] = [:]
    private let address: (String) -> String?
    private let poll: (Int) -> Void

    /// - Parameters:
    ///   - devices: SNMP devices by their number, with their hosts as the site file has them.
    ///   - address: the address in figures of a host that has been resolved.
    ///   - poll: asks for a poll now.
    init(
        _ listening: TrapListening, reactor: Reactor, counters: PollCounters,
        devices: [(host: String, sender: TrapReader.Sender)],
        address: @escaping (String) -> String?, poll: @escaping (Int) -> Void
    ) throws(PollingError) {
        guard let local = SocketAddress(numericHost: listening.host, port: listening.port) else {
            throw PollingError(
                reason: "traps cannot be heard on \(listening.host): it is no address in figures")
        }
        do throws(PlatformError) {
            socket = try DatagramSocket(
                version6: listening.host.contains(":"), receiveBufferBytes: Self.receiveBufferBytes)
            port = try socket.bind(to: local)
        } catch {
            throw PollingError(
                reason:
                    "traps cannot be heard on \(local): \(error.reason); choose another port, or "
                    + "give the service the right to ports below 1024 (docs/OPERATIONS.md)")
        }
        self.reactor = reactor
        self.counters = counters
        self.devices = devices
        self.address = address
        self.poll = poll
        gate = TrapGate(monotonicNanoseconds: Clocks.monotonicNanoseconds())
        counters.update { $0.traps = TrapStatistics() }
    }

    func start() throws(PlatformError) {
        learnSenders(at: Clocks.monotonicNanoseconds())
        try reactor.watch(socket.descriptor, interest: .read) { [weak self] _ in self?.receive() }
    }

    func close() {
        for timer in timers.values { reactor.cancel(timer) }
        timers = [:]
        reactor.unwatch(socket.descriptor)
    }

    private func learnSenders(at now: Int64) {
        namesAt = now
        senders = [:]
        for (host, sender) in devices {
            guard let number = HostNumber(numericHost: address(host) ?? host) else { continue }
            senders[number, default: []].append(sender)
        }
    }

    private func receive() {
        socket.takeErrors { _, _ in }
        var statistics = TrapStatistics()
        for _ in 0..<Self.batchesPerTurn {
            let count = socket.receive { peer, bytes in
                take(peer, UnsafeRawBufferPointer(bytes), &statistics)
            }
            if count < DatagramSocket.batchLimit { break }
        }
        if socket.hasQueued { _ = socket.flush { _, _ in } }
        counters.update { counters in
            var total = counters.traps ?? TrapStatistics()
            total.add(statistics)
            counters.traps = total
        }
    }

    private func take(
        _ peer: PeerAddress, _ bytes: UnsafeRawBufferPointer, _ statistics: inout TrapStatistics
    ) {
        let now = Clocks.monotonicNanoseconds()
        statistics.received += 1
        if senders[peer.host] == nil, now - namesAt >= Self.namesPause { learnSenders(at: now) }
        switch TrapReader.read(bytes, from: senders[peer.host] ?? []) {
        case .unknownSender: statistics.unknownSenders += 1
        case .wrongCommunity: statistics.wrongCommunities += 1
        case .unreadable: statistics.unreadable += 1
        case .hint(let numbers):
            statistics.unproven += 1
            for number in numbers { ask(number, at: now, &statistics) }
        case .devices(let numbers, let reply):
            // A full batch of answers: the sender repeats its inform.
            if let reply, socket.queue(to: peer, { $0 += reply }) { statistics.answered += 1 }
            for number in numbers { ask(number, at: now, &statistics) }
        }
    }

    private func ask(_ number: Int, at now: Int64, _ statistics: inout TrapStatistics) {
        switch gate.take(number, monotonicNanoseconds: now) {
        case .covered: break
        case .refused: statistics.tooMany += 1
        case .pollNow: pollForTrap(number)
        case .pollAt(let time):
            if let timer = timers.removeValue(forKey: number) { reactor.cancel(timer) }
            timers[number] = reactor.schedule(afterNanoseconds: time - now) { [weak self] in
                self?.timers[number] = nil
                self?.pollForTrap(number)
            }
        }
    }

    private func pollForTrap(_ number: Int) {
        counters.update { $0.trapPolls += 1 }
        poll(number)
    }
}

extension TrapStatistics {
    fileprivate mutating func add(_ other: TrapStatistics) {
        received += other.received
        unknownSenders += other.unknownSenders
        wrongCommunities += other.wrongCommunities
        unreadable += other.unreadable
        unproven += other.unproven
        tooMany += other.tooMany
        answered += other.answered
    }
}
