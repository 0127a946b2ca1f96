import SNMPWire

/// The lengths of a message that is about to be written, and afterwards the places in it that are
/// encrypted and signed.
struct MessageLayout {
    var number: UInt32
    var flags: UInt8
    var engineID: [UInt8] = []
    var boots: UInt32 = 0
    var time: UInt32 = 0
    var user: [UInt8] = []
    /// 0 without authentication.
    var macLength = 0
    /// Nil without privacy.
    var salt: UInt64?
    var contextName: [UInt8] = []
    /// Bytes of the scoped PDU with its header.
    var scopedLength: Int
    /// Bytes of the scoped PDU as it is sent: with padding where it is encrypted.
    var dataLength: Int

    private(set) var macOffset = 0
    private(set) var dataRange = 0..<0

    init(number: UInt32, flags: UInt8, scopedLength: Int) {
        self.number = number
        self.flags = flags
        self.scopedLength = scopedLength
        dataLength = scopedLength
    }

    static func scopedLength(_ engineID: [UInt8], _ contextName: [UInt8], _ pdu: Int) -> Int {
        MessageWriter.elementSize(
            MessageWriter.elementSize(engineID.count)
                + MessageWriter.elementSize(contextName.count) + pdu)
    }

    private var headerContents: Int {
        2 + MessageWriter.integerSize(number)
            + 2 + MessageWriter.integerSize(USMSession.maximumSize) + 3 + 3
    }

    private var securityContents: Int {
        MessageWriter.elementSize(engineID.count)
            + 2 + MessageWriter.integerSize(boots) + 2 + MessageWriter.integerSize(time)
            + MessageWriter.elementSize(user.count) + MessageWriter.elementSize(macLength)
            + MessageWriter.elementSize(salt == nil ? 0 : USMPrivacy.saltLength)
    }

    private var contents: Int {
        3 + MessageWriter.elementSize(headerContents)
            + MessageWriter.elementSize(MessageWriter.elementSize(securityContents))
            + (salt == nil ? dataLength : MessageWriter.elementSize(dataLength))
    }

    /// Bytes of the whole message.
    var length: Int { MessageWriter.elementSize(contents) }

    /// Writes the message with an empty signature and everything in clear.
    mutating func write(_ pdu: PreparedPDU, into message: UnsafeMutableRawBufferPointer) {
        var writer = MessageWriter(message)
        writer.header(BERTag.sequence, contents)
        writer.integer(3)
        writer.header(BERTag.sequence, headerContents)
        writer.integer(number)
        writer.integer(USMSession.maximumSize)
        writer.header(BERTag.octets, 1)
        writer.byte(flags)
        writer.integer(UInt32(USMMessage.securityModel))
        writeSecurity(&writer)
        if salt != nil { writer.header(BERTag.octets, dataLength) }
        let start = writer.position
        writer.header(
            BERTag.sequence,
            MessageWriter.elementSize(engineID.count)
                + MessageWriter.elementSize(contextName.count) + pdu.bytes.count)
        writer.octets(engineID)
        writer.octets(contextName)
        let pduStart = writer.position
        writer.raw(pdu.bytes)
        writer.zeros(dataLength - scopedLength)
        dataRange = start..<writer.position
        precondition(
            writer.position == message.count, "BUG: \(writer.position) of \(message.count) bytes")
        for place in 0..<4 {
            message[pduStart + pdu.requestIDOffset + place] = number.byte(place)
        }
    }

    private mutating func writeSecurity(_ writer: inout MessageWriter) {
        let inner = securityContents
        writer.header(BERTag.octets, MessageWriter.elementSize(inner))
        writer.header(BERTag.sequence, inner)
        writer.octets(engineID)
        writer.integer(boots)
        writer.integer(time)
        writer.octets(user)
        writer.header(BERTag.octets, macLength)
        macOffset = writer.position
        writer.zeros(macLength)
        writer.header(BERTag.octets, salt == nil ? 0 : USMPrivacy.saltLength)
        if let salt {
            for place in 0..<USMPrivacy.saltLength { writer.byte(salt.byte(place)) }
        }
    }
}
