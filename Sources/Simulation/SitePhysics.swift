import Glibc
import Model

/// From one moment to the next: loads, losses, heat and the air. Everything but the charge of the
/// batteries, the warmth of the air and the cooling modes follows from the time alone.
struct SitePhysics: Sendable {
    let layout: SiteLayout
    let at: NodeLayout

    /// Cable and busbar between the UPS and the column cabinet, and from there to the rack.
    private static let feederLoss = 0.004
    private static let rowLoss = 0.0012
    /// Free cooling alone below this, °C outdoors; compressors alone above the second.
    private static let freeLimit = 8.0
    private static let mechanicalLimit = 18.0
    private static let hysteresis = 1.0
    /// How long a UPS of this site runs on its battery at half load, seconds.
    private static let autonomy = 900.0

    init(_ layout: SiteLayout) {
        self.layout = layout
        at = NodeLayout(layout)
    }

    func start(_ time: Instant) -> (state: NodeState, values: [Double]) {
        let outdoor = layout.weather.temperature(at: time)
        let state = NodeState(
            time: time,
            modes: (0..<layout.coolers).map {
                isManual($0, at: time)
                    ? .mechanical : mode(of: $0, outdoor: outdoor, before: .off)
            },
            onBattery: Array(repeating: false, count: at.ups))
        var values = Array(repeating: 0.0, count: at.count)
        for n in 0..<at.ups { values[at.charge(n)] = 1 }
        return finish(state, values, seconds: 0)
    }

    /// The state `seconds` after `previous`; `values` are those of `previous`.
    func step(
        _ previous: NodeState, _ values: [Double], to time: Instant
    ) -> (state: NodeState, values: [Double]) {
        var next = previous
        next.time = time
        let outdoor = layout.weather.temperature(at: time)
        for n in 0..<layout.coolers {
            next.modes[n] =
                isManual(n, at: time)
                ? .mechanical : mode(of: n, outdoor: outdoor, before: previous.modes[n])
        }
        if next.faults.contains(.coolerFailure) { next.modes[failedCooler] = .off }
        let seconds = Double(time.millisecondsSince(previous.time)) / 1000
        return finish(next, values, seconds: seconds)
    }

    /// The unit, rack, row that faults strike.
    var failedCooler: Int { layout.coolers / 2 }
    var hotRack: Int { layout.racks.count > 1 ? 1 : 0 }
    var silentPDU: Int { min(3, layout.racks.count - 1) }
    var deadGatewayRow: Int { layout.rows.count - 1 }

    /// The unit that people forget: every Tuesday at 10:00 its compressors are tried out in manual
    /// mode, and it is set back to automatic only on Wednesday at 16:00, whatever the weather.
    static let manualCooler = 2
    private static let manualHours: Range<Int64> = (24 + 10)..<(48 + 16)

    func isManual(_ unit: Int, at time: Instant) -> Bool {
        guard unit == Self.manualCooler else { return false }
        let seconds = time.milliseconds.flooredDivision(by: 1000)
        let hour = Weather.weekday(seconds) * 24 + Weather.secondOfDay(seconds) / 3600
        return Self.manualHours.contains(hour)
    }

    // MARK: - One moment

    private func finish(
        _ state: NodeState, _ before: [Double], seconds: Double
    ) -> (state: NodeState, values: [Double]) {
        var state = state
        var values = before
        let lost = state.faults.contains(.utilityALoss)
        for n in 0..<at.ups {
            let feedA = n < layout.upsPerFeed
            state.onBattery[n] = feedA && lost
            let share = before[at.upsOutput(n)] / layout.upsRatedWatts
            values[at.charge(n)] =
                state.onBattery[n]
                ? max(0, before[at.charge(n)] - seconds * share * 2 / Self.autonomy)
                : min(1, before[at.charge(n)] + seconds / 14_400)
        }
        state.batterySince = lost ? state.batterySince ?? state.time : nil
        state.alive[0] = !lost || values[at.charge(0)] > 0
        itLoads(&values, state)
        upsLosses(&values, state)
        cooling(&values, state, seconds: seconds)
        totals(&values, state)
        return (state, values)
    }

