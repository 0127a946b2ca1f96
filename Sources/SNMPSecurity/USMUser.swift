import CCrypto
import Synchronization

/// A user with keys that are derived but not yet localized. Made by a `USMKeyring` when the
/// configuration is read; cheap to copy to every device's session. Never printed.
package struct USMUser: Sendable, CustomStringConvertible {
    struct Proof: Sendable {
        var algorithm: USMAuthentication
        var key: [UInt8]
    }
    struct Secrecy: Sendable {
        var algorithm: USMPrivacy
        /// Stretched with the hash of authentication (RFC 3414, 8.1.1; RFC 3826, 1.2).
        var key: [UInt8]
    }
    package let name: [UInt8]
    let proof: Proof?
    let secrecy: Secrecy?

    package var level: USMLevel {
        if proof == nil { return .noAuthNoPriv }
        return secrecy == nil ? .authNoPriv : .authPriv
    }

    package var description: String { "SNMPv3 user" }
}

/// Derives keys from passphrases and remembers them: a megabyte is hashed for each (RFC 3414,
/// A.2), so this is for the time when the configuration is read and never for the polling thread.
/// May be used from any thread.
package final class USMKeyring: Sendable {
    private struct Name: Hashable {
        var algorithm: USMAuthentication
        var passphrase: [UInt8]
    }
    /// A credential for each of a large site's devices; more come from a mistake and are derived
    /// each time.
    private static let limit = 16_384
    /// RFC 3414, 11.2: at least 8. The other end is ours: longer ones come from a mistaken file.
    private static let passphraseLengths = 8...1024

    private let keys = Mutex<[Name: [UInt8]]>([:])

    package init() {}

    /// - Parameters:
    ///   - name: 1 to 32 bytes.
    ///   - authentication: algorithm and passphrase of at least 8 bytes.
    ///   - privacy: needs authentication.
    package func user(
        _ name: String, authentication: (algorithm: USMAuthentication, passphrase: String)? = nil,
        privacy: (algorithm: USMPrivacy, passphrase: String)? = nil
    ) throws(USMError) -> USMUser {
        let bytes = Array(name.utf8)
        guard (1...32).contains(bytes.count) else {
            throw USMError("a v3 user name has 1 to 32 bytes (RFC 3414, 2.4)")
        }
        guard let authentication else {
            guard privacy == nil else {
                throw USMError("v3 privacy needs authentication; add authentication to the user")
            }
            return USMUser(name: bytes, proof: nil, secrecy: nil)
        }
        let hash = authentication.algorithm
        let proof = USMUser.Proof(
            algorithm: hash, key: try key(hash, Array(authentication.passphrase.utf8)))
        guard let privacy else { return USMUser(name: bytes, proof: proof, secrecy: nil) }
        let secrecy = USMUser.Secrecy(
            algorithm: privacy.algorithm, key: try key(hash, Array(privacy.passphrase.utf8)))
        return USMUser(name: bytes, proof: proof, secrecy: secrecy)
    }

    private func key(
        _ algorithm: USMAuthentication, _ passphrase: [UInt8]
    ) throws(USMError) -> [UInt8] {
        guard passphrase.count >= Self.passphraseLengths.lowerBound else {
            throw USMError("a v3 passphrase needs at least 8 bytes (RFC 3414, 11.2)")
        }
        guard passphrase.count <= Self.passphraseLengths.upperBound else {
            throw USMError("a v3 passphrase has at most 1,024 bytes; is it the right file?")
        }
        let name = Name(algorithm: algorithm, passphrase: passphrase)
        if let found = keys.withLock({ $0[name] }) { return found }
        let made = try CryptoToolbox().stretch(passphrase, algorithm)
        keys.withLock { keys in
            if keys.count < Self.limit { keys[name] = made }
        }
        return made
    }
}
