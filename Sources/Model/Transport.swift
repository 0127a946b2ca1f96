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
    package init(host: String, port: UInt16 = 502, unit: UInt8 = 1) {
        self.host = host
        self.port = port
        self.unit = unit
    }
}

package struct ModbusRTUTransport: Hashable, Sendable {
    package enum Parity: String, Sendable, CaseIterable { case none, even, odd }
    /// `/dev/ttyUSB0`. All units on one line share its settings.
    package var path: String
    package var baud: Int
    package var parity: Parity
    package var stopBits: Int
    package var unit: UInt8
    package init(path: String, baud: Int, parity: Parity, stopBits: Int, unit: UInt8) {
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
