/// A site as its configuration describes it: what stands where, what feeds what, who pays.
/// Built by `SiteFile`, never changed afterwards.
package struct Site: Sendable {
    /// Short and stable: part of file names, alarm keys and claims.
    package var name: String
    package var displayName: String
    /// Of what the product itself writes about alarms, and of texts that are given in several.
    package var language = NoticeLanguage.chinese
    /// Minutes east of UTC of the civil time in which days, months and tariffs run; +08:00 is 480.
    package var offsetMinutes: Int
    /// Above sea level; air pressure for psychrometrics follows from it.
    package var altitudeMetres: Int
    package var places: [Place]
    package var devices: [DeviceSpec]
    package var powerNodes: [PowerNode]
    package var coolingUnits: [CoolingUnit]
    package var meters: [Meter]
    package var virtualMeters: [VirtualMeter] = []
    package var balances: [EnergyBalance] = []
    package var alarmRules: [AlarmRule]
    package var hooks: [Hook]
    package var people: [Person] = []
    package var rotas: [Rota] = []
    package var escalations: [EscalationPolicy] = []
    package var heartbeat: Heartbeat?
    package var tariff: TariffChoice?
    package var subsidiaries: [Subsidiary]
    /// The point that gives the outdoor dry-bulb temperature, and humidity where there is one.
    package var outdoorTemperature: PointName?
    package var outdoorHumidity: PointName?
    /// Where traps are heard; nil for nowhere.
    package var traps: TrapListening?
    /// Where two collectors watch the site; nil for one.
    package var redundancy: CollectorPair?
    /// How long the store keeps what; without rules all of it, for ever.
    package var retention = Retention()
    /// What stands between the collector and devices.
    package var network: [NetworkNode] = []
    /// Planned times in which alarms of a part of the site are not shown.
    package var maintenance: [MaintenanceWindow] = []
    /// Who is sent every reading.
    package var forwards: [ForwardReceiver]
    /// The engine that commands read from in place of the store of this machine.
    package var remoteStore: RemoteAccess?
    /// Installed IT capacity for load factors: the racks' rated power together.
    package var ratedITWatts: Int64 { places.reduce(0) { $0 + ($1.rack?.ratedWatts ?? 0) } }

    package init(name: String, displayName: String, offsetMinutes: Int, altitudeMetres: Int) {
        self.name = name
        self.displayName = displayName
        self.offsetMinutes = offsetMinutes
        self.altitudeMetres = altitudeMetres
        places = []
        devices = []
        powerNodes = []
        coolingUnits = []
        meters = []
        alarmRules = []
        hooks = []
        forwards = []
        subsidiaries = []
    }

    /// The device name under which the site's own figures are stored; no real device may have it.
    package static let ownSeriesDevice = "site"

}

/// An address of this machine, in figures, at which devices' traps are heard.
package struct TrapListening: Hashable, Sendable {
    /// Of the standard (RFC 3417, section 3); ports below 1024 need a right.
    package static let standardPort: UInt16 = 162
    package var host: String
    package var port: UInt16
    package init(host: String, port: UInt16 = Self.standardPort) {
        self.host = host
        self.port = port
    }
}

/// A node of the tree of places. `Site.places` lists parents before children.
package struct Place: Sendable {
    package enum Kind: String, Sendable, CaseIterable { case hall, row, rack, room }
    /// Unique at the site, as in the site file: `h1`, `h1-r01`, `h1-r01-k07`.
    package var name: String
    package var displayName: String
    package var kind: Kind
    /// Name of the parent place; nil stands for the site.
    package var parent: String?
    package var rack: RackDetails?
    package init(
        name: String, displayName: String, kind: Kind, parent: String?, rack: RackDetails? = nil
    ) {
        self.name = name
        self.displayName = displayName
        self.kind = kind
        self.parent = parent
        self.rack = rack
    }
}

package struct RackDetails: Sendable {
    /// Height in rack units of 44.45 mm (EIA-310).
    package var heightUnits: Int
    package var ratedWatts: Int64
    /// What is in it besides devices; nothing overlaps.
    package var items: [RackItem]
    package init(heightUnits: Int, ratedWatts: Int64, items: [RackItem] = []) {
        self.heightUnits = heightUnits
        self.ratedWatts = ratedWatts
        self.items = items
    }
}

