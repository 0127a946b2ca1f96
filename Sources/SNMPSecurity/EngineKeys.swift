import CCrypto

/// A user's keys for one engine: signs, verifies, encrypts and decrypts in place.
final class EngineKeys {
    private let toolbox: CryptoToolbox
    private let mac: OpaquePointer
    let macLength: Int
    private let privacy: USMPrivacy?
    private var privacyKey: [UInt8]
    private var vector = [UInt8](repeating: 0, count: 16)

    /// Nil for a user without authentication, and where libcrypto refuses: memory is short, for
    /// the algorithm was there when the passphrase was stretched.
    init?(_ user: USMUser, engineID: [UInt8], _ toolbox: CryptoToolbox) {
        guard let proof = user.proof,
            var key = try? toolbox.localize(proof.key, to: engineID, proof.algorithm)
        else { return nil }
        defer { ccrypto_erase(&key, key.count) }
        privacy = user.secrecy?.algorithm
        privacyKey = []
        if let secrecy = user.secrecy {
            guard
                let whole = try? toolbox.localize(secrecy.key, to: engineID, proof.algorithm)
            else { return nil }
            privacyKey = Array(whole.prefix(USMPrivacy.keyLength))
        }
        guard
            let mac = ccrypto_mac_create(toolbox.raw, proof.algorithm.hash, key, key.count)
        else { return nil }
        self.mac = mac
        self.toolbox = toolbox
        macLength = proof.algorithm.macLength
    }

    deinit {
        ccrypto_mac_destroy(mac)
        ccrypto_erase(&privacyKey, privacyKey.count)
    }

    // MARK: Authentication

    /// Fills msgAuthenticationParameters, which stand at `hole`, over `message`.
    func sign(_ message: UnsafeMutableRawBufferPointer, at hole: Int) -> Bool {
        withDigest(UnsafeRawBufferPointer(message), hole) { digest in
            guard let digest, let base = message.baseAddress else { return false }
            (base + hole).copyMemory(from: digest, byteCount: macLength)
            return true
        }
    }

    /// True where the `macLength` bytes at `hole` are this user's signature of `message`.
    func verify(_ message: UnsafeRawBufferPointer, at hole: Int) -> Bool {
        withDigest(message, hole) { digest in
            guard let digest, let base = message.baseAddress else { return false }
            let given = (base + hole).assumingMemoryBound(to: UInt8.self)
            return ccrypto_equal(digest, given, macLength) == 1
        }
    }

    private func withDigest(
        _ message: UnsafeRawBufferPointer, _ hole: Int,
        _ body: (UnsafePointer<UInt8>?) -> Bool
    ) -> Bool {
        guard let base = message.baseAddress else { return body(nil) }
        let bytes = base.assumingMemoryBound(to: UInt8.self)
        return withUnsafeTemporaryAllocation(
            of: UInt8.self, capacity: Int(CCRYPTO_MAX_DIGEST)
        ) { digest in
            let start = digest.baseAddress!
            let result = ccrypto_mac_compute(mac, bytes, message.count, hole, macLength, start)
            return body(result == 0 ? UnsafePointer(start) : nil)
        }
    }

    // MARK: Privacy

    /// Bytes of ciphertext for so many of plaintext.
    func encryptedLength(_ length: Int) -> Int {
        // DES takes whole blocks (RFC 3414, 8.1.1.2).
        privacy == .des ? (length + 7) & ~7 : length
    }

    /// Encrypts in place; `text` has `encryptedLength` bytes.
    func encrypt(
        _ text: UnsafeMutableRawBufferPointer, boots: UInt32, time: UInt32, salt: UInt64
    ) -> Bool {
        guard let privacy else { return false }
        setVector(privacy, boots, time, salt)
        return switch privacy {
        case .des: toolbox.encryptDES(text, key: privacyKey, vector: vector)
        case .aes128: toolbox.encryptAES(text, key: privacyKey, vector: vector)
        }
    }

    /// Decrypts in place. False where the length cannot be, or the user has no privacy.
    func decrypt(
        _ text: UnsafeMutableRawBufferPointer, boots: UInt32, time: UInt32, salt: UInt64
    ) -> Bool {
        guard let privacy else { return false }
        setVector(privacy, boots, time, salt)
        return switch privacy {
        case .des: toolbox.decryptDES(text, key: privacyKey, vector: vector)
        case .aes128: toolbox.decryptAES(text, key: privacyKey, vector: vector)
        }
    }

    /// DES: pre-IV xor salt (RFC 3414, 8.1.1.1). AES: boots, time, salt (RFC 3826, 3.1.2.1).
    private func setVector(_ privacy: USMPrivacy, _ boots: UInt32, _ time: UInt32, _ salt: UInt64) {
        switch privacy {
        case .des:
            for place in 0..<8 {
                vector[place] = privacyKey[8 + place] ^ salt.byte(place)
            }
        case .aes128:
            for place in 0..<4 {
                vector[place] = boots.byte(place)
                vector[4 + place] = time.byte(place)
            }
            for place in 0..<8 { vector[8 + place] = salt.byte(place) }
        }
    }
}

extension FixedWidthInteger {
    /// The octet at `place` in network order.
    @inline(__always)
    func byte(_ place: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: self >> (Self.bitWidth - 8 - 8 * place))
    }
}
