import Model
import SNMP

extension VarBind {
    init(_ binding: SNMPBinding) {
        self.init(oid: ObjectID(binding.oid), value: SNMPValue(binding.value))
    }
}

extension SNMPValue {
    init(_ datum: SNMPDatum) {
        self =
            switch datum {
            case .integer(let number): .integer(number)
            case .counter32(let number): .counter32(number)
            case .gauge32(let number): .gauge32(number)
            case .timeTicks(let number): .timeTicks(number)
            case .counter64(let number): .counter64(number)
            case .octets(let bytes): .octets(bytes)
            case .objectID(let arcs): .objectID(ObjectID(arcs))
            case .ipAddress(let bytes): .ipAddress(bytes)
            case .float(let number): .float(number)
            case .double(let number): .double(number)
            case .null: .null
            case .noSuchObject: .noSuchObject
            case .noSuchInstance: .noSuchInstance
            case .endOfMibView: .endOfMibView
            }
    }
}

extension PollFailure {
    init(_ error: SNMPError) {
        self =
            switch error {
            case .timeout: .timeout
            case .unreachable: .unreachable
            case .authentication: .authentication
            case .tooBig: .deviceException(1)
            case .errorStatus(let code, _): .deviceException(UInt8(clamping: code))
            case .badReply(let reason), .setup(let reason): .badReply(reason)
            }
    }
}

extension SNMPTransport {
    /// Derives v3 keys where they are not in the cache yet, which takes milliseconds.
    func credentials() throws(SNMPError) -> SNMPCredentials {
        switch access {
        case .v1(let community): return .community(community.reveal, .v1)
        case .v2c(let community): return .community(community.reveal, .v2c)
        case .v3(let user):
            let authentication = user.authentication.map {
                SNMPCredentials.Service(
                    algorithm: $0.algorithm.rawValue, passphrase: $0.passphrase.reveal)
            }
            let privacy = user.privacy.map {
                SNMPCredentials.Service(
                    algorithm: $0.algorithm.rawValue, passphrase: $0.passphrase.reveal)
            }
            return try .user(user.name, authentication: authentication, privacy: privacy)
        }
    }
}
