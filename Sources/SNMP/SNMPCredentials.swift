import CNetSNMPShims
import Synchronization

/// How a session proves who it is, with keys already derived. Never printed: the description gives
/// the version only.
package struct SNMPCredentials: Sendable, CustomStringConvertible {
    package enum Community: Sendable { case v1, v2c }

    /// A protocol of the User-based Security Model and its passphrase.
    package struct Service: Sendable {
        package var algorithm: String
        package var passphrase: String
        package init(algorithm: String, passphrase: String) {
            self.algorithm = algorithm
            self.passphrase = passphrase
        }
    }

    struct Key: Sendable {
        var algorithm: String
        var bytes: [UInt8]
    }
    enum Kind: Sendable {
        case community(Community, [UInt8])
        case user(name: String, authentication: Key?, privacy: Key?)
    }
    let kind: Kind

    /// The library takes beginnings of these names too (SHA-3 for SHA-384): compared here first.
    package static let authenticationAlgorithms = [
        "MD5", "SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512",
    ]
    package static let privacyAlgorithms = ["DES", "AES"]

    /// SNMPv1 or v2c.
    package static func community(_ text: String, _ version: Community) -> SNMPCredentials {
        SNMPCredentials(kind: .community(version, Array(text.utf8)))
    }

    /// SNMPv3. The first use of a passphrase hashes a megabyte for its key (milliseconds); later
    /// ones find it in a cache of the process, so call once away from threads that must not wait.
    ///
    /// - Parameters:
    ///   - authentication: one of `authenticationAlgorithms`.
    ///   - privacy: one of `privacyAlgorithms`; needs authentication.
    package static func user(
        _ name: String, authentication: Service? = nil, privacy: Service? = nil
    ) throws(SNMPError) -> SNMPCredentials {
        guard !name.isEmpty, name.utf8.count <= 32, !name.utf8.contains(0) else {
            throw .setup("a v3 user name has 1 to 32 bytes (RFC 3414, 2.4)")
        }
        guard let authentication else {
            guard privacy == nil else {
                throw .setup("v3 privacy needs authentication; add authentication to the user")
            }
            return SNMPCredentials(kind: .user(name: name, authentication: nil, privacy: nil))
        }
        let proof = try proofKey(authentication)
        let secrecy = try privacy.map { service throws(SNMPError) in
            try secrecyKey(service, authentication.algorithm)
        }
        return SNMPCredentials(kind: .user(name: name, authentication: proof, privacy: secrecy))
    }

    private static func proofKey(_ service: Service) throws(SNMPError) -> Key {
        guard authenticationAlgorithms.contains(service.algorithm) else {
            throw .setup(
                "no v3 authentication \(service.algorithm); use one of "
                    + authenticationAlgorithms.joined(separator: ", "))
        }
        return Key(
            algorithm: service.algorithm,
            bytes: try KeyCache.shared.key(service.algorithm, passphrase: service.passphrase))
    }

    /// The key for privacy comes from the authentication algorithm too (RFC 3414, 8.1.1).
    private static func secrecyKey(
        _ service: Service, _ hash: String
    ) throws(SNMPError) -> Key {
        guard privacyAlgorithms.contains(service.algorithm) else {
            throw .setup("no v3 privacy \(service.algorithm); use DES or AES")
        }
        return Key(
            algorithm: service.algorithm,
            bytes: try KeyCache.shared.key(hash, passphrase: service.passphrase))
    }

    package var description: String {
        switch kind {
        case .community(.v1, _): "SNMPv1"
        case .community(.v2c, _): "SNMPv2c"
        case .user: "SNMPv3"
        }
    }

    package var isUser: Bool {
        if case .user = kind { return true }
        return false
    }

    package var isV1: Bool {
        if case .community(.v1, _) = kind { return true }
        return false
    }
}

/// Derived keys by algorithm and passphrase.
final class KeyCache: Sendable {
    static let shared = KeyCache()

    private struct Name: Hashable {
        var algorithm: String
        var passphrase: String
    }
    /// A site has a few users; a cache that grew beyond this would be fed by a mistake.
    private static let limit = 1024
    private let keys = Mutex<[Name: [UInt8]]>([:])

    func key(_ algorithm: String, passphrase: String) throws(SNMPError) -> [UInt8] {
        let name = Name(algorithm: algorithm, passphrase: passphrase)
        if let found = keys.withLock({ $0[name] }) { return found }
        let made = try Self.derive(algorithm, passphrase)
        keys.withLock { keys in
            if keys.count < Self.limit { keys[name] = made }
        }
        return made
    }

    private static func derive(
        _ algorithm: String, _ passphrase: String
    ) throws(SNMPError) -> [UInt8] {
        let text = Array(passphrase.utf8)
        guard text.count >= 8 else {
            throw .setup("a v3 passphrase needs at least 8 bytes (RFC 3414, 11.2)")
        }
        var key = cnetsnmp_key()
        let result = cnetsnmp_derive_key(algorithm, text, text.count, &key)
        guard result == 0 else {
            throw .setup("this system's libcrypto has no \(algorithm); use another algorithm")
        }
        return withUnsafeBytes(of: key.bytes) { Array($0.prefix(Int(key.length))) }
    }
}

extension cnetsnmp_key {
    init(_ bytes: [UInt8]) {
        self.init()
        let count = min(bytes.count, Int(CNETSNMP_KEY_CAPACITY))
        withUnsafeMutableBytes(of: &self.bytes) { $0.copyBytes(from: bytes.prefix(count)) }
        length = UInt32(count)
    }
}
