import Modbus
import Platform
import TestSupport
import Testing

/// Recorded traffic of other people's devices, fuzzed frames among it, through our framing.
@Suite("Packet captures")
struct CaptureTests {
    /// What a replay comes to. The numbers were counted by another program, too.
    struct Totals: Equatable, CustomStringConvertible {
        /// Frames of Modbus in both directions.
        var frames = 0
        /// Requests to read, of the four functions.
        var reads = 0
        /// Answers to these with values, and with exceptions.
        var answers = 0
        var exceptions = 0
        /// Answers that do not fit their request.
        var refused = 0
        /// Places where a stream could not be read on.
        var breaks = 0
        /// The sum of all values, each times its place in its answer.
        var sum: UInt64 = 0
        var description: String {
            "(\(frames), \(reads), \(answers), \(exceptions), \(refused), \(breaks), \(sum))"
        }
    }

    @Test("captures replay: frames, exceptions and every value as an independent reading has them")
    func captures() throws {
        guard let shared = sharedFolder(for: "Modbus packet captures") else { return }
        let folder = shared + "/recordings/modbus/captures/"
        let files = [
            "iti_ModbusTCP", "iti_mb2", "iti_modbus_test", "iti_modbus_test_2",
            "iti_modbus_test_data_part1", "iti_modbus_test_data_part2",
            "zeek_4SICS-GeekLounge-151022-min", "zeek_fuzz-1011", "zeek_fuzz-72",
            "zeek_modbus-and-non-modbus-p502", "zeek_modbus-eit", "zeek_modbusBig",
            "zeek_modbusSmall",
        ]
        for file in files {
            let packets = try packets(
                ofCapture: try FileIO.read(folder + file + ".pcap", maximumBytes: 10_000_000))
            var replay = Replay()
            for packet in packets { replay.take(packet) }
            print("\(file): \(replay.totals)")
            #expect(replay.wrong == 0, "\(file): values that are not in the bytes")
            if let expected = Self.expected[file] {
                #expect(replay.totals == expected, "\(file)")
            } else {
                Issue.record("no totals are known of \(file)")
            }
        }
    }

    @Test("another protocol in the same clothes is refused frame by frame")
    func otherProtocol() throws {
        guard let shared = sharedFolder(for: "wire logs of another protocol") else { return }
        let folder = shared + "/recordings/modbus/captures/givenergy/"
        var lines = 0
        for file in [
            "aio_arm612_5min", "ems_arm1036_60s", "givhy80g3hv_hass295_120s",
            "hybrid_gen2_arm920_60s",
        ] {
            for line in try readText(folder + file + ".log").split(separator: "\n") {
                guard !line.hasPrefix("#"),
                    let last = line.split(separator: " ").last,
                    last.utf8.count % 2 == 0, let bytes = hexadecimal(last), bytes.count > 8
                else { continue }
                guard bytes.starts(with: [0x59, 0x59, 0, 1]) else { continue }
                lines += 1
                let request = ReadRequest(
                    unit: 1, function: .readHoldingRegisters, start: 0, count: 60)
                var stream = ReplyStream(.mbap)
                let received = bytes.withUnsafeBufferPointer {
                    stream.receive($0, waiting: AwaitedReply(transaction: 0x5959, request: request))
                }
                #expect(received.outcome == .garbage("not Modbus: protocol id 1"))
            }
        }
        #expect(lines > 60)
    }

