/// What a datagram says first of itself: whose answer it is. Nothing else is believed of it before
/// that is found out.
package enum MessagePeek: Hashable, Sendable {
    /// v1 or v2c, with the PDU that was found on the way.
    case community(PDUHeader)
    /// v3, by msgID; the rest is for the security model.
    case secured(messageID: Int64)

    package init(_ datagram: UnsafeRawBufferPointer) throws(BERError) {
        var outer = BERReader(datagram)
        var message = try outer.enter(BERTag.sequence)
        switch try message.integer() {
        case 0, 1:
            _ = try message.octets()
            self = .community(try message.pdu())
        case 3:
            var header = try message.enter(BERTag.sequence)
            self = .secured(messageID: try header.integer())
        case let version: throw .unsupportedVersion(version)
        }
    }
}
