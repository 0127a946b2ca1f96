import Modbus
import Model
import Platform

/// One connection to one Modbus host and port, for all units behind it.
///
///     idle ──poll──▶ connecting ──writable──▶ open ──request──▶ open, waiting
///      ▲                  │                    ▲ │                   │
///      └──────failure─────┴──lost or garbage───┼─┘     answer, time-out
///                                              └─────────────────────┘
///
/// One request is under way at a time. After a time-out the connection stays: the late answer
/// carries an old transaction id, is dropped and counted. A frame that cannot be one, or that has
/// the right id and the wrong content, closes the connection, because nothing behind it can be
/// trusted.
// Used on the reactor's thread only.
final class ModbusTCPLink: DeviceLink {
    /// Requests in a row without any answer after which the connection is taken for dead: a device
    /// that lost power does not say so, and TCP would go on for a quarter of an hour.
    private static let silenceLimit = 3
    /// Answers nobody waits for, while one is waited for: a peer that only chatters is garbage.
    private static let staleLimit = 256
    /// Pauses between attempts to connect: this, doubled each time, at most `pauseLimit` and at
    /// most half of the asking device's interval, so that no slot is lost to the pause.
    private static let firstPause: Int64 = 250_000_000
    private static let pauseLimit: Int64 = 5_000_000_000

    private enum Connection {
        case idle
        case connecting(fd: Int32, timer: TimerToken)
        case open(fd: Int32)
    }
    private struct Waiting {
        var transaction: UInt16
        var request: ReadRequest
        var timer: TimerToken
        var staleCount = 0
    }

    private let address: SocketAddress
    private let reactor: Reactor
    private let counters: PollCounters
    private var connection = Connection.idle
    private var decoder = MBAPDecoder()
    private var queue = ModbusPollQueue()
    private var waiting: Waiting?
    private var lastTransaction: UInt16
    /// Requests in a row that nobody answered, on this connection.
    private var silence = 0
    /// An answer has come on this connection.
    private var hasAnswered = false
    private var failedConnects = 0
    private var lastConnectFailure: (at: Int64, reason: PollFailure)?
    private var isPumpQueued = false

    init(address: SocketAddress, reactor: Reactor, counters: PollCounters) {
        self.address = address
        self.reactor = reactor
        self.counters = counters
        // Not from 0: a restarted program must not take the answers to its predecessor, which some
        // gateways give to whoever is connected.
        lastTransaction = UInt16(truncatingIfNeeded: Clocks.monotonicNanoseconds() >> 10)
    }

    func poll(_ target: PollTarget, completion: @escaping (RawPoll) -> Void) {
        guard case .modbusTCP(let transport) = target.transport else {
            preconditionFailure("BUG: a Modbus link was given \(target.name)")
        }
        let poll = ModbusPoll(target, unit: transport.unit, completion: completion)
        if poll.isEmpty || isPausing(target) {
            let reason = poll.isEmpty ? nil : lastConnectFailure?.reason
            reactor.atEndOfTurn { Self.complete(poll, reason) }
            return
        }
        queue.add(poll)
        schedulePump()
    }

    func close() {
        disconnect()
        for poll in queue.removeAll() { Self.complete(poll, .cancelled) }
    }

    // MARK: Requests

    private func schedulePump() {
        if isPumpQueued { return }
        isPumpQueued = true
        reactor.atEndOfTurn { [self] in
            isPumpQueued = false
            pump()
        }
    }

    /// Sends the next request where that is possible.
    private func pump() {
        guard waiting == nil, queue.advance(), let poll = queue.current else { return }
        switch connection {
        case .idle: connect(timeoutMilliseconds: poll.target.timeoutMilliseconds)
        case .connecting: break
        case .open(let fd): send(poll, fd)
        }
    }

    private func send(_ poll: ModbusPoll, _ fd: Int32) {
        lastTransaction &+= 1
        let request = poll.request
        let frame = MBAPFrame(transaction: lastTransaction, unit: request.unit, pdu: request.pdu)
        let bytes = frame.bytes
        queue.sent(at: Clocks.monotonicNanoseconds())
        // Twelve bytes that do not fit: the peer has not read for a long time.
        guard Sockets.send(fd, bytes) == .bytes(bytes.count) else {
            return connectionLost(whileAsking: true)
        }
        let timer = reactor.schedule(
            afterNanoseconds: poll.target.timeoutMilliseconds * 1_000_000
        ) { [self] in timedOut() }
        waiting = Waiting(transaction: lastTransaction, request: request, timer: timer)
    }

    private func timedOut() {
        waiting = nil
        silence += 1
        counters.update { $0.timeouts += 1 }
        if silence >= Self.silenceLimit { disconnect() }
        resume(.failed(.timeout))
    }

    private func resume(_ outcome: ModbusPoll.RequestOutcome) {
        if let poll = queue.resume(outcome) { Self.complete(poll, nil) }
        schedulePump()
    }

    private static func complete(_ poll: ModbusPoll, _ reason: PollFailure?) {
        poll.complete(
            cancelledBy: reason, monotonic: Clocks.monotonicNanoseconds(),
            wall: Clocks.wallMilliseconds())
    }

    // MARK: Answers

