import Glibc
import SNMP
import Testing

/// Stands between a session and an agent and spoils some bytes of what passes, both ways.
private final class SpoilingProxy {
    let port: UInt16
    private let front: Int32
    private let back: Int32
    private var client = sockaddr_in()
    private var random: UInt64 = 0x9E37_79B9_7F4A_7C15

    init(to agent: UInt16) throws {
        let front = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        let back = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        var own = Self.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &own) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(front, $0, length) == 0 && getsockname(front, $0, &length) == 0
            }
        }
        var peer = Self.loopback(agent)
        let connected = withUnsafePointer(to: &peer) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(back, $0, length) == 0
            }
        }
        port = UInt16(bigEndian: own.sin_port)
        self.front = front
        self.back = back
        try #require(bound && connected)
    }

    deinit {
        close(front)
        close(back)
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    /// Passes on what has come; `requests` and `replies` say which direction is spoiled.
    func pass(requests: Bool, replies: Bool) {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let asked = withUnsafeMutablePointer(to: &client) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                recvfrom(front, &bytes, bytes.count, 0, $0, &length)
            }
        }
        if asked > 0 {
            let message = requests ? spoil(bytes.prefix(asked)) : Array(bytes.prefix(asked))
            send(back, message, message.count, 0)
        }
        let answered = recv(back, &bytes, bytes.count, 0)
        guard answered > 0 else { return }
        let message = replies ? spoil(bytes.prefix(answered)) : Array(bytes.prefix(answered))
        _ = withUnsafePointer(to: &client) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(
                    front, message, message.count, 0, $0,
                    socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private func spoil(_ message: ArraySlice<UInt8>) -> [UInt8] {
        var message = Array(message)
        for _ in 0...(next() % 3) {
            guard !message.isEmpty else { break }
            let place = Int(next() % UInt64(message.count))
            switch next() % 4 {
            case 0: message[place] = UInt8(truncatingIfNeeded: next())
            case 1: message[place] ^= 1 << UInt8(next() % 8)
            case 2: message[place] = [0x00, 0x7F, 0x80, 0x84, 0xFF][Int(next() % 5)]
            default: message.removeLast(Int(next() % UInt64(message.count)))
            }
        }
        return message
    }

    private func next() -> UInt64 {
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        return random
    }
}

@Suite("Hostile messages")
struct SNMPHostileTests {
    /// Each costs up to the session's two milliseconds of waiting.
    private static let rounds = 300

    @Test(
        "spoiled requests and replies never harm, and good ones work afterwards",
        arguments: [(true, false), (false, true)])
    func spoiled(_ requests: Bool, _ replies: Bool) throws {
        let user = try SNMPCredentials.user(
            "watcher", authentication: .init(algorithm: "SHA", passphrase: "auth passphrase"),
            privacy: .init(algorithm: "AES", passphrase: "priv passphrase"))
        let agent = try SNMPAgent(table: sampleTable, options: .init(user: user))
        let proxy = try SpoilingProxy(to: agent.port)
        for credentials in [SNMPCredentials.community("public", .v2c), user] {
            var session = try session(proxy.port, credentials, timeout: 2, retries: 0)
            var ended = 0
            for round in 1...Self.rounds {
                do throws(SNMPError) {
                    try session.ask(
                        .getBulk(nonrepeaters: 0, repetitions: 20), [[1, 3, 6, 1, 4, 1, 9]],
                        token: UInt64(round))
                } catch {
                    // What a link does after a forged report.
                    #expect(error == .authentication(.unknownEngine))
                    session = try SNMPTests.session(proxy.port, credentials, timeout: 2, retries: 0)
                    ended += 1
                }
                while ended < round {
                    proxy.pass(requests: requests, replies: replies)
                    agent.handleReadable()
                    proxy.pass(requests: requests, replies: replies)
                    session.receive { _ in ended += 1 }
                    if session.nanosecondsToDeadline == 0 { session.expire { _ in ended += 1 } }
                }
            }
            #expect(ended == Self.rounds)
            let sound = try SNMPTests.session(agent.port, credentials)
            let reply = Loop([agent]).ask(sound, .get, [[1, 3, 6, 1, 2, 1, 1, 1, 0]])
            #expect(try #require(reply).get().count == 1)
        }
    }
}
