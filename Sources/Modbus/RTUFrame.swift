/// Modbus on a serial line (MODBUS over Serial Line V1.02, section 2.5.1), as the simulated slaves
/// speak it; the client side is libmodbus.
///
///     unit 1 | PDU 1…253 | CRC 2, low byte first
enum RTUFrame {
    /// All four requests have this size.
    static let requestByteCount = 8

    static func bytes(unit: UInt8, pdu: [UInt8]) -> [UInt8] {
        let body = [unit] + pdu
        let crc = crc16(body)
        return body + [UInt8(truncatingIfNeeded: crc), UInt8(crc >> 8)]
    }

    /// CRC-16 with the reflected polynomial 0xA001, from 0xFFFF (appendix B of the document).
    static func crc16(_ bytes: some Sequence<UInt8>) -> UInt16 {
        var crc: UInt16 = 0xffff
        for byte in bytes {
            crc ^= UInt16(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xa001 : crc >> 1 }
        }
        return crc
    }

    /// The first whole request in `buffer`, which loses it and any noise before it.
    static func takeRequest(from buffer: inout [UInt8]) -> (unit: UInt8, pdu: [UInt8])? {
        while buffer.count >= requestByteCount {
            let frame = Array(buffer.prefix(requestByteCount))
            if crc16(frame.prefix(6)) == UInt16(high: frame[7], low: frame[6]) {
                buffer.removeFirst(requestByteCount)
                return (frame[0], Array(frame[1..<6]))
            }
            buffer.removeFirst()
        }
        return nil
    }
}
