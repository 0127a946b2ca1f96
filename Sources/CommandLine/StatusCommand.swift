import ArgumentParser
import Model
import Views

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "How the daemon and each device are: last answer, latency, failures.")

    @OptionGroup var locations: Locations

    @Flag(help: "Slowest devices first.")
    var slow = false

    @Flag(help: "Print JSON.")
    var json = false

    private struct Answer: Encodable {
        var health: HealthView
        var header: HeaderView
        var devices: [DeviceSummaryView]
    }

    func run() throws {
        let view = try APIClient(socketPath: locations.socketPath)
            .get("/api/v1/snapshot", as: SiteView.self)
        var devices = view.devices
        if slow { devices.sort { ($0.latencyMS ?? -1) > ($1.latencyMS ?? -1) } }
        if json {
            try Output.json(Answer(health: view.health, header: view.header, devices: devices))
            return
        }
        printHealth(view)
        var table = TextTable([
            ("DEVICE", .left), ("STATE", .left), ("LAST ANSWER", .right), ("LATENCY", .right),
            ("POLLS", .right), ("FAILED", .right), ("REASON", .left), ("ENDPOINT", .left),
        ])
        for device in devices {
            let age = device.lastAnswerMS.map { "\((view.timeMS - $0 + 500) / 1000) s ago" }
            table.add([
                device.name, device.state, age ?? "never",
                device.latencyMS.map { "\(decimal($0, 1)) ms" } ?? "–", String(device.polls),
                String(device.failures), device.lastFailure ?? "", device.endpoint,
            ])
        }
        table.write()
    }

    private func printHealth(_ view: SiteView) {
        let health = view.health
        Output.line(
            "\(view.displayName): \(health.devicesAnswering) of \(health.devicesTotal) devices "
                + "answering, \(decimal(health.readingsPerSecond, 0)) readings/s")
        let detail = health.storeDetail.map { ": \($0)" } ?? ""
        let bytes = health.storeBytes.map { ", \(decimal(Double($0) / 1_048_576, 1)) MiB" } ?? ""
        Output.line(
            "store \(health.store)\(detail)\(bytes); \(health.outboxPending) notices waiting")
    }
}

/// A number with a fixed count of decimals; with fewer where so many do not fit.
func decimal(_ value: Double, _ digits: Int8) -> String {
    FixedDecimal(nearest: value, digits: digits)?.description ?? "–"
}
