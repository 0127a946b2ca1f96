import FoundationEssentials
package import Platform
package import SNMPSecurity

/// `snmp-engines.json` in the data directory: engines of SNMPv3 devices, so that the first cycle
/// after a restart needs no discovery. It holds no secret, and nothing in it is trusted.
package struct EngineMemoryFile: Sendable {
    package static let name = "snmp-engines.json"
    private let path: String

    package init(directory: String) { path = directory + "/" + Self.name }

    /// What an earlier run kept. A file that cannot be read costs a discovery of each device and
    /// nothing else: it is left out, and `warning` says so.
    package func load() -> (memory: EngineMemory, warning: String?) {
        guard FileIO.exists(path) else { return (EngineMemory(), nil) }
        do {
            let bytes = try FileIO.read(path, maximumBytes: EngineMemory.maximumFileBytes)
            return (try JSONDecoder().decode(EngineMemory.self, from: Data(bytes)), nil)
        } catch let error as PlatformError {
            return (EngineMemory(), error.description + "; SNMPv3 devices are discovered anew")
        } catch {
            return (
                EngineMemory(),
                "\(path) is damaged and is not used: SNMPv3 devices are discovered anew, and the"
                    + " file is replaced"
            )
        }
    }

    /// Replaces the file, whole or not at all. Blocks: not for the polling thread.
    package func save(_ memory: EngineMemory) throws(PlatformError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        guard let data = try? encoder.encode(memory) else {
            preconditionFailure("BUG: engines that are no JSON")
        }
        try FileIO.writeAtomically(Array(data), to: path, permissions: 0o600)
    }
}