    static let expected: [String: Totals] = [
        "iti_ModbusTCP": Totals(
            frames: 15_976, reads: 5861, answers: 5856, exceptions: 0, refused: 0,
            breaks: 0, sum: 14_263_626_730),
        "iti_mb2": Totals(
            frames: 3584, reads: 1295, answers: 1293, exceptions: 0, refused: 0,
            breaks: 1, sum: 3_452_205_689),
        "iti_modbus_test": Totals(
            frames: 2258, reads: 1079, answers: 1052, exceptions: 0, refused: 0,
            breaks: 0, sum: 156_115_060),
        "iti_modbus_test_2": Totals(
            frames: 3975, reads: 2382, answers: 1592, exceptions: 0, refused: 0,
            breaks: 0, sum: 345_321_456),
        "iti_modbus_test_data_part1": Totals(
            frames: 45, reads: 3, answers: 3, exceptions: 0, refused: 0,
            breaks: 5, sum: 57),
        "iti_modbus_test_data_part2": Totals(
            frames: 281, reads: 13, answers: 4, exceptions: 8, refused: 0,
            breaks: 0, sum: 10),
        "zeek_4SICS-GeekLounge-151022-min": Totals(
            frames: 2, reads: 0, answers: 0, exceptions: 0, refused: 0,
            breaks: 0, sum: 0),
        "zeek_fuzz-1011": Totals(
            frames: 4, reads: 1, answers: 0, exceptions: 0, refused: 0,
            breaks: 2, sum: 0),
        "zeek_fuzz-72": Totals(
            frames: 17, reads: 0, answers: 0, exceptions: 0, refused: 0,
            breaks: 18, sum: 0),
        "zeek_modbus-and-non-modbus-p502": Totals(
            frames: 12, reads: 3, answers: 3, exceptions: 0, refused: 0,
            breaks: 11, sum: 57),
        "zeek_modbus-eit": Totals(
            frames: 4, reads: 0, answers: 0, exceptions: 0, refused: 0,
            breaks: 0, sum: 0),
        "zeek_modbusBig": Totals(
            frames: 5549, reads: 1387, answers: 1387, exceptions: 0, refused: 0,
            breaks: 0, sum: 1387),
        "zeek_modbusSmall": Totals(
            frames: 32, reads: 8, answers: 8, exceptions: 0, refused: 0,
            breaks: 0, sum: 24),
    ]
}

// MARK: Replaying

/// One direction of one connection, put together again.
private struct Direction {
    var next: UInt32?
    var decoder = MBAPDecoder()
}

private struct Flow: Hashable {
    var client: String
    var server: String
}

private struct Replay {
    var totals = CaptureTests.Totals()
    var wrong = 0
    private var requests: [Flow: Direction] = [:]
    private var answers: [Flow: Direction] = [:]
    private var outstanding: [Flow: [UInt16: ReadRequest]] = [:]

    mutating func take(_ packet: Packet) {
        let isRequest = packet.destinationPort == 502
        let flow =
            isRequest
            ? Flow(client: packet.source, server: packet.destination)
            : Flow(client: packet.destination, server: packet.source)
        var direction = (isRequest ? requests[flow] : answers[flow]) ?? Direction()
        if packet.isFirst {
            direction = Direction()
            direction.next = packet.sequence &+ 1
        } else if !packet.payload.isEmpty {
            feed(packet, &direction, flow, isRequest)
        }
        if isRequest { requests[flow] = direction } else { answers[flow] = direction }
    }

    private mutating func feed(
        _ packet: Packet, _ direction: inout Direction, _ flow: Flow, _ isRequest: Bool
    ) {
        var payload = packet.payload[...]
        let end = packet.sequence &+ UInt32(payload.count)
        if let next = direction.next {
            let ahead = Int(Int32(bitPattern: packet.sequence &- next))
            if ahead < 0 {
                // Sent again: only what is new of it.
                if -ahead >= payload.count { return }
                payload = payload.dropFirst(-ahead)
            } else if ahead > 0 {
                direction.decoder = MBAPDecoder()
                totals.breaks += 1
            }
        }
        direction.next = end
        direction.decoder.feed(payload)
        do {
            while let frame = try direction.decoder.next() { take(frame, flow, isRequest) }
        } catch {
            direction.decoder = MBAPDecoder()
            totals.breaks += 1
        }
    }

