import ConfigTree
import Model
import Profiles

/// Bounds of a site. A site of 1,200 racks has about 3,000 devices; these are several times that.
enum SiteBounds {
    static let devices = 20_000
    static let racks = 5_000
    static let places = 10_000
    static let powerNodes = 30_000
    static let coolingUnits = 2_000
    static let meters = 10_000
    static let alarmRules = 1_000
    static let hooks = 50
    static let people = 500
    static let rotas = 50
    static let escalations = 50
    /// Each costs a thread and a connection.
    static let forwards = 8
    static let subsidiaries = 100
    static let credentials = 200
    /// Parents of one power node: A and B, and room for rings.
    static let parents = 8
    static let networkNodes = 10_000
    static let maintenance = 500
    static let tags = 20
    static let rackHeights: ClosedRange<Int64> = 1...60
    static let layouts = 200
    /// Things in one rack; the tallest has 60 units.
    static let rackItems = 200
    static let probes = 100
}

/// What devices and racks take where they do not say otherwise.
struct SiteDefaults {
    var intervals = PollIntervals(normal: 10_000)
    var timeout: Int64 = 2_000
    var retries = 2
    var access: SNMPTransport.Access?
    /// `defaults.snmp` was written, if perhaps wrongly.
    var accessWasGiven = false
    var addresses = AddressReader()
    var rackHeight = 42
    var rackWatts: Int64?
    var rackItems: [WrittenItem] = []
}

/// The state of reading one site file. Sections are read in the order in which they refer to each
/// other (places, devices, then what stands on devices), whatever their order in the file, so that
/// each reference is checked where it is read.
struct SiteReader {
    var site = Site(name: "", displayName: "", offsetMinutes: 480, altitudeMetres: 0)
    var diagnostics = Diagnostics()
    var defaults = SiteDefaults()
    /// Nil for a set that was written wrongly, so that its users are not reported too.
    var credentials: [String: SNMPTransport.Access?] = [:]
    /// What hangs in racks that are alike, by name; empty for one that was written wrongly.
    var layouts: [String: [WrittenItem]] = [:]
    /// What takes which units and outlets, by rack.
    var rackUses: [String: RackUse] = [:]
    var tree = PlaceTree()
    var placeIndex: [String: Int] = [:]
    /// Sections of which some items could not be made: a name that is missing there is no mistake
    /// of who refers to it.
    var incomplete: Set<Section> = []
    var placesIncomplete = false
    /// Names written in each section with the position of the first, also of items in error:
    /// what refers to those is not reported a second time.
    var names: [Section: [String: SourcePosition]] = [:]
    var deviceIndex: [String: Int] = [:]
    var addressOwners: [String: String] = [:]
    var serialLines: [String: (address: SerialAddress, device: String)] = [:]
    var modbusHosts: [String: (link: ModbusLinkOptions, device: String)] = [:]
    /// Where the power nodes name their parents, for the checks of the whole chain.
    var parentPositions: [String: [(parent: String, position: SourcePosition)]] = [:]
    /// Where devices and nodes name their ways, for the check of the whole network.
    var viaPositions: [(of: String?, way: String, position: SourcePosition)] = []
    var meterOwners: [String: String] = [:]
    var rackOwners: [String: String] = [:]
    var energyOwners: [PointName: String] = [:]
    /// Where hooks name their second channel.
    var fallbackPositions: [String: SourcePosition] = [:]

    let profiles: [String: ProfileFacts]
    /// What other profiles there are.
    var catalog = ProfileCatalog(folders: [], files: [])
    /// What is over by then is warned of; nil for no such warnings.
    var now: Instant?
    var rules = RuleReading()
    let tariffs: [String: [String]]
    let secret: SecretSource

    init(
        profiles: [String: ProfileFacts], tariffs: [String: [String]],
        secret: @escaping SecretSource
    ) {
        self.profiles = profiles
        self.tariffs = tariffs
        self.secret = secret
    }

    /// Lists whose items have names of their own; the raw value is what messages call an item.
    enum Section: String {
        case credentials, device, meter, hook, person, rota, escalation, subsidiary
        case forward = "receiver"
        case fleet = "site"
        case power = "power node"
        case network = "network node"
        case maintenance = "maintenance window"
        case cooling = "cooling unit"
        case alarm = "alarm rule"
    }