    private func itLoads(_ values: inout [Double], _ state: NodeState) {
        let seconds = state.time.milliseconds.flooredDivision(by: 1000)
        let hot = state.faults.contains(.hotRack) ? hotRack : -1
        var total = 0.0
        for n in 0..<at.ups { values[at.upsOutput(n)] = 0 }
        for (number, row) in layout.rows.enumerated() {
            var feeds = (0.0, 0.0)
            for index in row.racks {
                let load = layout.racks[index].load
                var watts = load.watts(seconds: seconds, noise: layout.noise)
                // Fans at full speed, work piled onto it.
                if index == hot { watts = min(load.ratedWatts * 0.95, watts * 1.2) }
                let a = state.alive[0] ? watts * load.shareA : 0
                values[at.pdu(index, feed: 0)] = a
                values[at.pdu(index, feed: 1)] = watts - a
                feeds.0 += a
                feeds.1 += watts - a
                total += watts
            }
            values[at.row(number, feed: 0)] = feeds.0 * (1 + Self.rowLoss)
            values[at.row(number, feed: 1)] = feeds.1 * (1 + Self.rowLoss)
            let factor = (1 + Self.rowLoss) * (1 + Self.feederLoss)
            values[at.upsOutput(row.ups)] += feeds.0 * factor
            values[at.upsOutput(layout.upsPerFeed + row.ups)] += feeds.1 * factor
        }
        values[at.itPower] = total
    }

    /// Double conversion: a part that is always lost, one with the current, one with its square.
    func upsLoss(output: Double) -> Double {
        let share = output / layout.upsRatedWatts
        let constant = 0.0085
        let linear = 0.018 * share
        let square = 0.014 * share * share
        return layout.upsRatedWatts * (constant + linear + square)
    }

    private func upsLosses(_ values: inout [Double], _ state: NodeState) {
        for n in 0..<at.ups {
            let output = values[at.upsOutput(n)]
            if state.onBattery[n] {
                values[at.upsInput(n)] = 0
                continue
            }
            let charging = (1 - values[at.charge(n)]) * 0.08 * layout.upsRatedWatts
            values[at.upsInput(n)] = output + upsLoss(output: output) + charging
        }
    }

    // MARK: - Air and cooling

    private func mode(of unit: Int, outdoor: Double, before: CoolingMode) -> CoolingMode {
        // Every controller's sensor is off by a little: the units do not switch at one moment.
        let shift = layout.noise.uniform(700, Int64(unit)) * 1.4 - 0.7
        let felt = outdoor + shift
        let band = Self.hysteresis
        switch before {
        case .full:
            if felt < Self.freeLimit + band { return .full }
            return felt < Self.mechanicalLimit ? .partial : .mechanical
        case .mechanical:
            if felt > Self.mechanicalLimit - band { return .mechanical }
            return felt > Self.freeLimit ? .partial : .full
        case .partial, .off:
            if felt < Self.freeLimit - band { return .full }
            return felt > Self.mechanicalLimit + band ? .mechanical : .partial
        }
    }

    /// The compressors' part of the cooling, 0…1.
    private func mechanicalShare(_ mode: CoolingMode, outdoor: Double) -> Double {
        switch mode {
        case .off, .full: 0
        case .mechanical: 1
        case .partial:
            min(
                0.92,
                max(0.08, (outdoor - Self.freeLimit) / (Self.mechanicalLimit - Self.freeLimit)))
        }
    }

