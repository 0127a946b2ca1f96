import Glibc
import Model
import SNMPSecurity
import SNMPWire
import TestSupport
import Testing

/// net-snmp's own daemon on loopback, with a user for every pair of algorithms and a state folder
/// that outlives it, so that a second start is a reboot.
final class Daemon {
    static let description = "Frostline's test daemon"
    let port: UInt16
    private let folder: String
    private var child: pid_t = 0

    static func name(_ proof: USMAuthentication?, _ secrecy: USMPrivacy?) -> String {
        "u" + (proof.map { $0.rawValue } ?? "none") + (secrecy.map { $0.rawValue } ?? "none")
    }

    /// Nil, with a line that says so, where `snmpd` is not installed.
    static func start() throws -> Daemon? {
        guard access("/usr/sbin/snmpd", X_OK) == 0 else {
            print("skipped: snmpd is not installed")
            return nil
        }
        return try Daemon()
    }

    private init() throws {
        folder = try temporaryDirectory()
        let socket = try UDP(port: nil)
        port = socket.localPort
        socket.close()
        var text = "sysDescr \(Self.description)\n"
        for proof in USMAuthentication.allCases {
            for secrecy in [nil] + USMPrivacy.allCases.map(Optional.some) {
                let name = Self.name(proof, secrecy)
                let privacy = secrecy.map { " \($0.rawValue) \"priv phrase\"" } ?? ""
                text += "createUser \(name) \(proof.rawValue) \"auth phrase\"\(privacy)\n"
                text += "rouser \(name) \(secrecy == nil ? "auth" : "priv")\n"
            }
        }
        text += "createUser \(Self.name(nil, nil))\nrouser \(Self.name(nil, nil)) noauth\n"
        let file = open(folder + "/snmpd.conf", O_CREAT | O_WRONLY, 0o600)
        try #require(Glibc.write(file, text, text.utf8.count) == text.utf8.count)
        Glibc.close(file)
        try boot()
    }

    deinit { stop() }

    func boot() throws {
        let arguments = [
            "snmpd", "-f", "-Lf", folder + "/log",
            "-p", folder + "/pid", "udp:127.0.0.1:\(port)",
        ]
        let environment = [
            "PATH=/usr/bin", "MIBS=", "SNMPCONFPATH=\(folder):\(folder)/state",
            "SNMP_PERSISTENT_DIR=\(folder)/state",
        ]
        let argv = arguments.map { strdup($0) } + [nil]
        let envp = environment.map { strdup($0) } + [nil]
        defer { for text in argv + envp { free(text) } }
        // The test's own mask holds back SIGTERM.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let result = posix_spawn(&child, "/usr/sbin/snmpd", nil, &attributes, argv, envp)
        try #require(result == 0)
        let probe = try Client(port, nil, nil)
        probe.wait = 50
        for _ in 0..<200 {
            if case .answer = try probe.ask() { return }
            // Until it listens the answer is a refusal at once.
            usleep(20_000)
        }
        Issue.record("snmpd did not answer; see \(folder)/log")
    }

    /// As a shutdown, so that boots are kept; the next `boot` counts one more.
    func stop() {
        guard child > 0 else { return }
        kill(child, SIGTERM)
        var status: Int32 = 0
        waitpid(child, &status, 0)
        child = 0
    }

    func reboot() throws {
        stop()
        try boot()
    }
}

/// A blocking UDP socket on loopback.
final class UDP {
    private var descriptor: Int32

    /// Connected to `port`, or bound to a free one.
    init(port: UInt16?) throws {
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        try #require(descriptor >= 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = (port ?? 0).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                port == nil ? bind(descriptor, $0, size) : connect(descriptor, $0, size)
            }
        }
        try #require(result == 0)
    }

    deinit { close() }
    func close() {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
    }

    var localPort: UInt16 {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = getsockname(descriptor, $0, &size)
            }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    func send(_ bytes: [UInt8]) { _ = Glibc.send(descriptor, bytes, bytes.count, 0) }

    /// Nil after `milliseconds`.
    func receive(_ milliseconds: Int32) -> [UInt8]? {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, milliseconds) == 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 65_535)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count >= 0 ? Array(bytes[..<count]) : nil
    }
}

func nanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// Asks over a socket as a link of the collector does.
final class Client {
    static let sysDescr = ObjectID([1, 3, 6, 1, 2, 1, 1, 1, 0])
    static let keyring = USMKeyring()
    let session: USMSession
    let socket: UDP
    /// Milliseconds.
    var wait: Int32 = 700
    /// Added to the clock of this side.
    var offset: Int64 = 0
    private(set) var number = UInt32.random(in: 0x0080_0000...0x6fff_ffff)
    private(set) var sent = 0
    /// The last answer, decrypted.
    private(set) var datagram: [UInt8] = []
    /// Datagrams as they came.
    private(set) var captured: [[UInt8]] = []

    init(
        _ port: UInt16, _ proof: USMAuthentication?, _ secrecy: USMPrivacy?,
        name: String? = nil, proofPhrase: String = "auth phrase",
        secrecyPhrase: String = "priv phrase"
    ) throws {
        let user = try Self.keyring.user(
            name ?? Daemon.name(proof, secrecy), authentication: proof.map { ($0, proofPhrase) },
            privacy: secrecy.map { ($0, secrecyPhrase) })
        session = USMSession(user: user, toolbox: try CryptoToolbox())
        socket = try UDP(port: port)
    }

    var now: Int64 { nanoseconds() + offset }

    /// Until something final: at most five messages. Nil where nothing believable came in time.
    func ask(
        _ pdu: PreparedPDU = PreparedPDU(.get, [Client.sysDescr])
    ) throws -> USMVerdict? {
        var bytes: [UInt8] = []
        for _ in 0..<6 {
            number += 1
            try #require(session.write(pdu, number: number, now: now, into: &bytes))
            socket.send(bytes)
            sent += 1
            guard let verdict = listen() else { return nil }
            if verdict != .sendAgain { return verdict }
        }
        Issue.record("asked again and again")
        return nil
    }

    private func listen() -> USMVerdict? {
        while let received = socket.receive(wait) {
            captured.append(received)
            datagram = received
            let id = received.withUnsafeBytes { USMMessage.messageID(of: $0) }
            guard id == number else { continue }
            let verdict = judge(number)
            if case .ignored = verdict { continue }
            return verdict
        }
        return nil
    }

    /// Judges `datagram`.
    private func judge(_ number: UInt32) -> USMVerdict {
        datagram.withUnsafeMutableBytes { session.read($0, number: number, now: now) }
    }

    /// Judges any bytes as if they had come for `number`.
    func judge(_ bytes: [UInt8], number: UInt32? = nil) -> USMVerdict {
        datagram = bytes
        return judge(number ?? self.number)
    }

    /// The text in the first variable of an answer.
    func text(_ verdict: USMVerdict?) -> String? {
        guard case .answer(let pdu) = verdict else { return nil }
        return datagram.withUnsafeBytes { bytes in
            var list = BERReader(bytes, pdu.bindings)
            guard var binding = try? list.enter(BERTag.sequence),
                (try? binding.element(BERTag.objectID)) != nil,
                let value = try? binding.octets()
            else { return nil }
            return String(decoding: bytes[value], as: UTF8.self)
        }
    }
}
