import Views

/// A line of the power chain: a node, and the trunk of the tree before it.
package struct ChainLine: Sendable, Hashable {
    /// Of the node, in the picture's chain.
    package var place: Int
    package var depth: Int
    package var isLast: Bool
    /// A bit for each level above: whether that ancestor has more siblings below.
    private var trunk: UInt32

    /// What lies deeper stands at the top again: no site has as many levels.
    private static let maximumDepth = 16

    func hasMore(below level: Int) -> Bool { trunk & 1 << UInt32(level) != 0 }

    private init(_ place: Int, _ depth: Int, _ trunk: UInt32, isLast: Bool) {
        self.place = place
        self.depth = depth
        self.trunk = trunk
        self.isLast = isLast
    }

    /// Each node once, below its first known parent.
    static func lines(of nodes: [PowerNodeView], _ places: [String: Int]) -> [ChainLine] {
        var children = [[Int]](repeating: [], count: nodes.count)
        var roots: [Int] = []
        for (index, node) in nodes.enumerated() {
            let parent = node.parents.lazy.compactMap { places[$0] }.first { $0 != index }
            if let parent { children[parent].append(index) } else { roots.append(index) }
        }
        var lines: [ChainLine] = []
        var isVisited = Array(repeating: false, count: nodes.count)
        func visit(_ index: Int, _ depth: Int, _ trunk: UInt32, isLast: Bool) {
            guard !isVisited[index], depth < maximumDepth else { return }
            isVisited[index] = true
            lines.append(ChainLine(index, depth, trunk, isLast: isLast))
            let below = children[index]
            let next = isLast ? trunk : trunk | 1 << UInt32(depth)
            for (position, child) in below.enumerated() {
                visit(child, depth + 1, next, isLast: position == below.count - 1)
            }
        }
        for root in roots { visit(root, 0, 0, isLast: true) }
        // What only a circle holds, which the site file refuses, still shows.
        for index in nodes.indices where !isVisited[index] { visit(index, 0, 0, isLast: true) }
        return lines
    }
}

/// How the power chain hangs together. Found anew only where the site has another chain.
struct ChainLayout: Sendable {
    private struct Shape: Sendable {
        var name: String
        var kind: String
        var feed: String?
        var parents: [String]

        func fits(_ node: PowerNodeView) -> Bool {
            name == node.name && parents == node.parents && feed == node.feed && kind == node.kind
        }
    }
    private var shapes: [Shape] = []
    /// Of nodes in the picture's chain, by name; of two of a name the first.
    private(set) var places: [String: Int] = [:]
    /// The whole chain as lines of a tree.
    private(set) var lines: [ChainLine] = []
    private(set) var diagram = SingleLine([], [:])

    mutating func update(_ nodes: [PowerNodeView]) {
        let isSame =
            nodes.count == shapes.count
            && nodes.indices.allSatisfy { shapes[$0].fits(nodes[$0]) }
        guard !isSame else { return }
        shapes = nodes.map {
            Shape(name: $0.name, kind: $0.kind, feed: $0.feed, parents: $0.parents)
        }
        places = Dictionary(
            nodes.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        lines = ChainLine.lines(of: nodes, places)
        diagram = SingleLine(nodes, places)
    }
}

/// The lines that a filter lets through.
struct ChainList: Sendable {
    private(set) var lines: [ChainLine] = []
    /// By place in the picture's chain; negative where the filter does not let it through.
    private var rows: [Int] = []

    init() {}

    init(_ nodes: [PowerNodeView], _ layout: ChainLayout, filter: String) {
        lines =
            filter.isEmpty
            ? layout.lines
            : layout.lines.filter {
                let node = nodes[$0.place]
                return ConsoleModel.matches(
                    filter, node.name, node.displayName, node.kind, node.feed)
            }
        rows = Array(repeating: -1, count: nodes.count)
        for (row, line) in lines.enumerated() { rows[line.place] = row }
    }

    func row(of place: Int) -> Int? {
        rows.indices.contains(place) && rows[place] >= 0 ? rows[place] : nil
    }
}

extension ConsoleModel {
    var chainLayout: ChainLayout {
        if derived.layoutKey == picture { return derived.layout }
        var layout = derived.layout
        layout.update(snapshot?.chain ?? [])
        return layout
    }

    var chainKey: Derived.ChainKey { Derived.ChainKey(picture: picture, filter: powerFilter) }

    /// The power chain as lines of a tree, as far as the filter lets them through.
    var chainList: ChainList {
        let key = chainKey
        if derived.chainKey == key { return derived.chain }
        return ChainList(snapshot?.chain ?? [], chainLayout, filter: powerFilter)
    }

    package var chainLines: [ChainLine] { chainList.lines }

    /// The line of the selected node; nil where it is gone.
    var selectedChainRow: Int? {
        selectedNode.flatMap { chainLayout.places[$0] }.flatMap { chainList.row(of: $0) }
    }

    func node(named name: String) -> PowerNodeView? {
        chainLayout.places[name].flatMap { snapshot?.chain[$0] }
    }

    /// The node that the keys of the page speak of.
    var chosenNode: PowerNodeView? {
        let lines = chainLines
        guard !lines.isEmpty else { return nil }
        return snapshot?.chain[lines[selectedChainRow ?? 0].place]
    }

    mutating func moveNode(by delta: Int) {
        let list = chainList
        let row = selectedNode == nil ? 0 : selectedChainRow
        guard let next = Self.moved(row, of: list.lines.count, by: delta) else { return }
        selectedNode = snapshot?.chain[list.lines[next].place].name
    }
}
