import Model
import SNMPWire
import Testing

private func random(_ generator: inout SystemRandomNumberGenerator) -> SNMPValue {
    func bytes() -> [UInt8] {
        (0..<Int.random(in: 0...300, using: &generator)).map { _ in
            .random(in: 0...255, using: &generator)
        }
    }
    switch Int.random(in: 0...13, using: &generator) {
    case 0: return .integer(.random(in: .min ... .max, using: &generator))
    case 1: return .counter32(.random(in: 0 ... .max, using: &generator))
    case 2: return .gauge32(.random(in: 0 ... .max, using: &generator))
    case 3: return .timeTicks(.random(in: 0 ... .max, using: &generator))
    case 4: return .counter64(.random(in: 0 ... .max, using: &generator))
    case 5: return .octets(bytes())
    case 6: return .objectID(name(&generator))
    case 7: return .ipAddress([192, 0, 2, 7])
    case 8: return .float(.random(in: -1e9...1e9, using: &generator))
    case 9: return .double(.random(in: -1e99...1e99, using: &generator))
    case 10: return .null
    case 11: return .noSuchObject
    case 12: return .noSuchInstance
    default: return .endOfMibView
    }
}

private func name(_ generator: inout SystemRandomNumberGenerator) -> ObjectID {
    let count = Int.random(in: 0...60, using: &generator)
    return ObjectID(
        [1, 3]
            + (0..<count).map { _ in
                UInt32.random(in: 0 ... .max, using: &generator)
                    >> UInt32.random(in: 0...31, using: &generator)
            })
}

private func message(_ bindings: [VarBind], requestID: Int64 = 0x0123_4567) -> [UInt8] {
    var writer = BERWriter()
    writer.element(BERTag.sequence) {
        $0.integer(1)
        $0.octets(Array("public".utf8))
        $0.pdu(.response, requestID: requestID, bindings)
    }
    return writer.bytes
}

private func header(_ raw: UnsafeRawBufferPointer) throws -> PDUHeader {
    var reader = BERReader(raw)
    return try CommunityMessage(&reader).pdu
}

