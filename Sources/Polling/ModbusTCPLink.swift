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
/// trusted; so does a time-out in the middle of a frame.
///
/// Where the host is a gateway that passes on RTU frames, there is no transaction id: a unit that
/// did not answer rests for its time-out, what comes meanwhile is dropped, and noise on its line
/// costs the request, not the connection.
// Used on the reactor's thread only.
final class ModbusTCPLink: DeviceLink {
    /// Requests in a row without any answer after which the connection is taken for dead: a device
    /// that lost power does not say so, and TCP would go on for a quarter of an hour.
    private static let silenceLimit = 3
    /// Answers nobody waits for, while one is waited for: a peer that only chatters is garbage.
    private static let staleLimit = 256
    /// Reads in a row from one connection, so that a peer that never stops holds nobody up.
    private static let readLimit = 16
    /// Pauses between attempts to connect: this, doubled each time, at most `pauseLimit` and at
    /// most half of the asking device's interval, so that no slot is lost to the pause.
    private static let firstPause: Int64 = 250_000_000
    private static let pauseLimit: Int64 = 5_000_000_000
    /// Pauses before a connection in place of one that brought garbage, from the second time in a
    /// row on: this, doubled each time, at most sixteenfold. Requests wait meanwhile.
    private static let firstDistrustPause: Int64 = 50_000_000

    private enum Connection {
        case idle
        case connecting(fd: Int32, deadline: Int64)
        case open(fd: Int32)
    }
    private struct Waiting {
        var reply: AwaitedReply
        var deadline: Int64
        var staleCount = 0
    }

    private let address: SocketAddress
    private let options: ModbusLinkOptions
    private let framing: ModbusFraming
    private let reactor: Reactor
    private let counters: PollCounters
    private let plans = LearnedPlans()
    private var connection = Connection.idle
    // Not checked at every access, of which each request has many: while these change nothing is
    // called that comes back to the link.
    @exclusivity(unchecked) private var stream: ReplyStream
    @exclusivity(unchecked) private var queue = ModbusPollQueue()
    @exclusivity(unchecked) private var waiting: Waiting?
    private var lastTransaction: UInt16
    /// Requests in a row that nobody answered, on this connection.
    private var silence = 0
    /// An answer has come on this connection.
    private var hasAnswered = false
    private var failedConnects = 0
    private var lastConnectFailure: (at: Int64, reason: PollFailure)?
    /// Connections in a row that ended with garbage.
    private var distrusts = 0
    /// Monotonic nanoseconds before which no connection is made.
    private var reconnectAt = Int64.min
    /// Monotonic nanoseconds before which no request is sent.
    private var paceUntil = Int64.min
    /// The one timer: it fires at the earliest moment that may matter and looks what does. Most
    /// time-outs are never reached, so setting a timer for each request would be work for nothing.
    private var wakeUp: (at: Int64, token: TimerToken)?
    /// True while `poll` runs: nothing is completed before it has returned.
    private var isAdding = false

    init(
        address: SocketAddress, options: ModbusLinkOptions = .init(), reactor: Reactor,
        counters: PollCounters
    ) {
        self.address = address
        self.options = options
        self.reactor = reactor
        self.counters = counters
        framing = options.framing == .tcp ? .mbap : .rtu
        stream = ReplyStream(framing)
        // Not from 0: a restarted program must not take the answers to its predecessor, which some
        // gateways give to whoever is connected.
        lastTransaction = UInt16(truncatingIfNeeded: Clocks.monotonicNanoseconds() >> 10)
    }

    func poll(_ target: PollTarget, completion: @escaping (RawPoll) -> Void) {
        guard case .modbusTCP(let transport) = target.transport else {
            preconditionFailure("BUG: a Modbus link was given \(target.name)")
        }
        let now = Clocks.monotonicNanoseconds()
        isAdding = true
        let poll = ModbusPoll(
            target, unit: transport.unit, learned: plans.plan(of: target), at: now,
            completion: completion)
        if poll.isEmpty || isPausing(target, now) {
            complete(poll, poll.isEmpty ? nil : lastConnectFailure?.reason)
        } else {
            queue.add(poll)
            pump(now)
        }
        isAdding = false
    }

    func close() {
        disconnect()
        if let wakeUp { reactor.cancel(wakeUp.token) }
        wakeUp = nil
        for poll in queue.removeAll() { complete(poll, .cancelled) }
    }

    // MARK: Requests

    /// Sends the next request where that is possible; otherwise sees to being called again.
    private func pump(_ now: Int64) {
        guard waiting == nil else { return }
        guard queue.advance(at: now), let poll = queue.current else {
            if let moment = queue.nextMoment {
                wake(at: moment, now)
            } else if !options.keepsOpen, case .open = connection {
                disconnect(forCause: false)
            }
            return
        }
        switch connection {
        case .idle:
            if now < reconnectAt { return wake(at: reconnectAt, now) }
            connect(poll.target, now)
        case .connecting: break
        case .open(let fd):
            if now < paceUntil { return wake(at: paceUntil, now) }
            send(poll, fd, now)
        }
    }

