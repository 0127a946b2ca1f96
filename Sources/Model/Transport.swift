/// How a device is reached. Secrets are already resolved here; they are never printed.
package enum Transport: Hashable, Sendable {
    case snmp(SNMPTransport)
    case modbusTCP(ModbusTCPTransport)
    case modbusRTU(ModbusRTUTransport)
}

package struct SNMPTransport: Hashable, Sendable {
    package enum Access: Hashable, Sendable {
        case v1(community: Secret)
        case v2c(community: Secret)
        case v3(SNMPv3User)
    }
    /// An IP address or a name, resolved before polling starts.
    package var host: String
    package var port: UInt16
    package var access: Access
    package init(host: String, port: UInt16 = 161, access: Access) {
        self.host = host
        self.port = port
        self.access = access
    }
}

/// A user of the User-based Security Model (RFC 3414; SHA-2: RFC 7860; AES: RFC 3826).
package struct SNMPv3User: Hashable, Sendable {
    package enum Authentication: String, Sendable, CaseIterable {
        case md5 = "MD5"
        case sha1 = "SHA"
        case sha224 = "SHA-224"
        case sha256 = "SHA-256"
        case sha384 = "SHA-384"
        case sha512 = "SHA-512"
    }
    package enum Privacy: String, Sendable, CaseIterable {
        case des = "DES"
        case aes128 = "AES"
    }
    package var name: String
    package var authentication: (algorithm: Authentication, passphrase: Secret)? {
        get { authAlgorithm.flatMap { a in authPassphrase.map { (a, $0) } } }
        set {
            authAlgorithm = newValue?.algorithm
            authPassphrase = newValue?.passphrase
        }
    }
    package var privacy: (algorithm: Privacy, passphrase: Secret)? {
        get { privAlgorithm.flatMap { a in privPassphrase.map { (a, $0) } } }
        set {
            privAlgorithm = newValue?.algorithm
            privPassphrase = newValue?.passphrase
        }
    }
    private var authAlgorithm: Authentication?
    private var authPassphrase: Secret?
    private var privAlgorithm: Privacy?
    private var privPassphrase: Secret?

    package init(name: String) { self.name = name }
}

package struct ModbusTCPTransport: Hashable, Sendable {
    package var host: String
    package var port: UInt16
    /// 0…255; several units may stand behind one host and port.
    package var unit: UInt8
    /// The same for all units behind one host and port.
    package var link: ModbusLinkOptions
    package init(
        host: String, port: UInt16 = 502, unit: UInt8 = 1, link: ModbusLinkOptions = .init()
    ) {
        self.host = host
        self.port = port
        self.unit = unit
        self.link = link
    }
}

/// What a Modbus host needs beyond its address.
package struct ModbusLinkOptions: Hashable, Sendable {
    package enum Framing: String, Sendable, CaseIterable {
        /// Modbus/TCP.
        case tcp
        /// RTU frames with CRC in a TCP stream: a gateway that passes bytes on unchanged.
        case rtu
    }
    package var framing: Framing
    /// Silence between an answer and the next request, 0…10,000.
    package var gapMilliseconds: Int64
    /// Silence between a connection and its first request, 0…10,000.
    package var connectDelayMilliseconds: Int64
    /// False closes the connection when nothing is left to ask: for devices that serve one client.
    package var keepsOpen: Bool

    package init(
        framing: Framing = .tcp, gapMilliseconds: Int64? = nil,
        connectDelayMilliseconds: Int64 = 0, keepsOpen: Bool = true
    ) {
        self.framing = framing
        self.gapMilliseconds = gapMilliseconds ?? Self.usualGap(framing)
        self.connectDelayMilliseconds = connectDelayMilliseconds
        self.keepsOpen = keepsOpen
    }

    /// RTU frames end by a silence of 3.5 characters (4 ms at 9,600 baud), and a second answer,
    /// which carries no number to tell it by, has to be heard before the next request.
    package static func usualGap(_ framing: Framing) -> Int64 { framing == .rtu ? 5 : 0 }
}

package struct ModbusRTUTransport: Hashable, Sendable {
    package enum Parity: String, Sendable, CaseIterable { case none, even, odd }
    /// `/dev/ttyUSB0`. All units on one line share its settings.
    package var path: String
    package var baud: Int
    package var parity: Parity
    package var stopBits: Int
    package var unit: UInt8
    /// Silence between an answer and the next request, 0…10,000.
    package var gapMilliseconds: Int64
    package init(
        path: String, baud: Int, parity: Parity, stopBits: Int, unit: UInt8,
        gapMilliseconds: Int64 = 0
    ) {
        self.gapMilliseconds = gapMilliseconds
        self.path = path
        self.baud = baud
        self.parity = parity
        self.stopBits = stopBits
        self.unit = unit
    }
}

/// Text that must not be seen: printing it gives dots.
package struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    package let reveal: String
    package init(_ text: String) { reveal = text }
    package var description: String { "•••" }
    package var debugDescription: String { "•••" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
