import ArgumentParser
import Daemon
import Model
import Platform
import Profiles
import Recordings

struct RecordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Capture what a device says as text, without what it tells of its owner.",
        discussion: """
            Writes .snmprec for SNMP and a register image (.csv) for Modbus. Names, places, \
            addresses, communities and serial numbers are masked: letters become X, digits 0. Read \
            the file before you give it away.
            """)

    @OptionGroup var device: DeviceOptions

    @Option(name: .shortAndLong, help: "The file to write.")
    var output: String

    @Option(help: "SNMP: walk below this object identifier; may be given more than once.")
    var subtree: [String] = []

    @Option(help: "Modbus: record the registers of this profile, a name or a file.")
    var profile: String?

    @OptionGroup var profileFolders: ProfileFolders

    @Option(help: "Modbus: such as holding:0-199,input:40-79.")
    var registers: String?

    @Flag(help: "Also mask every text that is no measure: labels of outlets and sensors.")
    var maskTexts = false

    @Flag(help: "Replace the file if it is there.")
    var force = false

    func run() throws {
        guard force || !FileIO.exists(output) else {
            throw CommandFailure(.usage, "\(output) exists; name another file, or add --force")
        }
        let probe = DeviceProbe(
            address: device.address, transport: try device.transport(),
            timeoutMilliseconds: device.timeoutMs)
        let mask = RecordingMask(secrets: try device.secrets(), masksTexts: maskTexts)
        let text: String
        do {
            text = device.isModbus ? try image(probe, mask) : try walk(probe, mask)
        } catch let failure as DeviceProbe.Failure {
            throw CommandFailure(failure)
        }
        do {
            try FileIO.writeAtomically(Array(text.utf8), to: output)
        } catch {
            throw CommandFailure(.unreachable, "\(error)")
        }
    }

    private func walk(_ probe: DeviceProbe, _ mask: RecordingMask) throws -> String {
        guard output.hasSuffix(".snmprec") else {
            throw CommandFailure(.usage, "name an SNMP recording FILE.snmprec")
        }
        let subtrees = try subtree.map { text in
            guard let oid = ObjectID(text) else {
                throw CommandFailure(.usage, "`\(text)` is no object identifier")
            }
            return oid
        }
        let binds = try probe.walk(subtrees.isEmpty ? DeviceProbe.subtrees : subtrees)
        guard !binds.isEmpty else { throw CommandFailure(.no, "the device has no objects there") }
        let kept = binds.compactMap { bind in mask.masked(bind).map { (bind, $0) } }
        let lines = kept.compactMap { RecordingText.line($0.1) }
        Output.line(
            "\(lines.count) objects; \(binds.count - kept.count) left out, "
                + "\(kept.count { $0.0 != $0.1 }) masked")
        return lines.joined(separator: "\n") + "\n"
    }

    private func image(_ probe: DeviceProbe, _ mask: RecordingMask) throws -> String {
        guard output.hasSuffix(".csv") else {
            throw CommandFailure(.usage, "name a register image FILE.csv")
        }
        let spans = try spans()
        var image = try probe.registers(spans)
        guard !image.isEmpty else {
            throw CommandFailure(.no, "the device has none of these registers")
        }
        for table in [RegisterTable.holding, .input] {
            image[table] = image[table].map { mask.masked($0) }
        }
        let wanted = spans.reduce(0) { $0 + Int($1.count) }
        Output.line("\(image.values.reduce(0) { $0 + $1.count }) of \(wanted) registers")
        return RecordingText.registers(image)
    }

    private func spans() throws -> [RegisterSpan] {
        switch (profile, registers) {
        case (let name?, nil):
            let profile = try profileFolders.loader().required(profile: name)
            guard case .modbus(let plan) = profile.requestPlan else {
                throw CommandFailure(
                    .usage, "`\(profile.name)` speaks SNMP; a register image needs a Modbus profile"
                )
            }
            return plan.spans
        case (nil, let text?): return try text.split(separator: ",").map(Self.span)
        default: throw CommandFailure(.usage, "Modbus takes either --profile or --registers")
        }
    }

    private static func span(_ text: Substring) throws -> RegisterSpan {
        let tables: [Substring: RegisterTable] = [
            "holding": .holding, "input": .input, "coils": .coils, "discrete": .discrete,
        ]
        let parts = text.split(separator: ":")
        let ends = parts.last?.split(separator: "-").compactMap { UInt16($0) } ?? []
        guard parts.count == 2, let table = tables[parts[0]], (1...2).contains(ends.count),
            let first = ends.first, let last = ends.last, first <= last, last < .max
        else {
            throw CommandFailure(.usage, "`\(text)` is not TABLE:FIRST-LAST, such as holding:0-199")
        }
        return RegisterSpan(table: table, start: first, count: last - first + 1)
    }
}

extension CommandFailure {
    init(_ failure: DeviceProbe.Failure) {
        self.init(failure.kind == .usage ? .usage : .unreachable, failure.description)
    }
}
