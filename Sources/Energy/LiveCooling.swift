import Model

/// How each cooling unit carries its load, from the points of its device.
extension LiveEnergy {
    /// Names by which profiles say that something runs.
    private static let running: Set<String> = ["on", "running", "start", "active", "open"]
    private static let stopped: Set<String> = ["off", "stopped", "standby", "inactive", "closed"]

    func coolingUnit(_ unit: CoolingUnit, _ value: (PointName) -> LiveValue?) -> LiveCooling {
        func live(_ point: String) -> LiveValue? {
            guard let found = value(PointName(device: unit.device, point: point)),
                found.quality.isUsable
            else { return nil }
            return found
        }
        var result = LiveCooling(
            name: unit.name, mode: FreeCoolingMode(stateName: live("cooling.mode")?.stateName),
            inferred: false, freeFraction: nil, ratedWatts: unit.ratedWatts)
        if result.mode == .unknown {
            result.mode = Self.inferredMode(live)
            result.inferred = result.mode != .unknown
        }
        let all = live("cooling.capacity")?.decimal.double
        if let all, result.mode != .off { result.load = min(1, max(0, all / 100)) }
        switch result.mode {
        case .full: result.freeFraction = 1
        case .mechanical: result.freeFraction = 0
        case .partial:
            // The capacity in use counts free cooling too; their ratio is the free share.
            if let free = live("freecooling.capacity")?.decimal.double, let all, all > 0 {
                result.freeFraction = min(1, max(0, free / all))
            }
        case .off, .unknown: break
        }
        return result
    }

    /// From compressors, economiser and fan; unknown unless compressors and fan say anything.
    private static func inferredMode(_ live: (String) -> LiveValue?) -> FreeCoolingMode {
        func runs(_ points: [String]) -> Bool? {
            let states = points.compactMap { live($0)?.stateName?.lowercased() }
            if states.contains(where: running.contains) { return true }
            return !states.isEmpty && states.allSatisfy(stopped.contains) ? false : nil
        }
        func opens(_ point: String) -> Bool? { live(point).map { $0.decimal.double > 5 } }
        guard
            let compressor = runs(["compressor.state", "compressor.1.state", "compressor.2.state"]),
            let fan = runs(["fan.state"]) ?? opens("fan.speed")
        else { return .unknown }
        if !fan { return compressor ? .unknown : .off }
        let free = runs(["freecooling.state"]) ?? opens("freecooling.valve.position")
        switch (compressor, free) {
        case (true, true?): return .partial
        case (true, false?): return .mechanical
        case (false, true?): return .full
        case (true, nil), (false, _): return .unknown
        }
    }

    /// Free share of the cooling at work, weighted by capacity and load. A partial unit without
    /// its own figure counts as not free: hours are never invented.
    static func freeFraction(_ units: [LiveCooling]) -> Double? {
        var weight = 0.0
        var free = 0.0
        for unit in units where unit.mode != .unknown && unit.mode != .off {
            let share = Double(unit.ratedWatts) * (unit.load ?? 1)
            weight += share
            free += share * (unit.freeFraction ?? unit.mode.certainFreeFraction)
        }
        return weight > 0 ? free / weight : nil
    }

    /// The mode of the units together: that of all at work, or PARTIAL where they differ.
    static func mode(_ units: [LiveCooling]) -> FreeCoolingMode {
        let known = units.map(\.mode).filter { $0 != .unknown }
        guard !known.isEmpty else { return .unknown }
        let working = Set(known.filter { $0 != .off })
        guard let first = working.first else { return known.count == units.count ? .off : .unknown }
        return working.count == 1 ? first : .partial
    }
}
