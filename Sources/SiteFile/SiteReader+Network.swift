import ConfigTree
import Model

/// What stands between the collector and devices.
extension SiteReader {
    /// `via: NAME`, or a list where one is enough. What they name is checked when all nodes are
    /// known.
    mutating func readVia(_ node: ConfigNode?, of name: String?) -> [String] {
        let nodes = oneOrMany(node)
        if let node, nodes.count > SiteBounds.parents {
            diagnostics.add(
                node.position, "more than \(SiteBounds.parents) ways",
                cure: "put a switch in between")
        }
        var ways: [String] = []
        for node in nodes.prefix(SiteBounds.parents) {
            guard let way = node.text(maximum: 64, &diagnostics) else { continue }
            if ways.contains(way) {
                diagnostics.add(
                    node.position, "the way `\(way)` stands twice", cure: "remove one of them")
                continue
            }
            ways.append(way)
            viaPositions.append((name, way, node.position))
        }
        return ways
    }

    mutating func readTags(_ node: ConfigNode?) -> Set<String> {
        Set(oneOrMany(node).prefix(SiteBounds.tags).compactMap { $0.identifier(&diagnostics) })
    }

    mutating func readNetworkNode(_ node: ConfigNode) {
        var table = TableReader(node, what: title(.network, node), &diagnostics)
        let name = claimName(table.required("name", &diagnostics), .network)
        let displayName = displayName(&table)
        let kind = table.required("kind", &diagnostics)?
            .choice(NetworkNode.Kind.self, &diagnostics)
        let deviceNode = table.optional("device")
        let device = device(deviceNode)
        let addressNode = table.optional("address")
        let address = addressNode.flatMap { sharedAddress($0, kind) }
        let via = readVia(table.optional("via"), of: name)
        table.finish(&diagnostics)
        guard let name, let kind else { return }
        if let device, let other = site.network.first(where: { $0.device == device }) {
            diagnostics.add(
                deviceNode?.position ?? node.position,
                "`\(device)` is the device of `\(other.name)` already", cure: "correct one of them")
        }
        if let address, let other = site.network.first(where: { $0.address == address }) {
            diagnostics.add(
                addressNode?.position ?? node.position,
                "`\(address)` is the address of `\(other.name)` already",
                cure: "correct one of them")
        }
        site.network.append(
            NetworkNode(
                name: name, displayName: displayName ?? name, kind: kind, device: device,
                address: address, via: via))
    }

    /// An address that devices have in common: some must have it.
    private mutating func sharedAddress(_ node: ConfigNode, _ kind: NetworkNode.Kind?) -> String? {
        guard let text = node.text(maximum: 200, &diagnostics) else { return nil }
        let isKnown = site.devices.contains {
            $0.transport.sharedAddress == text || $0.transport.host == text
        }
        guard !isKnown else { return text }
        if incomplete.contains(.device) { return nil }
        let all = Set(site.devices.compactMap { $0.transport.sharedAddress ?? $0.transport.host })
        reportUnknown(
            "address of devices", text, at: node.position, among: all.sorted(),
            otherwise: "write HOST:PORT, HOST or the path of a serial line as devices have it")
        return nil
    }

    /// Ways that do not exist, and circles.
    mutating func checkNetwork() {
        let known = names[.network] ?? [:]
        var reported: Set<SourcePosition> = []
        for (_, way, position) in viaPositions where known[way] == nil {
            guard reported.insert(position).inserted else { continue }
            reportUnknown(.network, way, at: position, otherwise: "add it to `network`")
        }
        var open = Dictionary(
            site.network.map { ($0.name, $0.via.filter { known[$0] != nil }) },
            uniquingKeysWith: { first, _ in first })
        // Removes, again and again, nodes whose ways are all removed; what is left is a circle.
        var isChanged = true
        while isChanged {
            let done = open.filter { $0.value.allSatisfy { open[$0] == nil } }.map(\.key)
            isChanged = !done.isEmpty
            for name in done { open[name] = nil }
        }
        guard let name = open.keys.min(),
            let position = viaPositions.first(where: { $0.of == name && open[$0.way] != nil })?
                .position
        else { return }
        diagnostics.add(
            position, "the ways of `network` run in a circle through `\(name)`",
            cure: "remove the `via` that is wrong: ways lead from devices to the collector")
    }

    // MARK: Of alarm rules

    /// `loses: power`: while the alarm is active, what the device measures has no power.
    mutating func readLoses(_ table: inout TableReader) -> Bool {
        guard let node = table.optional("loses") else { return false }
        return node.choice([("power", true)], &diagnostics) ?? false
    }

    /// `realarm: 8h`: nil for never.
    mutating func readRealarm(_ table: inout TableReader) -> Int64? {
        duration(table.optional("realarm"), in: 60_000...7 * 86_400_000, words: "1m to 7d")
    }
}
