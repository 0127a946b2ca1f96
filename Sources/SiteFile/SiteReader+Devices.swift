import ConfigTree
import Model
import Profiles

extension SiteReader {
    mutating func readDevice(_ node: ConfigNode) {
        var table = TableReader(node, what: title(.device, node), &diagnostics)
        let name = claimName(table.required("name", &diagnostics), .device)
        if name == Site.ownSeriesDevice {
            diagnostics.add(
                node.position, "no device may be called `\(Site.ownSeriesDevice)`",
                cure: "choose another name: the site's own figures are stored under it")
        }
        let displayName = displayName(&table)
        let profileNode = table.required("profile", &diagnostics)
        let profile = profileNode.flatMap { profileName($0) }
        let addressNode = table.required("address", &diagnostics)
        let address = addressNode.flatMap { defaults.addresses.read($0, &diagnostics) }
        let placeNode = table.optional("place")
        let place = place(placeNode)
        let feed = feed(table.optional("feed"))
        let intervalNode = table.optional("interval")
        let intervals = intervals(intervalNode, defaults.intervals)
        let timeoutNode = table.optional("timeout")
        let timeout = timeout(timeoutNode) ?? defaults.timeout
        let retries = retries(table.optional("retries")) ?? defaults.retries
        let importance =
            table.optional("importance")?.choice(PollImportance.self, &diagnostics) ?? .normal
        let credentialsNode = table.optional("credentials")
        let adjustNode = table.optional("adjust")
        let adjustment = adjustment(adjustNode)
        let via = readVia(table.optional("via"), of: name)
        let tags = readTags(table.optional("tags"))
        let written = writtenMounting(&table, hasPlace: placeNode != nil)
        table.finish(&diagnostics)
        let shortest = min(intervals.normal, intervals.fast ?? intervals.normal)
        if timeout > shortest {
            diagnostics.add(
                (timeoutNode ?? intervalNode ?? node).position,
                "the timeout of \(timeout) ms is longer than the interval of \(shortest) ms",
                cure: "shorten the timeout or lengthen the interval")
        }
        guard let addressNode, let address else { return }
        checkUnique(address, device: name ?? "?", at: addressNode.position)
        if let profile, let profileNode {
            checkProtocol(address, profile: profile, at: profileNode.position)
        }
        guard let transport = transport(address, credentials: credentialsNode, at: addressNode),
            let name, let profile
        else { return }
        deviceIndex[name] = site.devices.count
        checkAdjustment(adjustment, profile: profile, at: adjustNode)
        var device = DeviceSpec(
            name: name, displayName: displayName, profile: profile, transport: transport,
            place: place, feed: feed, intervalMilliseconds: intervals.normal,
            fastMilliseconds: intervals.fast, slowMilliseconds: intervals.slow,
            importance: importance, timeoutMilliseconds: timeout, retries: retries)
        device.adjustment = adjustment
        device.via = via
        device.tags = tags
        device.mounting = mounting(written, of: device)
        site.devices.append(device)
    }

    mutating func profileName(_ node: ConfigNode) -> String? {
        guard let name = node.text(&diagnostics) else { return nil }
        guard profiles[name] == nil else { return name }
        if let at = name.firstIndex(of: "@"), profiles[String(name[..<at])] != nil {
            let start = name[...at]
            let versions = profiles.keys.filter { $0.hasPrefix(start) }.sorted()
            diagnostics.add(
                node.position, "there is no version `\(name.prefix(80))`",
                cure: "use \(versions.joined(separator: " or ")), or the name alone for the newest")
            return nil
        }
        // What is wrong with its file has been told.
        if catalog.names.contains(ProfileCatalog.family(name)) { return nil }
        reportUnknown(
            "profile", name, at: node.position,
            among: profiles.keys.filter { !$0.contains("@") } + catalog.names,
            otherwise: "`frostline profiles list` shows what there is"
                + (catalog.folders.isEmpty ? "" : " (\(catalog.place))"))
        return nil
    }

    private mutating func checkProtocol(
        _ address: DeviceAddress, profile: String, at position: SourcePosition
    ) {
        let access: ProfileFacts.Access =
            if case .snmp = address { .snmp } else { .modbus }
        guard let needed = profiles[profile]?.access, needed != access else { return }
        diagnostics.add(
            position,
            "profile `\(profile)` speaks \(needed.rawValue), the address is for "
                + access.rawValue,
            cure: needed == .snmp
                ? "write `address: snmp://HOST`"
                : "write `address: modbus://HOST/UNIT` or `rtu:///dev/…`")
    }

    private mutating func checkUnique(
        _ address: DeviceAddress, device: String, at position: SourcePosition
    ) {
        if let owner = addressOwners[address.key] {
            diagnostics.add(
                position, "`\(owner)` and `\(device)` have the same address `\(address.key)`",
                cure: "correct one of them, or remove the device that stands twice")
            return
        }
        addressOwners[address.key] = device
        switch address {
        case .snmp: break
        case .modbus(let host, let port, _, let link):
            let first = modbusHosts["\(host):\(port)", default: (link, device)]
            modbusHosts["\(host):\(port)"] = first
            guard first.link != link else { break }
            diagnostics.add(
                position,
                "`\(first.device)` and `\(device)` share \(host):\(port) with different settings",
                cure: "give both the same framing, gap, connectDelay and keepOpen")
        case .serial(let line):
            let first = serialLines[line.path, default: (line, device)]
            serialLines[line.path] = first
            guard first.address.settings != line.settings else { break }
            diagnostics.add(
                position,
                "`\(first.device)` and `\(device)` share \(line.path) with different settings",
                cure: "give both the same baud, parity, stopBits and gap")
        }
    }

