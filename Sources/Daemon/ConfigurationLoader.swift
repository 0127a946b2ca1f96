package import ConfigTree
package import Energy
package import Model
import Platform
package import Profiles
import SiteFile
import YAML

/// Everything that files say, read and checked together.
package struct LoadedConfiguration: Sendable {
    package var site: Site
    package var profiles: ProfileLibrary
    package var tariff: TariffTable?
    package var siteFile: String
    /// Systemd credentials that were not read, as the file names them: `${cred:NAME}`.
    package var unreadCredentials: [String]

    /// The profile of a device of the site; the check has seen to it that there is one.
    func profile(of device: DeviceSpec) -> Profile {
        guard let profile = profiles[device.profile]?.adjusted(device.adjustment) else {
            preconditionFailure("BUG: the site check let profile \(device.profile) pass")
        }
        return profile
    }
}

/// Reads profiles, tariffs and the site file; collects every mistake of all of them.
package struct ConfigurationLoader: Sendable {
    /// Far above any site file; a larger file is none.
    private static let maximumFileBytes = 4 << 20
    /// Profiles of one library; each is a family of devices.
    private static let maximumFiles = 2_000

    private let resources: Resources
    /// Folders of own profiles, which come after those of the product and replace them.
    private let ownProfiles: [String]
    private let needsCredentials: Bool

    /// Without `needsCredentials` a site file may name systemd credentials that this process is not
    /// given, as no process but the service is.
    package init(
        resources: Resources, ownProfiles: [String] = [], needsCredentials: Bool = true
    ) {
        self.resources = resources
        self.ownProfiles = ownProfiles
        self.needsCredentials = needsCredentials
    }

    /// Where a site keeps profiles of its own: beside its site file.
    package static func profiles(besideSiteFile path: String) -> String {
        directory(of: path) + "/profiles"
    }

    private static func directory(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    // MARK: Profiles

    /// The product's, then the site's.
    package var profileFolders: [String] {
        ([resources.profiles] + ownProfiles).reduce(into: []) { folders, folder in
            if !folders.contains(folder) { folders.append(folder) }
        }
    }

    /// Every file, of which only the head is looked at.
    package var catalog: ProfileCatalog {
        ProfileCatalog(
            folders: profileFolders,
            files: profileFolders.flatMap { yamlFiles(in: $0) }
                .filter { !$0.hasSuffix("/NAMES.yaml") }
                .map { file in
                    let bytes = try? FileIO.read(file, maximumBytes: Self.maximumFileBytes)
                    return (file, bytes.flatMap { ProfileCatalog.Head($0) })
                })
    }

    /// The whole library.
    package func profiles(_ diagnostics: inout Diagnostics) -> ProfileLibrary {
        let catalog = catalog
        return profiles(catalog.files(for: catalog.names), &diagnostics)
    }

    /// The named profiles, in all their versions, and what they inherit from.
    package func profiles(
        named names: some Sequence<String>, in catalog: ProfileCatalog,
        _ diagnostics: inout Diagnostics
    ) -> ProfileLibrary {
        profiles(catalog.files(for: names), &diagnostics)
    }

    private func profiles(
        _ files: [String], _ diagnostics: inout Diagnostics
    ) -> ProfileLibrary {
        guard let vocabulary = vocabulary(&diagnostics) else { return ProfileLibrary([]) }
        let nodes = files.compactMap { tree($0, &diagnostics) }
        let family = ProfileFamily(nodes)
        return ProfileLibrary(
            nodes.compactMap {
                ProfileParser.parse($0, vocabulary: vocabulary, family: family, &diagnostics)
            })
    }

    package func vocabulary(_ diagnostics: inout Diagnostics) -> Vocabulary? {
        guard let node = tree(resources.profiles + "/NAMES.yaml", &diagnostics) else { return nil }
        return Vocabulary.parse(node, &diagnostics)
    }

    /// One file, wherever it lies; what it extends is of the library.
    package func profile(
        at file: String, _ vocabulary: Vocabulary, _ diagnostics: inout Diagnostics
    ) -> Profile? {
        guard let node = tree(file, &diagnostics) else { return nil }
        // What is wrong with other files is no matter of this one.
        var others = Diagnostics()
        let parents = Self.names("extends", in: node)
        let nodes = catalog.files(for: parents).compactMap { tree($0, &others) }
        return ProfileParser.parse(
            node, vocabulary: vocabulary, family: ProfileFamily(nodes + [node]), &diagnostics)
    }

    /// Every text that stands anywhere at this key.
    private static func names(_ key: String, in node: ConfigNode) -> Set<String> {
        switch node.content {
        case .null, .scalar: return []
        case .sequence(let items):
            return items.reduce(into: []) { $0.formUnion(names(key, in: $1)) }
        case .mapping(let entries):
            return entries.reduce(into: []) { found, entry in
                if entry.key == key, case .scalar(let text, _) = entry.value.content {
                    found.insert(text)
                } else {
                    found.formUnion(names(key, in: entry.value))
                }
            }
        }
    }

    // MARK: The site

    /// Rules for alarms that a site may take by name.
    package func alarmTemplates(_ diagnostics: inout Diagnostics) -> [ConfigNode] {
        yamlFiles(in: resources.profiles + "/alarms").flatMap { file -> [ConfigNode] in
            guard let node = tree(file, &diagnostics) else { return [] }
            var table = TableReader(node, what: "a file of alarm templates", &diagnostics)
            let list = table.required("templates", &diagnostics)?.list(&diagnostics)
            table.finish(&diagnostics)
            return list ?? []
        }
    }

    package func tariffs(_ diagnostics: inout Diagnostics) -> [String: TariffTable] {
        var tables: [String: TariffTable] = [:]
        for file in yamlFiles(in: resources.tariffs) {
            guard let node = tree(file, &diagnostics),
                let table = TariffTable.parse(node, &diagnostics)
            else { continue }
            tables[table.name] = table
        }
        return tables
    }

    /// The whole configuration, or nil with every mistake in `diagnostics`.
    ///
    /// - Parameters:
    ///   - rulesFile: whose alarm rules stand in for those of the site file.
    ///   - now: what is over by then is warned of.
    package func load(
        siteFile: String, rulesFile: String? = nil, now: Instant? = nil,
        _ diagnostics: inout Diagnostics
    ) -> LoadedConfiguration? {
        let tariffs = tariffs(&diagnostics)
        guard let main = tree(siteFile, &diagnostics) else { return nil }
        let directory = Self.directory(of: siteFile)
        let others = yamlFiles(in: directory + "/conf.d").compactMap { tree($0, &diagnostics) }
        var merged = SiteFileParser.merge(main, with: others, &diagnostics)
        if let rulesFile {
            guard let rules = tree(rulesFile, &diagnostics) else { return nil }
            merged = SiteFileParser.replaceRules(of: merged, with: rules, &diagnostics)
        }
        let catalog = catalog
        let profiles = profiles(
            named: Self.names("profile", in: merged), in: catalog, &diagnostics)
        var unread: [String] = []
        let site = SiteFileParser.parse(
            merged, profiles: profiles.facts, catalog: catalog,
            templates: alarmTemplates(&diagnostics), tariffs: tariffs.mapValues(\.voltageNames),
            now: now,
            secret: { reference in
                if needsCredentials { return SecretResolver.resolve(reference) }
                if let known = SecretResolver.resolveOutsideService(reference) { return known }
                if !unread.contains("\(reference)") { unread.append("\(reference)") }
                return .success(SecretResolver.standIn)
            }, &diagnostics)
        guard let site, diagnostics.isEmpty else { return nil }
        return LoadedConfiguration(
            site: site, profiles: profiles, tariff: site.tariff.flatMap { tariffs[$0.table] },
            siteFile: siteFile, unreadCredentials: unread)
    }

    private func yamlFiles(in directory: String) -> [String] {
        FileIO.list(directory).filter { $0.hasSuffix(".yaml") }.prefix(Self.maximumFiles)
            .map { directory + "/" + $0 }
    }

    private func tree(_ file: String, _ diagnostics: inout Diagnostics) -> ConfigNode? {
        do {
            let text = try FileIO.readText(file, maximumBytes: Self.maximumFileBytes)
            return YAMLFile.parse(text, file: file, &diagnostics)
        } catch {
            diagnostics.add(
                SourcePosition(file: file, line: 1, column: 1),
                "the file cannot be read: \(error.reason)", cure: "check its name and permissions")
            return nil
        }
    }
}
