import Modbus
import Model
import Platform

/// One serial line with all its units. The queue lives on the reactor's thread; libmodbus, which
/// blocks, on a thread of the line's own, one request at a time.
///
/// Answers carry no transaction id here. A unit that was late is left alone until its time-out has
/// passed a second time, and what came meanwhile is thrown away: otherwise the late answer would be
/// taken for the answer to the unit's next request of the same size.
// Used on the reactor's thread only.
final class ModbusRTULink: DeviceLink {
    private let reactor: Reactor
    private let counters: PollCounters
    private let worker: WorkerThread
    private let port: SerialPort
    private var queue = ModbusPollQueue()
    private var isAsking = false
    private var isClosed = false
    private var isPumpQueued = false
    /// Monotonic nanoseconds until which a unit's late answers may still come.
    private var lateUntil: [UInt8: Int64] = [:]
    /// Something may lie in the line's input.
    private var mustFlush = false

    init(
        settings: SerialSettings, reactor: Reactor, counters: PollCounters
    ) throws(PollingError) {
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
        let poll = ModbusPoll(target, unit: transport.unit, completion: completion)
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
        guard !isAsking, !isClosed, queue.advance(), let poll = queue.current else { return }
        let now = Clocks.monotonicNanoseconds()
        let request = poll.request
        let timeout = poll.target.timeoutMilliseconds
        let wait = max(0, (lateUntil[request.unit] ?? 0) - now) / 1_000_000
        let flushes = mustFlush || wait > 0
        mustFlush = false
        isAsking = true
        queue.sent(at: now)
        let accepted = worker.submit { [port, reactor, box = LinkBox(self)] in
            if flushes { port.settle(milliseconds: wait) }
            let outcome = port.ask(request, timeoutMilliseconds: timeout)
            reactor.submit { box.link.answered(outcome, request, timeoutMilliseconds: timeout) }
        }
        precondition(accepted, "BUG: a serial line was given a second request")
    }

    private func answered(
        _ outcome: ModbusPoll.RequestOutcome, _ request: ReadRequest, timeoutMilliseconds: Int64
    ) {
        isAsking = false
        if isClosed { return }
        lateUntil[request.unit] = nil
        if case .failed(let failure) = outcome {
            mustFlush = true
            lateUntil[request.unit] =
                Clocks.monotonicNanoseconds() + timeoutMilliseconds * 1_000_000
            counters.update { counters in
                if failure == .timeout { counters.timeouts += 1 }
                if case .badReply = failure { counters.garbageReplies += 1 }
                if failure == .unreachable { counters.linkFailures += 1 }
            }
        }
        if let poll = queue.resume(outcome) { Self.complete(poll, nil) }
        schedulePump()
    }

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

    func settle(milliseconds: Int64) {
        // Without a line there is nothing to wait for, but the pace is kept.
        line?.settle(milliseconds: milliseconds)
    }

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
