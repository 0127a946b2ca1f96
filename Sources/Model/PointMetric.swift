/// How a point is called where OpenMetrics names are spoken: at `/metrics`, in what is written to
/// other engines, and in what is asked of them. One family per kind and unit; which point it is
/// stands in the labels.
package struct PointMetric: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable { case gauge, counter, state }
    package var kind: Kind
    package var unit: MeasurementUnit

    package init(kind: Kind, unit: MeasurementUnit) {
        self.kind = kind
        self.unit = kind == .state ? .none : unit
    }

    package init(_ point: PointDefinition) {
        let kind: Kind =
            switch point.kind {
            case .gauge: .gauge
            case .counter: .counter
            case .state: .state
            }
        self.init(kind: kind, unit: point.unit)
    }

    /// The name of the family: `frostline_watts`, `frostline_counted_watt_hours`.
    package var family: String {
        switch kind {
        case .gauge: "frostline_" + unitName
        case .counter: "frostline_counted_" + unitName
        case .state: "frostline_state"
        }
    }

    /// The name of its samples; a counter's ends in `_total` (OpenMetrics 1.0, section 5.1).
    package var name: String { kind == .counter ? family + "_total" : family }

    /// What a sample's name stands for; nil for names of others.
    package init?(name: String) {
        guard let known = Self.byName[name] else { return nil }
        self = known
    }

    /// As `# UNIT` says it; empty for states.
    package var unitName: String { kind == .state ? "" : Self.unitNames[unit] ?? "none" }

    private static let byName: [String: PointMetric] = {
        var result = [String: PointMetric]()
        for unit in MeasurementUnit.allCases {
            for kind in [Kind.gauge, .counter] {
                let metric = PointMetric(kind: kind, unit: unit)
                result[metric.name] = metric
            }
        }
        let state = PointMetric(kind: .state, unit: .none)
        result[state.name] = state
        return result
    }()

    /// The last word of a family's name.
    private static let unitNames: [MeasurementUnit: String] = [
        .volt: "volts", .ampere: "amperes", .watt: "watts", .voltAmpere: "volt_amperes",
        .reactive: "vars", .wattHour: "watt_hours", .reactiveHour: "var_hours",
        .voltAmpereHour: "volt_ampere_hours", .hertz: "hertz", .celsius: "celsius",
        .kelvin: "kelvin", .relativeHumidity: "relative_humidity_percent", .percent: "percent",
        .pascal: "pascals", .litrePerMinute: "litres_per_minute", .cubicMetre: "cubic_metres",
        .metrePerSecond: "metres_per_second", .perMinute: "per_minute", .second: "seconds",
        .hour: "hours", .ampereHour: "ampere_hours", .ratio: "ratio", .ppm: "ppm", .lux: "lux",
        .volumeFlowCubicMetrePerHour: "cubic_metres_per_hour", .byte: "bytes",
        .yuanPerKilowattHour: "yuan_per_kilowatt_hour", .none: "none",
    ]
}
