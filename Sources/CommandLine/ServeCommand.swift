import ArgumentParser
import ConfigTree
import Daemon
import Glibc
import Logging
import Model
import Platform
import Serve
import SiteFile

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "The daemon: collect, store, alarm, serve the API.")

    @OptionGroup var locations: Locations

    @OptionGroup var profileFolders: ProfileFolders

    @Option(help: "Also answer on this port of 127.0.0.1, for Prometheus and reverse proxies.")
    var port: Int?

    @Flag(help: "Be the second of two collectors, whatever FROSTLINE_ROLE says.")
    var standby = false

    @Option(help: "Where the other collector answers; needs no `redundancy` in the site file.")
    var peer: String?

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
        let configuration = try profileFolders.loader(siteFile: locations.configPath)
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
        let pair = try pair(configuration.site)
        let daemon: SiteDaemon
        do {
            daemon = try SiteDaemon(
                SiteDaemon.Options(
                    configuration: configuration, dataDirectory: locations.dataDirectory,
                    addresses: addresses, logger: logger,
                    pair: pair))
            try daemon.start()
        } catch {
            throw CommandFailure(.unreachable, "cannot start: \(error)")
        }
        logger.info(
            "\(SiteSummary(configuration.site)); API on \(socketPath)")
        ServiceManager.notify("READY=1\nSTATUS=collecting")
        let signal = waitForEnd(daemon, logger)
        ServiceManager.notify("STOPPING=1")
        logger.info("signal \(signal): stopping")
        waitForAsync { await daemon.stop() }
    }

    /// SIGHUP asks for rules and receivers to be read again. Of a terminal that is closed it means
    /// the end.
    private func waitForEnd(_ daemon: SiteDaemon, _ logger: Logger) -> Int32 {
        while true {
            let signal = Signals.waitForTermination()
            guard signal == SIGHUP, isatty(STDIN_FILENO) == 0 else { return signal }
            reload(daemon, logger)
        }
    }

    /// A file with a mistake stays outside, all of it: what is in force goes on.
    private func reload(_ daemon: SiteDaemon, _ logger: Logger) {
        let path = locations.configPath
        var diagnostics = Diagnostics()
        let loaded: LoadedConfiguration?
        do {
            loaded = try profileFolders.loader(siteFile: path)
                .load(siteFile: path, &diagnostics)
        } catch {
            return logger.error(
                "rules and receivers are not read again, the old ones stay: \(error)")
        }
        guard let loaded else {
            let reason = "\(path), \(diagnostics.all.count) mistakes"
            logger.error("rules and receivers are not read again, the old ones stay: \(reason)")
            for mistake in diagnostics.sorted { logger.error("\(mistake)") }
            return
        }
        waitForAsync {
            do {
                let summary = try await daemon.reload(loaded)
                logger.info("\(summary), as \(path) has them now")
            } catch {
                logger.error("rules and receivers are not read again, the old ones stay: \(error)")
            }
        }
    }

    /// Both collectors have the same site file; which one this is, the command line says, or the
    /// environment.
    private func pair(_ site: Site) throws -> PairSettings? {
        let name = standby ? "standby" : environmentValue("FROSTLINE_ROLE")
        let peer = peer ?? environmentValue("FROSTLINE_PEER")
        let role = name.map { PairRole(rawValue: $0) } ?? .primary
        guard let role else {
            throw CommandFailure(.usage, "FROSTLINE_ROLE takes primary or standby")
        }
        guard let peer = peer.map({ Secret($0) }) ?? site.redundancy?.address(of: role.other) else {
            guard name == nil else {
                throw CommandFailure(
                    .usage,
                    "a \(role.rawValue) needs to know the other: write `redundancy` in the site "
                        + "file, or give --peer")
            }
            return nil
        }
        if let reason = CollectorPair.refusal(of: peer.reveal) {
            throw CommandFailure(
                .usage, "the other's address \(reason); give https://HOST/ or a socket's path")
        }
        return PairSettings(role: role, peer: peer, authority: site.redundancy?.authority)
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
