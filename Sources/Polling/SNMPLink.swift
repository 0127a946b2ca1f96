import Model
import Platform
import SNMPSecurity
import SNMPWire

/// Polls one device over SNMP, through the exchange that all devices share.
///
/// Plans are learned and kept; so are a v3 device's engine and clock, which are learned anew after
/// silence, because a replaced device has others.
final class SNMPLink: DeviceLink, SNMPExchangeClient {
    private struct Running {
        var target: PollTarget
        var poll: SNMPPoll
        var completion: (RawPoll) -> Void
        var startedAt: Int64
        var answeredAt: Int64
        var sent = 0
        var retries = 0
        var timeouts = 0
        var isFirstTry = true

        /// A request that goes out again does so because the try before it was not answered.
        mutating func countRequest() {
            sent += 1
            if !isFirstTry {
                retries += 1
                timeouts += 1
            }
            isFirstTry = false
        }
    }

    private enum Security {
        case community(CommunityEnvelope)
        case user(USMSession)
    }

    private let exchange: SNMPExchange
    private let reactor: Reactor
    private let plans: SNMPPlanTable
    private let access: SNMPTransport.Access
    private let security: Security
    private let engines: EngineBook
    private let name: String
    private let isV1: Bool
    private var memory = SNMPDeviceMemory()
    private var host = ""
    private var peer: PeerAddress?
    private var running: Running?
    private var asked: PreparedPDU?
    private var ticket: SNMPExchange.Ticket?

    /// - Throws: where the credentials cannot be used, such as a v3 passphrase under 8 bytes.
    init(target: PollTarget, stack: SNMPStack) throws(PollingError) {
        guard case .snmp(let transport) = target.transport else {
            preconditionFailure("BUG: \(target.name) is no SNMP device")
        }
        exchange = stack.exchange
        reactor = stack.reactor
        plans = stack.plans
        engines = stack.engines
        name = target.name
        access = transport.access
        switch transport.access {
        case .v1(let community):
            isV1 = true
            security = .community(
                CommunityEnvelope(version: 0, community: Array(community.reveal.utf8)))
        case .v2c(let community):
            isV1 = false
            security = .community(
                CommunityEnvelope(version: 1, community: Array(community.reveal.utf8)))
        case .v3(let user):
            isV1 = false
            do throws(USMError) {
                let session = USMSession(
                    user: try user.keyed(), toolbox: try stack.toolbox())
                if let entry = stack.engines[target.name] {
                    session.recall(
                        entry, now: Clocks.monotonicNanoseconds(),
                        wallSeconds: Clocks.wallMilliseconds() / 1000)
                }
                security = .user(session)
            } catch {
                throw PollingError(device: target.name, reason: error.description)
            }
        }
    }

    /// Refuses credentials that could not be used. Derives v3 keys on the way, which links find in
    /// a cache then: to be called away from the reactor's thread, because each new passphrase costs
    /// milliseconds.
    static func check(_ transport: SNMPTransport, of name: String) throws(PollingError) {
        guard case .v3(let user) = transport.access else { return }
        do throws(USMError) {
            _ = try user.keyed()
        } catch {
            throw PollingError(device: name, reason: error.description)
        }
    }

    func poll(_ target: PollTarget, completion: @escaping (RawPoll) -> Void) {
        precondition(running == nil, "BUG: \(target.name) is polled twice at once")
        guard case .snmp(let plan) = target.plan, case .snmp(let transport) = target.transport,
            transport.access == access
        else { preconditionFailure("BUG: \(target.name) was given a target of another kind") }
        if peer == nil || host != transport.host || peer?.port != transport.port {
            host = transport.host
            peer = SocketAddress(numericHost: host, port: transport.port).flatMap(PeerAddress.init)
        }
        let now = Clocks.monotonicNanoseconds()
        running = Running(
            target: target,
            poll: SNMPPoll(plan: plan, memory: memory, isV1: isV1, now: now, plans: plans),
            completion: completion, startedAt: now, answeredAt: now)
        advance(inCall: true)
    }

