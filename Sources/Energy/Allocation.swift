package import Model

/// Which meters carry the energy that a subsidiary is billed for, and why these.
package struct Allocation: Sendable {
    package enum Method: Sendable {
        /// Its own meters at the utility hand-over.
        case utility
        /// Its own IT meters: it has none at the hand-over.
        case it(PUECategory)
        /// It has no meter at all.
        case none
    }
    package var method: Method
    package var billed: [Meter]
    /// Every meter that is its own, in the order of the site file.
    package var own: [Meter]

    package init(_ subsidiary: Subsidiary, of site: Site) {
        let named = Set(subsidiary.meters)
        let places = Self.places(below: subsidiary.places, of: site)
        let devicesThere = Set(
            site.devices.filter { $0.place.map(places.contains) ?? false }.map(\.name))
        own = site.meters.filter { meter in
            // Meters named in the site file decide; without them, those standing in its places.
            named.isEmpty
                ? devicesThere.contains(meter.energy.device) : named.contains(meter.name)
        }
        let utility = own.filter { $0.role == .utility }
        if !utility.isEmpty {
            method = .utility
            billed = utility
            return
        }
        for category in PUECategory.allCases.reversed() {
            let meters = own.filter { $0.role == category.role }
            if !meters.isEmpty {
                method = .it(category)
                billed = meters
                return
            }
        }
        method = .none
        billed = []
    }

    /// True where the subsidiary holds every utility meter of the site, so that charges of the
    /// whole connection are its own.
    package func holdsConnection(of site: Site) -> Bool {
        guard case .utility = method else { return false }
        let names = Set(billed.map(\.name))
        return site.meters.allSatisfy { $0.role != .utility || names.contains($0.name) }
    }

    private static func places(below roots: [String], of site: Site) -> Set<String> {
        var found = Set(roots)
        // Parents stand before children.
        for place in site.places {
            if let parent = place.parent, found.contains(parent) { found.insert(place.name) }
        }
        return found
    }
}
