import ArgumentParser
import Daemon
import Glibc
import Logging
import Platform
import Serve
import SiteFile

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "The daemon: collect, store, alarm, serve the API.")

    @OptionGroup var locations: Locations

    @Option(help: "Also answer on this port of 127.0.0.1, for Prometheus and reverse proxies.")
    var port: Int?

    @Option(help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel = "info"

    func run() throws {
        // Before any thread: signals are waited for below, and no system call is interrupted.
        Signals.blockTermination()
        Signals.ignoreBrokenPipe()
        guard let level = Logger.Level(rawValue: logLevel) else {
            throw CommandFailure(
                .usage, "--log-level takes trace, debug, info, notice, warning, error or critical")
        }
        if let port, !(1...65_535).contains(port) {
            throw CommandFailure(.usage, "--port takes 1 to 65535")
        }
        let configuration = try ConfigurationLoader.standard()
            .required(siteFile: locations.configPath)
        var logger = Logger(label: "frostline") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        let socketPath = locations.socketPath
        guard socketPath.utf8.count <= Locations.maximumSocketPathBytes else {
            throw CommandFailure(
                .usage,
                "the socket's path is too long; use at most "
                    + "\(Locations.maximumSocketPathBytes) bytes: --socket")
        }
        try createParent(of: socketPath)
        // The socket file is replaced at the start: never that of a daemon which still answers.
        guard !APIClient(socketPath: socketPath).isAnswered else {
            throw CommandFailure(
                .unreachable,
                "another daemon answers on \(socketPath); stop it, or choose another --socket")
        }
        var addresses: [APIAddress] = [.unixSocket(path: socketPath)]
        if let port { addresses.append(.loopback(port: port)) }
        let daemon: SiteDaemon
        do {
            daemon = try SiteDaemon(
                SiteDaemon.Options(
                    configuration: configuration, dataDirectory: locations.dataDirectory,
                    addresses: addresses, logger: logger))
            try daemon.start()
        } catch {
            throw CommandFailure(.unreachable, "cannot start: \(error)")
        }
        logger.info(
            "\(SiteSummary(configuration.site)); API on \(socketPath)")
        ServiceManager.notify("READY=1\nSTATUS=collecting")
        let signal = Signals.waitForTermination()
        ServiceManager.notify("STOPPING=1")
        logger.info("signal \(signal): stopping")
        waitForAsync { await daemon.stop() }
    }

    private func createParent(of path: String) throws {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
        do {
            try FileIO.createDirectory(String(path[..<slash]))
        } catch {
            throw CommandFailure(.unreachable, "\(error)")
        }
    }
}