    func close() {
        if let ticket { exchange.cancel(ticket) }
        ticket = nil
        complete(.failure(.cancelled))
    }

    // MARK: The exchange

    var needsNewNumbers: Bool {
        if case .user = security { return true }
        return false
    }

    func write(number: UInt32, to bytes: inout [UInt8]) -> Bool {
        // While this one waited, another device of the profile may have been walked.
        if running?.isFirstTry == true, let better = running?.poll.guessLate() { asked = better }
        guard let asked else { return false }
        running?.countRequest()
        switch security {
        case .community(let envelope):
            envelope.write(asked, requestID: number, to: &bytes)
            return true
        case .user(let session):
            let now = Clocks.monotonicNanoseconds()
            return session.append(asked, number: number, now: now, to: &bytes)
        }
    }

    func take(
        _ datagram: UnsafeMutableRawBufferPointer, _ peek: MessagePeek, number: UInt32
    ) {
        switch (security, peek) {
        case (.community, .community(let header)):
            guard header.kind == .response else { return }
            answer(.answer(UnsafeRawBufferPointer(datagram), header))
        case (.user(let session), .secured):
            let now = Clocks.monotonicNanoseconds()
            switch session.read(datagram, number: number, now: now) {
            case .answer(let header):
                answer(.answer(UnsafeRawBufferPointer(datagram), header))
            case .sendAgain:
                // Nothing was lost: the engine or its clock was learned.
                running?.isFirstTry = true
                if let ticket { exchange.askAgain(ticket) }
            case .refused: answer(.failure(.authentication))
            case .ignored: break
            }
        case (.community, .secured), (.user, .community): break
        }
    }

    func fail(_ failure: PollFailure) {
        if failure == .timeout {
            running?.timeouts += 1
            if case .user(let session) = security { session.fellSilent() }
        }
        ticket = nil
        hand(.failure(failure))
    }

    private func answer(_ fate: SNMPPoll.Fate) {
        if let ticket { exchange.finish(ticket) }
        ticket = nil
        hand(fate)
    }

    // MARK: The poll

    private func hand(_ fate: SNMPPoll.Fate) {
        guard running != nil else { return }
        running?.poll.take(fate)
        running?.answeredAt = Clocks.monotonicNanoseconds()
        advance(inCall: false)
    }

    private func advance(inCall: Bool) {
        guard let step = running?.poll.next(), let target = running?.target else { return }
        switch step {
        case .finished(let outcome):
            if inCall { completeLater(outcome) } else { complete(outcome) }
        case .ask(let pdu):
            asked = pdu
            running?.isFirstTry = true
            guard let peer else { return completeLater(.failure(.unreachable)) }
            // An hour and a hundred tries bound what arithmetic has to hold.
            let timeout = min(max(1, target.timeoutMilliseconds), 3_600_000) * 1_000_000
            do throws(PlatformError) {
                ticket = try exchange.ask(
                    self, peer, timeout: timeout, retries: min(max(0, target.retries), 100),
                    repeatsUntil: target.deadlineNanoseconds ?? .max,
                    isFirst: running?.sent == 0)
            } catch {
                completeLater(.failure(.unreachable))
            }
        }
    }

    private func completeLater(_ outcome: RawPoll.Outcome) {
        reactor.atEndOfTurn { [weak self] in self?.complete(outcome) }
    }

    private func noteEngine() {
        guard case .user(let session) = security,
            let entry = session.memory(
                now: Clocks.monotonicNanoseconds(), wallSeconds: Clocks.wallMilliseconds() / 1000)
        else { return }
        engines.note(entry, of: name)
    }

    private func complete(_ outcome: RawPoll.Outcome) {
        guard let running else { return }
        self.running = nil
        asked = nil
        noteEngine()
        memory = running.poll.memory
        var raw = RawPoll(
            device: running.target.device,
            time: Instant(milliseconds: Clocks.wallMilliseconds()),
            latencyMicroseconds: max(0, (running.answeredAt - running.startedAt) / 1000),
            requests: running.sent, outcome: outcome)
        raw.retries = running.retries
        raw.timeouts = running.timeouts
        running.completion(raw)
    }
}
