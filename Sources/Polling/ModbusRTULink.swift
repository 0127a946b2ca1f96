import Modbus
import Model
import Platform

/// One serial line with all its units. The queue lives on the reactor's thread; libmodbus, which
/// blocks, on a thread of the line's own, one request at a time.
///
/// Answers carry no transaction id here. A unit that was late is left alone until its time-out has
/// passed a second time, and what came meanwhile is thrown away: otherwise the late answer would be
/// taken for the answer to the unit's next request of the same size. The others are asked
/// meanwhile; libmodbus refuses answers of another unit.
// Used on the reactor's thread only.
final class ModbusRTULink: DeviceLink {
    private let reactor: Reactor
    private let counters: PollCounters
    private let worker: WorkerThread
    private let port: SerialPort
    /// Nanoseconds between an answer and the next request.
    private let gap: Int64
    private let plans: LearnedPlans
    private var queue = ModbusPollQueue()
    private var isAsking = false
    private var isClosed = false
    private var isPumpQueued = false
    private var pace: TimerToken?
    private var paceUntil = Int64.min
    /// Something may lie in the line's input.
    private var mustFlush = false

    init(
        settings: SerialSettings, gapMilliseconds: Int64, reactor: Reactor, counters: PollCounters
    ) throws(PollingError) {
        gap = gapMilliseconds * 1_000_000
        plans = LearnedPlans(gap: Self.worthwhileHole(baud: settings.baud))
        self.reactor = reactor
        self.counters = counters
        port = SerialPort(settings)
        do throws(PlatformError) {
            worker = try WorkerThread(name: "serial")
        } catch {
            throw PollingError(device: settings.path, reason: error.description)
        }
    }

    func poll(_ target: PollTarget, completion: @escaping (RawPoll) -> Void) {
        guard case .modbusRTU(let transport) = target.transport else {
            preconditionFailure("BUG: a serial line was given \(target.name)")
        }
        let poll = ModbusPoll(
            target, unit: transport.unit, learned: plans.plan(of: target),
            at: Clocks.monotonicNanoseconds(), completion: completion)
        if poll.isEmpty {
            reactor.atEndOfTurn { Self.complete(poll, nil) }
            return
        }
        queue.add(poll)
        schedulePump()
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        if let pace { reactor.cancel(pace) }
        pace = nil
        for poll in queue.removeAll() { Self.complete(poll, .cancelled) }
        // The thread may be waiting for an answer still. The reactor does not wait with it: the
        // thread ends after that, when this link is gone.
        worker.submit { [port] in port.close() }
    }

    private func schedulePump() {
        if isPumpQueued { return }
        isPumpQueued = true
        reactor.atEndOfTurn { [self] in
            isPumpQueued = false
            pump()
        }
    }

    private func pump() {
        guard !isAsking, !isClosed else { return }
        let now = Clocks.monotonicNanoseconds()
        guard now >= paceUntil else { return wait(until: paceUntil, now) }
        guard queue.advance(at: now), let poll = queue.current else {
            if let moment = queue.nextMoment { wait(until: moment, now) }
            return
        }
        let request = poll.request
        let timeout = poll.target.timeoutMilliseconds
        let flushes = mustFlush
        mustFlush = false
        isAsking = true
        queue.sent(at: now)
        let accepted = worker.submit { [port, reactor, box = LinkBox(self)] in
            if flushes { port.flush() }
            let outcome = port.ask(request, timeoutMilliseconds: timeout)
            reactor.submit { box.link.answered(outcome, timeoutMilliseconds: timeout) }
        }
        precondition(accepted, "BUG: a serial line was given a second request")
    }

    private func wait(until moment: Int64, _ now: Int64) {
        if let pace { reactor.cancel(pace) }
        pace = reactor.schedule(afterNanoseconds: moment - now) { [self] in
            pace = nil
            pump()
        }
    }

    private func answered(_ outcome: ModbusPoll.RequestOutcome, timeoutMilliseconds: Int64) {
        isAsking = false
        if isClosed { return }
        if case .failed(let failure) = outcome {
            mustFlush = true
            counters.update { counters in
                if failure == .timeout { counters.timeouts += 1 }
                if case .badReply = failure { counters.garbageReplies += 1 }
                if failure == .unreachable { counters.linkFailures += 1 }
            }
        }
        let now = Clocks.monotonicNanoseconds()
        paceUntil = now + gap
        let rest = timeoutMilliseconds * 1_000_000
        if let poll = queue.resume(outcome, at: now, rest: rest) { Self.complete(poll, nil) }
        schedulePump()
    }

    /// Registers that are cheaper read along than asked around. A request more is 8 and 5 bytes of
    /// frames, two silences of 3.5 characters and the unit's turn-around, some 10 ms; a register is
    /// 2 bytes of 11 bits.
    static func worthwhileHole(baud: Int) -> Int { (20 * 11 * 1000 + 10 * baud) / (22 * 1000) }

    private static func complete(_ poll: ModbusPoll, _ reason: PollFailure?) {
        poll.complete(
            cancelledBy: reason, monotonic: Clocks.monotonicNanoseconds(),
            wall: Clocks.wallMilliseconds())
    }
}

/// Carries a link through the worker's thread back to the reactor's.
// Opened on the reactor's thread only.
private struct LinkBox: @unchecked Sendable {
    let link: ModbusRTULink
    init(_ link: ModbusRTULink) { self.link = link }
}

/// The line itself, opened when it is first needed and again after it was lost.
// Used on the line's worker thread only.
private final class SerialPort: @unchecked Sendable {
    private let settings: SerialSettings
    private var line: ModbusRTULine?

    init(_ settings: SerialSettings) { self.settings = settings }

    func close() { line = nil }

    /// Throws away what has come.
    func flush() { line?.settle(milliseconds: 0) }

    func ask(_ request: ReadRequest, timeoutMilliseconds: Int64) -> ModbusPoll.RequestOutcome {
        do throws(ModbusError) {
            let open: ModbusRTULine
            if let line {
                open = line
            } else {
                open = try ModbusRTULine(settings)
                line = open
            }
            return .words(try open.read(request, timeoutMilliseconds: timeoutMilliseconds))
        } catch {
            switch error.code {
            case .timeout: return .failed(.timeout)
            case .exception(let code): return .exception(code)
            case .badReply(let text): return .failed(.badReply(text))
            case .system, .unusable:
                // Unplugged, perhaps: opened anew for the next request.
                line = nil
                return .failed(.unreachable)
            }
        }
    }
}
