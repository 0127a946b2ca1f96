package import Model
import Platform
package import SNMPSecurity
import Schedule

/// Polls every device of a site at its own moment of its interval, for ever.
///
/// One thread does all SNMP and Modbus/TCP; each serial line has one more, and names are resolved
/// on another. Results come in batches: all that one turn of the reactor has brought.
package final class Poller: Sendable {
    private let reactor: Reactor
    private let resolver: NameResolver
    private let counters: PollCounters
    private let core: PollerCore

    /// Checks the targets and starts the threads; nothing is asked before `start`.
    ///
    /// `seed` is the same at each start of one site and another at each site. `receive` is called
    /// on the reactor's thread, and must hand on the polls and return: while it runs, nothing is
    /// asked and no answer is read.
    ///
    /// `engines` hold what is known of v3 devices from an earlier run, and get what is learned.
    package init(
        targets: [PollTarget], seed: String, engines: EngineBook = EngineBook(),
        receive: @escaping @Sendable ([RawPoll]) -> Void
    ) throws(PollingError) {
        try Self.check(targets)
        do throws(PlatformError) {
            reactor = try Reactor(name: "poller")
            resolver = try NameResolver()
            try reactor.start()
        } catch {
            throw PollingError(reason: error.description)
        }
        counters = PollCounters()
        core = PollerCore(
            targets: targets, seed: seed, reactor: reactor,
            links: LinkTable(
                reactor: reactor, counters: counters, resolver: resolver, engines: engines),
            counters: counters, receive: receive)
    }

    deinit { stop() }

    /// Begins. Called once.
    package func start() { reactor.submit { [core] in core.start() } }

    /// Ends all polls (those under way come as `cancelled`) and the threads. No batch comes after
    /// it has returned. Safe to call twice.
    package func stop() {
        reactor.performAndWait { [core] in core.close() }
        reactor.stop()
        resolver.stop()
    }

    /// Polls one device out of turn, as soon as no poll of it is under way.
    package func pollNow(_ device: DeviceID) {
        reactor.submit { [core] in core.pollNow(device) }
    }

    package var statistics: PollerStatistics { counters.snapshot }

    private static func check(_ targets: [PollTarget]) throws(PollingError) {
        var lines: [String: ModbusRTUTransport] = [:]
        var devices: Set<DeviceID> = []
        for target in targets {
            precondition(
                devices.insert(target.device).inserted, "BUG: \(target.name) is listed twice")
            try target.check()
            guard case .modbusRTU(var transport) = target.transport else { continue }
            transport.unit = 0
            let settings = lines[transport.path, default: transport]
            guard settings == transport else {
                throw PollingError(
                    device: target.name,
                    reason: "\(transport.path) is set otherwise for another device; "
                        + "one line has one speed and parity")
            }
            lines[transport.path] = transport
        }
    }
}

/// What lives on the reactor's thread.
// Made before, then used on the reactor's thread only.
private final class PollerCore: @unchecked Sendable {
    private let targets: [PollTarget]
    private let numbers: [DeviceID: Int]
    private let seed: String
    private let reactor: Reactor
    private let links: LinkTable
    private let counters: PollCounters
    private let receive: @Sendable ([RawPoll]) -> Void
    /// Nil before `start` and after `close`.
    private var scheduler: PollScheduler?
    private var timer: TimerToken?
    private var batch: [RawPoll] = []
    private var isFlushQueued = false

    init(
        targets: [PollTarget], seed: String, reactor: Reactor, links: LinkTable,
        counters: PollCounters, receive: @escaping @Sendable ([RawPoll]) -> Void
    ) {
        self.targets = targets
        self.seed = seed
        self.reactor = reactor
        self.links = links
        self.counters = counters
        self.receive = receive
        numbers = Dictionary(
            uniqueKeysWithValues: targets.enumerated().map { ($1.device, $0) })
    }

    func start() {
        precondition(scheduler == nil, "BUG: the poller was started twice")
        scheduler = PollScheduler(
            entries: targets.map {
                PollScheduler.Entry(name: $0.name, intervalMilliseconds: $0.intervalMilliseconds)
            },
            seed: seed, monotonicNanoseconds: Clocks.monotonicNanoseconds(),
            wallMilliseconds: Clocks.wallMilliseconds())
        advance()
    }

    func close() {
        if let timer { reactor.cancel(timer) }
        timer = nil
        links.close()
        scheduler = nil
        flush()
    }

    func pollNow(_ device: DeviceID) {
        guard let number = numbers[device] else { return }
        scheduler?.pollNow(number)
        advance()
    }

    /// Starts what is due, and sets the timer for what is next.
    private func advance() {
        if let timer { reactor.cancel(timer) }
        timer = nil
        let now = Clocks.monotonicNanoseconds()
        for number in scheduler?.takeDue(monotonicNanoseconds: now) ?? [] {
            links.poll(targets[number]) { [self] raw in finished(number, raw) }
        }
        guard let scheduler else { return }
        counters.update { counters in
            counters.overrunSlots = scheduler.overrunSlots
            counters.missedSlots = scheduler.missedSlots
        }
        guard let deadline = scheduler.nextDeadline else { return }
        // A wish that came while its device was being polled has no deadline of its own.
        let delay = deadline <= now ? 0 : deadline - now
        timer = reactor.schedule(afterNanoseconds: delay) { [self] in
            timer = nil
            advance()
        }
    }

    private func finished(_ number: Int, _ raw: RawPoll) {
        var hasFailed = false
        var isSilent = false
        if case .failure(let failure) = raw.outcome {
            hasFailed = true
            // A device that refuses or babbles is there: asking it less would not help.
            if case .deviceException = failure { isSilent = false } else { isSilent = true }
        }
        counters.update { counters in
            counters.polls += 1
            counters.requests += raw.requests
            counters.failedPolls += hasFailed ? 1 : 0
        }
        batch.append(raw)
        scheduler?.finished(
            number, succeeded: !isSilent, monotonicNanoseconds: Clocks.monotonicNanoseconds())
        if isFlushQueued { return }
        isFlushQueued = true
        reactor.atEndOfTurn { [self] in
            isFlushQueued = false
            flush()
            advance()
        }
    }

    private func flush() {
        guard !batch.isEmpty else { return }
        let polls = batch
        batch = []
        receive(polls)
    }
}
