package import ConfigTree
package import Model

/// Reads a fleet file: the engine that sites forward to, and the sites that are expected there.
///
///     remote: https://metrics.example
///     sites:
///       - taiyuan-1
///       - {name: lvliang-2, displayName: 吕梁二号}
package enum FleetFileParser {
    /// Each is a row of a table; far above any province.
    private static let maximumSites: Int = 2_000

    /// Whether `node` is meant to be a fleet file and not a site file.
    package static func isFleetFile(_ node: ConfigNode) -> Bool {
        guard case .mapping(let entries) = node.content else { return false }
        return entries.contains { $0.key == "sites" } && !entries.contains { $0.key == "site" }
    }

    /// Nil with the mistakes in `diagnostics`.
    package static func parse(
        _ node: ConfigNode, secret: @escaping SecretSource, _ diagnostics: inout Diagnostics
    ) -> FleetFile? {
        var reader = SiteReader(profiles: [:], tariffs: [:], secret: secret)
        let file = read(node, &reader)
        diagnostics.append(contentsOf: reader.diagnostics.all)
        return reader.diagnostics.isEmpty ? file : nil
    }

    private static func read(_ node: ConfigNode, _ reader: inout SiteReader) -> FleetFile? {
        var table = TableReader(node, what: "the fleet file", &reader.diagnostics)
        let remote = table.required("remote", &reader.diagnostics).flatMap { reader.readEngine($0) }
        var file = remote.map { FleetFile(remote: $0) }
        if let node = table.optional("offset"), let minutes = reader.offset(node) {
            file?.offsetMinutes = minutes
        }
        let sites = table.required("sites", &reader.diagnostics)
        let items = sites?.list(&reader.diagnostics) ?? []
        // Also without an engine, for the mistakes in them.
        let names = items.prefix(maximumSites).compactMap { site($0, &reader) }
        if let sites, items.count > maximumSites {
            reader.diagnostics.add(
                sites.position, "more than \(maximumSites) sites", cure: "make a file a region")
        } else {
            file?.sites = names
        }
        table.finish(&reader.diagnostics)
        return file
    }

    /// A name alone, or a table.
    private static func site(_ node: ConfigNode, _ reader: inout SiteReader) -> FleetFile.Site? {
        guard case .mapping = node.content else {
            return reader.claimName(node, .fleet).map { FleetFile.Site(name: $0, displayName: $0) }
        }
        var table = TableReader(node, what: reader.title(.fleet, node), &reader.diagnostics)
        let name = reader.claimName(table.required("name", &reader.diagnostics), .fleet)
        let displayName = reader.displayName(&table)
        table.finish(&reader.diagnostics)
        return name.map { FleetFile.Site(name: $0, displayName: displayName ?? $0) }
    }
}
