import ConfigTree
import Daemon
import Glibc
import Interchange
import Model
import Platform
import Store
import YAML

extension Locations {
    /// The engine that the site file says readings are read from; nil where they are read from a
    /// store, as always with `--data`.
    func remoteReader() throws -> RemoteReader? {
        try remoteSite().map { RemoteReader($0.access, site: $0.configuration.site.name) }
    }

    /// The site and that engine.
    func remoteSite() throws -> (configuration: LoadedConfiguration, access: RemoteAccess)? {
        guard data == nil, namesRemoteStore else { return nil }
        let configuration = try ProfileFolders.usual(siteFile: configPath)
            .required(siteFile: configPath)
        return configuration.site.remoteStore.map { (configuration, $0) }
    }

    /// Looked at before anything else of the file is: it need not be whole to read a store.
    private var namesRemoteStore: Bool {
        var diagnostics = Diagnostics()
        guard let text = try? FileIO.readText(configPath, maximumBytes: 4 << 20),
            // Most files do not even have the word, and a large one takes half a second to parse.
            text.withCString({ strstr($0, "remote") }) != nil,
            let node = YAMLFile.parse(text, file: configPath, &diagnostics),
            let store = node.entries(&diagnostics)?.first(where: { $0.key == "store" })?.value
        else { return false }
        return store.entries(&diagnostics)?.contains { $0.key == "remote" } ?? false
    }
}

/// What a remote engine does not answer is nobody's mistake here.
func asking<Value>(_ body: () throws(RemoteReadError) -> Value) throws -> Value {
    do throws(RemoteReadError) {
        return try body()
    } catch {
        throw CommandFailure(.unreachable, error.description)
    }
}

extension RemotePoint {
    var storeSamples: [Store.Sample] {
        samples.map {
            Store.Sample(
                time: Instant(milliseconds: $0.time), mantissa: $0.mantissa, quality: .good)
        }
    }
}
