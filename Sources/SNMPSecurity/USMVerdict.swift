package import SNMPWire

/// What to do after a datagram.
package enum USMVerdict: Hashable, Sendable {
    /// The answer, as secure as was asked. Its `bindings` are offsets in the datagram, which is
    /// now decrypted.
    case answer(PDUHeader)
    /// The engine or its clock has been learned: write the request again, with a new number.
    case sendAgain
    /// The device itself refuses, or cannot be understood; the request is over.
    case refused(USMProblem)
    /// Nothing to believe: go on waiting for the answer.
    case ignored(USMDoubt)
}

/// Why a device refuses (the reports of RFC 3414, section 3.2, and RFC 3412, section 7).
package enum USMProblem: Hashable, Sendable, CustomStringConvertible {
    case unsupportedSecurityLevel
    case notInTimeWindow
    case unknownUserName
    case unknownEngineID
    case wrongDigest
    case decryption
    case bootsExhausted
    case unknownContext
    case otherReport

    package var description: String {
        switch self {
        case .unsupportedSecurityLevel:
            "the device refuses this security level; check what the user is allowed"
        case .notInTimeWindow:
            "the device does not accept its own clock; check its firmware, or start it again"
        case .unknownUserName: "the device does not know the user; check the user's name"
        case .unknownEngineID:
            "the device does not accept its own engine identifier; start it again"
        case .wrongDigest: "authentication failed; check the passphrase and its algorithm"
        case .decryption: "decryption failed; check the privacy passphrase and its algorithm"
        case .bootsExhausted:
            "the device's boot count is used up; give it a new engine identifier or new keys"
        case .unknownContext: "the device has no such context; leave the context name empty"
        case .otherReport: "the device reports an error that is not of the user's security"
        }
    }
}

/// Why a datagram was not believed; counted for the collector's own health.
package enum USMDoubt: Hashable, Sendable, CaseIterable {
    /// No SNMPv3 message of this security model.
    case malformed
    /// Of another request, an earlier try, or nobody's.
    case otherRequest
    /// Of another engine, user or context than was asked.
    case otherIdentity
    /// Less secure than was asked, or an unsigned report that must be signed.
    case downgraded
    /// The signature is wrong: changed on the way, or forged.
    case wrongDigest
    /// Signed, but old.
    case notInTimeWindow
}
