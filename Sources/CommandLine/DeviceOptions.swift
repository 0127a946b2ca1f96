import ArgumentParser
import Daemon
import Model
import SiteFile

/// How a command reaches one device: shared by `probe` and `record`.
struct DeviceOptions: ParsableArguments {
    @Argument(help: "HOST, HOST:PORT or [IPv6]:PORT; with --rtu the serial device.")
    var address: String

    @Option(help: "SNMP community; ${env:NAME} or ${file:PATH} keeps it off the command line.")
    var community = "public"

    @Flag(help: "Speak SNMPv1.")
    var v1 = false

    @Option(name: .customLong("v3"), help: "Speak SNMPv3 as this user.")
    var user: String?

    @Option(help: "With --v3: MD5, SHA, SHA-224, SHA-256, SHA-384 or SHA-512.")
    var auth: String?

    @Option(help: "With --auth: the passphrase, best as ${env:NAME} or ${file:PATH}.")
    var authPassphrase: String?

    @Option(help: "With --auth: DES or AES.")
    var privacy: String?

    @Option(help: "With --privacy: the passphrase.")
    var privacyPassphrase: String?

    @Flag(help: "Speak Modbus/TCP.")
    var modbus = false

    @Flag(help: "Speak Modbus RTU on a serial line.")
    var rtu = false

    @Option(help: "Modbus unit.")
    var unit: UInt8 = 1

    @Option(help: "With --rtu: bits a second.")
    var baud = 9600

    @Option(help: "With --rtu: even, as the specification has it, none or odd.")
    var parity = "even"

    @Option(help: "Milliseconds to wait for an answer.")
    var timeoutMs: Int64 = 2_000

    var isModbus: Bool { modbus || rtu }

    func validate() throws {
        guard (50...60_000).contains(timeoutMs) else {
            throw ValidationError("--timeout-ms takes 50 to 60000")
        }
        guard [v1, user != nil, modbus, rtu].count(where: { $0 }) <= 1 else {
            throw ValidationError("--v1, --v3, --modbus and --rtu exclude one another")
        }
    }

    func transport() throws -> Transport {
        if rtu {
            guard let parity = ModbusRTUTransport.Parity(rawValue: parity) else {
                throw CommandFailure(.usage, "--parity takes none, even or odd")
            }
            return .modbusRTU(
                ModbusRTUTransport(
                    path: address, baud: baud, parity: parity,
                    stopBits: parity == .none ? 2 : 1, unit: unit))
        }
        let (host, port) = try endpoint()
        if modbus {
            return .modbusTCP(ModbusTCPTransport(host: host, port: port ?? 502, unit: unit))
        }
        return .snmp(SNMPTransport(host: host, port: port ?? 161, access: try access()))
    }

    /// Texts that must not stand in a file made from the device's answers.
    func secrets() throws -> [String] {
        isModbus || user != nil ? [] : [try secret(community)]
    }

    private func endpoint() throws -> (host: String, port: UInt16?) {
        var host = Substring(address)
        var port: UInt16?
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
            let rest = host[host.index(after: end)...]
            port = rest.hasPrefix(":") ? UInt16(rest.dropFirst()) : nil
            host = host[host.index(after: host.startIndex)..<end]
            guard rest.isEmpty || port != nil else { throw noAddress }
        } else if host.count(where: { $0 == ":" }) == 1, let colon = host.firstIndex(of: ":") {
            port = UInt16(host[host.index(after: colon)...])
            guard port != nil else { throw noAddress }
            host = host[..<colon]
        }
        guard !host.isEmpty else { throw noAddress }
        return (String(host), port)
    }

    private var noAddress: CommandFailure {
        CommandFailure(.usage, "`\(address)` is no address; write HOST, HOST:PORT or [IPv6]:PORT")
    }

    private func access() throws -> SNMPTransport.Access {
        guard let user else {
            let secret = Secret(try secret(community))
            return v1 ? .v1(community: secret) : .v2c(community: secret)
        }
        var account = SNMPv3User(name: user)
        if let auth {
            let algorithm = try choice(SNMPv3User.Authentication.self, auth, "--auth")
            account.authentication = (
                algorithm, try passphrase(authPassphrase, "--auth-passphrase")
            )
        }
        if let privacy {
            guard auth != nil else {
                throw CommandFailure(.usage, "--privacy needs --auth and --auth-passphrase")
            }
            let algorithm = try choice(SNMPv3User.Privacy.self, privacy, "--privacy")
            account.privacy = (
                algorithm, try passphrase(privacyPassphrase, "--privacy-passphrase")
            )
        }
        return .v3(account)
    }

    private func choice<T: RawRepresentable<String> & CaseIterable>(
        _: T.Type, _ text: String, _ option: String
    ) throws -> T {
        guard let found = T(rawValue: text.uppercased()) else {
            let names = T.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandFailure(.usage, "\(option) takes \(names)")
        }
        return found
    }

    private func passphrase(_ text: String?, _ option: String) throws -> Secret {
        guard let text else { throw CommandFailure(.usage, "\(option) is missing") }
        let phrase = try secret(text)
        guard phrase.utf8.count >= 8 else {
            throw CommandFailure(.usage, "\(option): SNMPv3 requires eight characters or more")
        }
        return Secret(phrase)
    }

    private func secret(_ text: String) throws -> String {
        guard let reference = SecretReference(text) else { return text }
        switch SecretResolver.resolve(reference) {
        case .success(let secret): return secret
        case .failure(let problem):
            throw CommandFailure(.usage, "\(problem.problem); \(problem.cure)")
        }
    }
}
