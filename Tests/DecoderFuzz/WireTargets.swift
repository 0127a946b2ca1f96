import Modbus
import Model
import SNMPSecurity
import SNMPWire

/// One decoder under fuzzing: takes an input, traps or says what is wrong with what it made of it.
protocol FuzzTarget {
    static var name: String { get }
    var seeds: [[UInt8]] { get }
    /// - Returns: true where the input was accepted as a message.
    mutating func run(_ bytes: inout [UInt8], origin: Int, random: (Int) -> Int) -> Bool
}

func check(_ condition: Bool, _ text: @autoclosure () -> String, _ bytes: [UInt8]) {
    guard !condition else { return }
    stop("\(text())\ninput: \(hex(bytes))")
}

func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// Answers, reports and traps of v1 and v2c, and the peek that looks at v3.
struct SNMPTarget: FuzzTarget {
    static let name = "snmp"
    let seeds: [[UInt8]]
    private let expected: ExpectedNames
    private let frames: [VarBind]

    init() {
        let binds = Self.bindings()
        frames = binds
        expected = ExpectedNames(binds.map(\.oid), slots: Array(binds.indices))
        var seeds: [[UInt8]] = []
        for version in [0, 1] as [Int64] {
            for (kind, list) in [
                (PDUKind.response, binds), (.response, []), (.response, Array(binds.prefix(3))),
                (.report, Array(binds.suffix(1))), (.trap, Self.trap()), (.inform, Self.trap()),
            ] {
                seeds.append(Self.message(version, kind, list))
            }
        }
        seeds.append(Self.oldTrap())
        self.seeds = seeds
    }

    mutating func run(_ bytes: inout [UInt8], origin: Int, random: (Int) -> Int) -> Bool {
        bytes.withUnsafeBytes { raw -> Bool in
            _ = USMMessage.messageID(of: raw)
            if let notice = try? SNMPNotification(raw) {
                check(notice.bindings.count <= BERReader.mostBindings, "too many", Array(raw))
            }
            guard case .community(let header)? = try? MessagePeek(raw) else { return false }
            var filled = frames
            _ = try? expected.fill(&filled, from: raw, header)
            guard let found = try? BERReader(raw).bindings(header) else { return false }
            // What was understood can be written and is understood the same again.
            var writer = BERWriter()
            writer.pdu(.response, requestID: 1, found)
            let again = writer.bytes.withUnsafeBytes { copy -> [VarBind]? in
                var reader = BERReader(copy)
                return (try? reader.pdu()).flatMap { try? BERReader(copy).bindings($0) }
            }
            check(Self.same(again, found), "not the same again", Array(raw))
            return true
        }
    }

    /// NaN is not equal to itself, and is the same.
    private static func same(_ a: [VarBind]?, _ b: [VarBind]) -> Bool {
        guard let a, a.count == b.count else { return false }
        return zip(a, b).allSatisfy { a, b in
            guard a.oid == b.oid else { return false }
            switch (a.value, b.value) {
            case (.float(let x), .float(let y)): return x.bitPattern == y.bitPattern
            case (.double(let x), .double(let y)): return x.bitPattern == y.bitPattern
            case (let x, let y): return x == y
            }
        }
    }

    static func bindings() -> [VarBind] {
        let root: [UInt32] = [1, 3, 6, 1, 4, 1, 318, 1, 1, 26]
        let values: [SNMPValue] = [
            .integer(-7), .integer(2_147_483_647), .counter32(.max), .gauge32(230), .timeTicks(12),
            .counter64(.max), .octets(Array("Outlet 1".utf8)), .octets([]),
            .objectID(ObjectID(root)), .ipAddress([127, 0, 0, 1]), .float(21.5), .double(-1),
            .noSuchObject, .noSuchInstance, .endOfMibView, .null,
        ]
        return values.enumerated().map { index, value in
            VarBind(oid: ObjectID(root + [9, UInt32(index * 131), UInt32(index)]), value: value)
        }
    }

    private static func trap() -> [VarBind] {
        [
            VarBind(oid: ObjectID([1, 3, 6, 1, 2, 1, 1, 3, 0]), value: .timeTicks(99)),
            VarBind(
                oid: ObjectID([1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0]),
                value: .objectID(ObjectID([1, 3, 6, 1, 6, 3, 1, 1, 5, 3]))),
        ] + bindings().prefix(2)
    }

    static func message(_ version: Int64, _ kind: PDUKind, _ binds: [VarBind]) -> [UInt8] {
        var writer = BERWriter()
        writer.element(BERTag.sequence) { message in
            message.integer(version)
            message.octets(Array("public".utf8))
            message.pdu(kind, requestID: 0x1234_5678, binds)
        }
        return writer.finish()
    }

    private static func oldTrap() -> [UInt8] {
        var writer = BERWriter()
        writer.element(BERTag.sequence) { message in
            message.integer(0)
            message.octets(Array("public".utf8))
            message.element(PDUKind.trapV1.rawValue) { pdu in
                pdu.objectID([1, 3, 6, 1, 4, 1, 318])
                pdu.element(BERTag.ipAddress, [127, 0, 0, 1])
                pdu.integer(6)
                pdu.integer(5)
                pdu.unsigned(77, tag: BERTag.timeTicks)
                pdu.element(BERTag.sequence) { $0.binding(Self.bindings()[0]) }
            }
        }
        return writer.finish()
    }
}

