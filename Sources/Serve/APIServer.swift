import Hummingbird
package import Logging
import ServiceLifecycle

/// Where the API listens.
package enum APIAddress: Hashable, Sendable {
    case unixSocket(path: String)
    /// Loopback only; TLS and other hosts are a reverse proxy's.
    case loopback(port: Int)
}

/// The HTTP API on one address. NIO lives behind this type and nowhere else.
package final class APIServer: Sendable {
    /// A client that does not let go of its connection is cut off after this.
    private static let longestGoodbye = Duration.seconds(3)

    private let group: ServiceGroup

    /// `onRunning` is called once connections are accepted.
    package init(
        backend: any APIBackend, address: APIAddress, logger: Logger,
        onRunning: @escaping @Sendable () -> Void = {}
    ) {
        let bind: BindAddress
        switch address {
        case .unixSocket(let path): bind = .unixDomainSocket(path: path)
        case .loopback(let port): bind = .hostname("127.0.0.1", port: port)
        }
        let application = Application(
            router: Self.router(backend, address),
            configuration: ApplicationConfiguration(address: bind, serverName: "frostline"),
            onServerRunning: { _ in onRunning() },
            logger: logger)
        var configuration = ServiceGroupConfiguration(services: [application], logger: logger)
        configuration.maximumGracefulShutdownDuration = Self.longestGoodbye
        group = ServiceGroup(configuration: configuration)
    }

    /// Serves until `stop`.
    package func run() async throws { try await group.run() }

    /// Lets requests under way finish; `run` returns then.
    package func stop() async { await group.triggerGracefulShutdown() }

    private static func router(
        _ backend: any APIBackend, _ address: APIAddress
    ) -> Router<BasicRequestContext> {
        let router = Router()
        if case .loopback = address { router.add(middleware: LoopbackHostCheck()) }
        Routes(backend: backend).register(on: router)
        return router
    }
}

/// Refuses requests whose Host is not this machine: a web page that resolves its own name to
/// 127.0.0.1 (DNS rebinding) must not read the site. And what a browser sends on behalf of a page
/// from elsewhere: it must not acknowledge alarms.
private struct LoopbackHostCheck: RouterMiddleware {
    @concurrent
    func handle(
        _ request: Request, context: BasicRequestContext,
        next: @concurrent (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        let host = request.head.authority ?? ""
        let name = host.split(separator: ":").first.map(String.init) ?? ""
        guard ["localhost", "127.0.0.1"].contains(name) else {
            return Routes.refusal(
                APIRefusal(status: 421, message: "this API answers to localhost only"))
        }
        if let origin = request.headers[.origin], !Self.isLocal(origin) {
            return Routes.refusal(
                APIRefusal(status: 403, message: "pages of other sites may not ask this API"))
        }
        return try await next(request, context)
    }

    /// Of `http://localhost:3000` and the like (RFC 6454, section 7); `null` is anybody's.
    private static func isLocal(_ origin: String) -> Bool {
        let parts = origin.split(separator: "/", omittingEmptySubsequences: true)
        let name = parts.last?.split(separator: ":").first.map(String.init) ?? ""
        return parts.count == 2 && ["localhost", "127.0.0.1"].contains(name)
    }
}
