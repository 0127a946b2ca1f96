import ArgumentParser
import Daemon
import Glibc
import Platform

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
        if geteuid() == 0 || FileIO.exists("/etc/frostline/site.yaml") {
            return "/etc/frostline/site.yaml"
        }
        return Self.home("XDG_CONFIG_HOME", ".config") + "/frostline/site.yaml"
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

    private static func home(_ variable: String, _ below: String) -> String {
        if let path = environmentValue(variable) { return path }
        return (environmentValue("HOME") ?? "/root") + "/" + below
    }
}
