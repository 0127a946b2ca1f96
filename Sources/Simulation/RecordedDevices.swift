import Modbus
import Platform
import Recordings

/// Recordings served as devices: `.snmprec` files as SNMP agents, `.csv` register images as Modbus
/// units. Safe from any thread.
package final class RecordedDevices: Sendable {
    package struct File: Sendable {
        package var path: String
        package var fault: ServedFault
        package init(path: String, fault: ServedFault = .none) {
            self.path = path
            self.fault = fault
        }
    }
    /// One file as it is served.
    package struct Served: Sendable {
        package enum Kind: String, Sendable { case snmp, modbus }
        package var path: String
        package var kind: Kind
        package var host: String
        package var port: UInt16
        /// Objects or registers.
        package var count: Int
        package var fault: ServedFault
        /// What had to be mended, in words; empty mostly.
        package var remarks: [String]

        /// As the site file writes it.
        package var address: String {
            switch kind {
            case .snmp: "snmp://\(host):\(port)"
            case .modbus: "modbus://\(host):\(port)/1"
            }
        }
    }

    /// The largest chassis recordings have a megabyte.
    private static let fileLimit = 64 << 20

    package let served: [Served]
    private let agents: AgentServer
    private let registers: ModbusServer

    private enum Loaded {
        case objects(SNMPRecording)
        case registers(RegisterRecording)
    }

    /// Reads and serves files on `port`, `port` + 1, …; port 0 takes free ones. Any unit number is
    /// answered by a register image.
    package static func serve(
        _ files: [File], host: String = "127.0.0.1", port: UInt16 = 0,
        community: String = "public"
    ) throws -> RecordedDevices {
        try RecordedDevices(files, host: host, port: port, community: community)
    }

    package func stop() {
        agents.stop()
        registers.stop()
    }

    /// Reads one file by its ending.
    private static func load(_ path: String) throws -> Loaded {
        if path.hasSuffix(".csv") {
            let text = try FileIO.readText(path, maximumBytes: fileLimit)
            return .registers(try RegisterRecording(text, file: path))
        }
        guard path.hasSuffix(".snmprec") else {
            throw RecordingError(
                file: path, line: nil, problem: "neither .snmprec nor .csv",
                cure: "name SNMP recordings .snmprec and register images .csv")
        }
        let bytes = try FileIO.read(path, maximumBytes: fileLimit)
        return .objects(try SNMPRecording(bytes, file: path))
    }

    private init(
        _ files: [File], host: String, port: UInt16, community: String
    ) throws {
        let loaded = try files.map { try Self.load($0.path) }
        guard port == 0 || Int(port) + files.count <= 65_536 else {
            throw SimulationError(
                problem: "\(files.count) files do not fit above port \(port)",
                cure: "choose a lower --port")
        }
        try Self.check(files, loaded)
        let clock = RecordingClock()
        var requests: [AgentServer.Request] = []
        for (number, item) in loaded.enumerated() {
            guard case .objects(let recording) = item else { continue }
            var table = ServedObjectTable(table: recording.table, own: [], signals: { [] })
            if files[number].fault.values != .still {
                table.motion = (
                    RecordedMotion(values: files[number].fault.values), { clock.seconds }
                )
            }
            requests.append(
                AgentServer.Request(
                    host: host, port: Self.port(port, number), community: community, table: table))
        }
        agents = try AgentServer(requests)
        registers = try ModbusServer()
        var served: [Served] = []
        var agent = 0
        do {
            for (number, item) in loaded.enumerated() {
                let file = files[number]
                let losses = Losses(file.fault, number: number, clock: clock)
                switch item {
                case .objects(let recording):
                    served.append(
                        Self.served(recording, file, host: host, port: agents.ports[agent]))
                    agents.set(file.fault, agent: agent, loses: losses?.next)
                    agent += 1
                case .registers(let recording):
                    let map =
                        file.fault.values == .wordSwap
                        ? recording.map.wordSwapped() : recording.map
                    let endpoint = try registers.listen(
                        host: host, port: Self.port(port, number)
                    ) { losses?.next() == true ? .silence : map.answer($0, signals: []) }
                    registers.setFault(file.fault.modbusFault ?? ModbusFault.none, at: endpoint)
                    served.append(
                        Served(
                            path: file.path, kind: .modbus, host: host, port: endpoint.port,
                            count: map.count, fault: file.fault, remarks: []))
                }
            }
        } catch {
            agents.stop()
            registers.stop()
            throw error
        }
        self.served = served
    }

    private static func check(_ files: [File], _ loaded: [Loaded]) throws(SimulationError) {
        for (file, item) in zip(files, loaded) {
            let kind: Served.Kind = if case .objects = item { .snmp } else { .modbus }
            guard let problem = file.fault.problem(for: kind) else { continue }
            throw SimulationError(
                problem: "\(file.path)=\(file.fault): \(problem)",
                cure: "`frostline simulate --faults` says what each is for")
        }
    }

    private static func port(_ base: UInt16, _ number: Int) -> UInt16 {
        base == 0 ? 0 : base + UInt16(number)
    }

    private static func served(
        _ recording: SNMPRecording, _ file: File, host: String, port: UInt16
    ) -> Served {
        var remarks: [String] = []
        if recording.outOfOrder > 0 {
            remarks.append("\(recording.outOfOrder) lines out of order were put in order")
        }
        if recording.repeated > 0 {
            remarks.append("\(recording.repeated) repeated objects were left out")
        }
        return Served(
            path: file.path, kind: .snmp, host: host, port: port, count: recording.table.count,
            fault: file.fault, remarks: remarks)
    }
}
