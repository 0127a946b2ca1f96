import Screen
import Views

/// What a cell of the map says of its rack, and the scale of its colours.
extension Painter {
    func scale(_ snapshot: SiteView) -> HeatScale {
        switch model.heatMode {
        case .inlet: return .inlet
        case .load: return .load
        case .age: return .age
        case .balance: return .balance
        case .humidity: return .humidity
        case .power, .alarms:
            var rated = 0.0
            for row in snapshot.rows {
                for rack in row.racks.indices { rated = max(rated, row.racks[rack].ratedWatts) }
            }
            return .power(ratedKilowatts: rated / 1000)
        }
    }

    /// The text and colour of one rack. What is not usable has a letter and no colour. Of many
    /// racks none is copied: only the fields that are shown are looked at.
    func heatCell(
        _ racks: [RackView], _ index: Int, _ scale: HeatScale, width: Int
    ) -> (text: String, ink: Ink, fill: Ink?) {
        if model.heatMode == .alarms {
            guard let alarm = racks[index].alarm else {
                return (glyphs.isUnicode ? "·" : ".", .faint, nil)
            }
            return (
                Self.letter(ofPriority: alarm), Self.ink(ofPriority: alarm),
                Self.ink(ofPriority: alarm)
            )
        }
        if model.heatMode == .age {
            guard let age = racks[index].ageMS else { return (unknown, .faint, nil) }
            return (NumberText.shortAge(age), .plain, scale.ink(Double(age) / 1000))
        }
        let value: Double? =
            switch model.heatMode {
            case .inlet: racks[index].inletCelsius
            case .load: racks[index].load.map { $0 * 100 }
            case .balance: racks[index].imbalance.map { $0 * 100 }
            case .humidity: racks[index].humidityPercent
            default: kilowatts(racks[index].watts)
            }
        guard let value, value.isFinite else { return (unknown, .faint, nil) }
        let wide =
            switch model.heatMode {
            case .load, .balance, .humidity: false
            case .power: width >= 3
            case .inlet, .age, .alarms: width >= 4
            }
        let text = NumberText.fixed(value, digits: wide && abs(value) < 100 ? 1 : 0) ?? unknown
        guard Self.isUsable(racks[index].quality), !isStale else {
            let letter = isStale ? "s" : Self.letter(of: racks[index].quality)
            return (text.count < width ? text + letter : letter, .faint, nil)
        }
        return (text, .plain, scale.ink(value))
    }
}
