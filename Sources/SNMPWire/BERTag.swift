/// Identifier octets of the Basic Encoding Rules (ITU-T X.690) as SNMP uses them: RFC 3416 and
/// RFC 2578; net-snmp's wrapped numbers are in `BindingReader`. A request that writes has no name
/// here.
package enum BERTag {
    package static let integer: UInt8 = 0x02
    package static let octets: UInt8 = 0x04
    package static let null: UInt8 = 0x05
    package static let objectID: UInt8 = 0x06
    package static let sequence: UInt8 = 0x30
    package static let ipAddress: UInt8 = 0x40
    package static let counter32: UInt8 = 0x41
    package static let gauge32: UInt8 = 0x42
    package static let timeTicks: UInt8 = 0x43
    package static let opaque: UInt8 = 0x44
    package static let counter64: UInt8 = 0x46
    /// UInteger32 of the SMIv2 drafts; old agents send it for Gauge32.
    package static let unsigned32: UInt8 = 0x47
    package static let noSuchObject: UInt8 = 0x80
    package static let noSuchInstance: UInt8 = 0x81
    package static let endOfMibView: UInt8 = 0x82
}

/// Why bytes are no message. The texts are for the poll's failure.
package enum BERError: Error, Hashable, Sendable, CustomStringConvertible {
    case truncated
    case badLength
    case badInteger
    case badObjectID
    case unexpectedTag(UInt8)
    case tooManyBindings
    case unsupportedVersion(Int64)

    package var description: String {
        switch self {
        case .truncated: "the message ends too early"
        case .badLength: "a length that is not definite or beyond the message"
        case .badInteger: "an integer of no or too many bytes"
        case .badObjectID: "an object identifier that is cut off, too long, or beyond 32 bits"
        case .unexpectedTag(let tag): "an unexpected type 0x" + String(tag, radix: 16)
        case .tooManyBindings: "more variables than any answer has"
        case .unsupportedVersion(let version): "an unsupported message version \(version)"
        }
    }
}