    private func send(_ poll: ModbusPoll, _ fd: Int32, _ now: Int64) {
        lastTransaction &+= 1
        let request = poll.request
        let transaction = lastTransaction
        queue.sent(at: now)
        if framing == .rtu { stream.reset() }
        let isSent = withUnsafeTemporaryAllocation(
            of: UInt8.self, capacity: ReadRequest.requestByteLimit
        ) { bytes in
            let count = request.write(to: bytes, framing: framing, transaction: transaction)
            let whole = UnsafeBufferPointer(rebasing: bytes[..<count])
            return Sockets.send(fd, whole) == .bytes(count)
        }
        // Twelve bytes that do not fit: the peer has not read for a long time.
        guard isSent else { return connectionLost(whileAsking: true, now) }
        let deadline = now + poll.target.timeoutMilliseconds * 1_000_000
        waiting = Waiting(
            reply: AwaitedReply(transaction: transaction, request: request), deadline: deadline)
        wake(at: deadline, now)
    }

    /// Sees to `wokenUp` being called at `moment` or before.
    private func wake(at moment: Int64, _ now: Int64) {
        if let wakeUp {
            if wakeUp.at <= moment { return }
            reactor.cancel(wakeUp.token)
        }
        let token = reactor.schedule(afterNanoseconds: moment - now) { [self] in wokenUp() }
        wakeUp = (moment, token)
    }

    private func wokenUp() {
        wakeUp = nil
        let now = Clocks.monotonicNanoseconds()
        if let waiting {
            if now < waiting.deadline { return wake(at: waiting.deadline, now) }
            // Where this thread was held up, the answer may lie there unread.
            if case .open(let fd) = connection { receive(fd, isLast: false) }
            if self.waiting?.deadline == waiting.deadline { timedOut(now) }
            return
        }
        if case .connecting(_, let deadline) = connection {
            if now < deadline { return wake(at: deadline, now) }
            return connectFailed(.timeout)
        }
        pump(now)
    }

    private func timedOut(_ now: Int64) {
        waiting = nil
        silence += 1
        counters.update { $0.timeouts += 1 }
        if stream.pendingByteCount > 0 {
            counters.update { $0.garbageReplies += 1 }
            // Whatever came next would be taken for the rest of the frame.
            if framing == .mbap { disconnect() }
        }
        stream.reset()
        if silence >= Self.silenceLimit { disconnect() }
        resume(.failed(.timeout), now)
    }

    private func resume(_ outcome: ModbusPoll.RequestOutcome, _ now: Int64) {
        var rest: Int64 = 0
        if framing == .rtu, let target = queue.current?.target {
            rest = target.timeoutMilliseconds * 1_000_000
        }
        if let poll = queue.resume(outcome, at: now, rest: rest) { complete(poll, nil) }
        pump(now)
    }

    private func complete(_ poll: ModbusPoll, _ reason: PollFailure?) {
        if isAdding {
            reactor.atEndOfTurn { Self.tell(poll, reason) }
        } else {
            Self.tell(poll, reason)
        }
    }

    private static func tell(_ poll: ModbusPoll, _ reason: PollFailure?) {
        poll.complete(
            cancelledBy: reason, monotonic: Clocks.monotonicNanoseconds(),
            wall: Clocks.wallMilliseconds())
    }

    // MARK: Answers

    /// Takes everything that has come: the reactor tells of it once. A read that does not fill its
    /// buffer has taken all there was, unless the end of the stream is behind it.
    private func receive(_ fd: Int32, isLast: Bool) {
        for _ in 0..<Self.readLimit {
            let count = receiveOnce(fd)
            let mayBeMore = count == ReplyStream.receiveLimit || isLast && count > 0
            guard mayBeMore, case .open(fd) = connection else { return }
        }
        reactor.remind(fd)
    }

    /// The number of bytes that came; 0 for none, and at the end of the stream.
    private func receiveOnce(_ fd: Int32) -> Int {
        var received = ReplyStream.Received()
        let result = withUnsafeTemporaryAllocation(
            of: UInt8.self, capacity: ReplyStream.receiveLimit
        ) { buffer in
            let result = Sockets.receive(fd, into: buffer)
            if case .bytes(let count) = result {
                let bytes = UnsafeBufferPointer(rebasing: buffer[..<count])
                received = stream.receive(bytes, waiting: waiting?.reply)
            }
            return result
        }
        switch result {
        case .bytes(let count):
            take(received, Clocks.monotonicNanoseconds())
            return count
        case .wouldBlock: break
        case .endOfStream, .failed:
            connectionLost(whileAsking: waiting != nil, Clocks.monotonicNanoseconds())
        }
        return 0
    }

