package import Model

/// A device of the simulated site: what it is, how it is reached, and its tables.
package struct SimulatedDevice: Sendable {
    enum Kind: Sendable {
        case pdu(rack: Int, feed: Int, make: SiteLayout.PDUMake)
        case probe(rack: Int)
        /// Number at the whole site, those of feed A first.
        case ups(Int)
        case cooler(Int)
        /// A three-phase meter on one power of the site.
        case meter(slot: Int, feed: Int)
        case solar
        case weather
    }
    package enum Link: Hashable, Sendable {
        /// An SNMP agent of its own.
        case agent
        /// One of several Modbus units behind a gateway.
        case unit(gateway: Int, unit: UInt8)
    }

    package let name: String
    package let displayName: String
    package let profile: String
    package let place: String?
    package let feed: Feed?
    package let link: Link
    let kind: Kind
    let objects: ObjectTable
    let registers: RegisterMap
    /// What `ObjectForm.own` stands for.
    let own: [SNMPValue]
    /// Registers do not start from 0: Wh on the device before the simulation began.
    let earlierWattHours: Double
    /// Shares of the load, constant so that outlets' energies are exact too.
    let outletShares: [Double]

    init(
        name: String, displayName: String, profile: String, place: String?, feed: Feed? = nil,
        link: Link, kind: Kind, objects: ObjectTable = ObjectTable(sorted: []),
        registers: RegisterMap = RegisterMap(), own: [SNMPValue] = [],
        earlierWattHours: Double = 0, outletShares: [Double] = []
    ) {
        self.name = name
        self.displayName = displayName
        self.profile = profile
        self.place = place
        self.feed = feed
        self.link = link
        self.kind = kind
        self.objects = objects
        self.registers = registers
        self.own = own
        self.earlierWattHours = earlierWattHours
        self.outletShares = outletShares
    }

    /// What the device measures at a moment, in the order its tables count on.
    func signals(_ moment: borrowing SiteMoment) -> [Double] {
        switch kind {
        case .pdu(let rack, let feed, _):
            PDUSignals.compute(moment, rack: rack, feed: feed, device: self)
        case .probe(let rack):
            [moment.inletTemperature(rack), moment.inletHumidity(rack)]
        case .ups(let number): UPSSignals.compute(moment, number)
        case .cooler(let unit): CoolerSignals.compute(moment, unit)
        case .meter(let slot, let feed):
            MeterSignals.compute(moment, slot: slot, feed: feed, earlier: earlierWattHours)
        case .solar: SolarSignals.compute(moment, earlier: earlierWattHours)
        case .weather: [moment.outdoorTemperature, moment.outdoorHumidity]
        }
    }

    /// Whether the device is mute at a moment: no power, or made so by a fault.
    func isMute(_ moment: borrowing SiteMoment) -> Bool {
        switch kind {
        case .pdu(let rack, let feed, _):
            if !moment.state.alive[feed] { return true }
            return moment.has(.pduSilent) && feed == 1 && rack == moment.physics.silentPDU
        case .probe, .ups, .cooler, .meter, .solar, .weather:
            guard case .unit(let gateway, _) = link else { return false }
            return moment.has(.gatewayDead) && gateway == moment.physics.deadGatewayRow + 1
        }
    }
}

/// Seconds an agent has been up: they all started together, long before.
func upTimeHundredths(_ time: Instant) -> Double {
    // TimeTicks wrap after 497 days; so do these.
    let hundredths = time.milliseconds / 10
    return Double(hundredths - hundredths.flooredDivision(by: 4_294_967_296) * 4_294_967_296)
}
