package import Model
import Synchronization

/// A whole data centre of simulated devices. Without `start` it answers `frames`; with it, the same
/// devices speak SNMP and Modbus on loopback.
///
/// Safe from any thread.
package final class SimulatedSite: Sendable {
    package let layout: SiteLayout
    package let devices: [SimulatedDevice]
    package let timeline: SiteTimeline
    package let clock: SimulatedClock
    let basePort: UInt16
    private let answers = DeviceAnswers()
    private let indices: [String: Int]
    private let server = Mutex<SiteServer?>(nil)

    /// - Parameters:
    ///   - start: the first moment that can be asked for; history begins here.
    ///   - basePort: agents and gateways take this port and those after it; 0 takes free ones.
    ///   - clock: how simulated time runs for the live devices.
    package init(
        racks: Int, seed: UInt64, start: Instant, clock: SimulatedClock, basePort: UInt16 = 0
    ) {
        layout = SiteLayout(racks: racks, seed: seed)
        timeline = SiteTimeline(layout: layout, start: start)
        devices = SiteDevices(layout).list
        self.clock = clock
        self.basePort = basePort
        indices = Dictionary(uniqueKeysWithValues: devices.enumerated().map { ($1.name, $0) })
    }

    /// Ports that live devices take: UDP for agents, TCP for gateways.
    package var portCount: Int {
        devices.count { $0.link == .agent } + SiteDevices.gateways(layout)
    }

    /// Place in `devices`, which is also the order of the site file.
    package func index(named name: String) -> Int? { indices[name] }

    /// What the device answers to a whole plan at a moment, exactly as the live one would; nil
    /// where it is mute.
    package func frames(_ device: Int, at time: Instant, plan: RequestPlan) -> RawFrames? {
        let device = devices[device]
        let signals: [Double]? = timeline.read(at: time) { moment in
            device.isMute(moment) ? nil : device.signals(moment)
        }
        guard let signals else { return nil }
        return answers.frames(device, signals: signals, plan: plan)
    }

    /// The same as a poll, for filling history.
    package func poll(_ device: Int, at time: Instant, plan: RequestPlan) -> RawPoll {
        let frames = frames(device, at: time, plan: plan)
        return RawPoll(
            device: DeviceID(device), time: time, latencyMicroseconds: 2500, requests: 1,
            outcome: frames.map { .frames($0) } ?? .failure(.timeout))
    }

    /// Makes something go wrong from now on, or from a moment of simulated time.
    package func apply(_ fault: SiteFault, from time: Instant? = nil) {
        timeline.set(fault, active: true, from: time ?? soon)
    }

    /// Makes it right again.
    package func clear(_ fault: SiteFault, from time: Instant? = nil) {
        timeline.set(fault, active: false, from: time ?? soon)
    }

    /// A quarter of a second ahead: no register that somebody is reading now is taken back.
    private var soon: Instant {
        let ahead = max(1, (clock.speed * 250).rounded(.up))
        return clock.now().advanced(byMilliseconds: Int64(ahead))
    }

    /// Binds all ports and answers until `stop`.
    package func start() throws(SimulationError) {
        let made = try SiteServer(self)
        let previous = server.withLock { server in
            defer { server = made }
            return server
        }
        precondition(previous == nil, "BUG: the simulated site was started twice")
    }

    package func stop() {
        let running = server.withLock { server in
            defer { server = nil }
            return server
        }
        running?.stop()
    }

    /// Where a device listens: known from the start with a base port, else once started.
    package func port(of device: Int) -> UInt16 {
        if let port = server.withLock({ $0?.port(of: device) }) { return port }
        guard basePort != 0 else { return 0 }
        return basePort + UInt16(truncatingIfNeeded: endpoint(of: device))
    }

    /// Agents first, gateways after them.
    func endpoint(of device: Int) -> Int {
        switch devices[device].link {
        case .agent: devices[..<device].count { $0.link == .agent }
        case .unit(let gateway, _): devices.count { $0.link == .agent } + gateway
        }
    }
}

extension SimulatedSite {
    /// The profiles that simulated devices are described by.
    package static let profileNames = [
        "apc.rpdu2", "raritan.px", "rfc1628.ups", "vertiv.crac", "eastron.sdm630",
        "sunspec.inverter", "xymd02.probe",
    ]
}

extension SimulatedSite {
    /// What a device with an energy register measures, before its register rounds it: W, and Wh
    /// since before the simulation began. Nil for devices without one. For tests of what is made
    /// of the readings.
    package func truth(
        _ device: Int, at time: Instant
    ) -> (watts: Double, wattHours: Double)? {
        let device = devices[device]
        return timeline.read(at: time) { moment in
            let slot: Int
            switch device.kind {
            case .pdu(let rack, let feed, _): slot = moment.at.pdu(rack, feed: feed)
            case .meter(let own, _): slot = own
            case .solar: slot = moment.at.solar
            case .ups, .cooler, .probe, .weather: return nil
            }
            return (moment[slot], device.earlierWattHours + moment.wattHours(slot))
        }
    }
}
