/// The four read functions (MODBUS Application Protocol V1.1b3, sections 6.1 to 6.4). There are no
/// others here: a monitor must not be able to change a device.
///
///     request    function 1 | start 2 | count 2
///     answer     function 1 | byte count 1 | data …          registers: 2 bytes each, high first
///                                                             bits: 8 a byte, lowest bit first
///     exception  function + 0x80, 1 | code 1
package enum ModbusFunction: UInt8, Hashable, Sendable, CaseIterable {
    case readCoils = 1
    case readDiscreteInputs = 2
    case readHoldingRegisters = 3
    case readInputRegisters = 4

    package var isBits: Bool { self == .readCoils || self == .readDiscreteInputs }
    /// The most that fits into one answer.
    package var countLimit: UInt16 { isBits ? 2000 : 125 }
}

/// One request of one unit.
package struct ReadRequest: Hashable, Sendable {
    package var unit: UInt8
    package var function: ModbusFunction
    /// 0-based, as on the wire.
    package var start: UInt16
    package var count: UInt16

    package init(unit: UInt8, function: ModbusFunction, start: UInt16, count: UInt16) {
        self.unit = unit
        self.function = function
        self.start = start
        self.count = count
    }

    /// What the specification allows: something, not more than fits, not beyond the last address.
    package var isAllowed: Bool {
        count > 0 && count <= function.countLimit && Int(start) + Int(count) <= 65_536
    }

    package var pdu: [UInt8] {
        [
            function.rawValue, UInt8(start >> 8), UInt8(truncatingIfNeeded: start),
            UInt8(count >> 8), UInt8(truncatingIfNeeded: count),
        ]
    }

    /// Reads a request's PDU, for servers. Nil where it is none of the four or has another length.
    package init?(unit: UInt8, pdu: [UInt8]) {
        guard pdu.count == 5, let function = ModbusFunction(rawValue: pdu[0]) else { return nil }
        self.init(
            unit: unit, function: function, start: UInt16(high: pdu[1], low: pdu[2]),
            count: UInt16(high: pdu[3], low: pdu[4]))
    }

    /// Bytes of data in a full answer.
    package var answerByteCount: Int {
        function.isBits ? (Int(count) + 7) / 8 : 2 * Int(count)
    }
}

/// What a unit's answer to one request comes to.
package enum ReadAnswer: Hashable, Sendable {
    /// Exactly as many as were asked for; bits are 0 or 1.
    case words([UInt16])
    case exception(UInt8)
    /// Not an answer to this request; the text says why.
    case mismatch(String)
}

extension ReadRequest {
    /// Checks an answer's PDU against this request: function, byte count, length.
    package func answer(from pdu: [UInt8]) -> ReadAnswer {
        pdu.withUnsafeBufferPointer { answer(from: $0) }
    }

    package func answer(from pdu: UnsafeBufferPointer<UInt8>) -> ReadAnswer {
        guard let function = pdu.first else { return .mismatch("empty answer") }
        if function == self.function.rawValue | 0x80 {
            guard pdu.count == 2, (1...11).contains(pdu[1]) else {
                return .mismatch("malformed exception")
            }
            return .exception(pdu[1])
        }
        guard function == self.function.rawValue else {
            return .mismatch("function \(function) in answer to \(self.function.rawValue)")
        }
        guard pdu.count >= 2, pdu.count == 2 + Int(pdu[1]) else {
            return .mismatch("byte count does not match the frame")
        }
        guard Int(pdu[1]) == answerByteCount else {
            return .mismatch("\(pdu[1]) bytes in answer to a request for \(answerByteCount)")
        }
        return .words(words(inAnswer: pdu))
    }

    private func words(inAnswer pdu: UnsafeBufferPointer<UInt8>) -> [UInt16] {
        // Not uninitialised: that is not specialised for words, and costs more than the zeros.
        var words = [UInt16](repeating: 0, count: Int(count))
        if function.isBits {
            for index in words.indices {
                words[index] = UInt16(pdu[2 + index / 8] >> UInt8(index % 8) & 1)
            }
            return words
        }
        words.withUnsafeMutableBytes {
            $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(pdu)[2...]))
        }
        for index in words.indices { words[index] = UInt16(bigEndian: words[index]) }
        return words
    }

    /// Bytes of a request: twelve with MBAP, eight with RTU.
    package static let requestByteLimit = 12

    /// Writes the whole request as it goes over the wire, and gives its size.
    package func write(
        to bytes: UnsafeMutableBufferPointer<UInt8>, framing: ModbusFraming, transaction: UInt16
    ) -> Int {
        precondition(bytes.count >= Self.requestByteLimit, "BUG: no room for a request")
        let first = framing == .mbap ? MBAPFrame.headerByteCount - 1 : 0
        bytes[first] = unit
        bytes[first + 1] = function.rawValue
        bytes[first + 2] = UInt8(start >> 8)
        bytes[first + 3] = UInt8(truncatingIfNeeded: start)
        bytes[first + 4] = UInt8(count >> 8)
        bytes[first + 5] = UInt8(truncatingIfNeeded: count)
        switch framing {
        case .mbap:
            bytes[0] = UInt8(transaction >> 8)
            bytes[1] = UInt8(truncatingIfNeeded: transaction)
            bytes[2] = 0
            bytes[3] = 0
            bytes[4] = 0
            bytes[5] = 6
            return 12
        case .rtu:
            let crc = RTUFrame.crc16(bytes[..<6])
            bytes[6] = UInt8(truncatingIfNeeded: crc)
            bytes[7] = UInt8(crc >> 8)
            return RTUFrame.requestByteCount
        }
    }

    /// The PDU that answers this request with `words`, which are as many as were asked for.
    package func answerPDU(_ words: [UInt16]) -> [UInt8] {
        precondition(words.count == Int(count), "BUG: an answer needs \(count) words")
        var pdu = [function.rawValue, UInt8(answerByteCount)]
        if function.isBits {
            var data = [UInt8](repeating: 0, count: answerByteCount)
            for (index, word) in words.enumerated() where word != 0 {
                data[index / 8] |= 1 << UInt8(index % 8)
            }
            return pdu + data
        }
        for word in words {
            pdu.append(UInt8(word >> 8))
            pdu.append(UInt8(truncatingIfNeeded: word))
        }
        return pdu
    }
}

extension UInt16 {
    init(high: UInt8, low: UInt8) { self = UInt16(high) << 8 | UInt16(low) }
}
