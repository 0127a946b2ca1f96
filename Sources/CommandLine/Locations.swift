import ArgumentParser
import ConfigTree
import Daemon
import Glibc
import Model
import Platform
import YAML

/// Where configuration, data and socket lie: the system's places for root, the user's otherwise.
struct Locations: ParsableArguments {
    @Option(help: "The site file. Default: /etc/frostline/site.yaml, or ~/.config/frostline.")
    var config: String?

    @Option(help: "The data directory. Default: /var/lib/frostline, or ~/.local/share/frostline.")
    var data: String?

    @Option(help: "The daemon's socket. Default: /run/frostline/frostline.sock.")
    var socket: String?

    var configPath: String {
        if let config { return config }
        if let path = environmentValue("FROSTLINE_CONFIG") { return path }
        if let data, FileIO.exists(data + "/site.yaml") { return data + "/site.yaml" }
        return Self.standardConfigPath
    }

    /// Of commands that are not given one.
    static var standardConfigPath: String {
        if let path = environmentValue("FROSTLINE_CONFIG") { return path }
        if geteuid() == 0 || FileIO.exists("/etc/frostline/site.yaml") {
            return "/etc/frostline/site.yaml"
        }
        return home("XDG_CONFIG_HOME", ".config") + "/frostline/site.yaml"
    }

    var dataDirectory: String {
        if let data { return data }
        if let path = environmentValue("FROSTLINE_DATA") { return path }
        if geteuid() == 0 || access("/var/lib/frostline", R_OK | X_OK) == 0 {
            return "/var/lib/frostline"
        }
        return Self.home("XDG_DATA_HOME", ".local/share") + "/frostline"
    }

    var socketPath: String {
        if let socket { return socket }
        if let path = environmentValue("FROSTLINE_SOCKET") { return path }
        if let data, FileIO.exists(data + "/frostline.sock") { return data + "/frostline.sock" }
        if geteuid() == 0 || access("/run/frostline/frostline.sock", W_OK) == 0 {
            return "/run/frostline/frostline.sock"
        }
        let runtime = environmentValue("XDG_RUNTIME_DIR") ?? "/tmp/frostline-\(geteuid())"
        return runtime + "/frostline.sock"
    }

    /// Minutes east of UTC in which times are read and printed: the site file's, else +08:00, the
    /// civil time of China.
    var offsetMinutes: Int {
        var diagnostics = Diagnostics()
        guard let text = try? FileIO.readText(configPath, maximumBytes: 4 << 20),
            let node = YAMLFile.parse(text, file: configPath, &diagnostics),
            let site = node.entries(&diagnostics)?.first(where: { $0.key == "site" })?.value,
            let offset = site.entries(&diagnostics)?.first(where: { $0.key == "offset" })?.value
                .text(&diagnostics),
            let local = Instant(iso8601: "1970-01-02T00:00" + offset, offsetMinutes: 0)
        else { return 480 }
        return Int((86_400_000 - local.milliseconds) / 60_000)
    }

    /// What the kernel takes for the path of a Unix socket (unix(7)).
    static let maximumSocketPathBytes = 107

    private static func home(_ variable: String, _ below: String) -> String {
        if let path = environmentValue(variable) { return path }
        return (environmentValue("HOME") ?? "/root") + "/" + below
    }
}
