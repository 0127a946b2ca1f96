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
    ///
    /// Where `traps` are listened for, a trap of a device is a reason to poll it at once.
    package init(
        targets: [PollTarget], seed: String, traps: TrapListening? = nil,
        engines: EngineBook = EngineBook(),
        receive: @escaping @Sendable ([RawPoll]) -> Void
    ) throws(PollingError) {
        try Self.check(targets)
        do throws(PlatformError) {
            try ConnectionRoom.make(for: targets)
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
        if let traps {
            trapPort = try core.listen(traps)
        } else {
            trapPort = nil
        }
    }

    /// The port at which traps are heard; nil where they are not.
    package let trapPort: UInt16?

    deinit { stop() }

    /// Begins. Called once.
    package func start() { reactor.submit { [core] in core.start() } }

    /// Calls back from the polling thread, at its next turn.
    package func beat(_ answer: @escaping @Sendable () -> Void) { reactor.submit(answer) }

    /// Ends all polls (those under way come as `cancelled`) and the threads. No batch comes after
    /// it has returned. Safe to call twice.
    package func stop() {
        reactor.performAndWait { [core] in core.close() }
        reactor.stop()
        resolver.stop()
    }

    /// Polls one device out of turn, as soon as no poll of it is under way: all its points but the
    /// slow ones.
    package func pollNow(_ device: DeviceID) {
        reactor.submit { [core] in core.pollNow(device) }
    }

    /// Polls several devices out of turn.
    package func pollNow(_ devices: [DeviceID]) {
        reactor.submit { [core] in core.pollNow(devices) }
    }

    package var statistics: PollerStatistics { counters.snapshot }

    private static func check(_ targets: [PollTarget]) throws(PollingError) {
        var lines: [String: ModbusRTUTransport] = [:]
        var groups: Set<GroupKey> = []
        for target in targets {
            precondition(
                groups.insert(GroupKey(device: target.device, group: target.group)).inserted,
                "BUG: \(target.name) is listed twice")
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

private struct GroupKey: Hashable {
    var device: DeviceID
    var group: PollGroup
}

/// What lives on the reactor's thread.
// Made before, then used on the reactor's thread only.
private final class PollerCore: @unchecked Sendable {
    /// The targets of one device, which the scheduler knows by its place.
    private struct Device {
        /// One for each group.
        var targets: [PollTarget]
        var underWay: PollGroup?
    }
    // Some members are not checked for overlapping accesses, which each poll has many of: links
    // and the scheduler never call back while they are called.
    @exclusivity(unchecked) private var devices: [Device] = []
    private var numbers: [DeviceID: Int] = [:]
    private let entries: [PollScheduler.Entry]
    private let seed: String
    private let reactor: Reactor
    private let links: LinkTable
    private let counters: PollCounters
    private let receive: @Sendable ([RawPoll]) -> Void
    /// Nil before `start` and after `close`.
    @exclusivity(unchecked) private var scheduler: PollScheduler?
    /// About as many polls as one turn of the reactor ends at most.
    private static let usualBatch = 256
    private var timer: TimerToken?
    private var traps: TrapListener?
    @exclusivity(unchecked) private var batch: [RawPoll] = []
    /// What the polls of the batch add to the counters.
    @exclusivity(unchecked) private var ended = (polls: 0, requests: 0, failed: 0)
    private var isFlushQueued = false
    private var timeMeasuredAt: Int64 = 0

    init(
        targets: [PollTarget], seed: String, reactor: Reactor, links: LinkTable,
        counters: PollCounters, receive: @escaping @Sendable ([RawPoll]) -> Void
    ) {
        self.seed = seed
        self.reactor = reactor
        self.links = links
        self.counters = counters
        self.receive = receive
        var entries: [PollScheduler.Entry] = []
        for target in targets {
            let number = numbers[target.device] ?? devices.count
            if number == devices.count {
                numbers[target.device] = number
                devices.append(Device(targets: []))
                entries.append(
                    PollScheduler.Entry(
                        name: target.name, groups: [], importance: target.importance))
            }
            devices[number].targets.append(target)
            entries[number].groups.append((target.group, target.intervalMilliseconds))
        }
        self.entries = entries
    }

    /// Takes the port; traps are read from `start` on. Called before that, by the maker.
    func listen(_ listening: TrapListening) throws(PollingError) -> UInt16 {
        let senders = devices.enumerated().compactMap { number, device in
            device.targets.first.flatMap { target in
                if case .snmp(let snmp) = target.transport {
                    (
                        host: snmp.host,
                        sender: TrapReader.Sender(number: number, access: snmp.access)
                    )
                } else {
                    nil
                }
            }
        }
        let listener = try TrapListener(
            listening, reactor: reactor, counters: counters, devices: senders,
            address: { [links] in links.address(of: $0) },
            poll: { [unowned self] in pollNow(number: $0) })
        traps = listener
        return listener.port
    }

    func start() {
        precondition(scheduler == nil, "BUG: the poller was started twice")
        scheduler = PollScheduler(
            entries: entries, seed: seed, monotonicNanoseconds: Clocks.monotonicNanoseconds(),
            wallMilliseconds: Clocks.wallMilliseconds())
        do throws(PlatformError) {
            try traps?.start()
        } catch {
            counters.update { $0.lastLinkFailure = "traps: \(error)" }
        }
        advance()
    }

    func close() {
        if let timer { reactor.cancel(timer) }
        timer = nil
        traps?.close()
        traps = nil
        links.close()
        scheduler = nil
        flush()
    }

    func pollNow(_ device: DeviceID) {
        guard let number = numbers[device] else { return }
        pollNow(number: number)
    }

    func pollNow(_ wanted: [DeviceID]) {
        for device in wanted { if let number = numbers[device] { scheduler?.pollNow(number) } }
        advance()
    }

    private func pollNow(number: Int) {
        scheduler?.pollNow(number)
        advance()
    }

    /// Starts what is due, and sets the timer for what is next.
    private func advance() {
        if let timer { reactor.cancel(timer) }
        timer = nil
        let now = Clocks.monotonicNanoseconds()
        for due in scheduler?.takeDue(monotonicNanoseconds: now) ?? [] { begin(due) }
        guard let scheduler else { return }
        publish(scheduler, at: now)
        guard let deadline = scheduler.nextDeadline else { return }
        // A wish that came while its device was being polled has no deadline of its own.
        let delay = deadline <= now ? 0 : deadline - now
        timer = reactor.schedule(afterNanoseconds: delay) { [self] in
            timer = nil
            advance()
        }
    }

    private func begin(_ due: PollScheduler.Due) {
        guard var target = devices[due.device].targets.first(where: { $0.group == due.group })
        else {
            preconditionFailure("BUG: no target for \(due)")
        }
        target.deadlineNanoseconds = due.deadline
        devices[due.device].underWay = due.group
        links.poll(target) { [self] raw in finished(due.device, raw) }
    }

    private func publish(_ scheduler: PollScheduler, at now: Int64) {
        let counts = scheduler.counts
        // The clock of the thread is a system call: ten times a second is often enough.
        let isTime = timeMeasuredAt <= now - 100_000_000
        if isTime { timeMeasuredAt = now }
        let busy = isTime ? Clocks.threadProcessorNanoseconds() : nil
        counters.update { counters in
            counters.overrunSlots = counts.overrunSlots
            counters.missedSlots = counts.missedSlots
            counters.lateStarts = counts.lateStarts
            counters.shedSlots = counts.shedSlots
            counters.extraPolls = counts.extraPolls
            counters.shedLevel = scheduler.shedLevel
            counters.inFlight = scheduler.pollsInFlight
            counters.waiting = scheduler.pollsWaiting
            if let busy { counters.busyNanoseconds = busy }
        }
    }

    private func finished(_ number: Int, _ raw: RawPoll) {
        var raw = raw
        raw.group = devices[number].underWay ?? .normal
        devices[number].underWay = nil
        var hasFailed = false
        var isSilent = false
        if case .failure(let failure) = raw.outcome {
            hasFailed = true
            // A device that refuses or babbles is there: asking it less would not help.
            if case .deviceException = failure { isSilent = false } else { isSilent = true }
        }
        ended.polls += 1
        ended.requests += raw.requests
        ended.failed += hasFailed ? 1 : 0
        let now = Clocks.monotonicNanoseconds()
        scheduler?.finished(number, succeeded: !isSilent, monotonicNanoseconds: now)
        if isSilent, let scheduler {
            raw.backOffMilliseconds =
                scheduler.backOffNanoseconds(number, monotonicNanoseconds: now) / 1_000_000
        }
        batch.append(raw)
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
        // The next turn brings about as many; growing up to it would be copying.
        batch.reserveCapacity(min(polls.count, Self.usualBatch))
        counters.update { [ended] counters in
            counters.polls += ended.polls
            counters.requests += ended.requests
            counters.failedPolls += ended.failed
        }
        ended = (0, 0, 0)
        receive(polls)
    }
}