    private func take(_ received: ReplyStream.Received, _ now: Int64) {
        if received.staleCount > 0 {
            counters.update { $0.staleReplies += received.staleCount }
            waiting?.staleCount += received.staleCount
        }
        switch received.outcome {
        case .words(let words): answered(.words(words), now)
        case .exception(let code): answered(.exception(code), now)
        case .garbage(let text): distrust(text, now)
        case nil:
            if let waiting, waiting.staleCount > Self.staleLimit {
                distrust("answers to nothing that was asked", now)
            }
        }
    }

    private func answered(_ outcome: ModbusPoll.RequestOutcome, _ now: Int64) {
        waiting = nil
        silence = 0
        distrusts = 0
        hasAnswered = true
        paceUntil = now + options.gapMilliseconds * 1_000_000
        resume(outcome, now)
    }

    /// Closes a connection on which something impossible came.
    private func distrust(_ text: String, _ now: Int64) {
        counters.update { $0.garbageReplies += 1 }
        let wasWaiting = waiting != nil
        waiting = nil
        if framing == .mbap {
            distrusts += 1
            if distrusts > 1 {
                reconnectAt = now + Self.firstDistrustPause << Int64(min(distrusts - 2, 4))
            }
            disconnect()
        }
        // Nobody is told where nobody asked: the next request makes a new connection.
        if wasWaiting { resume(.failed(.badReply(text)), now) } else { pump(now) }
    }

    // MARK: Connection

    private func connect(_ target: PollTarget, _ now: Int64) {
        do throws(PlatformError) {
            let fd = try Sockets.connect(to: address)
            do throws(PlatformError) {
                try reactor.watch(fd, interest: .write) { [self] in handle(fd, $0) }
            } catch {
                Sockets.closeDescriptor(fd)
                throw error
            }
            let deadline = now + target.timeoutMilliseconds * 1_000_000
            connection = .connecting(fd: fd, deadline: deadline)
            wake(at: deadline, now)
        } catch {
            connectFailed(PollFailure(connecting: error))
        }
    }

    private func handle(_ fd: Int32, _ ready: Interest) {
        switch connection {
        case .idle: break
        case .connecting:
            if let error = Sockets.pendingError(fd, address.description) {
                return connectFailed(PollFailure(connecting: error))
            }
            reactor.update(fd, interest: [.read, .edge])
            connection = .open(fd: fd)
            failedConnects = 0
            lastConnectFailure = nil
            counters.update { $0.connections += 1 }
            let now = Clocks.monotonicNanoseconds()
            paceUntil = now + options.connectDelayMilliseconds * 1_000_000
            pump(now)
        case .open: receive(fd, isLast: ready.contains(.hangup))
        }
    }

    /// Tells everyone who waits: they would all fail in the same way, one time-out after the other.
    private func connectFailed(_ reason: PollFailure) {
        disconnect()
        failedConnects += 1
        lastConnectFailure = (Clocks.monotonicNanoseconds(), reason)
        for poll in queue.removeAll() { complete(poll, reason) }
    }

    /// True while it is too early for another attempt to connect.
    private func isPausing(_ target: PollTarget, _ now: Int64) -> Bool {
        guard case .idle = connection, let failure = lastConnectFailure else { return false }
        let doubled = Self.firstPause << Int64(min(failedConnects, 8) - 1)
        let pause = min(doubled, Self.pauseLimit, target.intervalMilliseconds * 500_000)
        return now - failure.at < pause
    }

    private func connectionLost(whileAsking wasAsking: Bool, _ now: Int64) {
        let isPartial = stream.pendingByteCount > 0
        let reason: PollFailure =
            isPartial
            ? .badReply("connection closed within a frame")
            : hasAnswered ? .unreachable : .refused
        let mayResend = hasAnswered && !isPartial
        disconnect()
        if isPartial { counters.update { $0.garbageReplies += 1 } }
        if !wasAsking { return pump(now) }
        if mayResend, queue.resend() { return pump(now) }
        resume(.failed(reason), now)
    }

    /// Closes the connection, if there is one, and forgets what was under way on it.
    private func disconnect(forCause: Bool = true) {
        switch connection {
        case .idle: return
        case .connecting(let fd, _):
            reactor.unwatch(fd)
            Sockets.closeDescriptor(fd)
        case .open(let fd):
            reactor.unwatch(fd)
            Sockets.closeDescriptor(fd)
            if forCause { counters.update { $0.lostConnections += 1 } }
        }
        waiting = nil
        connection = .idle
        stream.reset()
        silence = 0
        hasAnswered = false
    }
}

extension PollFailure {
    init(connecting error: PlatformError) {
        self = error.isRefusal ? .refused : error.isTimeout ? .timeout : .unreachable
    }
}