    mutating func read(_ root: ConfigNode) {
        var table = TableReader(root, what: "the site file", &diagnostics)
        if let node = table.required("site", &diagnostics) { readIdentity(node) }
        if let node = table.optional("layouts") { readLayouts(node) }
        if let node = table.optional("defaults") { readDefaults(node) }
        if let node = table.optional("credentials") { readCredentials(node) }
        let before = diagnostics.all.count
        if let node = table.optional("rooms") { readRooms(node) }
        if let node = table.optional("halls") { readHalls(node) }
        placesIncomplete = diagnostics.all.count > before
        readList(table.optional("devices"), .device, maximum: SiteBounds.devices) {
            $0.readDevice($1)
        }
        readList(table.optional("power"), .power, maximum: SiteBounds.powerNodes) {
            $0.readPowerNode($1)
        }
        checkPowerChain()
        readList(table.optional("network"), .network, maximum: SiteBounds.networkNodes) {
            $0.readNetworkNode($1)
        }
        checkNetwork()
        let cooling = table.optional("cooling")
        readList(cooling, .cooling, maximum: SiteBounds.coolingUnits) { $0.readCoolingUnit($1) }
        if let node = table.optional("outdoor") { readOutdoor(node) }
        if let cooling { checkEconomisers(cooling) }
        if let node = table.optional("traps") { readTraps(node) }
        if let node = table.optional("redundancy") { readRedundancy(node) }
        if let node = table.optional("retention") { readRetention(node) }
        readList(table.optional("forward"), .forward, maximum: SiteBounds.forwards) {
            $0.readForward($1)
        }
        if let node = table.optional("store") { readStore(node) }
        let meters = table.optional("meters")
        readList(meters, .meter, maximum: SiteBounds.meters) { $0.readMeter($1) }
        if let meters { checkMeters(meters) }
        readVirtualMeters(table.optional("virtualMeters"))
        readBalances(table.optional("balances"))
        readAlarms(table.optional("alarms"))
        readList(table.optional("maintenance"), .maintenance, maximum: SiteBounds.maintenance) {
            $0.readMaintenance($1)
        }
        readList(table.optional("hooks"), .hook, maximum: SiteBounds.hooks) { $0.readHook($1) }
        checkFallbacks()
        readList(table.optional("people"), .person, maximum: SiteBounds.people) {
            $0.readPerson($1)
        }
        readList(table.optional("rotas"), .rota, maximum: SiteBounds.rotas) { $0.readRota($1) }
        let escalations = table.optional("escalations")
        readList(escalations, .escalation, maximum: SiteBounds.escalations) {
            $0.readEscalation($1)
        }
        if let node = table.optional("heartbeat") { readHeartbeat(node) }
        if let node = table.optional("tariff") { readTariff(node) }
        readList(
            table.optional("subsidiaries"), .subsidiary, maximum: SiteBounds.subsidiaries
        ) { $0.readSubsidiary($1) }
        table.finish(&diagnostics)
    }

    /// `{listen: 192.0.2.10, port: 10162}`; either alone, and loopback without `listen`.
    private mutating func readTraps(_ node: ConfigNode) {
        var table = TableReader(node, what: "`traps`", &diagnostics)
        let host = table.optional("listen")
        let port = table.optional("port")?.integer(in: 1...65_535, &diagnostics)
        table.finish(&diagnostics)
        var listening = TrapListening(host: "127.0.0.1")
        if let port { listening.port = UInt16(port) }
        if let host, let text = host.text(maximum: 64, &diagnostics) {
            guard Self.isAddressInFigures(text) else {
                diagnostics.add(
                    host.position, "`\(text)` is no address of this machine in figures",
                    cure: "write for example `0.0.0.0`, `192.0.2.10` or `\"::\"`")
                return
            }
            listening.host = text
        }
        site.traps = listening
    }

