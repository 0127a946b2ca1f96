import CPlatform

/// CRC-32C by the processor's own instruction, several times as fast as any table.
package enum ProcessorChecksum {
    /// False where this processor, or the one this was built for, has none.
    package static let isAvailable = cplatform_has_crc32c() == 1

    /// Goes on with `crc`, which is inverted before the first and after the last bytes. Only where
    /// it is available.
    @inline(__always)
    package static func crc32c(_ crc: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
        guard let base = bytes.baseAddress else { return crc }
        return cplatform_crc32c(crc, base.assumingMemoryBound(to: UInt8.self), bytes.count)
    }
}
