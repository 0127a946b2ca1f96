import ConfigTree
import Daemon
import Interchange
import Model
import Platform
import Store
import YAML

extension Locations {
    /// The engine that the site file says readings are read from; nil where they are read from a
    /// store, as always with `--data`.
    func remoteReader() throws -> RemoteReader? {
        guard data == nil, namesRemoteStore else { return nil }
        let site = try ProfileFolders.usual(siteFile: configPath)
            .required(siteFile: configPath).site
        return site.remoteStore.map { RemoteReader($0, site: site.name) }
    }

    /// Looked at before anything else of the file is: it need not be whole to read a store.
    private var namesRemoteStore: Bool {
        var diagnostics = Diagnostics()
        guard let text = try? FileIO.readText(configPath, maximumBytes: 4 << 20),
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

    /// As the store makes steps: each holds the samples from its start to before the next.
    func buckets(_ range: TimeRange, step: Int64) -> [Bucket] {
        let length = range.end.milliseconds - range.start.milliseconds
        var buckets = [Bucket](
            repeating: Bucket(), count: Int(length / step) + (length % step == 0 ? 0 : 1))
        for sample in samples {
            let slot = Int((sample.time - range.start.milliseconds) / step)
            guard buckets.indices.contains(slot) else { continue }
            let value = Int128(sample.mantissa)
            if buckets[slot].count == 0 {
                buckets[slot].minimum = value
                buckets[slot].maximum = value
                buckets[slot].first = value
            } else {
                buckets[slot].minimum = min(buckets[slot].minimum, value)
                buckets[slot].maximum = max(buckets[slot].maximum, value)
            }
            buckets[slot].last = value
            buckets[slot].sum += value
            buckets[slot].count += 1
        }
        return buckets
    }
}