    private func receive(_ fd: Int32) {
        let result = withUnsafeTemporaryAllocation(
            of: UInt8.self, capacity: MBAPDecoder.feedLimit
        ) { buffer in
            let result = Sockets.receive(fd, into: buffer)
            if case .bytes(let count) = result { decoder.feed(buffer[..<count]) }
            return result
        }
        switch result {
        case .bytes: takeFrames(fd)
        case .wouldBlock: break
        case .endOfStream, .failed: connectionLost(whileAsking: waiting != nil)
        }
    }

    private func takeFrames(_ fd: Int32) {
        // A frame may close the connection, and with it this stream.
        while case .open(fd) = connection {
            do throws(ModbusError) {
                guard let frame = try decoder.next() else { return }
                take(frame)
            } catch {
                return distrust(error.description)
            }
        }
    }

    private func take(_ frame: MBAPFrame) {
        guard let waiting, waiting.transaction == frame.transaction else {
            counters.update { $0.staleReplies += 1 }
            self.waiting?.staleCount += 1
            if let count = self.waiting?.staleCount, count > Self.staleLimit {
                distrust("answers to nothing that was asked")
            }
            return
        }
        guard frame.unit == waiting.request.unit else {
            return distrust("unit \(frame.unit) in answer to \(waiting.request.unit)")
        }
        switch waiting.request.answer(from: frame.pdu) {
        case .mismatch(let text): distrust(text)
        case .words(let words): answered(.words(words), waiting)
        case .exception(let code): answered(.exception(code), waiting)
        }
    }

    private func answered(_ outcome: ModbusPoll.RequestOutcome, _ answered: Waiting) {
        reactor.cancel(answered.timer)
        waiting = nil
        silence = 0
        hasAnswered = true
        resume(outcome)
    }

    /// Closes a connection on which something impossible came.
    private func distrust(_ text: String) {
        counters.update { $0.garbageReplies += 1 }
        let wasWaiting = waiting != nil
        disconnect()
        // Nobody is told where nobody asked: the next request makes a new connection.
        if wasWaiting { resume(.failed(.badReply(text))) } else { schedulePump() }
    }

    // MARK: Connection

    private func connect(timeoutMilliseconds: Int64) {
        do throws(PlatformError) {
            let fd = try Sockets.connect(to: address)
            do throws(PlatformError) {
                try reactor.watch(fd, interest: .write) { [self] ready in handle(fd, ready) }
            } catch {
                Sockets.closeDescriptor(fd)
                throw error
            }
            let timer = reactor.schedule(
                afterNanoseconds: timeoutMilliseconds * 1_000_000
            ) { [self] in connectFailed(.timeout) }
            connection = .connecting(fd: fd, timer: timer)
        } catch {
            connectFailed(PollFailure(connecting: error))
        }
    }

    private func handle(_ fd: Int32, _ ready: Interest) {
        switch connection {
        case .idle: break
        case .connecting(_, let timer):
            if let error = Sockets.pendingError(fd, address.description) {
                return connectFailed(PollFailure(connecting: error))
            }
            reactor.cancel(timer)
            reactor.update(fd, interest: .read)
            connection = .open(fd: fd)
            failedConnects = 0
            lastConnectFailure = nil
            counters.update { $0.connections += 1 }
            pump()
        case .open: receive(fd)
        }
    }

    /// Tells everyone who waits: they would all fail in the same way, one time-out after the other.
    private func connectFailed(_ reason: PollFailure) {
        disconnect()
        failedConnects += 1
        lastConnectFailure = (Clocks.monotonicNanoseconds(), reason)
        for poll in queue.removeAll() { Self.complete(poll, reason) }
    }

    /// True while it is too early for another attempt to connect.
    private func isPausing(_ target: PollTarget) -> Bool {
        guard case .idle = connection, let failure = lastConnectFailure else { return false }
        let doubled = Self.firstPause << Int64(min(failedConnects, 8) - 1)
        let pause = min(doubled, Self.pauseLimit, target.intervalMilliseconds * 500_000)
        return Clocks.monotonicNanoseconds() - failure.at < pause
    }

    private func connectionLost(whileAsking wasAsking: Bool) {
        let isPartial = decoder.pendingByteCount > 0
        let reason: PollFailure =
            isPartial
            ? .badReply("connection closed within a frame")
            : hasAnswered ? .unreachable : .refused
        let mayResend = hasAnswered && !isPartial
        disconnect()
        if isPartial { counters.update { $0.garbageReplies += 1 } }
        if !wasAsking { return schedulePump() }
        if mayResend, queue.resend() { return schedulePump() }
        resume(.failed(reason))
    }

    /// Closes the connection, if there is one, and forgets what was under way on it.
    private func disconnect() {
        switch connection {
        case .idle: return
        case .connecting(let fd, let timer):
            reactor.cancel(timer)
            reactor.unwatch(fd)
            Sockets.closeDescriptor(fd)
        case .open(let fd):
            reactor.unwatch(fd)
            Sockets.closeDescriptor(fd)
            counters.update { $0.lostConnections += 1 }
        }
        if let waiting { reactor.cancel(waiting.timer) }
        waiting = nil
        connection = .idle
        decoder = MBAPDecoder()
        silence = 0
        hasAnswered = false
    }
}

extension PollFailure {
    init(connecting error: PlatformError) {
        self = error.isRefusal ? .refused : error.isTimeout ? .timeout : .unreachable
    }
}
