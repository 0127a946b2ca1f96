import ArgumentParser
import Platform
import Simulation

struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Serve recordings as devices: .snmprec as SNMP agents, .csv register images as "
            + "Modbus units.")

    @Argument(
        help:
            "Recordings. FILE=FAULT makes one misbehave, FILE=loss:20+delay:300 two: see --faults."
    )
    var files: [String] = []

    @Option(help: "Port of the first file; the next files take the next ports.")
    var port = 16_100

    @Option(help: "Address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "SNMP community.")
    var community = "public"

    @Flag(help: "List the faults.")
    var faults = false

    func run() throws {
        if faults {
            var table = TextTable([("FAULT", .left), ("THE DEVICE", .left)])
            for fault in ServedFault.catalogue { table.add([fault.name, fault.meaning]) }
            table.write()
            return
        }
        guard !files.isEmpty else { throw CommandFailure(.usage, "name at least one recording") }
        guard let port = UInt16(exactly: port) else {
            throw CommandFailure(.usage, "--port takes 0 to 65535")
        }
        Signals.blockTermination()
        Signals.ignoreBrokenPipe()
        let devices: RecordedDevices
        do {
            devices = try RecordedDevices.serve(
                try files.map(Self.file), host: host, port: port, community: community)
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure(.usage, "\(error)")
        }
        for served in devices.served {
            let fault = served.fault == .none ? "" : ", fault \(served.fault)"
            Output.line("\(served.address)  \(served.path)  \(served.count) values\(fault)")
            for remark in served.remarks { Output.note("\(served.path): \(remark)") }
        }
        _ = Signals.waitForTermination()
        devices.stop()
    }

    private static func file(_ argument: String) throws -> RecordedDevices.File {
        guard let sign = argument.lastIndex(of: "="), !FileIO.exists(argument) else {
            return RecordedDevices.File(path: argument)
        }
        let text = String(argument[argument.index(after: sign)...])
        return RecordedDevices.File(
            path: String(argument[..<sign]), fault: try ServedFault(text))
    }
}
