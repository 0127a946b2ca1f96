import Modbus
import Model
import Platform
import Synchronization

/// The live devices of a simulated site.
final class SiteServer: Sendable {
    /// How often devices without power, or made mute, are looked for.
    private static let faultCheckNanoseconds: Int64 = 500_000_000

    private let agents: AgentServer
    private let registers: ModbusServer
    private let portByDevice: [UInt16]
    private let watcher: WorkerTimer

    init(_ site: SimulatedSite) throws(SimulationError) {
        let live = site.devices.map { LiveDevice($0, site.timeline, site.clock) }
        let agentDevices = site.devices.indices.filter { site.devices[$0].link == .agent }
        let base = site.basePort
        guard base == 0 || Int(base) + site.portCount <= 65_536 else {
            throw SimulationError(
                problem: "\(site.portCount) ports do not fit above \(base)",
                cure: "choose a lower base port")
        }
        var ports = Array(repeating: UInt16(0), count: site.devices.count)
        let requests = agentDevices.enumerated().map { number, device in
            let source = live[device]
            let table = ServedObjectTable(
                table: source.device.objects, own: source.device.own,
                signals: { source.signals() })
            return AgentServer.Request(
                host: "127.0.0.1", port: base == 0 ? 0 : base + UInt16(number),
                community: "public", table: table)
        }
        agents = try AgentServer(requests)
        for (number, device) in agentDevices.enumerated() { ports[device] = agents.ports[number] }
        do {
            registers = try ModbusServer()
            for gateway in 0..<SiteDevices.gateways(site.layout) {
                let members = site.devices.indices.filter {
                    if case .unit(gateway, _) = site.devices[$0].link { return true }
                    return false
                }
                let units = Self.units(members.map { live[$0] })
                let wanted = base == 0 ? 0 : base + UInt16(agentDevices.count + gateway)
                let endpoint = try registers.listen(port: wanted) { request in
                    units[request.unit]?.answer(request) ?? .silence
                }
                for member in members { ports[member] = endpoint.port }
            }
        } catch {
            agents.stop()
            throw SimulationError(
                problem: "cannot serve Modbus gateways: \(error)",
                cure: "choose other ports or serve fewer racks")
        }
        portByDevice = ports
        watcher = WorkerTimer(Self.muteWatch(agents, agentDevices.map { live[$0] }))
        do {
            try watcher.start(everyNanoseconds: Self.faultCheckNanoseconds)
        } catch {
            agents.stop()
            registers.stop()
            throw SimulationError(
                problem: "cannot start a thread: \(error)", cure: "free some memory or threads")
        }
    }

    func port(of device: Int) -> UInt16 { portByDevice[device] }

    func stop() {
        watcher.stop()
        agents.stop()
        registers.stop()
    }

    private static func units(_ devices: [LiveDevice]) -> [UInt8: LiveDevice] {
        var units: [UInt8: LiveDevice] = [:]
        for live in devices {
            guard case .unit(_, let unit) = live.device.link else { continue }
            precondition(units[unit] == nil, "BUG: unit \(unit) stands twice behind a gateway")
            units[unit] = live
        }
        return units
    }

    /// Tells agents to fall silent, and to speak again.
    private static func muteWatch(
        _ agents: AgentServer, _ devices: [LiveDevice]
    ) -> @Sendable () -> Void {
        let known = Mutex(Array(repeating: false, count: devices.count))
        return {
            known.withLock { known in
                for (number, live) in devices.enumerated() {
                    let mute = live.isMute()
                    if mute == known[number] { continue }
                    known[number] = mute
                    agents.set(mute ? .mute : .none, agent: number)
                }
            }
        }
    }
}

/// A device as its server sees it: what it measures, kept for a moment so that one answer of many
/// objects is computed once. Safe from any thread.
final class LiveDevice: Sendable {
    /// Requests of one poll see one moment, as a card that samples its sensors a few times a
    /// second.
    private static let holdMilliseconds: Int64 = 200

    let device: SimulatedDevice
    private let timeline: SiteTimeline
    private let clock: SimulatedClock
    private let held = Mutex<(wall: Int64, signals: [Double])>((.min / 2, []))

    init(_ device: SimulatedDevice, _ timeline: SiteTimeline, _ clock: SimulatedClock) {
        self.device = device
        self.timeline = timeline
        self.clock = clock
    }

    func signals() -> [Double] {
        held.withLock { held in
            let wall = Clocks.wallMilliseconds()
            let age = wall - held.wall
            if age >= 0, age < Self.holdMilliseconds { return held.signals }
            let device = device
            let time = clock.simulated(Instant(milliseconds: wall))
            held = (wall, timeline.read(at: time) { device.signals($0) })
            return held.signals
        }
    }

    func isMute() -> Bool {
        let device = device
        return timeline.read(at: clock.now()) { device.isMute($0) }
    }

    func answer(_ request: ReadRequest) -> ModbusAnswer {
        if isMute() { return .silence }
        return device.registers.answer(request, signals: signals())
    }
}

/// Repeats a job on a thread of its own.
final class WorkerTimer: Sendable {
    private let job: @Sendable () -> Void
    private let reactor = Mutex<Reactor?>(nil)

    init(_ job: @escaping @Sendable () -> Void) { self.job = job }

    func start(everyNanoseconds period: Int64) throws(PlatformError) {
        let reactor = try Reactor(name: "sim-faults")
        Self.arm(reactor, period, job)
        try reactor.start()
        self.reactor.withLock { $0 = reactor }
    }

    func stop() {
        let running = reactor.withLock { reactor in
            defer { reactor = nil }
            return reactor
        }
        running?.stop()
    }

    private static func arm(
        _ reactor: Reactor, _ period: Int64, _ job: @escaping @Sendable () -> Void
    ) {
        reactor.schedule(afterNanoseconds: period) { [unowned reactor] in
            job()
            arm(reactor, period, job)
        }
    }
}
