import ArgumentParser
import ConfigTree
import Daemon
import Platform
import Profiles

/// Where profiles come from: the product's folder, the system's, the one beside the site file, and
/// those named on the command line or in the environment.
struct ProfileFolders: ParsableArguments {
    @Option(
        name: .customLong("profiles"),
        help: ArgumentHelp(
            "A folder of own profiles, beside `profiles/` next to the site file; more than one may "
                + "be given. Also FROSTLINE_PROFILES=DIR:DIR.", valueName: "dir"))
    var folders: [String] = []

    /// Of every installation.
    private static let system = "/etc/frostline/profiles"

    /// Later folders replace what earlier ones have.
    private func all(siteFile: String) throws -> [String] {
        for folder in folders where !FileIO.isDirectory(folder) {
            throw CommandFailure(.usage, "--profiles \(folder): there is no such folder")
        }
        let environment = environmentValue("FROSTLINE_PROFILES") ?? ""
        return [Self.system, ConfigurationLoader.profiles(besideSiteFile: siteFile)]
            + environment.split(separator: ":").map(String.init) + folders
    }

    /// What a question to the past needs of a site, or every mistake printed and exit code 2;
    /// secrets are not read.
    func configuration(at siteFile: String) throws -> LoadedConfiguration {
        try loader(siteFile: siteFile, needsCredentials: false).required(siteFile: siteFile)
    }

    /// Without the options of a command line.
    static func usual(siteFile: String) throws -> ConfigurationLoader {
        try Self.parse([]).loader(siteFile: siteFile)
    }

    /// The loader over the files that come with the product, or an error that says where they
    /// were looked for.
    ///
    /// - Parameter siteFile: nil for the usual one.
    func loader(
        siteFile: String? = nil, needsCredentials: Bool = true
    ) throws -> ConfigurationLoader {
        guard let resources = Resources.find() else {
            throw CommandFailure(
                .usage,
                "no device profiles found in \(Resources.packagedRoot); install the package, or "
                    + "set FROSTLINE_RESOURCES to the folder that holds DeviceProfiles")
        }
        return ConfigurationLoader(
            resources: resources,
            ownProfiles: try all(siteFile: siteFile ?? Locations.standardConfigPath),
            needsCredentials: needsCredentials)
    }
}

extension ConfigurationLoader {
    /// The configuration, or every mistake printed and exit code 2.
    func required(siteFile: String) throws -> LoadedConfiguration {
        guard FileIO.exists(siteFile) else {
            throw CommandFailure(
                .usage, "there is no site file \(siteFile); name yours with --config")
        }
        var diagnostics = Diagnostics()
        if let loaded = load(siteFile: siteFile, &diagnostics) { return loaded }
        Output.diagnostics(diagnostics.sorted.map(\.description))
        throw ExitCode(CommandFailure.Code.usage.rawValue)
    }

    /// The whole library; its mistakes are told, and it goes on without those profiles.
    func libraryWithNote() -> ProfileLibrary {
        var diagnostics = Diagnostics()
        let library = profiles(&diagnostics)
        if !diagnostics.isEmpty {
            Output.note(
                "\(diagnostics.all.count) mistakes in profile files: `frostline profiles lint` "
                    + "prints them")
        }
        return library
    }

    /// The profile that `--profile` names: by its name, or by the path of its file.
    func required(profile word: String) throws -> Profile {
        var diagnostics = Diagnostics()
        if word.contains("/") || word.hasSuffix(".yaml") {
            guard FileIO.exists(word) else {
                throw CommandFailure(.usage, "there is no file \(word)")
            }
            var profile: Profile?
            if let vocabulary = vocabulary(&diagnostics) {
                profile = self.profile(at: word, vocabulary, &diagnostics)
            }
            if let profile, diagnostics.isEmpty { return profile }
            Output.diagnostics(diagnostics.sorted.map(\.description))
            throw ExitCode(CommandFailure.Code.usage.rawValue)
        }
        let catalog = catalog
        let library = profiles(named: [word], in: catalog, &diagnostics)
        if let profile = library[word] { return profile }
        Output.diagnostics(diagnostics.sorted.map(\.description))
        let near = closest(to: word, in: catalog.names)
        throw CommandFailure(
            .usage,
            "no profile is called `\(word)`"
                + (near.map { "; did you mean `\($0)`?" }
                    ?? "; `frostline profiles list` shows what there is")
                + " (\(catalog.place); a file is named by its path, as ./\(word).yaml)")
    }
}
