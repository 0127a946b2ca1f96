package import Model

/// Which devices, points and power nodes a rule is about.
package struct RuleScopes: Sendable {
    private let site: Site
    private let kinds: [String: Place.Kind]
    private let parents: [String: String]
    private let places: [String: Set<String>]
    private let numbers: [String: Int]
    private let partners: [Int: Int]

    package init(site: Site) {
        self.site = site
        kinds = Dictionary(site.places.map { ($0.name, $0.kind) }) { first, _ in first }
        parents = Dictionary(
            site.places.compactMap { place in place.parent.map { (place.name, $0) } }
        ) { first, _ in first }
        var places: [String: Set<String>] = [:]
        for place in site.places {
            let above = place.parent.flatMap { places[$0] } ?? []
            places[place.name] = above.union([place.name])
        }
        self.places = places
        numbers = Dictionary(site.devices.enumerated().map { ($1.name, $0) }) { first, _ in first }
        partners = site.partners
    }

    func name(of device: DeviceID) -> String {
        let index = Int(device.index)
        return index < site.devices.count ? site.devices[index].name : Site.ownSeriesDevice
    }

    package func partner(of device: DeviceID) -> DeviceID? {
        partners[Int(device.index)].map { DeviceID($0) }
    }

    /// The device and the point behind `device/point`.
    func point(_ text: String) -> (DeviceID, String)? {
        guard let name = PointName(text), let number = numbers[name.device] else { return nil }
        return (DeviceID(number), name.point)
    }

    /// The place of this kind that the device stands in; `.some(nil)` for the site, nil for none.
    func place(of device: DeviceID, _ reference: DeviationLimit.Reference) -> String?? {
        let kind: Place.Kind
        switch reference {
        case .partner: return nil
        case .site: return .some(nil)
        case .rack: kind = .rack
        case .row: kind = .row
        case .hall: kind = .hall
        case .room: kind = .room
        }
        let index = Int(device.index)
        guard index < site.devices.count else { return nil }
        var place = site.devices[index].place
        while let name = place {
            if kinds[name] == kind { return .some(name) }
            place = parents[name]
        }
        return nil
    }

    package func matches(_ rule: AlarmRule, _ device: DeviceID) -> Bool {
        guard rule.subject == .devices else { return false }
        // A pattern means devices; the site's own figures are meant by their name.
        guard Int(device.index) < site.devices.count else {
            return rule.device == Site.ownSeriesDevice
        }
        let spec = site.devices[Int(device.index)]
        guard Glob(rule.device).matches(spec.name) else { return false }
        if let profiles = rule.profiles, !profiles.contains(spec.profile) { return false }
        return isInside(spec.place, rule)
    }

    private func isInside(_ place: String?, _ rule: AlarmRule) -> Bool {
        let around = place.flatMap { places[$0] } ?? []
        guard rule.exceptPlaces.isDisjoint(with: around) else { return false }
        return rule.place.map { around.contains($0) } ?? true
    }

    /// The nodes that a rule about power nodes covers.
    package func nodes(of rule: AlarmRule) -> [PowerNode] {
        guard rule.subject == .powerNodes else { return [] }
        let glob = Glob(rule.device)
        return site.powerNodes.filter { node in
            glob.matches(node.name) && isInside(place(of: node), rule)
        }
    }

    /// Where a node is: its own place, or that of the device that measures it.
    private func place(of node: PowerNode) -> String? {
        node.place
            ?? node.power.flatMap { numbers[$0.device] }.flatMap { site.devices[$0].place }
    }
}