    private mutating func transport(
        _ address: DeviceAddress, credentials node: ConfigNode?, at addressNode: ConfigNode
    ) -> Transport? {
        switch address {
        case .snmp(let host, let port):
            guard let access = access(node, at: addressNode) else { return nil }
            return .snmp(SNMPTransport(host: host, port: port, access: access))
        case .modbus(let host, let port, let unit, let link):
            refuseCredentials(node)
            return .modbusTCP(ModbusTCPTransport(host: host, port: port, unit: unit, link: link))
        case .serial(let line):
            refuseCredentials(node)
            return .modbusRTU(
                ModbusRTUTransport(
                    path: line.path, baud: line.baud, parity: line.parity,
                    stopBits: line.stopBits, unit: line.unit,
                    gapMilliseconds: line.gapMilliseconds))
        }
    }

    private mutating func refuseCredentials(_ node: ConfigNode?) {
        guard let node else { return }
        diagnostics.add(
            node.position, "Modbus knows no credentials", cure: "remove `credentials`")
    }

    private mutating func access(
        _ node: ConfigNode?, at addressNode: ConfigNode
    ) -> SNMPTransport.Access? {
        guard let node else {
            if defaults.access == nil, !defaults.accessWasGiven {
                diagnostics.add(
                    addressNode.position, "nothing says with which community or user to ask",
                    cure: "add `defaults: {snmp: {version: 2c, community: …}}`, "
                        + "or `credentials: NAME` to the device")
            }
            return defaults.access
        }
        guard let name = node.text(&diagnostics) else { return nil }
        guard let known = credentials[name] else {
            reportUnknown(
                "set of credentials", name, at: node.position, among: credentials.keys.sorted(),
                otherwise: "add it to `credentials`")
            return nil
        }
        return known
    }

    /// What a reference to a point needs the point to be.
    enum PointNeed {
        case gauge([MeasurementUnit])
        case energyCounter
    }

    /// The name of a device, checked.
    mutating func device(_ node: ConfigNode?) -> String? {
        guard let node, let name = node.text(&diagnostics) else { return nil }
        return checkDevice(name, at: node.position) ? name : nil
    }

    private mutating func checkDevice(_ name: String, at position: SourcePosition) -> Bool {
        let known = names[.device] ?? [:]
        if known[name] != nil { return true }
        reportUnknown(.device, name, at: position, otherwise: "add it to `devices`")
        return false
    }

    /// A reference `device/point`, checked against the device's profile.
    mutating func point(_ node: ConfigNode?, need: PointNeed) -> PointName? {
        guard let node, let text = node.text(&diagnostics) else { return nil }
        guard let name = PointName(text) else {
            diagnostics.add(
                node.position, "`\(text.prefix(80))` is no point",
                cure: "write DEVICE/POINT, as `meter-a/input.power`")
            return nil
        }
        guard checkDevice(name.device, at: node.position) else { return nil }
        // A device in error has been reported; nothing more is known of it.
        guard let index = deviceIndex[name.device],
            let facts = profiles[site.devices[index].profile]
        else { return name }
        let profile = site.devices[index].profile
        guard let point = facts.point(named: name.point) else {
            let near = nearest(to: name.point, in: facts.points.map(\.shownName))
            diagnostics.add(
                node.position, "profile `\(profile)` has no point `\(name.point.prefix(80))`",
                cure: near.map { "did you mean `\($0)`?" }
                    ?? facts.examples)
            return nil
        }
        return checkKind(point, need, name, at: node.position) ? name : nil
    }

    private mutating func checkKind(
        _ point: ProfileFacts.Point, _ need: PointNeed, _ name: PointName,
        at position: SourcePosition
    ) -> Bool {
        switch (need, point.kind) {
        case (.energyCounter, .counter) where point.unit == .wattHour:
            guard point.poll == .slow else { return true }
            diagnostics.add(
                position, "`\(name)` is polled slowly: a meter's quarter hours would be guesses",
                cure: "take `poll: slow` from the point in the profile")
            return false
        case (.gauge(let units), .gauge) where units.contains(point.unit): return true
        case (.energyCounter, _):
            diagnostics.add(
                position, "`\(name)` is a \(point.kindWord), not an energy register in Wh",
                cure: "name the device's cumulative energy, such as `input.energy`")
        case (.gauge(let units), _):
            let wanted = units.map(\.rawValue).joined(separator: " or ")
            diagnostics.add(
                position, "`\(name)` is a \(point.kindWord), not a momentary value in \(wanted)",
                cure: "name a point in \(wanted)")
        }
        return false
    }
}

extension ProfileFacts.Point {
    var kindWord: String {
        switch kind {
        case .gauge: "momentary value in \(unit == .none ? "no unit" : unit.rawValue)"
        case .counter: "counter in \(unit == .none ? "no unit" : unit.rawValue)"
        case .state: "state"
        }
    }
}
