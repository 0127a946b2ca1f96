/// Engines of all devices, kept so that a restart of the collector needs no discovery. Nothing in
/// it is trusted: a wrong entry costs one round trip, and none is a secret.
package struct EngineMemory: Hashable, Sendable, Codable {
    package struct Entry: Hashable, Sendable {
        package var engineID: [UInt8]
        package var boots: UInt32
        /// Unix time, in seconds, at which the engine's time was 0.
        package var startedAt: Int64

        package init(engineID: [UInt8], boots: UInt32, startedAt: Int64) {
            self.engineID = engineID
            self.boots = boots
            self.startedAt = startedAt
        }
    }

    /// More devices than one collector polls; a file that has more is not ours.
    package static let limit = 65_536
    /// Bytes of a file that is worth reading: `limit` entries of the longest kind.
    package static let maximumFileBytes = 32 << 20

    /// By the device's name in the site file.
    package var engines: [String: Entry] = [:]

    package init(_ engines: [String: Entry] = [:]) { self.engines = engines }

    /// Devices that have the same engine identifier.
    package struct Duplicate: Hashable, Sendable, CustomStringConvertible {
        package var engineID: [UInt8]
        /// Sorted by name; two at least.
        package var devices: [String]

        package var description: String {
            let few = devices.prefix(5).joined(separator: ", ")
            let more = devices.count > 5 ? " and \(devices.count - 5) more" : ""
            return "\(few)\(more) have the same SNMP engine identifier 0x\(hexadecimal(engineID));"
                + " their configuration was copied: they are polled separately, but traps and"
                + " keys cannot tell them apart; reset the identifier of all but one"
        }
    }

    /// Copied configurations, by engine identifier.
    package var duplicates: [Duplicate] {
        Dictionary(grouping: engines, by: \.value.engineID)
            .filter { $0.value.count > 1 }
            .map { Duplicate(engineID: $0.key, devices: $0.value.map(\.key).sorted()) }
            .sorted { $0.devices.lexicographicallyPrecedes($1.devices) }
    }
}

/// As `{"version":1,"engines":{"NAME":{"engine":"8000…","boots":3,"started":1790000000}}}`.
/// Entries that cannot be are left out, one by one.
extension EngineMemory {
    private enum Key: String, CodingKey { case version, engines }
    private static let version = 1

    private struct Written: Codable {
        var engine: String
        var boots: UInt32
        var started: Int64
    }

    /// An entry that cannot be read must not take the others with it.
    private struct Lenient: Decodable {
        var entry: Entry?
        init(from decoder: any Decoder) {
            guard let written = try? Written(from: decoder),
                let engineID = EngineMemory.bytes(written.engine),
                USMMessage.engineIDLengths.contains(engineID.count),
                written.boots < EngineClock.largest
            else { return }
            entry = Entry(
                engineID: engineID, boots: written.boots, startedAt: written.started)
        }
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        guard try container.decode(Int.self, forKey: .version) == Self.version else {
            throw DecodingError.dataCorruptedError(
                forKey: .version, in: container, debugDescription: "another version's file")
        }
        let read = try container.decode([String: Lenient].self, forKey: .engines)
        guard read.count <= Self.limit else {
            throw DecodingError.dataCorruptedError(
                forKey: .engines, in: container,
                debugDescription: "more than \(Self.limit) devices")
        }
        engines = read.compactMapValues(\.entry)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(Self.version, forKey: .version)
        let written = engines.prefix(Self.limit).map { name, entry in
            (
                name,
                Written(
                    engine: hexadecimal(entry.engineID), boots: entry.boots,
                    started: entry.startedAt)
            )
        }
        try container.encode(
            Dictionary(written) { first, _ in first }, forKey: .engines)
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0, digits.count <= 64 else { return nil }
        var bytes: [UInt8] = []
        for place in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digit(digits[place]), let low = digit(digits[place + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
