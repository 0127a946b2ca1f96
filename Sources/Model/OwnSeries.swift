/// What a site knows of itself and of its collector, as points of a device named `site`: to be
/// drawn, asked for and watched by alarm rules like any reading.
package enum OwnSeries {
    /// Time between two values in live operation.
    package static let stepMilliseconds: Int64 = 10_000

    package static let points: [PointDefinition] =
        [
            gauge("total.power", .watt), gauge("it.power", .watt), gauge("cooling.power", .watt),
            gauge("loss.power", .watt), gauge("other.power", .watt),
            gauge("pue", .ratio, digits: 4),
            gauge("pue.coverage", .ratio, digits: 3),
        ] + judged + fleet + collector + forward + redundancy

    /// What alarm rules judge the running of the site by.
    package static let judged: [PointDefinition] = [
        gauge("price", .yuanPerKilowattHour, digits: 4),
        gauge("cooling.free", .percent, digits: 1),
        gauge("outdoor.temperature", .celsius, digits: 1),
        gauge("redundancy.lost", .ratio), gauge("redundancy.exceeded", .ratio),
    ]

    /// What is asked of many sites together. Of two collectors only the one that leads says it, so
    /// that an engine that both send to holds one answer.
    package static let fleet: [PointDefinition] = [
        gauge("devices.total", .ratio), gauge("devices.answering", .ratio),
        gauge("alarms.critical", .ratio), gauge("alarms.high", .ratio),
        gauge("alarms.medium", .ratio), gauge("alarms.low", .ratio),
        gauge("pue.category", .ratio), gauge("month.number", .ratio),
        gauge("month.total.energy", .wattHour), gauge("month.it.energy", .wattHour),
        gauge("month.quarters", .ratio),
        gauge("previous.total.energy", .wattHour), gauge("previous.it.energy", .wattHour),
        gauge("previous.quarters", .ratio),
    ]

    /// Over the time since the values before; docs/NAMES.md explains each.
    package static let collector: [PointDefinition] = [
        gauge("collector.polls.rate", .perMinute), gauge("collector.requests.rate", .perMinute),
        gauge("collector.readings.rate", .perMinute),
        gauge("collector.failed.polls", .perMinute), gauge("collector.late.starts", .perMinute),
        gauge("collector.missed.polls", .perMinute), gauge("collector.shed.polls", .perMinute),
        gauge("collector.shed.level", .ratio), gauge("collector.polls.waiting", .ratio),
        gauge("collector.devices.silent", .ratio), gauge("collector.trap.polls", .perMinute),
        gauge("collector.poller.cpu", .percent, digits: 1),
        gauge("collector.cpu", .percent, digits: 1), gauge("collector.memory", .byte),
        gauge("collector.store.delay", .second, digits: 1),
        gauge("collector.disk.free", .percent, digits: 1),
    ]

    /// How readings are sent on; absent where nobody receives them.
    package static let forward: [PointDefinition] = [
        gauge("collector.forward.lag", .second), gauge("collector.forward.sent", .perMinute),
        gauge("collector.forward.refused", .perMinute),
    ]

    /// How two collectors that watch the site are together; absent where there is one.
    package static let redundancy: [PointDefinition] = [
        PointDefinition(
            name: "collector.redundancy.state",
            kind: .state([
                StateLabel(code: 0, name: "whole", severity: .normal),
                StateLabel(code: 1, name: "catching-up", severity: .warning),
                StateLabel(code: 2, name: "broken", severity: .critical),
                StateLabel(code: 3, name: "misconfigured", severity: .critical),
            ]), unit: .none, scale: 0)
    ]

    private static func gauge(
        _ name: String, _ unit: MeasurementUnit, digits: Int8 = 0
    ) -> PointDefinition {
        PointDefinition(name: name, kind: .gauge, unit: unit, scale: digits)
    }
}