package enum Feed: String, Sendable, CaseIterable {
    case a = "A"
    case b = "B"
}

package struct DeviceSpec: Sendable {
    package var name: String
    package var displayName: String?
    /// The profile's name, as `apc.rpdu2`.
    package var profile: String
    package var transport: Transport
    /// Name of the place it stands in or serves.
    package var place: String?
    package var feed: Feed?
    /// Of points that their profile gives no other pace.
    package var intervalMilliseconds: Int64
    /// Of points that are polled fast, slowly; nil for what follows from `intervalMilliseconds`.
    package var fastMilliseconds: Int64?
    package var slowMilliseconds: Int64?
    package var importance: PollImportance
    package var timeoutMilliseconds: Int64
    package var retries: Int
    /// Nil for a device as its profile describes it.
    package var adjustment: DeviceAdjustment?
    /// Network nodes that it is reached through; several where one is enough.
    package var via: [String] = []
    /// Words that maintenance windows know it by.
    package var tags: Set<String> = []
    package var mounting = RackMounting()
    package init(
        name: String, displayName: String? = nil, profile: String, transport: Transport,
        place: String? = nil, feed: Feed? = nil, intervalMilliseconds: Int64 = 10_000,
        fastMilliseconds: Int64? = nil, slowMilliseconds: Int64? = nil,
        importance: PollImportance = .normal, timeoutMilliseconds: Int64 = 2_000, retries: Int = 2
    ) {
        self.name = name
        self.displayName = displayName
        self.profile = profile
        self.transport = transport
        self.place = place
        self.feed = feed
        self.intervalMilliseconds = intervalMilliseconds
        self.fastMilliseconds = fastMilliseconds
        self.slowMilliseconds = slowMilliseconds
        self.importance = importance
        self.timeoutMilliseconds = timeoutMilliseconds
        self.retries = retries
    }

    package func intervalMilliseconds(of group: PollGroup) -> Int64 {
        PollIntervals(normal: intervalMilliseconds, fast: fastMilliseconds, slow: slowMilliseconds)
            .milliseconds(of: group, timeoutMilliseconds: timeoutMilliseconds)
    }
}

/// A node of the power chain: utility → transformer → UPS → PDU → rack. A node may have several
/// parents (A and B); the graph has no cycles.
package struct PowerNode: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case utility, generator, solar, transformer, switchboard, ups, pdu, rack
    }
    package var name: String
    package var displayName: String
    package var kind: Kind
    package var feed: Feed?
    package var parents: [String]
    package var ratedWatts: Int64?
    /// The device that measures it, and the point of its power.
    package var power: PointName?
    /// For racks: the place.
    package var place: String?
    package init(
        name: String, displayName: String, kind: Kind, feed: Feed? = nil, parents: [String] = [],
        ratedWatts: Int64? = nil, power: PointName? = nil, place: String? = nil
    ) {
        self.name = name
        self.displayName = displayName
        self.kind = kind
        self.feed = feed
        self.parents = parents
        self.ratedWatts = ratedWatts
        self.power = power
        self.place = place
    }
}

/// A unit that removes heat: CRAC, free-cooling unit, chiller, dry cooler.
package struct CoolingUnit: Sendable {
    package enum Kind: String, Sendable, CaseIterable { case crac, freeCooling, chiller, dryCooler }
    package var name: String
    package var displayName: String
    package var kind: Kind
    package var device: String
    package var place: String?
    /// Heat it can remove; the weight of equivalent free-cooling hours.
    package var ratedWatts: Int64
    /// The power it draws, all of it.
    package var power: PointName?
    /// The power of its compressors, and what they draw at most: tells its mode where it has none.
    package var compressorPower: PointName?
    package var compressorRatedWatts: Int64?
    package var economiser: EconomiserPlant?
    /// What it draws with its compressors off, where its own hours do not tell; W.
    package var economiserWatts: Int64?
    package init(
        name: String, displayName: String, kind: Kind, device: String, place: String?,
        ratedWatts: Int64
    ) {
        self.name = name
        self.displayName = displayName
        self.kind = kind
        self.device = device
        self.place = place
        self.ratedWatts = ratedWatts
    }
}