@Suite("Variables on the wire")
struct BindingTests {
    @Test("whatever is written is read back, and takes the bytes foretold")
    func roundTrip() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let binding = VarBind(oid: name(&generator), value: random(&generator))
            var writer = BERWriter()
            writer.binding(binding)
            #expect(writer.count == BERWriter.size(of: binding))
            let bytes = message([binding, binding])
            try bytes.withUnsafeBytes { raw in
                let header = try header(raw)
                #expect(header.requestID == 0x0123_4567)
                #expect(try BERReader(raw).bindings(header) == [binding, binding])
            }
        }
    }

    @Test("an answer with the names expected fills their places, any other is seen")
    func expected() throws {
        let names = (1...20).map { ObjectID([1, 3, 6, 1, 4, 1, 318, 9, $0 * 100, 0]) }
        let expected = ExpectedNames(names, slots: Array((0..<20).reversed()))
        let template = names.reversed().map { VarBind(oid: $0, value: .null) }
        func fill(_ bindings: [VarBind]) throws -> (ExpectedNames.Match, [VarBind]) {
            var frames = Array(template)
            let match = try message(bindings).withUnsafeBytes { raw in
                try expected.fill(&frames, from: raw, try header(raw))
            }
            return (match, frames)
        }
        let good = names.enumerated().map { VarBind(oid: $1, value: .integer(Int64($0))) }
        let (whole, frames) = try fill(good)
        #expect(whole == .whole && frames == good.reversed())
        #expect(try fill(good + good).0 == .whole)
        #expect(try fill(Array(good.prefix(7))).0 == .shortened(7))
        for place in names.indices {
            var other = good
            other[place].oid.arcs[8] += 1
            #expect(try fill(other).0 == .different)
            other = good
            other[place].oid.arcs.append(0)
            #expect(try fill(other).0 == .different)
            other = good
            other[place].value = .noSuchInstance
            #expect(try fill(other).0 == .different)
        }
    }

    @Test("no bytes stop the reader: every beginning and every changed octet of a message")
    func hostile() throws {
        var generator = SystemRandomNumberGenerator()
        let names = (1...5).map { ObjectID([1, 3, 6, 1, 4, 1, 318, $0]) }
        let expected = ExpectedNames(names, slots: [0, 1, 2, 3, 4])
        let good = message(names.map { VarBind(oid: $0, value: random(&generator)) })
        func feed(_ bytes: [UInt8]) {
            bytes.withUnsafeBytes { raw in
                _ = try? MessagePeek(raw)
                _ = try? SNMPNotification(raw)
                guard let header = try? header(raw) else { return }
                var frames = names.map { VarBind(oid: $0, value: .null) }
                _ = try? BERReader(raw).bindings(header)
                _ = try? expected.fill(&frames, from: raw, header)
                #expect(frames.map(\.oid) == names)
            }
        }
        for count in good.indices { feed(Array(good.prefix(count))) }
        for place in good.indices {
            for change in [0x01, 0x7F, 0x80, 0xFF] as [UInt8] {
                var bytes = good
                bytes[place] ^= change
                feed(bytes)
            }
        }
        for _ in 0..<2_000 {
            var bytes = good
            for _ in 0..<4 {
                bytes[.random(in: bytes.indices, using: &generator)] = .random(
                    in: 0...255, using: &generator)
            }
            feed(bytes)
        }
    }

    @Test("a prepared request differs from request to request in four octets only")
    func prepared() throws {
        let names = (1...9).map { ObjectID([1, 3, 6, 1, 4, 1, 318, $0]) }
        let pdu = PreparedPDU(.getBulk(nonrepeaters: 3, repetitions: 12), names)
        let envelope = CommunityEnvelope(version: 1, community: Array("public".utf8))
        for requestID in [PreparedPDU.smallestRequestID, PreparedPDU.largestRequestID] {
            var bytes: [UInt8] = [0xAA]
            envelope.write(pdu, requestID: requestID, to: &bytes)
            try Array(bytes.dropFirst()).withUnsafeBytes { raw in
                var reader = BERReader(raw)
                let message = try CommunityMessage(&reader)
                #expect(reader.isAtEnd && message.version == 1)
                #expect(message.pdu.kind == .getBulk)
                #expect(message.pdu.requestID == Int64(requestID))
                #expect(message.pdu.errorStatus == 3 && message.pdu.errorIndex == 12)
                let found = try BERReader(raw).bindings(message.pdu)
                #expect(found == names.map { VarBind(oid: $0, value: .null) })
            }
        }
    }

    @Test("counters without the zero in front of a high bit, and wrapped numbers, are understood")
    func quirks() throws {
        func value(_ bytes: [UInt8]) throws -> SNMPValue { try read(bytes) { try $0.value() } }
        #expect(try value([0x41, 4, 0xFF, 0xFF, 0xFF, 0xFE]) == .counter32(0xFFFF_FFFE))
        #expect(try value([0x47, 1, 7]) == .gauge32(7))
        #expect(try value([0x46, 9, 0] + [UInt8](repeating: 0xFF, count: 8)) == .counter64(.max))
        #expect(try value([0x44, 7, 0x9F, 0x78, 4, 0x42, 0xF6, 0, 0]) == .float(123))
        #expect(try value([0x44, 5, 0x9F, 0x7A, 2, 0xFF, 0xFE]) == .integer(-2))
        #expect(try value([0x44, 2, 1, 2]) == .octets([1, 2]))
        #expect(try value([0x45, 1, 2]) == .null)
        #expect(try value([0x06, 0]) == .objectID(ObjectID([0, 0])))
        #expect(throws: BERError.badInteger) { try value([0x41, 6, 1, 0, 0, 0, 0, 0]) }
    }

    @Test("a trap and an inform are read with their kind and variables")
    func notifications() throws {
        let kind = ObjectID([1, 3, 6, 1, 4, 1, 318, 0, 5])
        let bindings = [
            VarBind(oid: ObjectID([1, 3, 6, 1, 2, 1, 1, 3, 0]), value: .timeTicks(7)),
            VarBind(oid: ObjectID([1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0]), value: .objectID(kind)),
        ]
        for pdu in [PDUKind.trap, .inform] {
            var writer = BERWriter()
            writer.element(BERTag.sequence) {
                $0.integer(1)
                $0.octets(Array("public".utf8))
                $0.pdu(pdu, requestID: 9, bindings)
            }
            let read = try writer.bytes.withUnsafeBytes { try SNMPNotification($0) }
            #expect(read.kind == kind && read.isInform == (pdu == .inform))
            #expect(read.bindings == bindings && read.community == Array("public".utf8))
        }
        var writer = BERWriter()
        writer.element(BERTag.sequence) {
            $0.integer(0)
            $0.octets(Array("public".utf8))
            $0.element(PDUKind.trapV1.rawValue) {
                $0.objectID([1, 3, 6, 1, 4, 1, 318])
                $0.element(BERTag.ipAddress, [192, 0, 2, 7])
                $0.integer(6)
                $0.integer(5)
                $0.unsigned(7, tag: BERTag.timeTicks)
                $0.element(BERTag.sequence, [])
            }
        }
        #expect(try writer.bytes.withUnsafeBytes { try SNMPNotification($0) }.kind == kind)
    }
}