    /// What could be an IPv4 or IPv6 address; the system has the last word when it is used.
    private static func isAddressInFigures(_ text: String) -> Bool {
        if text.contains(":") {
            return text.utf8.count { $0 == 0x3A } >= 2
                && text.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    private mutating func readIdentity(_ node: ConfigNode) {
        var table = TableReader(node, what: "`site`", &diagnostics)
        let name = table.required("name", &diagnostics)?.identifier(&diagnostics)
        site.name = name ?? ""
        site.displayName =
            table.optional("displayName")?.text(maximum: 200, &diagnostics) ?? site.name
        if let node = table.optional("offset"), let minutes = offset(node) {
            site.offsetMinutes = minutes
        }
        if let node = table.optional("altitude"), let text = node.text(&diagnostics) {
            let number = trimmed(text.hasSuffix("m") ? text.dropLast() : text[...])
            if let metres = Int(number), (-500...6000).contains(metres) {
                site.altitudeMetres = metres
            } else {
                diagnostics.add(
                    node.position, "`\(text.prefix(20))` is no altitude",
                    cure: "write metres above sea level from -500 to 6000, as `950 m`")
            }
        }
        if let node = table.optional("language"),
            let language = node.choice(NoticeLanguage.self, &diagnostics)
        {
            site.language = language
        }
        table.finish(&diagnostics)
    }

    /// Minutes east of UTC.
    mutating func offset(_ node: ConfigNode) -> Int? {
        guard let text = node.text(&diagnostics) else { return nil }
        // The parser of moments knows every form of an offset.
        let moment = Instant(iso8601: "1970-01-02T00:00" + text, offsetMinutes: 0)
        if text.hasPrefix("+") || text.hasPrefix("-"), let instant = moment,
            abs(instant.millisecondsSince(Instant(seconds: 86_400))) <= 14 * 3_600_000,
            instant.milliseconds % QuarterHour.milliseconds == 0
        {
            return Int((86_400_000 - instant.milliseconds) / 60_000)
        }
        diagnostics.add(
            node.position, "`\(text.prefix(20))` is no offset from UTC",
            cure: "write for example `\"+08:00\"`")
        return nil
    }

    /// Reads every item of a list, generated ones spelled out. A mistake in a template is reported
    /// for the first item that has it.
    mutating func readList(
        _ list: ConfigNode?, _ section: Section, maximum: Int,
        read: (inout SiteReader, ConfigNode) -> Void
    ) {
        guard let list else { return }
        guard let items = list.list(&diagnostics) else {
            incomplete.insert(section)
            return
        }
        let generator = Generator(places: tree, placesIncomplete: placesIncomplete)
        var count = 0
        for item in items {
            var seen: Set<SourcePosition> = []
            let nodes = generator.items(item, &diagnostics)
            if nodes.isEmpty || !node(item, hasKey: "name") { incomplete.insert(section) }
            for node in nodes {
                count += 1
                guard count <= maximum else {
                    diagnostics.add(
                        list.position, "more than \(maximum) \(section.rawValue) items",
                        cure: "split the site")
                    return
                }
                let before = diagnostics
                diagnostics = Diagnostics()
                read(&self, node)
                let item = diagnostics
                diagnostics = before
                diagnostics.append(contentsOf: item.all.filter { !seen.contains($0.position) })
                seen.formUnion(item.all.map(\.position))
                for warning in item.warnings {
                    diagnostics.warn(warning.position, warning.problem, cure: warning.cure)
                }
            }
        }
    }

    /// Reads a name and claims it for `section`; nil after reporting a bad or repeated one.
    mutating func claimName(_ node: ConfigNode?, _ section: Section) -> String? {
        guard let node else { return nil }
        if let text = node.plainText, text.contains("{") {
            incomplete.insert(section)
            diagnostics.add(
                node.position, "the name `\(text.prefix(60))` has a placeholder and no `each`",
                cure: "add `each: {…}` to the item, or write the name out")
            return nil
        }
        guard let name = node.identifier(&diagnostics) else {
            incomplete.insert(section)
            return nil
        }
        if let first = names[section]?[name] {
            let cure =
                first == node.position
                ? "put a placeholder that differs, such as `{n}`, into the name"
                : "rename one of them"
            diagnostics.add(
                node.position,
                "a \(section.rawValue) `\(name)` stands already in line \(first.line)", cure: cure)
            return nil
        }
        names[section, default: [:]][name] = node.position
        return name
    }

    /// What messages call an item: ``device `pdu-a` ``.
    func title(_ section: Section, _ node: ConfigNode) -> String {
        guard case .mapping(let entries) = node.content,
            let name = entries.first(where: { $0.key == "name" })?.value.plainText
        else { return section.rawValue }
        return "\(section.rawValue) `\(name.prefix(64))`"
    }

    /// Reports that no item of a section has this name, unless some items of it are in error.
    mutating func reportUnknown(
        _ section: Section, _ name: String, at position: SourcePosition, otherwise cure: String
    ) {
        guard !incomplete.contains(section) else { return }
        let known = names[section] ?? [:]
        reportUnknown(
            section.rawValue, name, at: position, among: known.keys, otherwise: cure)
    }

    /// Reports that nothing of its kind has this name.
    mutating func reportUnknown(
        _ what: String, _ name: String, at position: SourcePosition,
        among known: some Collection<String>, otherwise cure: String
    ) {
        let near = nearest(to: name, in: known)
        diagnostics.add(
            position, "no \(what) is called `\(name.prefix(80))`",
            cure: near.map { "did you mean `\($0)`?" } ?? cure)
    }

    /// The name of an existing place.
    mutating func place(_ node: ConfigNode?) -> String? {
        guard let node, let name = node.text(&diagnostics) else { return nil }
        guard placeIndex[name] == nil else { return name }
        if placesIncomplete { return nil }
        reportUnknown(
            "place", name, at: node.position, among: placeIndex.keys,
            otherwise: "use a full name such as `h1-r01-k07`, or add it to `halls` or `rooms`")
        return nil
    }

    mutating func feed(_ node: ConfigNode?) -> Feed? { node?.choice(Feed.self, &diagnostics) }

    mutating func displayName(_ table: inout TableReader) -> String? {
        table.optional("displayName")?.text(maximum: 200, &diagnostics)
    }

    private func node(_ node: ConfigNode, hasKey key: String) -> Bool {
        guard case .mapping(let entries) = node.content else { return false }
        return entries.contains { $0.key == key && !$0.value.isNull }
    }

    /// One value or a list of values.
    mutating func oneOrMany(_ node: ConfigNode?) -> [ConfigNode] {
        guard let node else { return [] }
        if case .sequence(let items) = node.content { return items }
        return [node]
    }
}

extension ConfigNode {
    /// The text of a single value; nil for anything else.
    var plainText: String? {
        guard case .scalar(let text, _) = content else { return nil }
        return text
    }
}