/// A meter: an energy register of a device, and the role its energy plays.
package struct Meter: Sendable {
    /// Which sum the energy enters (ISO/IEC 30134-2; the categories of IT energy are where it is
    /// measured: UPS output, PDU output, IT input).
    package enum Role: String, Sendable, CaseIterable {
        /// Drawn from the utility at the hand-over: total, positive.
        case utility
        /// Delivered to the utility: total, negative.
        case export
        /// Made on site and used there (PV at the inverter, diesel at the terminals): total.
        case generation
        /// Behind the hand-over but no part of the data centre (offices, EV): total, negative.
        case excluded
        case itCategory1 = "it-ups"
        case itCategory2 = "it-pdu"
        case itCategory3 = "it-rack"
        /// Parts of the overhead, for the balance; they enter no PUE total by themselves.
        case cooling
        case other
        /// Only listed, as a sub-meter in a report.
        case information
    }
    package var name: String
    package var displayName: String
    package var role: Role
    /// The cumulative energy register.
    package var energy: PointName
    /// The momentary power, for the live figures.
    package var power: PointName?
    /// CT × PT ratio between register and primary energy, as a fraction; 1/1 for direct meters.
    /// Before the first of `changes`.
    package var multiplierNumerator: Int64
    package var multiplierDenominator: Int64
    /// In ascending order of time.
    package var changes: [MeterReplacement]
    /// The largest power that can be true; bounds every step of the register.
    package var maximumWatts: Int64
    package var serial: String?
    /// Which feed the meter stands on, for the header and the chain.
    package var feed: Feed?
    /// Nil where the classes are not known: then nothing rests on them.
    package var accuracy: MeterAccuracy?
    package init(
        name: String, displayName: String, role: Role, energy: PointName, power: PointName? = nil,
        multiplierNumerator: Int64 = 1, multiplierDenominator: Int64 = 1,
        changes: [MeterReplacement] = [], maximumWatts: Int64, serial: String? = nil,
        feed: Feed? = nil, accuracy: MeterAccuracy? = nil
    ) {
        self.name = name
        self.displayName = displayName
        self.role = role
        self.energy = energy
        self.power = power
        self.multiplierNumerator = multiplierNumerator
        self.multiplierDenominator = multiplierDenominator
        self.changes = changes
        self.maximumWatts = maximumWatts
        self.serial = serial
        self.feed = feed
        self.accuracy = accuracy
    }
}

/// A legal person that claims support for its share of the site.
package struct Subsidiary: Sendable {
    package var name: String
    package var legalName: String
    /// 统一社会信用代码.
    package var creditCode: String?
    /// 户号, the account of the supply contract.
    package var accountNumber: String?
    /// Names of places whose racks are its own.
    package var places: [String]
    /// Names of meters whose energy is its own; the utility meters among them are what it is
    /// billed.
    package var meters: [String]
    package init(
        name: String, legalName: String, creditCode: String? = nil, accountNumber: String? = nil,
        places: [String] = [], meters: [String] = []
    ) {
        self.name = name
        self.legalName = legalName
        self.creditCode = creditCode
        self.accountNumber = accountNumber
        self.places = places
        self.meters = meters
    }
}

/// Which tariff table the site is under, and what it has agreed.
package struct TariffChoice: Sendable {
    /// Name of a table in `Tariffs/`, as `shanxi`.
    package var table: String
    /// A voltage class of the table: `110kV`.
    package var voltage: String
    /// How the energy itself is bought: the table's time-of-use prices, or a flat contract price
    /// in 10⁻⁸ yuan/kWh.
    package var contractEnergyPrice: Int64?
    /// Monthly prices that the grid company publishes, by name, in 10⁻⁸ yuan/kWh.
    package var additions: [(name: String, price: Int64)]
    package var transformerCapacityKVA: Int64
    package var contractDemandKW: Int64?
    package init(
        table: String, voltage: String, contractEnergyPrice: Int64? = nil,
        additions: [(name: String, price: Int64)] = [], transformerCapacityKVA: Int64,
        contractDemandKW: Int64? = nil
    ) {
        self.table = table
        self.voltage = voltage
        self.contractEnergyPrice = contractEnergyPrice
        self.additions = additions
        self.transformerCapacityKVA = transformerCapacityKVA
        self.contractDemandKW = contractDemandKW
    }
}
