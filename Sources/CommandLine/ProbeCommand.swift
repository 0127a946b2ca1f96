import ArgumentParser
import Daemon
import Model
import Profiles

struct ProbeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Ask a device who it is, choose its profile and print its points now.")

    @OptionGroup var device: DeviceOptions

    @Option(help: "Use this profile, a name or a file, instead of identifying the device.")
    var profile: String?

    @OptionGroup var profileFolders: ProfileFolders

    @Flag(help: "SNMP: write a first profile from the device's walk to standard output.")
    var draft = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let probe = DeviceProbe(
            address: device.address, transport: try device.transport(),
            timeoutMilliseconds: device.timeoutMs)
        do {
            if draft { try writeDraft(probe) } else { try show(probe) }
        } catch let failure as DeviceProbe.Failure {
            throw CommandFailure(failure)
        }
    }

    private func show(_ probe: DeviceProbe) throws {
        var report = ProbeReport()
        guard let chosen = try choose(probe, &report) else {
            if json { try Output.json(report) } else { report.write() }
            throw CommandFailure(
                .no,
                "no profile claims this device; name one with --profile NAME or FILE.yaml, or "
                    + (device.isModbus
                        ? "write one (docs/PROFILES.md, from `frostline record --registers …`)"
                        : "start one with --draft"))
        }
        report.profile = chosen.name
        report.title = chosen.title
        report.add(chosen, try probe.ask(chosen.requestPlan))
        if json { try Output.json(report) } else { report.write() }
    }

    private func choose(
        _ probe: DeviceProbe, _ report: inout ProbeReport
    ) throws -> Profile? {
        let loader = try profileFolders.loader()
        if let profile {
            let found = try loader.required(profile: profile)
            guard found.isModbus == device.isModbus else {
                throw CommandFailure(
                    .usage,
                    found.isModbus
                        ? "\(profile) speaks Modbus: add --modbus or --rtu"
                        : "\(profile) speaks SNMP: leave out --modbus and --rtu")
            }
            return found
        }
        let library = loader.libraryWithNote()
        if device.isModbus {
            let found = try probe.identifyRegisters(library)
            report.signaturesAsked = found.asked
            report.signaturesAnswered = found.answered
            report.signaturesRefused = found.refused
            return found.profile
        }
        let identity = try probe.identify(library)
        report.sysDescr = identity.sysDescr
        report.sysObjectID = identity.sysObjectID.map { "\($0)" }
        return identity.profile
    }

    private func writeDraft(_ probe: DeviceProbe) throws {
        guard !device.isModbus else {
            throw CommandFailure(
                .usage,
                "a draft is made from an SNMP walk; registers do not say what they are: keep them "
                    + "with `frostline record --modbus --registers holding:0-199 -o typical.csv`, "
                    + "and write the profile from the device's documents (docs/PROFILES.md)")
        }
        let library = try profileFolders.loader().libraryWithNote()
        let identity = try probe.identify(library)
        if let known = identity.profile {
            Output.note("\(known.name) claims this device: a draft may not be needed")
        }
        let walk = try probe.walk()
        var draft = ProfileDraft(
            walk: walk, sysDescr: identity.sysDescr, sysObjectID: identity.sysObjectID,
            vendor: library.vendor(of: identity.sysObjectID))
        Output.text(draft.text(name: "draft.device"))
        Output.note(
            "\(walk.count) objects; \(draft.pointRules) rules to compare with the device's display")
    }
}

/// What `probe` prints.
private struct ProbeReport: Encodable {
    struct Point: Encodable {
        var name: String
        var label: String?
        var value: String?
        var unit: String
        var quality: String
        var from: String
    }

    var sysDescr: String?
    var sysObjectID: String?
    var signaturesAsked: Int?
    var signaturesAnswered: Int?
    /// The device said that it has no such registers.
    var signaturesRefused: Int?
    var profile: String?
    var title: String?
    var points: [Point]?

    mutating func add(_ profile: Profile, _ frames: RawFrames) {
        var decoder = DeviceDecoder(profile: profile)
        points = decoder.decode(frames).map { value in
            let point = decoder.points[Int(value.index)]
            let text = point.stateName(value.mantissa) ?? point.decimal(value.mantissa).description
            return Point(
                name: point.name, label: point.label, value: value.quality == .absent ? nil : text,
                unit: point.unit.rawValue, quality: value.quality.name,
                from: decoder.origin(of: Int(value.index)))
        }
    }

    func write() {
        if let sysDescr { Output.line("sysDescr    " + Output.clean(sysDescr)) }
        if sysDescr != nil { Output.line("sysObjectID \(sysObjectID ?? "–")") }
        if let signaturesAsked, let signaturesAnswered, let signaturesRefused {
            Output.line(
                "signatures  \(signaturesAsked) places of the library read, "
                    + "\(signaturesAnswered) answered, \(signaturesRefused) refused: no such "
                    + "registers")
        }
        guard let profile, let title, let points else { return }
        Output.line("profile     \(profile): \(title)")
        var table = TextTable([
            ("POINT", .left), ("LABEL", .left), ("VALUE", .right), ("UNIT", .left),
            ("QUALITY", .left), ("FROM", .left),
        ])
        for point in points {
            table.add([
                point.name, point.label ?? "", point.value ?? "–", shownUnit(point.unit),
                point.quality, point.from,
            ])
        }
        table.write()
    }
}
