import Model

extension KPIStatement {
    /// The sum over the period's months of what sheets say; or the first month that lacks it.
    private func entered<Value>(
        _ name: String, _ zero: Value, _ add: (Value, Value) -> Value,
        _ value: (SettlementSheet.Resources) -> Value?
    ) -> Known<Value> {
        var sum = zero
        for (month, resources) in input.resources {
            guard let part = resources.flatMap(value) else {
                return .missing("`\(name)` in the settlement sheet of \(month)")
            }
            sum = add(sum, part)
        }
        return input.resources.isEmpty ? .missing("a settlement sheet") : .known(sum)
    }

    private func entered(
        _ name: String, _ value: (SettlementSheet.Resources) -> EnergyQuantity?
    ) -> Known<EnergyQuantity> {
        entered(name, .zero, +, value)
    }

    /// What the sun gave, by meters whose power is that of a `solar` node, and certificates.
    private func renewable(_ certificates: Known<EnergyQuantity>) -> Known<EnergyQuantity> {
        if input.resources.contains(where: { $0.resources?.renewable != nil }) {
            return entered("renewable") { $0.renewable }
        }
        let solar = Set(
            input.site.powerNodes.filter { $0.kind == .solar }.compactMap { $0.power?.device })
        let meters = input.site.meters.filter {
            $0.role == .generation && solar.contains($0.energy.device)
        }
        guard !meters.isEmpty else { return certificates }
        let made = whole(meters.map { PUEBoundary.Term(meter: $0, sign: 1) }, "")
        guard case .known(let made) = made else { return made }
        guard case .known(let bought) = certificates else { return certificates }
        return .known(made + bought)
    }

    mutating func addIndicators() {
        let certificates = entered("certificates") { $0.certificates }
        let grid = whole(
            boundary.total.filter { $0.meter.role == .utility || $0.meter.role == .export },
            "a meter at the utility hand-over")
        let cooling = whole(.cooling, "a meter with the role cooling")
        let reused = entered("reused-heat") { $0.reusedHeat }
        let removed = entered("heat-removed") { $0.heatRemoved }
        let water = entered("water", Int64(0), &+) { $0.waterLitres }
        let renewable = renewable(certificates)
        let (total, it) = (total, it)
        var values = IndicatorInput()
        values.total = total.value
        values.it = it.value
        values.renewable = renewable.value
        values.reusedHeat = reused.value
        values.heatRemoved = removed.value
        values.coolingElectricity = cooling.value
        values.grid = grid.value
        values.certificates = certificates.value
        values.emissionFactor = input.emission?.value
        values.waterLitres = water.value
        let factor = input.emission == nil ? "an emission factor of the tariff table" : nil
        let needs: [Indicator.Kind: [String?]] = [
            .ref: [renewable.missing, total.missing],
            .erf: [reused.missing, total.missing],
            .ere: [reused.missing, total.missing, it.missing],
            .cer: [removed.missing, cooling.missing],
            .cueLocation: [grid.missing, it.missing, factor],
            .cueAfterCertificates: [grid.missing, it.missing, factor, certificates.missing],
            .wue: [water.missing, it.missing],
        ]
        let computed = values.indicators
        for kind in Indicator.Kind.allCases {
            let found = computed.first { $0.kind == kind }
            let missing = (needs[kind] ?? []).compactMap(\.self)
            figures.append(
                Explanation(
                    id: id(kind.name), kind.rawValue, kind.english,
                    value: missing.isEmpty ? found?.decimal(4).description : nil,
                    unit: kind.unit, formula: kind.formula,
                    inputs: (found?.inputs ?? []).map { .init($0.name, $0.value) },
                    source: kind.source
                        + (kind.needsFactor ? "; \(input.emission?.document ?? "")" : ""),
                    reason: missing.first.map { $0 + " is missing" }
                        ?? (found == nil ? "energy to divide by is missing" : nil)))
        }
    }

    /// ITEUsv: the mean utilisation of the servers' processors.
    mutating func addUtilisation() {
        var groups: [(servers: Int64, utilisation: FixedDecimal)] = []
        var reason = input.resources.isEmpty ? "a settlement sheet is missing" : nil
        for (month, resources) in input.resources {
            guard let servers = resources?.servers, !servers.isEmpty else {
                reason = "`servers` in the settlement sheet of \(month) is missing"
                continue
            }
            groups += servers.map { ($0.count, $0.utilisation) }
        }
        let ratio = reason == nil ? ServerUtilisation.itEUsv(groups) : nil
        figures.append(
            Explanation(
                id: id("iteu"), "ITEUsv", "utilisation of servers",
                value: ratio?.decimal(4).description, formula: "Σ(台数 × CPU 利用率) ÷ Σ台数",
                inputs: [.init("groups", "\(groups.count)")], source: "ISO/IEC 30134-5",
                reason: ratio == nil ? reason ?? "servers are missing" : nil))
    }

    // MARK: - Inlets

    mutating func addThermal() {
        let altitude = Double(input.site.altitudeMetres)
        for envelope in [RackEnvelope.ashraeA1, .ashraeA2, .gb50174] {
            addThermal(envelope.derated(altitudeMetres: altitude))
        }
    }

