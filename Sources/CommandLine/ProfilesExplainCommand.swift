import ArgumentParser
import ConfigTree
import Daemon
import HTTPClient
import Model
import Platform
import ProfileProof
import Profiles
import Views

/// `frostline profiles explain DEVICE POINT`: where a number comes from.
struct ProfilesExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say where a point comes from: profile, rule, object or register, conversion.",
        discussion: """
            DEVICE is a device of the site file. With --profile it is left out: \
            `frostline profiles explain --profile apc.rpdu2 input.power`. A POINT with * or ? \
            lists the rules that fit: `'outlet.*.power'`.
            """)

    @Argument(help: "DEVICE POINT, or POINT with --profile.")
    var words: [String]

    @Option(help: "A profile, by name or file, instead of a device.")
    var profile: String?

    @OptionGroup var locations: Locations

    @OptionGroup var profileFolders: ProfileFolders

    func run() throws {
        guard words.count == (profile == nil ? 2 : 1), let point = words.last else {
            throw CommandFailure(.usage, "give DEVICE and POINT, or POINT and --profile NAME")
        }
        let device = profile == nil ? words.first : nil
        let chosen =
            try device.map { try self.profile(of: $0) }
            ?? loader().required(profile: profile ?? "")
        if point.contains("*") || point.contains("?") { return try list(chosen, point) }
        let pages = chosen.explanations(of: point)
        guard !pages.isEmpty else {
            let near = closest(to: point, in: chosen.pointTemplates.map(\.name))
            throw CommandFailure(
                .no,
                "`\(chosen.name)` never gives `\(point)`"
                    + (near.map { "; did you mean `\($0)`?" } ?? ""))
        }
        Output.line("profile   \(chosen.name)@\(chosen.version), \(chosen.title)")
        if !chosen.ancestors.isEmpty {
            Output.line("extends   " + chosen.ancestors.joined(separator: ", "))
        }
        for source in chosen.sources { Output.line("source    " + source) }
        for page in pages {
            Output.line("")
            for line in page.lines {
                let gap = String(repeating: " ", count: max(1, 16 - line.key.count))
                Output.line(line.key + gap + Output.clean(line.text))
            }
        }
        Output.line("")
        if let device { showLive(device, point) }
        try showRecordings(chosen, point)
    }

    private func list(_ profile: Profile, _ pattern: String) throws {
        let rules = profile.rules(matching: pattern)
        guard !rules.isEmpty else {
            throw CommandFailure(.no, "no rule of `\(profile.name)` fits `\(pattern)`")
        }
        var table = TextTable([
            ("RULE", .left), ("ROWS", .left), ("READ", .left), ("AT", .left),
        ])
        for rule in rules { table.add([rule.name, rule.rows, rule.place, rule.file]) }
        table.write()
    }

    private func loader() throws -> ConfigurationLoader {
        try profileFolders.loader(siteFile: locations.configPath, needsCredentials: false)
    }

    private func profile(of device: String) throws -> Profile {
        let loaded = try loader().required(siteFile: locations.configPath)
        guard let spec = loaded.site.devices.first(where: { $0.name == device }) else {
            let near = closest(to: device, in: loaded.site.devices.map(\.name))
            throw CommandFailure(
                .usage,
                "the site has no device `\(device)`"
                    + (near.map { "; did you mean `\($0)`?" } ?? ""))
        }
        guard let profile = loaded.profiles[spec.profile] else {
            preconditionFailure("BUG: the site check let profile \(spec.profile) pass")
        }
        return profile
    }

    /// What the running daemon has; nothing where none runs.
    private func showLive(_ device: String, _ point: String) {
        let client = APIClient(socketPath: locations.socketPath)
        let path = "/api/v1/last?glob=" + percentEncoded(device + "/" + point)
        guard let views = try? client.get(path, as: [PointView].self), let view = views.first else {
            Output.line("now             no daemon answers")
            return
        }
        Output.line(
            "now             \(view.text ?? "–") \(shownUnit(view.unit)) \(view.quality)"
                + (view.origin.map { ", read at \($0)" } ?? ""))
    }

    /// The point in the recordings that belong to the profile, with what the device answered.
    private func showRecordings(_ profile: Profile, _ point: String) throws {
        var folders = try loader().profileFolders
        if let file = self.profile, file.contains("/") || file.hasSuffix(".yaml") {
            folders = [file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."]
        }
        for folder in folders {
            var problems: [String] = []
            let cases = RecordedCase.all(
                of: profile.name, in: folder + "/recordings", ProfilesTestCommand.reader, &problems)
            for item in cases {
                for line in item.answers(of: point, by: profile) {
                    Output.line("recorded        \(item.name): " + Output.clean(line))
                }
            }
        }
    }
}
