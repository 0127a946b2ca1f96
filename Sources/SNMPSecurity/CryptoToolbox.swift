import CCrypto

/// libcrypto's algorithms, looked up once. It belongs to one thread at a time, as do all sessions
/// that were made with it; nothing is shared between two toolboxes.
package final class CryptoToolbox {
    let raw: OpaquePointer
    /// Salts are numbers that go up by one, for all sessions together: devices with the same
    /// engine id and user have the same key, and no salt may be used twice with a key.
    /// It begins anywhere in 64 bits, so that another run of the program begins elsewhere.
    private var salt: UInt64

    package init() throws(USMError) {
        guard let made = ccrypto_create() else {
            throw USMError("libcrypto has no HMAC or AES; check its configuration (openssl.cnf)")
        }
        raw = made
        var first: UInt64 = 0
        let result = withUnsafeMutableBytes(of: &first) { bytes in
            ccrypto_random(bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), bytes.count)
        }
        guard result == 0 else {
            ccrypto_destroy(made)
            throw USMError("libcrypto has no random numbers; is /dev/urandom there?")
        }
        salt = first
    }

    deinit { ccrypto_destroy(raw) }

    func nextSalt() -> UInt64 {
        salt &+= 1
        return salt
    }

    /// The key of a passphrase before localization (RFC 3414, A.2): milliseconds.
    package func stretch(
        _ passphrase: [UInt8], _ hash: USMAuthentication
    ) throws(USMError) -> [UInt8] {
        try digest(hash) {
            ccrypto_stretch(raw, hash.hash, passphrase, passphrase.count, $0)
        }
    }

    /// The key for one engine (RFC 3414, A.2): about a microsecond.
    package func localize(
        _ key: [UInt8], to engineID: [UInt8], _ hash: USMAuthentication
    ) throws(USMError) -> [UInt8] {
        try digest(hash) {
            ccrypto_localize(raw, hash.hash, key, key.count, engineID, engineID.count, $0)
        }
    }

    /// HMAC, whole, for what is done once.
    package func hmac(
        _ message: [UInt8], key: [UInt8], _ hash: USMAuthentication
    ) throws(USMError) -> [UInt8] {
        try digest(hash) {
            ccrypto_hmac(raw, hash.hash, key, key.count, message, message.count, $0)
        }
    }

    private func digest(
        _ hash: USMAuthentication, _ body: (UnsafeMutablePointer<UInt8>) -> Int32
    ) throws(USMError) -> [UInt8] {
        var result: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: hash.digestLength) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            result = body(base)
            if result == 0 { count = hash.digestLength }
        }
        guard result == 0 else {
            throw USMError("this system's libcrypto has no \(hash.rawValue); use another algorithm")
        }
        return bytes
    }

    // MARK: Ciphers

    /// AES-128 in CFB mode over `text`, in place. Key and vector have 16 bytes.
    package func encryptAES(
        _ text: UnsafeMutableRawBufferPointer, key: [UInt8], vector: [UInt8]
    ) -> Bool {
        cipher(text, key, vector, 16) { ccrypto_aes128_cfb_encrypt(raw, $0, $1, $2, $3, $4) }
    }

    package func decryptAES(
        _ text: UnsafeMutableRawBufferPointer, key: [UInt8], vector: [UInt8]
    ) -> Bool {
        cipher(text, key, vector, 16) { ccrypto_aes128_cfb_decrypt(raw, $0, $1, $2, $3, $4) }
    }

    /// DES in CBC mode over `text`, in place, whole blocks of 8. Key and vector have 8 bytes at
    /// least.
    package func encryptDES(
        _ text: UnsafeMutableRawBufferPointer, key: [UInt8], vector: [UInt8]
    ) -> Bool {
        cipher(text, key, vector, 8, ccrypto_des_cbc_encrypt)
    }

    package func decryptDES(
        _ text: UnsafeMutableRawBufferPointer, key: [UInt8], vector: [UInt8]
    ) -> Bool {
        cipher(text, key, vector, 8, ccrypto_des_cbc_decrypt)
    }

    private typealias Transform = (
        UnsafePointer<UInt8>, UnsafePointer<UInt8>, UnsafePointer<UInt8>, Int,
        UnsafeMutablePointer<UInt8>
    ) -> Int32

    @inline(__always)
    private func cipher(
        _ text: UnsafeMutableRawBufferPointer, _ key: [UInt8], _ vector: [UInt8], _ length: Int,
        _ transform: Transform
    ) -> Bool {
        guard key.count >= length, vector.count >= length else { return false }
        guard let base = text.baseAddress else { return true }
        let bytes = base.assumingMemoryBound(to: UInt8.self)
        return transform(key, vector, bytes, text.count, bytes) == 0
    }
}

/// What cannot be set up, with a cure; never about a message.
package struct USMError: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String
    init(_ text: String) { description = text }
}