    private func cooling(_ values: inout [Double], _ state: NodeState, seconds: Double) {
        let outdoor = layout.weather.temperature(at: state.time)
        // UPSs and lights stand in cooled rooms too.
        var heat = values[at.itPower]
        for n in 0..<at.ups {
            heat += max(0, values[at.upsInput(n)] - values[at.upsOutput(n)]) * 0.8
        }
        let running = state.modes.count { $0 != .off }
        for n in 0..<layout.coolers {
            guard state.modes[n] != .off, running > 0 else {
                for slot in [
                    at.coolerPower(n), at.coolerHeat(n), at.compressor(n), at.fan(n),
                    at.mechanical(n),
                ] { values[slot] = 0 }
                rise(&values, n, target: 8.5, timeConstant: 75, seconds: seconds)
                continue
            }
            let wobble = 1 + 0.03 * layout.noise.smooth(
                720 &+ UInt64(n), seconds: state.time.milliseconds.flooredDivision(by: 1000),
                period: 3600)
            let removed = heat / Double(running) * wobble
            let share = removed / layout.coolerRatedWatts
            let mechanical = mechanicalShare(state.modes[n], outdoor: outdoor)
            let speed = min(1, 0.42 + 0.58 * share)
            let fan = layout.coolerRatedWatts * 0.052 * speed * speed * speed
            let efficiency = min(6.2, max(2.8, 5.3 - 0.085 * (outdoor - 20)))
            let compressor = removed * mechanical / efficiency
            let controls = layout.coolerRatedWatts * 0.004
            let pump = removed * (0.012 + 0.022 * (mechanical < 1 ? 1 : 0.4))
            values[at.fan(n)] = fan
            values[at.compressor(n)] = compressor
            values[at.mechanical(n)] = mechanical
            values[at.coolerHeat(n)] = removed
            values[at.coolerPower(n)] = fan + compressor + pump + controls
            let unmet = max(0, share - 1) * 30
            rise(&values, n, target: unmet, timeConstant: 120, seconds: seconds)
        }
        let hot = state.faults.contains(.hotRack) ? 10.5 : 0
        let kept = exp(-seconds / 60)
        values[at.hotRise] = hot + (values[at.hotRise] - hot) * kept
    }

    /// First-order approach of the supplied air to its new temperature.
    private func rise(
        _ values: inout [Double], _ unit: Int, target: Double, timeConstant: Double,
        seconds: Double
    ) {
        let kept = exp(-seconds / timeConstant)
        let slot = at.zoneRise(unit)
        values[slot] = target + (values[slot] - target) * kept
    }

    // MARK: - The site

    private func totals(_ values: inout [Double], _ state: NodeState) {
        let seconds = state.time.milliseconds.flooredDivision(by: 1000)
        let hour = Double(Weather.secondOfDay(seconds)) / 3600
        let working = hour >= 8 && hour < 18 && Weather.weekday(seconds) < 5
        let rated = Double(layout.ratedITWatts)
        let flutter = 1 + 0.05 * layout.noise.smooth(730, seconds: seconds, period: 7200)
        values[at.other] = (40 + rated * 0.015) * flutter * (working ? 1.15 : 1)
        values[at.office] = (40 + rated * 0.009) * flutter * (working ? 2.2 : 0.6)
        let sun = layout.weather.irradiance(at: state.time)
        values[at.solar] = sun < 0.015 ? 0 : layout.solarPeakWatts * sun * 0.965
        var feeds = [0.0, 0.0]
        for feed in 0...1 {
            var cooling = 0.0
            for n in stride(from: feed, to: layout.coolers, by: 2) {
                cooling += values[at.coolerPower(n)]
            }
            values[at.cooling(feed: feed)] = cooling
            feeds[feed] += cooling
            for n in 0..<layout.upsPerFeed {
                feeds[feed] += values[at.upsInput(feed * layout.upsPerFeed + n)]
            }
        }
        feeds[0] += values[at.other] - values[at.solar]
        feeds[1] += values[at.office]
        // Without utility A the transfer switches put its motors and lights on B; the inverter
        // has no grid to follow.
        if state.faults.contains(.utilityALoss) {
            feeds[1] += feeds[0] + values[at.solar]
            feeds[0] = 0
            values[at.solar] = 0
        }
        for feed in 0...1 {
            let dead = feed == 0 && state.faults.contains(.utilityALoss)
            let loss = dead ? 0 : transformerLoss(feeds[feed])
            values[at.utility(feed: feed)] = max(0, feeds[feed] + loss)
        }
    }

    /// Iron and copper.
    func transformerLoss(_ watts: Double) -> Double {
        let share = watts / layout.transformerRatedWatts
        return layout.transformerRatedWatts * (0.0013 + 0.009 * share * share)
    }
}