    private mutating func take(_ frame: MBAPFrame, _ flow: Flow, _ isRequest: Bool) {
        totals.frames += 1
        if isRequest {
            let request = ReadRequest(unit: frame.unit, pdu: frame.pdu)
            if let request, request.isAllowed { totals.reads += 1 }
            outstanding[flow, default: [:]][frame.transaction] =
                request.flatMap { $0.isAllowed ? $0 : nil }
            return
        }
        guard let request = outstanding[flow]?.removeValue(forKey: frame.transaction) else {
            return
        }
        var stream = ReplyStream(.mbap)
        let received = frame.bytes.withUnsafeBufferPointer {
            stream.receive(
                $0, waiting: AwaitedReply(transaction: frame.transaction, request: request))
        }
        switch received.outcome {
        case .words(let words):
            totals.answers += 1
            if words != plain(frame.pdu, request) { wrong += 1 }
            for (place, word) in words.enumerated() {
                totals.sum += UInt64(place + 1) * UInt64(word)
            }
        case .exception(let code):
            totals.exceptions += 1
            if frame.pdu != [request.function.rawValue + 128, code] { wrong += 1 }
        case .garbage: totals.refused += 1
        case nil: wrong += 1
        }
    }

    /// The values by the specification's own words, without our code.
    private func plain(_ pdu: [UInt8], _ request: ReadRequest) -> [UInt16] {
        var values: [UInt16] = []
        if request.function.rawValue <= 2 {
            for byte in pdu[2...] {
                for bit in 0..<8 where values.count < Int(request.count) {
                    values.append(UInt16((Int(byte) / [1, 2, 4, 8, 16, 32, 64, 128][bit]) % 2))
                }
            }
        } else {
            for index in stride(from: 2, to: pdu.count, by: 2) {
                values.append(UInt16(Int(pdu[index]) * 256 + Int(pdu[index + 1])))
            }
        }
        return values
    }
}

// MARK: Reading captures

private struct Packet {
    var source: String
    var destination: String
    var destinationPort: UInt16
    var sequence: UInt32
    var isFirst: Bool
    var payload: [UInt8]
}

/// TCP packets to and from port 502 of a little-endian pcap file of Ethernet frames with IPv4.
private func packets(ofCapture file: [UInt8]) throws -> [Packet] {
    func number(_ place: Int, _ count: Int) -> Int {
        (0..<count).reduce(0) { $0 | Int(file[place + $1]) << (8 * $1) }
    }
    try #require(file.count >= 24 && number(0, 4) == 0xa1b2_c3d4 && number(20, 4) == 1)
    var result: [Packet] = []
    var place = 24
    while place + 16 <= file.count {
        let length = number(place + 8, 4)
        guard place + 16 + length <= file.count else { break }
        if let packet = packet(Array(file[(place + 16)..<(place + 16 + length)])) {
            result.append(packet)
        }
        place += 16 + length
    }
    return result
}

private func packet(_ frame: [UInt8]) -> Packet? {
    func number(_ place: Int, _ count: Int) -> Int {
        (0..<count).reduce(0) { $0 << 8 | Int(frame[place + $1]) }
    }
    guard frame.count >= 14 else { return nil }
    var start = 14
    var kind = number(12, 2)
    if kind == 0x8100, frame.count >= 18 {
        kind = number(16, 2)
        start = 18
    }
    guard kind == 0x0800, frame.count >= start + 20, frame[start + 9] == 6 else { return nil }
    let end = min(frame.count, start + number(start + 2, 2))
    let tcp = start + Int(frame[start] & 15) * 4
    guard tcp + 20 <= end else { return nil }
    let ports = (number(tcp, 2), number(tcp + 2, 2))
    guard ports.0 == 502 || ports.1 == 502 else { return nil }
    let data = tcp + Int(frame[tcp + 12] >> 4) * 4
    guard data <= end else { return nil }
    func host(_ offset: Int, _ port: Int) -> String {
        frame[(start + offset)..<(start + offset + 4)].map(String.init).joined(separator: ".")
            + ":" + String(port)
    }
    return Packet(
        source: host(12, ports.0), destination: host(16, ports.1),
        destinationPort: UInt16(ports.1), sequence: UInt32(number(tcp + 4, 4)),
        isFirst: frame[tcp + 13] & 2 != 0, payload: Array(frame[data..<end]))
}

private func hexadecimal(_ text: Substring) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = text
    while !rest.isEmpty {
        guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
        bytes.append(byte)
        rest = rest.dropFirst(2)
    }
    return bytes
}
