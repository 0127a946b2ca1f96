import Modbus
import Testing

@Suite("MBAP frames")
struct MBAPTests {
    private static let frames = [
        MBAPFrame(transaction: 0x0102, unit: 17, pdu: [3, 2, 0xae, 0x41]),
        MBAPFrame(transaction: 0xffff, unit: 255, pdu: [0x83, 2]),
        MBAPFrame(transaction: 0, unit: 0, pdu: [1]),
        MBAPFrame(transaction: 7, unit: 1, pdu: [UInt8](repeating: 0xa5, count: 253)),
    ]

    @Test("a frame has the bytes of the specification")
    func bytes() {
        #expect(
            Self.frames[0].bytes == [1, 2, 0, 0, 0, 5, 17, 3, 2, 0xae, 0x41])
        // The example of the application protocol, section 6.3: registers 107 to 109.
        let request = ReadRequest(unit: 17, function: .readHoldingRegisters, start: 0x6b, count: 3)
        #expect(request.pdu == [3, 0, 0x6b, 0, 3])
        #expect(
            request.answer(from: [3, 6, 0x02, 0x2b, 0, 0, 0, 0x64])
                == .words([0x022b, 0, 0x0064]))
    }

    @Test("a stream gives the same frames wherever it is cut in two")
    func everyCut() throws {
        let stream = Self.frames.flatMap(\.bytes)
        for cut in 0...stream.count {
            var decoder = MBAPDecoder()
            var got: [MBAPFrame] = []
            for part in [stream[..<cut], stream[cut...]] {
                decoder.feed(part)
                while let frame = try decoder.next() { got.append(frame) }
            }
            #expect(got == Self.frames, "cut at \(cut)")
            #expect(decoder.pendingByteCount == 0)
        }
    }

    @Test("a stream gives the same frames when it drips in byte by byte")
    func byteByByte() throws {
        var decoder = MBAPDecoder()
        var got: [MBAPFrame] = []
        for byte in Self.frames.flatMap(\.bytes) {
            decoder.feed([byte])
            while let frame = try decoder.next() { got.append(frame) }
        }
        #expect(got == Self.frames)
    }

    @Test("a wrong protocol id or length is refused at once, before its body has come")
    func garbage() {
        for bytes: [UInt8] in [
            [0, 1, 0, 1], [0, 1, 0x48, 0x54], [0, 1, 0, 0, 0, 0], [0, 1, 0, 0, 0, 1],
            [0, 1, 0, 0, 0, 255], [0, 1, 0, 0, 1, 2], [0, 1, 0, 0, 0xff, 0xff],
        ] {
            var decoder = MBAPDecoder()
            decoder.feed(bytes)
            #expect(throws: ModbusError.self, "\(bytes)") { try decoder.next() }
        }
    }

    @Test("whole frames before the garbage are still given")
    func framesBeforeGarbage() throws {
        var decoder = MBAPDecoder()
        decoder.feed(Self.frames[0].bytes + [1, 1, 1, 1])
        #expect(try decoder.next() == Self.frames[0])
        #expect(throws: ModbusError.self) { try decoder.next() }
    }

    @Test("random bytes never stop the decoder, and leave less than a frame behind")
    func randomBytes() {
        var state: UInt64 = 42
        func random() -> UInt8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
        for _ in 0..<3000 {
            var decoder = MBAPDecoder()
            // Half of the cases begin as a frame does, or they would all end at the header.
            var bytes = (0..<Int(random())).map { _ in random() }
            if bytes.count > 6, bytes[0] & 1 == 0 { bytes.replaceSubrange(2..<5, with: [0, 0, 0]) }
            decoder.feed(bytes)
            do {
                while try decoder.next() != nil {}
                #expect(decoder.pendingByteCount < 260)
            } catch {
                #expect(error.description.contains("not Modbus"))
            }
        }
    }

    @Test("an answer is taken only where function, byte count and length fit the request")
    func answers() {
        let request = ReadRequest(unit: 1, function: .readInputRegisters, start: 0, count: 2)
        #expect(request.answer(from: [4, 4, 0, 1, 0, 2]) == .words([1, 2]))
        #expect(request.answer(from: [0x84, 2]) == .exception(2))
        for wrong: [UInt8] in [
            [], [4], [4, 4], [4, 4, 0, 1, 0], [4, 4, 0, 1, 0, 2, 0], [4, 2, 0, 1],
            [4, 6, 0, 1, 0, 2, 0, 3], [3, 4, 0, 1, 0, 2], [0x83, 2], [0x84], [0x84, 2, 0],
            [0x84, 0], [0x84, 12], [4, 0],
        ] {
            guard case .mismatch = request.answer(from: wrong) else {
                Issue.record("\(wrong) was taken for an answer")
                continue
            }
        }
    }

    @Test("an answer made is the answer read, for every function and size")
    func answerRoundTrip() {
        for function in ModbusFunction.allCases {
            for count: UInt16 in [1, 2, 7, 8, 9, 16, 17, 124, 125, 1999, 2000]
            where count <= function.countLimit {
                let request = ReadRequest(unit: 3, function: function, start: 9, count: count)
                let words = (0..<count).map { function.isBits ? $0 * 7 / 3 & 1 : $0 &* 40_503 }
                let pdu = request.answerPDU(words)
                #expect(request.answer(from: pdu) == .words(words))
                #expect(ReadRequest(unit: 3, pdu: request.pdu) == request)
                for cut in 0..<pdu.count {
                    guard case .mismatch = request.answer(from: Array(pdu[..<cut])) else {
                        Issue.record("\(function) cut at \(cut) was taken for an answer")
                        continue
                    }
                }
            }
        }
    }

    @Test("requests beyond what Modbus allows are known as such")
    func limits() {
        func allowed(_ function: ModbusFunction, _ start: UInt16, _ count: UInt16) -> Bool {
            ReadRequest(unit: 1, function: function, start: start, count: count).isAllowed
        }
        #expect(allowed(.readHoldingRegisters, 0, 125))
        #expect(!allowed(.readHoldingRegisters, 0, 126))
        #expect(!allowed(.readHoldingRegisters, 0, 0))
        #expect(allowed(.readCoils, 0, 2000))
        #expect(!allowed(.readCoils, 0, 2001))
        #expect(allowed(.readCoils, 65_535, 1))
        #expect(!allowed(.readCoils, 65_535, 2))
        // Writing: 5, 6, 15, 16 and others are no function here.
        for code: UInt8 in [0, 5, 6, 15, 16, 22, 23] {
            #expect(ModbusFunction(rawValue: code) == nil)
        }
    }
}