    private mutating func addThermal(_ envelope: RackEnvelope) {
        let hours = input.inlets.flatMap { inlet in
            inlet.celsius.map { (name: inlet.place, celsius: $0) }
        }
        // A place's mean tells a spot from an hour.
        let means = input.inlets.map { inlet -> (name: String, celsius: Double?) in
            let known = inlet.celsius.compactMap(\.self).filter(\.isFinite)
            return (
                inlet.place + " " + inlet.point,
                known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
            )
        }
        let indices = RackThermalIndices(hours, envelope)
        let spots = RackThermalIndices(means, envelope)
        let known = means.compactMap(\.celsius)
        let subject = envelope.name.lowercased().replacing(" ", with: "-")
        let reason = indices == nil ? "stored temperatures of rack inlets are missing" : nil
        let inputs: [Explanation.Input] = [
            .init("sensors", "\(input.inlets.count)"),
            .init("sensor hours", "\(indices?.inlets ?? 0) of \(hours.count)"),
            .init("recommended °C", envelope.recommended.text),
            .init("allowable °C", envelope.allowable.text),
        ]
        func add(
            _ name: String, _ chinese: String, _ english: String, _ value: String?,
            _ unit: String, _ formula: String, _ more: [Explanation.Input] = []
        ) {
            figures.append(
                Explanation(
                    id: id("inlets-" + name, subject), "\(chinese)(\(envelope.name))", english,
                    value: value, unit: unit, formula: formula, inputs: inputs + more,
                    source: envelope.name, reason: reason))
        }
        add(
            "recommended", "进风处于推荐范围", "share of inlets in the recommended range",
            indices.map { Self.decimal($0.insideRecommended * 100, 2) }, "%",
            "推荐范围内的小时均值 ÷ 全部小时均值")
        if envelope.allowable != envelope.recommended {
            add(
                "allowable", "进风处于允许范围", "share of inlets in the allowable range",
                indices.map { Self.decimal($0.insideAllowable * 100, 2) }, "%",
                "允许范围内的小时均值 ÷ 全部小时均值")
            add(
                "rci-high", "RCI 高温", "rack cooling index, high",
                indices.map { Self.decimal($0.rciHigh, 2) }, "%",
                "100 × (1 − Σ超出推荐上限 ÷ (n × (允许上限 − 推荐上限)))")
            add(
                "rci-low", "RCI 低温", "rack cooling index, low",
                indices.map { Self.decimal($0.rciLow, 2) }, "%",
                "100 × (1 − Σ低于推荐下限 ÷ (n × (推荐下限 − 允许下限)))")
            return
        }
        add(
            "hot-spots", "热点", "hot spots, by the mean of the period",
            spots.map { _ in "\(known.count { $0 > envelope.recommended.upperBound })" }, "",
            "均值高于上限的测点数；列出最高三个",
            spots?.hotSpots.map { .init($0.rack, Self.decimal($0.celsius, 1)) } ?? [])
        add(
            "cold-spots", "冷点", "cold spots, by the mean of the period",
            spots.map { _ in "\(known.count { $0 < envelope.recommended.lowerBound })" }, "",
            "均值低于下限的测点数；列出最低三个",
            spots?.coldSpots.map { .init($0.rack, Self.decimal($0.celsius, 1)) } ?? [])
    }
}

extension ClosedRange<Double> {
    fileprivate var text: String {
        KPIStatement.decimal(lowerBound, 2) + "…" + KPIStatement.decimal(upperBound, 2)
    }
}

extension Indicator.Kind {
    /// In ids.
    fileprivate var name: String {
        switch self {
        case .ref: "ref"
        case .erf: "erf"
        case .ere: "ere"
        case .cer: "cer"
        case .cueLocation: "cue"
        case .cueAfterCertificates: "cue-after-certificates"
        case .wue: "wue"
        }
    }

    fileprivate var english: String {
        switch self {
        case .ref: "renewable energy factor"
        case .erf: "energy reuse factor"
        case .ere: "energy reuse effectiveness"
        case .cer: "cooling efficiency ratio"
        case .cueLocation: "carbon, location-based"
        case .cueAfterCertificates: "carbon of what no certificate covers"
        case .wue: "water usage effectiveness"
        }
    }

    fileprivate var formula: String {
        switch self {
        case .ref: "E_ren ÷ E_DC"
        case .erf: "E_reuse ÷ E_DC"
        case .ere: "(E_DC − E_reuse) ÷ E_IT"
        case .cer: "移除热量 ÷ 制冷电量"
        case .cueLocation: "网购电量 × 排放因子 ÷ E_IT"
        case .cueAfterCertificates: "(网购电量 − 绿证电量) × 排放因子 ÷ E_IT"
        case .wue: "用水量 ÷ E_IT"
        }
    }

    fileprivate var source: String {
        switch self {
        case .ref: "ISO/IEC 30134-3"
        case .erf: "ISO/IEC 30134-6"
        case .ere: "The Green Grid"
        case .cer: "ISO/IEC 30134-7"
        case .cueLocation, .cueAfterCertificates: "ISO/IEC 30134-8"
        case .wue: "ISO/IEC 30134-9"
        }
    }

    fileprivate var needsFactor: Bool { self == .cueLocation || self == .cueAfterCertificates }
}
