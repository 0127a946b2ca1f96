import ArgumentParser
import ConfigTree
import Daemon
import Model
import Platform
import Polling
import Profiles
import SiteFile

struct ProbeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Ask a device who it is, choose its profile and print its points now.")

    @Argument(help: "HOST or HOST:PORT.")
    var address: String

    @Option(help: "SNMP community; ${env:NAME} or ${file:PATH} keeps it off the command line.")
    var community = "public"

    @Flag(help: "Speak Modbus/TCP instead of SNMP; needs --profile.")
    var modbus = false

    @Option(help: "Modbus unit.")
    var unit: UInt8 = 1

    @Option(help: "Use this profile instead of identifying the device.")
    var profile: String?

    @Option(help: "Milliseconds to wait for an answer.")
    var timeoutMs: Int64 = 2_000

    private static let sysDescr = ObjectID([1, 3, 6, 1, 2, 1, 1, 1, 0])
    private static let sysObjectID = ObjectID([1, 3, 6, 1, 2, 1, 1, 2, 0])

    func run() throws {
        guard (50...60_000).contains(timeoutMs) else {
            throw CommandFailure(.usage, "--timeout-ms takes 50 to 60000")
        }
        var diagnostics = Diagnostics()
        let library = try ConfigurationLoader.standard().profiles(&diagnostics)
        let transport = try transport()
        let chosen =
            try profile.map { name in
                guard let profile = library[name] else {
                    throw CommandFailure(
                        .usage, "no profile `\(name)`; `frostline profiles list` prints them")
                }
                return profile
            } ?? identify(transport, library)
        Output.line("profile \(chosen.name): \(chosen.title)")
        let poll = try ask(transport, chosen.requestPlan)
        guard case .frames(let frames) = poll.outcome else {
            throw CommandFailure(.unreachable, Self.reason(poll, address))
        }
        var decoder = DeviceDecoder(profile: chosen)
        let values = decoder.decode(frames)
        var table = TextTable([
            ("POINT", .left), ("VALUE", .right), ("UNIT", .left), ("QUALITY", .left),
            ("FROM", .left),
        ])
        for value in values {
            let point = decoder.points[Int(value.index)]
            let text = point.stateName(value.mantissa) ?? point.decimal(value.mantissa).description
            table.add([
                point.name, value.quality == .absent ? "–" : text, point.unit.rawValue,
                value.quality.name, decoder.origin(of: Int(value.index)),
            ])
        }
        table.write()
    }

    private func transport() throws -> Transport {
        let parts = address.split(separator: ":")
        let port = parts.count == 2 ? UInt16(parts[1]) : (modbus ? 502 : 161)
        guard let host = parts.first, parts.count <= 2, let port else {
            throw CommandFailure(.usage, "`\(address)` is no address; write HOST or HOST:PORT")
        }
        if modbus {
            return .modbusTCP(ModbusTCPTransport(host: String(host), port: port, unit: unit))
        }
        var secret = community
        if let reference = SecretReference(community) {
            switch SecretResolver.resolve(reference) {
            case .success(let text): secret = text
            case .failure(let problem):
                throw CommandFailure(.usage, "\(problem.problem); \(problem.cure)")
            }
        }
        return .snmp(
            SNMPTransport(
                host: String(host), port: port, access: .v2c(community: Secret(secret))))
    }

    private func ask(_ transport: Transport, _ plan: RequestPlan) throws -> RawPoll {
        let target = PollTarget(
            device: DeviceID(0), name: address, transport: transport, plan: plan,
            intervalMilliseconds: 60_000, timeoutMilliseconds: timeoutMs, retries: 1)
        do throws(PollingError) {
            try SinglePoll.check(target)
        } catch {
            throw CommandFailure(.usage, "\(error)")
        }
        return SinglePoll.run(target)
    }

    private func identify(_ transport: Transport, _ library: ProfileLibrary) throws -> Profile {
        guard !modbus else {
            throw CommandFailure(.usage, "Modbus devices do not say who they are: give --profile")
        }
        let objects = [Self.sysDescr, Self.sysObjectID] + library.probeObjects
        let poll = try ask(transport, .snmp(SNMPRequestPlan(scalars: objects, subtrees: [])))
        guard case .frames(.snmp(let binds)) = poll.outcome else {
            throw CommandFailure(.unreachable, Self.reason(poll, address))
        }
        var descr = ""
        var objectID: ObjectID?
        var answers: [ObjectID: SNMPValue] = [:]
        for bind in binds {
            switch bind.value {
            case .noSuchObject, .noSuchInstance, .endOfMibView, .null: continue
            case .octets(let bytes) where bind.oid == Self.sysDescr:
                descr = String(decoding: bytes.prefix(255), as: UTF8.self)
            case .objectID(let oid) where bind.oid == Self.sysObjectID: objectID = oid
            default: answers[bind.oid] = bind.value
            }
        }
        Output.line("sysDescr    " + Output.clean(descr))
        Output.line("sysObjectID \(objectID.map { "\($0)" } ?? "–")")
        guard
            let found = library.identify(
                sysObjectID: objectID, sysDescr: descr, answers: answers)
        else {
            throw CommandFailure(
                .no,
                "no profile claims this device; name one with --profile, or write one "
                    + "(docs/PROFILES.md)")
        }
        return found
    }

    private static func reason(_ poll: RawPoll, _ address: String) -> String {
        guard case .failure(let failure) = poll.outcome else { return "an answer of another kind" }
        return "\(address) does not answer (\(failure.name)); check address, port, and that this "
            + "host may ask it"
    }
}
