import Model

/// Another reading of the site file is not taken because more than alarms and receivers differs.
package struct RulesRefusal: Error, CustomStringConvertible {
    /// What differs.
    package var part: String

    package var description: String {
        "\(part) have changed too, and only rules, windows, receivers and people are read again; "
            + "restart the service"
    }

    /// What rules refer to and differs between two readings of a site file; nil for nothing.
    static func difference(_ old: Site, _ new: Site) -> String? {
        if old.name != new.name { return "the site's name and perhaps others" }
        let devices = { (site: Site) in
            site.devices.map {
                "\($0.name) \($0.profile) \($0.place ?? "") \($0.feed?.rawValue ?? "")"
            }
        }
        if devices(old) != devices(new) { return "devices" }
        let places = { (site: Site) in
            site.places.map { "\($0.name) \($0.kind) \($0.parent ?? "")" }
        }
        if places(old) != places(new) { return "places" }
        let nodes = { (site: Site) in
            site.powerNodes.map { node in
                "\(node.name) \(node.feed?.rawValue ?? "") \(node.ratedWatts ?? 0) "
                    + "\(node.power?.description ?? "") \(node.parents)"
            }
        }
        return nodes(old) == nodes(new) ? nil : "power nodes"
    }
}
