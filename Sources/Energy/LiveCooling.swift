package import Model

/// How each cooling unit carries its load, from the points of its device.
extension LiveCooling {
    /// Names by which profiles say that something runs.
    private static let running: Set<String> = ["on", "running", "start", "active", "open"]
    private static let stopped: Set<String> = ["off", "stopped", "standby", "inactive", "closed"]

    /// The points of the unit's device that are looked at, where it has them.
    package static let points = [
        "cooling.mode", "cooling.capacity", "freecooling.capacity", "compressor.state",
        "compressor.1.state", "compressor.2.state", "fan.state", "fan.speed", "freecooling.state",
        "freecooling.valve.position", "supply.temperature", "return.temperature",
    ]

    /// What of a point may be used now.
    private struct Points {
        let device: String
        let value: (PointName) -> LiveValue?

        func live(_ name: PointName?) -> LiveValue? {
            name.flatMap(value).flatMap { $0.quality.isUsable ? $0 : nil }
        }
        func live(_ point: String) -> LiveValue? {
            live(PointName(device: device, point: point))
        }
        func runs(_ points: [String]) -> Bool? {
            let states = points.compactMap { live($0)?.stateName?.lowercased() }
            if states.contains(where: LiveCooling.running.contains) { return true }
            let all = !states.isEmpty && states.allSatisfy(LiveCooling.stopped.contains)
            return all ? false : nil
        }
        func opens(_ point: String) -> Bool? { live(point).map { $0.decimal.double > 5 } }
        var fanRuns: Bool? { runs(["fan.state"]) ?? opens("fan.speed") }
    }

    package init(_ unit: CoolingUnit, value: (PointName) -> LiveValue?) {
        self = withoutActuallyEscaping(value) {
            Self.made(unit, Points(device: unit.device, value: $0))
        }
    }

    private static func made(_ unit: CoolingUnit, _ points: Points) -> LiveCooling {
        var result = LiveCooling(
            name: unit.name,
            mode: FreeCoolingMode(stateName: points.live("cooling.mode")?.stateName),
            inferred: false, freeFraction: nil, ratedWatts: unit.ratedWatts)
        if result.mode == .unknown {
            result.mode = byPower(unit, points) ?? byStates(points)
            result.inferred = result.mode != .unknown
        }
        let all = points.live("cooling.capacity")?.decimal.double
        if let all, result.mode != .off { result.load = min(1, max(0, all / 100)) }
        switch result.mode {
        case .full: result.freeFraction = 1
        case .mechanical: result.freeFraction = 0
        case .partial:
            // The capacity in use counts free cooling too; their ratio is the free share.
            if let free = points.live("freecooling.capacity")?.decimal.double, let all, all > 0 {
                result.freeFraction = min(1, max(0, free / all))
            }
        case .off, .unknown: break
        }
        return result
    }

    /// From the power of the compressors and the difference of temperatures; nil where the
    /// compressors' power is not measured.
    private static func byPower(_ unit: CoolingUnit, _ points: Points) -> FreeCoolingMode? {
        guard let rated = unit.compressorRatedWatts, rated > 0,
            let power = points.live(unit.compressorPower)
        else { return nil }
        let supply = points.live("supply.temperature")?.decimal.double
        let back = points.live("return.temperature")?.decimal.double
        let difference = supply.flatMap { supply in back.map { $0 - supply } }
        return FreeCoolingMode.inferred(
            compressorShare: power.decimal.double / Double(rated), circulating: points.fanRuns,
            difference: difference)
    }

    /// From compressors, economiser and fan; unknown unless compressors and fan say anything.
    private static func byStates(_ points: Points) -> FreeCoolingMode {
        let compressors = ["compressor.state", "compressor.1.state", "compressor.2.state"]
        guard let compressor = points.runs(compressors), let fan = points.fanRuns else {
            return .unknown
        }
        if !fan { return compressor ? .unknown : .off }
        let free =
            points.runs(["freecooling.state"]) ?? points.opens("freecooling.valve.position")
        switch (compressor, free) {
        case (true, true?): return .partial
        case (true, false?): return .mechanical
        case (false, true?): return .full
        case (true, nil), (false, _): return .unknown
        }
    }
}

extension LiveEnergy {
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
