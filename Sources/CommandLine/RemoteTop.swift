import Console
import Daemon
import Glibc
import Model

/// `frostline top` of a site whose file says that it is read from an engine.
enum RemoteTop {
    /// The console, until the user leaves; its exit code.
    static func run(
        _ configuration: LoadedConfiguration, _ access: RemoteAccess,
        _ options: (ConsoleOptions.Address) throws -> ConsoleOptions
    ) throws -> Int32 {
        let folder = try TemporaryFolder(named: "top")
        defer { folder.remove() }
        let path = folder.path + "/frostline.sock"
        var code: Int32 = 0
        let isServed = try RemoteSiteServer(configuration, access, socketPath: path).serve {
            code = ConsoleApp.run(options: try options(.socket(path)))
        }
        guard isServed else {
            throw CommandFailure(.unreachable, "cannot listen in \(folder.path)")
        }
        return code
    }
}
