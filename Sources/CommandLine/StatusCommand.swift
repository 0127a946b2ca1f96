import ArgumentParser
import Model
import Views

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "How the daemon and each device are: last answer, latency, failures.")

    @OptionGroup var locations: Locations

    @Flag(help: "Who is slow: silent devices, then those whose polls fill most of their interval.")
    var slow = false

    @Option(help: "At most so many devices.")
    var limit: Int?

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
        if slow { devices.sort(by: Self.isSlower) }
        if let limit { devices = Array(devices.prefix(max(0, limit))) }
        if json {
            try Output.json(Answer(health: view.health, header: view.header, devices: devices))
            return
        }
        printHealth(view)
        if let pair = view.health.pair { Self.lines(pair, at: view.timeMS).forEach(Output.line) }
        view.health.forwards?.map { Self.line($0, at: view.timeMS) }.forEach(Output.line)
        if let polling = view.health.polling { Self.lines(polling).forEach(Output.line) }
        if slow { printSlow(devices) } else { printAll(devices, at: view.timeMS) }
        for device in devices {
            if let note = device.note { Output.line("\(device.name): \(note)") }
        }
    }

    /// Silent ones first, the longest pause first; then by the share of the interval that is taken.
    static func isSlower(_ a: DeviceSummaryView, _ b: DeviceSummaryView) -> Bool {
        func rank(_ device: DeviceSummaryView) -> (Int64, Double, Double) {
            let silence = device.state == "silent" ? 1 + (device.backOffMS ?? 0) : 0
            return (silence, device.busyShare ?? -1, device.latencyP95MS ?? device.latencyMS ?? -1)
        }
        if rank(a) != rank(b) { return rank(a) > rank(b) }
        return a.name < b.name
    }

    private func printAll(_ devices: [DeviceSummaryView], at time: Int64) {
        var table = TextTable([
            ("DEVICE", .left), ("STATE", .left), ("LAST ANSWER", .right), ("LATENCY", .right),
            ("POLLS", .right), ("FAILED", .right), ("ASKED AGAIN", .right), ("REASON", .left),
            ("ENDPOINT", .left),
        ])
        for device in devices {
            let age = device.lastAnswerMS.map { "\((time - $0 + 500) / 1000) s ago" }
            table.add([
                device.name, device.state, age ?? "never",
                device.latencyMS.map { "\(decimal($0, 1)) ms" } ?? "–", Self.count(device.polls),
                Self.count(device.failures), Self.pause(device), device.lastFailure ?? "",
                device.endpoint,
            ])
        }
        table.write()
    }

    private static func count(_ number: Int64?) -> String { number.map(String.init) ?? "–" }

    private func printSlow(_ devices: [DeviceSummaryView]) {
        var table = TextTable([
            ("DEVICE", .left), ("STATE", .left), ("INTERVAL", .right), ("TAKEN", .right),
            ("P50", .right), ("P95", .right), ("REQUESTS", .right), ("RETRIES", .right),
            ("TIMEOUTS", .right), ("FAILED", .right), ("ASKED AGAIN", .right), ("ENDPOINT", .left),
        ])
        for device in devices {
            table.add([
                device.name, device.state,
                device.intervalMS.map { "\(decimal(Double($0) / 1000, 1)) s" } ?? "–",
                device.busyShare.map { "\(decimal($0 * 100, 1)) %" } ?? "–",
                device.latencyP50MS.map { "\(decimal($0, 1)) ms" } ?? "–",
                device.latencyP95MS.map { "\(decimal($0, 1)) ms" } ?? "–",
                device.requestsPerPoll.map { decimal($0, 1) } ?? "–",
                Self.count(device.retries), Self.count(device.timeouts),
                Self.count(device.failures), Self.pause(device), device.endpoint,
            ])
        }
        table.write()
    }

    private static func pause(_ device: DeviceSummaryView) -> String {
        device.backOffMS.map { "in \(($0 + 500) / 1000) s" } ?? ""
    }

    /// Who leads, since when, and what is wrong with the pair.
    static func lines(_ pair: PairView, at time: Int64) -> [String] {
        let seconds = max(0, time - pair.sinceMS) / 1000
        let since = seconds < 120 ? "\(seconds) s" : "\(seconds / 60) min"
        let seen = pair.otherSeenMS.map { ", heard \(max(0, time - $0) / 1000) s ago" } ?? ""
        let line =
            "\(pair.role), \(pair.state) for \(since); the other is \(pair.other)\(seen): "
            + pair.condition
        return [line] + (pair.note.map { ["  " + $0] } ?? [])
    }

    /// How far a receiver of readings is.
    static func line(_ forward: ForwardView, at time: Int64) -> String {
        var line =
            "forward to \(forward.receiver): \(forward.state), "
            + "\(Int(forward.lagSeconds)) s behind, "
            + "\(forward.sent) samples sent and \(forward.refused) refused since the start, "
            + "remote write \(forward.version)"
        if let since = forward.againSinceMS {
            line += "; what was left behind is \(max(0, time - since) / 1000) s old"
        }
        return line + (forward.note.map { "\n  " + $0 } ?? "")
    }

    /// The budget, and what became of it.
    static func lines(_ polling: PollingView) -> [String] {
        var lines = [
            "polling: \(decimal(polling.pollsPerSecond, 1)) polls/s, "
                + "\(decimal(polling.requestsPerSecond, 1)) requests/s; \(polling.inFlight) of "
                + "\(polling.inFlightLimit) under way, \(polling.waiting) waiting; the poller "
                + "takes \(decimal(polling.pollerShare * 100, 1)) % of a processor, the daemon "
                + "\(decimal(polling.processShare * 100, 1)) %"
                + (polling.residentBytes.map {
                    ", \(decimal(Double($0) / 1_048_576, 0)) MiB of memory"
                } ?? ""),
            "since the start: \(polling.failedPolls) polls failed, \(polling.lateStarts) began "
                + "late, \(polling.missedSlots) moments missed, \(polling.overrunSlots) with the "
                + "last poll still under way, \(polling.shedSlots) left out to shed load",
        ]
        if polling.shedLevel > 0 {
            lines.append(
                "SHEDDING LOAD, level \(polling.shedLevel) of 3: the collector cannot keep up; "
                    + "lengthen intervals or add a processor (docs/OPERATIONS.md)")
        }
        if let traps = polling.traps {
            lines.append(
                "traps: \(traps) heard, \(polling.trapPolls ?? 0) polls for them, "
                    + "\(polling.trapsIgnored ?? 0) ignored")
        }
        return lines
    }

    private func printHealth(_ view: SiteView) {
        let health = view.health
        let rate = health.readingsPerSecond.map { ", \(decimal($0, 0)) readings/s" } ?? ""
        Output.line(
            "\(view.displayName): \(health.devicesAnswering) of \(health.devicesTotal) devices "
                + "answering\(rate)")
        let detail = health.storeDetail.map { ": \($0)" } ?? ""
        let bytes = health.storeBytes.map { ", \(decimal(Double($0) / 1_048_576, 1)) MiB" } ?? ""
        Output.line(
            "store \(health.store)\(detail)\(bytes); \(health.outboxPending ?? 0) notices waiting")
    }
}

/// A number with a fixed count of decimals; with fewer where so many do not fit.
func decimal(_ value: Double, _ digits: Int8) -> String {
    FixedDecimal(nearest: value, digits: digits)?.description ?? "–"
}
