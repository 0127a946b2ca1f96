import Logging
package import Model
import Platform
import Serve

/// The API of a site as its engine knows it, on a socket of this process.
package final class RemoteSiteServer: Sendable {
    private static let startMilliseconds: Int64 = 10_000

    private let backend: RemoteBackend
    private let socketPath: String

    package init(_ configuration: LoadedConfiguration, _ access: RemoteAccess, socketPath: String) {
        backend = RemoteBackend(configuration, access)
        self.socketPath = socketPath
    }

    /// Serves while `body` runs on the calling thread, which is none of Swift's. False where
    /// nothing could be served.
    package func serve(during body: () throws -> Void) rethrows -> Bool {
        let isRunning = ConditionLock<Bool?>(nil)
        let server = APIServer(
            backend: backend, address: .unixSocket(path: socketPath),
            logger: Logger(label: "frostline") { _ in SwiftLogNoOpLogHandler() }
        ) { isRunning.update { $0 = true } }
        let pictures = Task { [backend] in await backend.run() }
        let serving = Task {
            try? await server.run()
            isRunning.update { $0 = $0 ?? false }
        }
        defer {
            pictures.cancel()
            serving.cancel()
        }
        guard isRunning.wait(forMilliseconds: Self.startMilliseconds, until: { $0 }) == true else {
            return false
        }
        try body()
        return true
    }
}