/// Signed and encrypted answers: nothing but the true one is ever believed.
struct SecuredTarget: FuzzTarget {
    static let name = "snmpv3"
    private static let number: UInt32 = 0x0123_4567
    let seeds: [[UInt8]]
    private let toolbox: CryptoToolbox
    private let users: [USMUser]
    private let entry = EngineMemory.Entry(
        engineID: [0x80, 0, 0x1F, 0x88, 4, 1, 2, 3], boots: 7, startedAt: 1_000)
    private static let now: Int64 = 5_000_000_000
    private static let wall: Int64 = 2_000
    private let request = PreparedPDU(.get, [ObjectID([1, 3, 6, 1, 2, 1, 1, 3, 0])])
    private var asked: [UInt8] = []

    init() throws {
        let toolbox = try CryptoToolbox()
        let ring = USMKeyring()
        let users = [
            try ring.user("a", authentication: (.sha1, "twelve-apples")),
            try ring.user(
                "b", authentication: (.sha256, "twelve-apples"), privacy: (.aes128, "ten-pears")),
            try ring.user(
                "c", authentication: (.md5, "twelve-apples"), privacy: (.des, "ten-pears")),
        ]
        var pdu = PreparedPDU(.get, SNMPTarget.bindings().map(\.oid))
        pdu.bytes[0] = PDUKind.response.rawValue
        var seeds: [[UInt8]] = []
        for user in users {
            let device = USMSession(user: user, toolbox: toolbox)
            device.recall(entry, now: Self.now, wallSeconds: Self.wall)
            var bytes: [UInt8] = []
            guard device.write(pdu, number: Self.number, now: Self.now, into: &bytes) else {
                stop("a seed could not be written")
            }
            seeds.append(bytes)
        }
        self.toolbox = toolbox
        self.users = users
        self.seeds = seeds
    }

    mutating func run(_ bytes: inout [UInt8], origin: Int, random: (Int) -> Int) -> Bool {
        let session = USMSession(user: users[origin], toolbox: toolbox)
        session.recall(entry, now: Self.now, wallSeconds: Self.wall)
        guard session.write(request, number: Self.number, now: Self.now, into: &asked) else {
            stop("a request could not be written")
        }
        let original = bytes
        let verdict = bytes.withUnsafeMutableBytes {
            session.read($0, number: Self.number, now: Self.now)
        }
        guard case .answer(let header) = verdict else {
            check(
                original != seeds[origin], "the true answer was not believed: \(verdict)", original)
            return false
        }
        // Octets behind the message are no part of it.
        check(original.starts(with: seeds[origin]), "a changed answer was believed", original)
        _ = bytes.withUnsafeBytes { try? BERReader($0).bindings(header) }
        return true
    }
}

/// Answers of Modbus/TCP and of RTU over TCP, in pieces: accepted only if whole and awaited.
struct ModbusTarget: FuzzTarget {
    static let name = "modbus"
    let seeds: [[UInt8]]
    private static let request = ReadRequest(
        unit: 7, function: .readHoldingRegisters, start: 100, count: 4)
    private static let awaited = AwaitedReply(transaction: 0x1234, request: request)

    init() {
        let body: [UInt8] = [3, 8, 0, 1, 0, 2, 0xFF, 0xFF, 0x80, 0]
        let tcp = Self.tcp(0x1234, 7, body)
        let stale = Self.tcp(0x1233, 7, body)
        let rtu = Self.rtu(7, body)
        seeds = [
            tcp, stale + tcp, tcp + stale, Self.tcp(0x1234, 7, [0x83, 2]),
            Self.tcp(0x1234, 9, body),
            rtu, Self.rtu(8, body) + rtu, Self.rtu(7, [0x83, 6]), rtu + rtu,
        ]
    }

    mutating func run(_ bytes: inout [UInt8], origin: Int, random: (Int) -> Int) -> Bool {
        var stream = ReplyStream(origin < 5 ? .mbap : .rtu)
        var accepted = false
        var rest = bytes[...]
        while !rest.isEmpty, !accepted {
            let piece = Array(rest.prefix(1 + random(min(rest.count, ReplyStream.receiveLimit))))
            rest = rest.dropFirst(piece.count)
            let received = piece.withUnsafeBufferPointer {
                stream.receive($0, waiting: Self.awaited)
            }
            switch received.outcome {
            case .words(let words):
                check(words.count == 4, "\(words.count) words for 4", bytes)
                check(Self.contains(words, bytes), "words that are not there", bytes)
                accepted = true
            case .exception(let code):
                check((1...11).contains(code), "exception \(code)", bytes)
                accepted = true
            case .garbage: return false
            case nil: break
            }
            check(stream.pendingByteCount < 260, "\(stream.pendingByteCount) bytes kept", bytes)
        }
        return accepted
    }

    /// The words stand in the input as an answer has them.
    private static func contains(_ words: [UInt16], _ bytes: [UInt8]) -> Bool {
        let wanted: [UInt8] =
            [7, 3, 8] + words.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        guard bytes.count >= wanted.count else { return false }
        return (0...(bytes.count - wanted.count)).contains {
            bytes[$0..<($0 + wanted.count)].elementsEqual(wanted)
        }
    }

    private static func tcp(_ transaction: UInt16, _ unit: UInt8, _ pdu: [UInt8]) -> [UInt8] {
        [
            UInt8(transaction >> 8), UInt8(truncatingIfNeeded: transaction), 0, 0, 0,
            UInt8(pdu.count + 1), unit,
        ] + pdu
    }

    private static func rtu(_ unit: UInt8, _ pdu: [UInt8]) -> [UInt8] {
        let frame = [unit] + pdu
        // CRC-16/MODBUS, bit by bit: independent of the decoder's table.
        var crc: UInt16 = 0xFFFF
        for byte in frame {
            crc ^= UInt16(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xA001 : crc >> 1 }
        }
        return frame + [UInt8(truncatingIfNeeded: crc), UInt8(crc >> 8)]
    }
}
