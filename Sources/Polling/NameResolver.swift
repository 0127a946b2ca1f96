import Platform

/// Turns host names into addresses without holding up the reactor: the system's resolver blocks
/// for many seconds where no name server answers.
final class NameResolver: Sendable {
    private let worker: WorkerThread

    init() throws(PlatformError) { worker = try WorkerThread(name: "names") }

    /// Calls `completion` on the reactor's thread, never before this has returned: at once for an
    /// address in figures, with nil where the name is not known.
    func resolve(
        _ host: String, _ reactor: Reactor, completion: @escaping (String?) -> Void
    ) {
        let box = CompletionBox(completion)
        if let address = SocketAddress(numericHost: host, port: 0) {
            reactor.atEndOfTurn { box.completion(address.host) }
            return
        }
        let accepted = worker.submit {
            let address = try? SocketAddress.resolve(host: host, port: 0)
            reactor.submit { box.completion(address?.host) }
        }
        if !accepted { reactor.atEndOfTurn { box.completion(nil) } }
    }

    func stop() { worker.stop() }
}

/// Carries a completion through the resolver's thread.
// Called and released on the reactor's thread only.
private final class CompletionBox: @unchecked Sendable {
    let completion: (String?) -> Void
    init(_ completion: @escaping (String?) -> Void) { self.completion = completion }
}
