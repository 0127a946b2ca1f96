import SNMPWire

/// An SNMPv3 message of the User-based Security Model taken apart, with offsets in the datagram
/// (RFC 3412, section 6; RFC 3414, section 2.4):
///
///     SEQUENCE {
///       INTEGER 3
///       SEQUENCE { INTEGER msgID, INTEGER msgMaxSize, OCTETS msgFlags, INTEGER 3 }
///       OCTETS { SEQUENCE { OCTETS engineID, INTEGER boots, INTEGER time, OCTETS user,
///                           OCTETS authenticationParameters, OCTETS privacyParameters } }
///       SEQUENCE { OCTETS contextEngineID, OCTETS contextName, PDU }, or encrypted as OCTETS
///     }
package struct USMMessage {
    static let securityModel: Int64 = 3
    static let signedFlag: UInt8 = 1
    static let encryptedFlag: UInt8 = 2
    static let reportableFlag: UInt8 = 4
    /// RFC 3411, 5: 5 to 32 bytes; shorter ones are met and do no harm.
    static let engineIDLengths = 1...32

    /// The outermost element, which is what is signed.
    var whole: Range<Int>
    var messageID: Int64
    var maximumSize: Int64
    var flags: UInt8
    var engineID: Range<Int>
    var boots: UInt32
    var time: UInt32
    var user: Range<Int>
    var authentication: Range<Int>
    var privacy: Range<Int>
    var data: BERElement

    init(_ datagram: UnsafeRawBufferPointer) throws(BERError) {
        var outer = BERReader(datagram)
        let envelope = try outer.element(BERTag.sequence)
        whole = envelope.whole
        var message = outer.inside(envelope)
        let version = try message.integer()
        guard version == 3 else { throw .unsupportedVersion(version) }
        var header = try message.enter(BERTag.sequence)
        messageID = try header.integer()
        maximumSize = try header.integer()
        let flagOctets = try header.octets()
        guard flagOctets.count == 1 else { throw .badLength }
        flags = header.byte(flagOctets.lowerBound)
        guard try header.integer() == Self.securityModel else { throw .badInteger }
        var wrapped = try message.enter(BERTag.octets)
        var security = try wrapped.enter(BERTag.sequence)
        engineID = try security.octets()
        boots = try Self.counter(&security)
        time = try Self.counter(&security)
        user = try security.octets()
        authentication = try security.octets()
        privacy = try security.octets()
        data = try message.element()
    }

    private static func counter(_ reader: inout BERReader) throws(BERError) -> UInt32 {
        let value = try reader.integer()
        guard value >= 0, value <= Int64(EngineClock.largest) else { throw .badInteger }
        return UInt32(value)
    }

    /// What the flags claim; nil for privacy without authentication, which cannot be.
    var level: USMLevel? { USMLevel(rawValue: flags & 3) }

    /// The msgID of an SNMPv3 datagram, to find the request it answers before anything is
    /// computed; nil for what is no SNMPv3 or has a number that is never sent.
    package static func messageID(of datagram: UnsafeRawBufferPointer) -> UInt32? {
        do throws(BERError) {
            var outer = BERReader(datagram)
            var message = try outer.enter(BERTag.sequence)
            guard try message.integer() == 3 else { return nil }
            var header = try message.enter(BERTag.sequence)
            return UInt32(exactly: try header.integer())
        } catch {
            return nil
        }
    }
}

/// The scoped PDU, in clear.
struct ScopedPDU {
    var contextEngineID: Range<Int>
    var contextName: Range<Int>
    var pdu: PDUHeader

    /// - Parameter scoped: reads the SEQUENCE.
    init(_ scoped: inout BERReader) throws(BERError) {
        var fields = try scoped.enter(BERTag.sequence)
        contextEngineID = try fields.octets()
        contextName = try fields.octets()
        pdu = try fields.pdu()
    }
}
