import Model
import Platform
import SNMPSecurity

/// What the SNMP links of one poller share.
// Used on the reactor's thread only.
final class SNMPStack {
    let reactor: Reactor
    let exchange: SNMPExchange
    let plans = SNMPPlanTable()
    /// What v3 devices' engines were in an earlier run, and are now.
    let engines: EngineBook
    private var made: CryptoToolbox?

    init(reactor: Reactor, counters: PollCounters, engines: EngineBook = EngineBook()) {
        self.reactor = reactor
        self.engines = engines
        exchange = SNMPExchange(reactor: reactor, counters: counters)
    }

    /// libcrypto, when the first v3 device needs it.
    func toolbox() throws(USMError) -> CryptoToolbox {
        if let made { return made }
        let toolbox = try CryptoToolbox()
        made = toolbox
        return toolbox
    }

    func close() { exchange.close() }
}

extension SNMPv3User {
    /// Keys of all pollers of this process, derived once a passphrase.
    private static let keyring = USMKeyring()

    /// The user with keys, which takes milliseconds where they are not in the cache yet.
    func keyed() throws(USMError) -> USMUser {
        let proof = authentication.map {
            (algorithm: $0.algorithm.security, passphrase: $0.passphrase.reveal)
        }
        let secrecy = privacy.map {
            (algorithm: $0.algorithm.security, passphrase: $0.passphrase.reveal)
        }
        return try Self.keyring.user(name, authentication: proof, privacy: secrecy)
    }
}

extension SNMPv3User.Authentication {
    fileprivate var security: USMAuthentication {
        switch self {
        case .md5: .md5
        case .sha1: .sha1
        case .sha224: .sha224
        case .sha256: .sha256
        case .sha384: .sha384
        case .sha512: .sha512
        }
    }
}

extension SNMPv3User.Privacy {
    fileprivate var security: USMPrivacy {
        switch self {
        case .des: .des
        case .aes128: .aes128
        }
    }
}
