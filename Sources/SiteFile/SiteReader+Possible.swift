import ConfigTree
import Model

/// Whether a condition can come, and go, with what its points can be.
extension SiteReader {
    mutating func canFire(
        above limit: FixedDecimal, deadband: FixedDecimal, _ points: [CoveredPoint],
        at position: SourcePosition
    ) -> Bool {
        for (profile, point) in points {
            guard let highest = point.highest, limit.isLess(than: highest) == false else {
                continue
            }
            diagnostics.add(
                position,
                "the alarm can never come: `\(point.shownName)` of `\(profile)` is at most "
                    + "\(highest)",
                cure: "lower the limit; is its unit \(point.unit.rawValue)?")
            return false
        }
        for (profile, point) in points {
            guard let lowest = point.lowest, let end = limit.subtracting(deadband),
                end.isLess(than: lowest) == true
            else { continue }
            diagnostics.add(
                position,
                "the alarm can never go: `\(point.shownName)` of `\(profile)` is at least "
                    + "\(lowest)",
                cure: limit.isLess(than: lowest) == true
                    ? "raise the limit" : "use a smaller `deadband`")
            return false
        }
        return true
    }

    mutating func canFire(
        below limit: FixedDecimal, deadband: FixedDecimal, _ points: [CoveredPoint],
        at position: SourcePosition
    ) -> Bool {
        for (profile, point) in points {
            guard let lowest = point.lowest, lowest.isLess(than: limit) == false else { continue }
            diagnostics.add(
                position,
                "the alarm can never come: `\(point.shownName)` of `\(profile)` is at least "
                    + "\(lowest)",
                cure: "raise the limit; is its unit \(point.unit.rawValue)?")
            return false
        }
        for (profile, point) in points {
            guard let highest = point.highest, let room = highest.subtracting(limit),
                room.isLess(than: deadband) == true
            else { continue }
            diagnostics.add(
                position,
                "the alarm can never go: `\(point.shownName)` of `\(profile)` is at most "
                    + "\(highest)",
                cure: highest.isLess(than: limit) == true
                    ? "lower the limit" : "use a smaller `deadband`")
            return false
        }
        return true
    }

    /// What is never below 0 must be able to get below the limit.
    mutating func canEnd(
        _ limit: FixedDecimal, _ deadband: FixedDecimal, _ written: WrittenCondition.Limit
    ) -> Bool {
        if deadband.isLess(than: limit) == true { return true }
        diagnostics.add(
            written.deadbandAt ?? written.position,
            "the alarm can never go: the deadband is as large as the limit",
            cure: "use a smaller `deadband`")
        return false
    }

    /// Whether values of a point can be so far from each other.
    mutating func canDiffer(
        by difference: Double, _ points: [CoveredPoint], at position: SourcePosition
    ) -> Bool {
        for (profile, point) in points {
            guard let lowest = point.lowest, let highest = point.highest,
                let widest = highest.subtracting(lowest), difference >= widest.double
            else { continue }
            diagnostics.add(
                position,
                "the alarm can never come: `\(point.shownName)` of `\(profile)` is between "
                    + "\(lowest) and \(highest)",
                cure: "lower the limit; is its unit \(point.unit.rawValue)?")
            return false
        }
        return true
    }

    /// Whether a window has enough polls of its points to see a change.
    mutating func isSeen(
        in window: Int64, _ points: [CoveredPoint], _ devices: [DeviceSpec],
        at position: SourcePosition
    ) -> Bool {
        var longest = devices.isEmpty ? OwnSeries.stepMilliseconds : 0
        for (profile, point) in points {
            for device in devices where device.profile == profile {
                longest = max(longest, device.intervalMilliseconds(of: point.poll))
            }
        }
        if window >= 2 * longest { return true }
        diagnostics.add(
            position,
            "the alarm can never come: its points are polled every \(longest / 1000) s, and the "
                + "window is \(window / 1000) s",
            cure: "use a window of \(2 * longest / 1000) s or more")
        return false
    }

    /// Whether there is anything to hold a value against.
    mutating func hasPeers(
        _ reference: DeviationLimit.Reference, _ points: [CoveredPoint], _ devices: [DeviceSpec],
        at position: SourcePosition
    ) -> Bool {
        if devices.isEmpty {
            diagnostics.add(
                position, "the site's own figures have no others to deviate from",
                cure: "use `above` or `below`")
            return false
        }
        if reference == .partner {
            let names = Set(devices.map(\.name))
            let partners = site.partners
            if partners.keys.contains(where: { names.contains(site.devices[$0].name) }) {
                return true
            }
            diagnostics.add(
                position, "no device of the rule has a partner on the other feed",
                cure: "give both of a pair the same `profile` and `place`, and `feed: A` and "
                    + "`feed: B`")
            return false
        }
        var counts: [String: Int] = [:]
        for device in devices {
            guard let group = group(of: device, reference) else { continue }
            for (profile, point) in points where profile == device.profile {
                // A family has as many as the device has.
                let many = DeviationLimit.fewestPeers
                counts[group, default: 0] += point.pattern.contains("*") ? many : 1
            }
        }
        if counts.values.contains(where: { $0 >= DeviationLimit.fewestPeers }) { return true }
        let kind = reference.rawValue
        diagnostics.add(
            position,
            "the alarm can never come: no \(kind) has \(DeviationLimit.fewestPeers) points of the "
                + "rule",
            cure: "give the devices their `place`, or write `from: site`")
        return false
    }

    /// The place of the wanted kind around a device; empty text for the site.
    private func group(
        of device: DeviceSpec, _ reference: DeviationLimit.Reference
    ) -> String? {
        guard reference != .site else { return "" }
        var place = device.place
        while let name = place, let index = placeIndex[name] {
            if site.places[index].kind.rawValue == reference.rawValue { return name }
            place = site.places[index].parent
        }
        return nil
    }
}
