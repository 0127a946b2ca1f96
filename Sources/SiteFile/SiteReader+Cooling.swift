import ConfigTree
import Model

/// The cooling units, what weather they could do without compressors in, and the weather.
extension SiteReader {
    mutating func readCoolingUnit(_ node: ConfigNode) {
        var table = TableReader(node, what: title(.cooling, node), &diagnostics)
        let name = claimName(table.required("name", &diagnostics), .cooling)
        let displayName = displayName(&table)
        let kind = table.required("kind", &diagnostics)?
            .choice(CoolingUnit.Kind.self, &diagnostics)
        let device = device(table.required("device", &diagnostics))
        let place = place(table.optional("place"))
        let rated = table.required("rated", &diagnostics)?.watts(&diagnostics)
        let power = point(table.optional("power"), need: .gauge([.watt]))
        let compressor = table.optional("compressor")
        let economiser = table.optional("economiser")
        table.finish(&diagnostics)
        guard let name, let kind, let device, let rated else { return }
        var unit = CoolingUnit(
            name: name, displayName: displayName ?? name, kind: kind, device: device,
            place: place, ratedWatts: rated)
        unit.power = power
        if let compressor { readCompressor(compressor, &unit) }
        if let economiser { readEconomiser(economiser, &unit) }
        site.coolingUnits.append(unit)
    }

    /// `{power: meter-c/input.power, rated: 12 kW}`.
    private mutating func readCompressor(_ node: ConfigNode, _ unit: inout CoolingUnit) {
        var table = TableReader(node, what: "`compressor`", &diagnostics)
        let power = point(table.required("power", &diagnostics), need: .gauge([.watt]))
        let rated = table.required("rated", &diagnostics)?.watts(&diagnostics)
        table.finish(&diagnostics)
        unit.compressorPower = power
        unit.compressorRatedWatts = rated
    }

    /// The keys go with the kind: what one kind needs, another refuses.
    private mutating func readEconomiser(_ node: ConfigNode, _ unit: inout CoolingUnit) {
        var table = TableReader(node, what: "`economiser`", &diagnostics)
        let kindNode = table.required("kind", &diagnostics)
        let kind = kindNode?.choice(EconomiserPlant.Kind.self, &diagnostics)
        unit.economiserWatts = table.optional("power")?.watts(&diagnostics)
        guard let kind else { return }
        unit.economiser = plant(kind, &table, at: node.position)
        table.finish(&diagnostics)
    }

    private mutating func plant(
        _ kind: EconomiserPlant.Kind, _ table: inout TableReader, at position: SourcePosition
    ) -> EconomiserPlant? {
        switch kind {
        case .water:
            let (supply, back) = supplyAndReturn(&table, at: position)
            let tower = difference("tower", &table)
            let exchanger = difference("exchanger", &table)
            let margin = margin(&table)
            guard let supply, let back, let tower, let exchanger, let margin else { return nil }
            return .water(
                supply: supply, return: back, tower: tower, exchanger: exchanger, margin: margin)
        case .dryCooler:
            let (supply, back) = supplyAndReturn(&table, at: position)
            let approach = difference("approach", &table)
            let margin = margin(&table)
            guard let supply, let back, let approach, let margin else { return nil }
            return .dryCooler(supply: supply, return: back, approach: approach, margin: margin)
        case .directAir:
            let (supply, back) = supplyAndReturn(&table, at: position)
            let fanHeat = difference("fanHeat", &table)
            let (low, high) = rising("dewMinimum", "dewMaximum", &table, at: position)
            guard let supply, let back, let fanHeat, let high, let low else { return nil }
            return .directAir(
                supply: supply, return: back, fanHeat: fanHeat, dewMaximum: high, dewMinimum: low)
        case .indirectAir:
            let (supply, back) = supplyAndReturn(&table, at: position)
            let dry = efficiency("dry", &table)
            let wet = efficiency("wet", &table)
            guard let supply, let back, let dry, let wet else { return nil }
            return .indirectAir(supply: supply, return: back, dry: dry, wet: wet)
        case .dryBulb:
            let (full, partial) = rising("full", "partial", &table, at: position)
            guard let full, let partial else { return nil }
            return .dryBulb(full: full, partial: partial)
        }
    }

    private mutating func supplyAndReturn(
        _ table: inout TableReader, at position: SourcePosition
    ) -> (Double?, Double?) {
        rising("supply", "return", &table, at: position)
    }

    /// Two temperatures, of which the second is the higher one.
    private mutating func rising(
        _ low: String, _ high: String, _ table: inout TableReader, at position: SourcePosition
    ) -> (Double?, Double?) {
        let first = temperature(low, &table)
        let second = temperature(high, &table)
        if let first, let second, first >= second {
            diagnostics.add(
                position, "`\(low)` is not below `\(high)`",
                cure: "give the lower temperature to `\(low)`")
            return (nil, nil)
        }
        return (first, second)
    }

    private mutating func temperature(_ key: String, _ table: inout TableReader) -> Double? {
        table.required(key, &diagnostics)?.measure(
            .celsius, -40...80, example: "15 °C", &diagnostics)
    }

    /// K between two media.
    private mutating func difference(_ key: String, _ table: inout TableReader) -> Double? {
        table.required(key, &diagnostics)?.measure(
            .kelvin, 0...40, example: "1.5 K", &diagnostics)
    }

    /// Half a kelvin where none is given.
    private mutating func margin(_ table: inout TableReader) -> Double? {
        guard let node = table.optional("margin") else { return 0.5 }
        return node.measure(.kelvin, 0...40, example: "0.5 K", &diagnostics)
    }

    /// As a share; 0 % for what the unit does not do.
    private mutating func efficiency(_ key: String, _ table: inout TableReader) -> Double? {
        table.required(key, &diagnostics)?
            .measure(.percent, 0...100, example: "75 %", &diagnostics).map { $0 / 100 }
    }

    mutating func readOutdoor(_ node: ConfigNode) {
        var table = TableReader(node, what: "`outdoor`", &diagnostics)
        site.outdoorTemperature = point(
            table.required("temperature", &diagnostics), need: .gauge([.celsius]))
        site.outdoorHumidity = point(
            table.optional("humidity"), need: .gauge([.relativeHumidity]))
        table.finish(&diagnostics)
    }

    /// What of a unit's weather nobody measures; once, for templates repeat it.
    mutating func checkEconomisers(_ list: ConfigNode) {
        guard site.outdoorTemperature != nil, site.outdoorHumidity == nil,
            let unit = site.coolingUnits.first(where: { $0.economiser?.needsHumidity ?? false })
        else { return }
        diagnostics.add(
            list.position,
            "what `\(unit.name)` could do without compressors follows from the wet bulb, and "
                + "`outdoor` has no humidity",
            cure: "add `humidity: DEVICE/POINT` to `outdoor`")
    }
}

extension ConfigNode {
    /// A quantity in just that unit: 15 alone could be °F.
    fileprivate func measure(
        _ unit: MeasurementUnit, _ range: ClosedRange<Double>, example: String,
        _ diagnostics: inout Diagnostics
    ) -> Double? {
        guard let (text, quantity) = quantity(unit, example: example, &diagnostics) else {
            return nil
        }
        let value = quantity.double
        guard range.contains(value) else {
            diagnostics.add(
                position, "`\(text)` is out of range",
                cure: "use \(unit.rawValue) from \(Int(range.lowerBound)) to "
                    + "\(Int(range.upperBound))")
            return nil
        }
        return value
    }
}
