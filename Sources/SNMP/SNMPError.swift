import CNetSNMPShims

/// Why a request, a session or an agent failed.
package enum SNMPError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No answer within time-out and retries; a refused port counts as none.
    case timeout
    /// No way there; `errno`.
    case unreachable(code: Int32)
    /// The device, or the message, failed the User-based Security Model.
    case authentication(SNMPSecurityProblem)
    /// The answer would not fit into one message: ask for less.
    case tooBig
    /// Error-status of RFC 3416 other than tooBig, and the 1-based place of the variable.
    case errorStatus(code: Int, index: Int)
    /// What came was no answer to what was asked; the text names the reason.
    case badReply(String)
    /// Never reached the network: credentials, addresses, descriptors. The text has a cure.
    case setup(String)

    package var description: String {
        switch self {
        case .timeout:
            "no answer; check the address, the community or user, and the device's access list"
        case .unreachable(let code):
            "no route to the device (errno \(code)); check the network and the gateway"
        case .authentication(let problem): problem.description
        case .tooBig: "the answer does not fit into one message; ask for fewer variables"
        case .errorStatus(let code, let index):
            "error-status \(code) (\(Self.statusName(code))) at variable \(index)"
        case .badReply(let reason): "bad reply: " + reason
        case .setup(let reason): reason
        }
    }

    /// RFC 3416, section 3.
    private static func statusName(_ code: Int) -> String {
        let names = [
            "noError", "tooBig", "noSuchName", "badValue", "readOnly", "genErr", "noAccess",
            "wrongType", "wrongLength", "wrongEncoding", "wrongValue", "noCreation",
            "inconsistentValue", "resourceUnavailable", "commitFailed", "undoFailed",
            "authorizationError", "notWritable", "inconsistentName",
        ]
        return names.indices.contains(code) ? names[code] : "unknown"
    }
}

/// Reports of RFC 3414, section 3.2.
package enum SNMPSecurityProblem: Hashable, Sendable, CustomStringConvertible {
    case unknownUser, wrongDigest, notInTimeWindow, decryption, unsupportedLevel, unknownEngine

    package var description: String {
        switch self {
        case .unknownUser: "the device does not know the user; check the user's name"
        case .wrongDigest: "authentication failed; check the passphrase and its algorithm"
        case .notInTimeWindow:
            "the device's clock or boot count went back; it is learned anew with the next poll"
        case .decryption: "decryption failed; check the privacy passphrase and its algorithm"
        case .unsupportedLevel:
            "the device refuses this security level; check what the user is allowed"
        case .unknownEngine: "the device's engine identifier changed; it is learned anew"
        }
    }
}

extension SNMPError {
    /// Nil where the request was answered without an error.
    init?(_ event: cnetsnmp_event) {
        switch Int(event.result) {
        case CNETSNMP_OK:
            if event.error_status == 0 { return nil }
            let code = Int(event.error_status)
            self = code == 1 ? .tooBig : .errorStatus(code: code, index: Int(event.error_index))
        case CNETSNMP_TIMEOUT: self = .timeout
        case CNETSNMP_UNREACHABLE: self = .unreachable(code: event.detail)
        case CNETSNMP_UNKNOWN_USER: self = .authentication(.unknownUser)
        case CNETSNMP_WRONG_DIGEST: self = .authentication(.wrongDigest)
        case CNETSNMP_NOT_IN_TIME_WINDOW: self = .authentication(.notInTimeWindow)
        case CNETSNMP_DECRYPTION_ERROR: self = .authentication(.decryption)
        case CNETSNMP_UNSUPPORTED_LEVEL: self = .authentication(.unsupportedLevel)
        case CNETSNMP_UNKNOWN_ENGINE: self = .authentication(.unknownEngine)
        case CNETSNMP_UNDECODABLE: self = .badReply("undecodable (code \(event.detail))")
        default: self = .badReply("not a response (code \(event.detail))")
        }
    }
}
