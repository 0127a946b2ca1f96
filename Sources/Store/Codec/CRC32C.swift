import Platform

/// CRC-32C (Castagnoli), by the processor's instruction where it has one, else eight bytes a step
/// with eight tables (Kounavis and Berry, "A Systematic Approach to Building High Performance
/// Software-Based CRC Generators", 2005). Finds every burst of up to 32 bits and any one, two or
/// three flipped bits at our sizes.
package enum CRC32C {
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0x82F6_3B78 : value >> 1 }
            tables[byte] = value
        }
        for byte in 0..<256 {
            for slice in 1..<8 {
                let before = tables[(slice - 1) * 256 + byte]
                tables[slice * 256 + byte] = (before >> 8) ^ tables[Int(before & 0xFF)]
            }
        }
        return tables
    }()

    package static func checksum(_ bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBytes { checksum($0) }
    }

    package static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        ProcessorChecksum.isAvailable
            ? ~ProcessorChecksum.crc32c(0xFFFF_FFFF, bytes) : tableChecksum(bytes)
    }

    /// The same everywhere.
    package static func tableChecksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        tables.withUnsafeBufferPointer { table in
            var crc: UInt32 = 0xFFFF_FFFF
            var position = 0
            while position &+ 8 <= bytes.count {
                let word = UInt64(
                    littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
                crc = step(word ^ UInt64(crc), table)
                position &+= 8
            }
            while position < bytes.count {
                crc = (crc >> 8) ^ table[Int((crc ^ UInt32(bytes[position])) & 0xFF)]
                position &+= 1
            }
            return ~crc
        }
    }

    @inline(__always)
    private static func step(_ word: UInt64, _ table: UnsafeBufferPointer<UInt32>) -> UInt32 {
        var result: UInt32 = 0
        for byte in 0..<8 {
            let value = Int(truncatingIfNeeded: (word &>> UInt64(byte &* 8)) & 0xFF)
            result ^= table[(7 &- byte) &* 256 &+ value]
        }
        return result
    }
}
