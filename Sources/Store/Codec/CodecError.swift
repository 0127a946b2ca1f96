/// Why bytes of the store cannot be what we wrote.
package enum CodecError: Error, Hashable, Sendable, CustomStringConvertible {
    case tooShort
    /// Written by a newer program, or not a blob of this kind.
    case unknownVersion(kind: UInt8, version: UInt8)
    case checksum
    /// The checksum holds and the structure does not; the text names the rule of docs/FORMAT.md.
    case structure(String)

    package var description: String {
        switch self {
        case .tooShort: "shorter than its own header says"
        case .unknownVersion(let kind, let version):
            "unknown kind \(kind) or version \(version); was it written by a newer frostline?"
        case .checksum: "the checksum does not match: bytes have changed since they were written"
        case .structure(let rule): "against the format: \(rule)"
        }
    }
}
