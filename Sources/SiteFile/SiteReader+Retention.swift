import ConfigTree
import Model

/// How long readings and minutes are kept.
extension SiteReader {
    private static let mostRules = 100
    /// Days are thrown away whole, once they are over and rolled up.
    private static let shortest: Int64 = 2 * 86_400_000
    /// 100 years.
    private static let longest: Int64 = 36_525 * 86_400_000

    /// `[{points: "*/outlet.*", readings: 90d, minutes: 800d}, …]`; the first that matches counts.
    mutating func readRetention(_ node: ConfigNode) {
        guard let items = node.list(&diagnostics) else { return }
        guard items.count <= Self.mostRules else {
            diagnostics.add(
                node.position, "more than \(Self.mostRules) rules of retention",
                cure: "let patterns cover more points")
            return
        }
        site.retention.rules = items.compactMap { readRetentionRule($0) }
    }

    private mutating func readRetentionRule(_ node: ConfigNode) -> Retention.Rule? {
        var table = TableReader(node, what: "a rule of `retention`", &diagnostics)
        let points = table.required("points", &diagnostics)?.text(&diagnostics)
        let readingsNode = table.required("readings", &diagnostics)
        let minutesNode = table.optional("minutes")
        table.finish(&diagnostics)
        let isForever = readingsNode?.plainText == "forever"
        let readings = isForever ? nil : retentionTime(readingsNode)
        let minutes = retentionTime(minutesNode)
        if let minutesNode, let minutes, minutes <= readings ?? .max {
            diagnostics.add(
                minutesNode.position, "minutes are kept no longer than the readings",
                cure: "leave `minutes` out, or give it more time than `readings`")
        }
        guard let points, readings != nil || isForever else { return nil }
        return Retention.Rule(points: Glob(points), readings: readings, minutes: minutes)
    }

    private mutating func retentionTime(_ node: ConfigNode?) -> Int64? {
        duration(node, in: Self.shortest...Self.longest, words: "2d to 36525d, or forever")
    }
}
