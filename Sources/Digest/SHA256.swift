import CCrypto

/// SHA-256 (FIPS 180-4) of bytes that come piece by piece. Belongs to one thread.
package final class SHA256 {
    package static let length = 32
    // Owned here, destroyed in deinit; used by the owner's thread only.
    private let raw: OpaquePointer

    package init() {
        guard let raw = ccrypto_sha256_create() else {
            preconditionFailure("BUG: libcrypto has no SHA-256, or memory is at its end")
        }
        self.raw = raw
    }

    deinit { ccrypto_sha256_destroy(raw) }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        let result = ccrypto_sha256_update(raw, bytes.baseAddress, bytes.count)
        precondition(result == 0, "BUG: libcrypto refuses to hash")
    }

    package func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// The 32 bytes of the digest; what comes then is hashed anew.
    package func finish() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.length) { digest, count in
            guard let start = digest.baseAddress else { return }
            let result = ccrypto_sha256_finish(raw, start)
            precondition(result == 0, "BUG: libcrypto refuses to hash")
            count = Self.length
        }
    }

    package static func of(_ bytes: [UInt8]) -> [UInt8] {
        let hasher = SHA256()
        hasher.update(bytes)
        return hasher.finish()
    }
}

extension SHA256 {
    /// HMAC-SHA256 (RFC 2104).
    package static func hmac(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        // The key is filled up to a block, or hashed where it is longer.
        var block = key.count > 64 ? SHA256.of(key) : key
        block += [UInt8](repeating: 0, count: 64 - block.count)
        let inner = SHA256.of(block.map { $0 ^ 0x36 } + message)
        return SHA256.of(block.map { $0 ^ 0x5C } + inner)
    }
}
