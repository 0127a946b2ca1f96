import Model

/// Where each quantity of a moment stands in a node of the timeline. Powers come first: they have
/// energy registers.
struct NodeLayout: Sendable {
    let racks: Int
    let rows: Int
    let ups: Int
    let coolers: Int

    init(_ site: SiteLayout) {
        racks = site.racks.count
        rows = site.rows.count
        ups = site.upsPerFeed * 2
        coolers = site.coolers
    }

    /// W at the inlet of a rack's PDU; feed 0 is A.
    func pdu(_ rack: Int, feed: Int) -> Int { rack * 2 + feed }
    /// W at the column cabinet of a row.
    func row(_ row: Int, feed: Int) -> Int { racks * 2 + row * 2 + feed }
    private var upsBase: Int { (racks + rows) * 2 }
    /// UPS number `n` of the site: those of feed A first.
    func upsOutput(_ n: Int) -> Int { upsBase + n }
    func upsInput(_ n: Int) -> Int { upsBase + ups + n }
    private var coolerBase: Int { upsBase + ups * 2 }
    func coolerPower(_ n: Int) -> Int { coolerBase + n }
    /// Heat removed: the "energy" of a heat meter.
    func coolerHeat(_ n: Int) -> Int { coolerBase + coolers + n }
    private var singleBase: Int { coolerBase + coolers * 2 }
    func cooling(feed: Int) -> Int { singleBase + feed }
    func utility(feed: Int) -> Int { singleBase + 2 + feed }
    var other: Int { singleBase + 4 }
    var office: Int { singleBase + 5 }
    var solar: Int { singleBase + 6 }
    /// IT power: what the servers draw.
    var itPower: Int { singleBase + 7 }
    /// Quantities that are integrated.
    var integrated: Int { singleBase + 8 }

    func compressor(_ n: Int) -> Int { integrated + n }
    func fan(_ n: Int) -> Int { integrated + coolers + n }
    /// 0 full free cooling, between: both, 1 compressors alone.
    func mechanical(_ n: Int) -> Int { integrated + coolers * 2 + n }
    /// K above normal of the air this unit supplies.
    func zoneRise(_ n: Int) -> Int { integrated + coolers * 3 + n }
    /// 0…1.
    func charge(_ n: Int) -> Int { integrated + coolers * 4 + n }
    /// K above normal at the inlet of the rack that was made hot.
    var hotRise: Int { integrated + coolers * 4 + ups }
    var count: Int { hotRise + 1 }
}

/// How a cooling unit is working.
enum CoolingMode: UInt8, Sendable {
    case off, full, partial, mechanical
}

/// What does not lie between two nodes but holds until the next one.
struct NodeState: Sendable {
    var time: Instant
    var modes: [CoolingMode]
    /// By UPS of the site: fed from the battery.
    var onBattery: [Bool]
    /// By feed: the PDUs have voltage.
    var alive: [Bool] = [true, true]
    var faults: Set<SiteFault> = []
    /// When the batteries took over.
    var batterySince: Instant?
}

/// What can be made to go wrong, by the names of `frostline demo --fault`.
package enum SiteFault: String, Sendable, CaseIterable {
    /// One cooling unit stops; the racks before it warm up.
    case coolerFailure = "crac-fail"
    /// No voltage on utility A: its UPSs run on their batteries.
    case utilityALoss = "utility-a-loss"
    /// The Modbus gateway of one row answers no more.
    case gatewayDead = "gateway-down"
    /// One rack gets hot air at its inlet.
    case hotRack = "hot-rack"
    /// One PDU answers no more.
    case pduSilent = "pdu-silent"
}
