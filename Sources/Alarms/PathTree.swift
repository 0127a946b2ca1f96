import Model

/// By which way each device is reached: device ← gateway or line ← switch ← switch.
///
/// Where a device or node has several ways, it counts as behind the nearest node that all of them
/// pass (its dominator: Lengauer and Tarjan, 1979); so whatever is behind a node is reached through
/// it alone, and what answers by another way is behind none of the two.
struct PathTree: Sendable {
    struct Node: Sendable {
        var name: String
        var displayName: String
        var kind: NetworkNode.Kind
        /// Index of the node that it is behind.
        var parent: Int?
        /// Devices whose nearest node it is, its own among them.
        var devices: [Int] = []
        var children: [Int] = []
        /// Devices behind it, at any depth.
        var total = 0
        /// False where all devices behind it are behind one other node too, which is then that to
        /// name: nothing tells the two apart.
        var isTold = true
    }
    private(set) var nodes: [Node] = []
    /// Index of the node that each device is behind; -1 for none.
    private(set) var nodeOfDevice: [Int]

    init(site: Site) {
        nodeOfDevice = Array(repeating: -1, count: site.devices.count)
        var vias: [[String]] = site.network.map(\.via)
        nodes = site.network.map { Node(name: $0.name, displayName: $0.displayName, kind: $0.kind) }
        let gateways = Self.gateways(site)
        var gatewayOfDevice: [Int: Int] = [:]
        for (address, devices) in gateways {
            let named = site.network.firstIndex { $0.address == address }
            let node = named ?? nodes.count
            if named == nil {
                let isLine = address.hasPrefix("/")
                nodes.append(
                    Node(name: address, displayName: address, kind: isLine ? .line : .gateway))
                // What all devices of a gateway name is the way of the gateway.
                let ways = Set(devices.map { site.devices[$0].via })
                vias.append(ways.count == 1 ? ways.first ?? [] : [])
            }
            for device in devices { gatewayOfDevice[device] = node }
        }
        let numbers = Dictionary(
            nodes.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        link(vias.map { $0.map { numbers[$0] } })
        let own = Dictionary(
            site.network.enumerated().compactMap { index, node in
                node.device.map { ($0, index) }
            }, uniquingKeysWith: { first, _ in first })
        for (device, spec) in site.devices.enumerated() {
            let node =
                own[spec.name] ?? gatewayOfDevice[device] ?? nearest(spec.via.map { numbers[$0] })
            guard let node else { continue }
            nodeOfDevice[device] = node
            nodes[node].devices.append(device)
        }
        for index in nodes.indices {
            for node in ways(from: index) { nodes[node].total += nodes[index].devices.count }
        }
        for index in nodes.indices {
            nodes[index].isTold = !nodes[index].children.contains {
                nodes[$0].total == nodes[index].total
            }
        }
    }

    /// Devices by the address they share, where it is of two or has a name.
    private static func gateways(_ site: Site) -> [(address: String, devices: [Int])] {
        let named = Set(site.network.compactMap(\.address))
        var shared: [String: [Int]] = [:]
        for (index, device) in site.devices.enumerated() {
            if let host = device.transport.host, named.contains(host) {
                shared[host, default: []].append(index)
            } else if let address = device.transport.sharedAddress {
                shared[address, default: []].append(index)
            }
        }
        return shared.filter { $0.value.count > 1 || named.contains($0.key) }
            .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Makes the tree from the ways that nodes name. A name that is not known, and a circle, leave
    /// a node without parent: then nothing is taken for explained.
    private mutating func link(_ ways: [[Int?]]) {
        var isPlaced = Array(repeating: false, count: nodes.count)
        var isLeft = true
        while isLeft {
            isLeft = false
            for index in nodes.indices where !isPlaced[index] {
                let known = ways[index].compactMap { $0 }
                guard known.count == ways[index].count else {
                    isPlaced[index] = true
                    isLeft = true
                    continue
                }
                guard known.allSatisfy({ isPlaced[$0] }) else { continue }
                nodes[index].parent = nearest(ways[index])
                isPlaced[index] = true
                isLeft = true
            }
        }
        for (index, node) in nodes.enumerated() {
            if let parent = node.parent { nodes[parent].children.append(index) }
        }
    }

    /// The nearest node that all of these pass.
    private func nearest(_ ways: [Int?]) -> Int? {
        let known = ways.compactMap { $0 }
        guard known.count == ways.count, let first = known.first else { return nil }
        var common = self.ways(from: first)
        for way in known.dropFirst() {
            let other = Set(self.ways(from: way))
            common.removeAll { !other.contains($0) }
        }
        return common.first
    }

    /// A node and those that it is behind, the nearest first.
    func ways(from node: Int) -> [Int] {
        var result: [Int] = []
        var next: Int? = node
        while let node = next, result.count < nodes.count {
            result.append(node)
            next = nodes[node].parent
        }
        return result
    }

    /// Of a device, the nearest first.
    func nodes(above device: Int) -> [Int] {
        guard device < nodeOfDevice.count, nodeOfDevice[device] >= 0 else { return [] }
        return ways(from: nodeOfDevice[device])
    }

    /// A node and all nodes behind it.
    func nodes(behind node: Int) -> [Int] {
        var result = [node]
        var index = 0
        while index < result.count {
            result += nodes[result[index]].children
            index += 1
        }
        return result
    }

    func devices(behind node: Int) -> [Int] {
        nodes(behind: node).flatMap { nodes[$0].devices }
    }
}
