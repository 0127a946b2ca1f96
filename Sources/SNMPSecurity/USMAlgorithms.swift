import CCrypto

/// Authentication of the User-based Security Model. The raw value is its name in configuration.
package enum USMAuthentication: String, Hashable, Sendable, CaseIterable {
    case md5 = "MD5"
    case sha1 = "SHA"
    case sha224 = "SHA-224"
    case sha256 = "SHA-256"
    case sha384 = "SHA-384"
    case sha512 = "SHA-512"

    var hash: Int32 {
        switch self {
        case .md5: Int32(CCRYPTO_MD5)
        case .sha1: Int32(CCRYPTO_SHA1)
        case .sha224: Int32(CCRYPTO_SHA224)
        case .sha256: Int32(CCRYPTO_SHA256)
        case .sha384: Int32(CCRYPTO_SHA384)
        case .sha512: Int32(CCRYPTO_SHA512)
        }
    }

    /// Bytes of the hash, which are those of a key.
    package var digestLength: Int { ccrypto_digest_length(hash) }

    /// Bytes of msgAuthenticationParameters: the hash cut short (RFC 3414, 6 and 7; RFC 7860, 4).
    package var macLength: Int {
        switch self {
        case .md5, .sha1: 12
        case .sha224: 16
        case .sha256: 24
        case .sha384: 32
        case .sha512: 48
        }
    }
}

/// Privacy of the User-based Security Model. The raw value is its name in configuration.
package enum USMPrivacy: String, Hashable, Sendable, CaseIterable {
    /// CBC mode (RFC 3414, section 8): old, and all that some devices have.
    case des = "DES"
    /// CFB mode, 128 bits (RFC 3826).
    case aes128 = "AES"

    /// Both take 16 bytes of the localized key: AES as key, DES as key and pre-IV.
    static let keyLength = 16
    /// Bytes of msgPrivacyParameters, the salt.
    static let saltLength = 8
}

/// Security levels (RFC 3411, 3.4.3); the raw value is the two low bits of msgFlags.
package enum USMLevel: UInt8, Comparable, Hashable, Sendable {
    case noAuthNoPriv = 0
    case authNoPriv = 1
    case authPriv = 3

    package static func < (left: USMLevel, right: USMLevel) -> Bool {
        left.rawValue < right.rawValue
    }
}
