import Model

/// What a row of a corpus measures, in the words of docs/PROFILES-COVERAGE.md.
package enum SensorKind {
    /// Kinds that count, in the order they are printed.
    package static let counted = [
        "power", "energy", "current", "voltage", "frequency", "temperature", "humidity", "load",
        "charge", "runtime", "flow", "pressure", "fan", "state",
    ]

    /// From the class that the other program gives the row.
    static func named(_ sensorClass: String) -> String {
        switch sensorClass {
        case "power_consumed": "energy"
        case "waterflow", "airflow": "flow"
        case "fanspeed": "fan"
        default: sensorClass
        }
    }

    /// What a value of a kind is in units of ours: theirs × factor.
    static func factor(_ kind: String, printedUnit: String, to unit: MeasurementUnit) -> Double? {
        switch (kind, unit) {
        case ("power", .watt), ("power", .voltAmpere), ("power", .reactive),
            ("current", .ampere), ("voltage", .volt), ("frequency", .hertz),
            ("temperature", .celsius), ("temperature", .kelvin),
            ("humidity", .relativeHumidity), ("humidity", .percent), ("load", .percent),
            ("charge", .percent), ("delay", .second), ("power_factor", .ratio),
            ("fan", .perMinute):
            1
        // The other program has one unit for fans, whatever the device tells.
        case ("fan", .percent): 1
        case ("energy", .wattHour), ("energy", .voltAmpereHour), ("energy", .reactiveHour): 1_000
        case ("runtime", .second): 60
        case ("runtime", .hour): 1.0 / 60
        case ("pressure", .pascal): 1_000
        case ("flow", .litrePerMinute) where printedUnit != "cfm": 1
        // Cubic feet a minute: 0.3048³ m³ × 60.
        case ("flow", .volumeFlowCubicMetrePerHour):
            printedUnit == "cfm" ? 0.3048 * 0.3048 * 0.3048 * 60 : 0.06
        case ("percent", .percent), ("percent", .relativeHumidity): 1
        case ("percent", .ratio): 0.01
        default: counted.contains(kind) || kind == "power_factor" ? nil : 1
        }
    }
}
