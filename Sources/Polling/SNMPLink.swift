import Model
import Platform
import SNMP

/// Polls one device over SNMP on the reactor's thread.
///
/// A session is opened with the first poll and kept; it is opened anew after authentication
/// failures and, for v3, after silence, because a replaced device has another engine and clock.
final class SNMPLink: DeviceLink {
    private struct Running {
        var target: PollTarget
        var poll: SNMPPoll
        var completion: (RawPoll) -> Void
        var startedAt: Int64
        var answeredAt: Int64
        /// What the session had sent before.
        var sentBefore: Int
    }
    private struct Settings: Equatable {
        var transport: SNMPTransport
        var timeoutMilliseconds: Int64
        var retries: Int
    }

    private let reactor: Reactor
    private let credentials: SNMPCredentials
    private let credentialsOf: SNMPTransport
    private var memory = SNMPDeviceMemory()
    private var session: SNMPSession?
    private var settings: Settings?
    private var running: Running?
    private var timer: TimerToken?
    private var nextToken: UInt64 = 1

    /// - Throws: where the credentials cannot be used, such as a v3 passphrase under 8 bytes.
    init(target: PollTarget, reactor: Reactor) throws(PollingError) {
        guard case .snmp(let transport) = target.transport else {
            preconditionFailure("BUG: \(target.name) is no SNMP device")
        }
        self.reactor = reactor
        credentialsOf = transport
        do throws(SNMPError) {
            credentials = try transport.credentials()
        } catch {
            throw PollingError(device: target.name, reason: error.description)
        }
    }

    /// Refuses credentials that no session could use. Derives v3 keys on the way, which links find
    /// in a cache then: to be called away from the reactor's thread, because each new passphrase
    /// costs milliseconds.
    static func check(_ transport: SNMPTransport, of name: String) throws(PollingError) {
        do throws(SNMPError) {
            _ = try transport.credentials()
        } catch {
            throw PollingError(device: name, reason: error.description)
        }
    }

    func poll(_ target: PollTarget, completion: @escaping (RawPoll) -> Void) {
        precondition(running == nil, "BUG: \(target.name) is polled twice at once")
        guard case .snmp(let plan) = target.plan, case .snmp(let transport) = target.transport,
            transport.access == credentialsOf.access
        else { preconditionFailure("BUG: \(target.name) was given a target of another kind") }
        let now = Clocks.monotonicNanoseconds()
        running = Running(
            target: target,
            poll: SNMPPoll(plan: plan, memory: memory, isV1: credentials.isV1),
            completion: completion, startedAt: now, answeredAt: now,
            sentBefore: 0)
        do throws(SNMPError) {
            try openSession(
                Settings(
                    transport: transport, timeoutMilliseconds: target.timeoutMilliseconds,
                    retries: target.retries))
        } catch {
            return completeLater(.failure(PollFailure(error)))
        }
        running?.sentBefore = session?.datagramsSent ?? 0
        advance(inCall: true)
    }

    func close() {
        closeSession()
        complete(.failure(.cancelled))
    }

    // MARK: Session

    private func openSession(_ wanted: Settings) throws(SNMPError) {
        if session != nil, settings == wanted { return }
        closeSession()
        let address = try SNMPAddress(host: wanted.transport.host, port: wanted.transport.port)
        let made = try SNMPSession(
            to: address, credentials: credentials,
            timeoutMilliseconds: wanted.timeoutMilliseconds, retries: wanted.retries)
        do throws(PlatformError) {
            try reactor.watch(made.fileDescriptor, interest: .read) { [weak self] _ in
                self?.receive()
            }
        } catch {
            throw .setup(error.description)
        }
        session = made
        settings = wanted
    }

    private func closeSession() {
        stopTimer()
        guard let session else { return }
        reactor.unwatch(session.fileDescriptor)
        session.close()
        self.session = nil
    }

    private func receive() {
        session?.receive { take($0) }
        startTimer()
    }

    private func expire() {
        timer = nil
        session?.expire { take($0) }
        startTimer()
    }

    private func startTimer() {
        stopTimer()
        guard running != nil, let delay = session?.nanosecondsToDeadline else { return }
        timer = reactor.schedule(afterNanoseconds: delay) { [weak self] in self?.expire() }
    }

    private func stopTimer() {
        if let timer { reactor.cancel(timer) }
        timer = nil
    }

    // MARK: The poll

    private func take(_ reply: SNMPReply) {
        // A reply to a request of a poll that is over carries an older number.
        guard running != nil, reply.token == nextToken &- 1 else { return }
        running?.poll.take(reply.result)
        running?.answeredAt = Clocks.monotonicNanoseconds()
        advance(inCall: false)
    }

    private func advance(inCall: Bool) {
        guard let step = running?.poll.next() else { return }
        switch step {
        case .finished(let outcome):
            if inCall { completeLater(outcome) } else { complete(outcome) }
        case .ask(let operation, let names):
            let token = nextToken
            nextToken &+= 1
            do throws(SNMPError) {
                guard let session else { throw .setup("the session is closed") }
                try session.ask(operation, names.map(\.arcs), token: token)
                startTimer()
            } catch {
                completeLater(.failure(PollFailure(error)))
            }
        }
    }

    private func completeLater(_ outcome: RawPoll.Outcome) {
        reactor.schedule(afterNanoseconds: 0) { [weak self] in self?.complete(outcome) }
    }

    private func needsNewSession(
        after outcome: RawPoll.Outcome, trouble: PollFailure?
    ) -> Bool {
        // Also where part of the poll succeeded: keys or clock may have changed in the middle.
        if trouble == .authentication { return true }
        guard case .failure(let failure) = outcome else { return false }
        return failure != .timeout || credentials.isUser
    }

    private func complete(_ outcome: RawPoll.Outcome) {
        guard let running else { return }
        self.running = nil
        stopTimer()
        memory = running.poll.memory
        let sent = session.map { $0.datagramsSent - running.sentBefore } ?? 0
        if needsNewSession(after: outcome, trouble: running.poll.failure) { closeSession() }
        running.completion(
            RawPoll(
                device: running.target.device,
                time: Instant(milliseconds: Clocks.wallMilliseconds()),
                latencyMicroseconds: max(0, (running.answeredAt - running.startedAt) / 1000),
                requests: sent, outcome: outcome))
    }
}
