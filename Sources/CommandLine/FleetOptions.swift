import ArgumentParser
import ConfigTree
import Daemon
import Model
import Platform
import SiteFile
import YAML

/// Which engine many sites forward to, and which sites are expected there.
struct FleetOptions: ParsableArguments {
    @Flag(help: "Many sites, from the engine that they forward to.")
    var fleet = false

    @Option(
        help: ArgumentHelp(
            "With --fleet: the engine and the sites that are expected there. Default: fleet.yaml "
                + "beside the site file.", valueName: "path"))
    var fleetFile: String?

    @Option(
        help: ArgumentHelp(
            "With --fleet, instead of a fleet file: the engine, as https://metrics.example. "
                + "${env:NAME} or ${file:PATH} keeps a secret off the command line.",
            valueName: "url"))
    var remote: String?

    func validate() throws {
        guard fleet || fleetFile == nil && remote == nil else {
            throw ValidationError("--fleet-file and --remote go with --fleet")
        }
        guard fleetFile == nil || remote == nil else {
            throw ValidationError("write --fleet-file or --remote, not both")
        }
    }

    /// - Parameter authority: PEM file of the authority that `remote` is trusted by.
    func file(_ locations: Locations, authority: String? = nil) throws -> FleetFile {
        if let remote {
            let url = try address(remote)
            return FleetFile(
                remote: RemoteAccess(url: url, authority: authority),
                offsetMinutes: locations.offsetMinutes)
        }
        let folder =
            locations.configPath.lastIndex(of: "/").map { locations.configPath[..<$0] } ?? "."
        let path = fleetFile ?? folder + "/fleet.yaml"
        guard fleetFile != nil || FileIO.exists(path) else {
            throw CommandFailure(
                .usage,
                "there is no fleet file \(path); write --remote https://HOST, or the file "
                    + "(docs/OPERATIONS.md)")
        }
        var diagnostics = Diagnostics()
        if let node = Self.tree(path, &diagnostics),
            let file = FleetFileParser.parse(
                node, secret: SecretResolver.resolve, &diagnostics)
        {
            return file
        }
        Output.diagnostics(diagnostics.sorted.map(\.description))
        throw ExitCode(CommandFailure.Code.usage.rawValue)
    }

    /// The file as a tree; nil with the reason in `diagnostics`.
    static func tree(_ path: String, _ diagnostics: inout Diagnostics) -> ConfigNode? {
        do throws(PlatformError) {
            let text = try FileIO.readText(path, maximumBytes: 4 << 20)
            return YAMLFile.parse(text, file: path, &diagnostics)
        } catch {
            diagnostics.add(
                SourcePosition(file: path, line: 1, column: 1), "cannot be read: \(error.reason)",
                cure: "check the path")
            return nil
        }
    }

    private func address(_ text: String) throws -> Secret {
        var url = text
        if let reference = SecretReference(text) {
            switch SecretResolver.resolve(reference) {
            case .success(let secret): url = secret
            case .failure(let problem):
                throw CommandFailure(.usage, "\(problem.problem); \(problem.cure)")
            }
        }
        guard url.hasPrefix("https://") || url.hasPrefix("http://") else {
            throw CommandFailure(.usage, "--remote takes https://HOST, the part before /api/v1")
        }
        return Secret(url)
    }
}
