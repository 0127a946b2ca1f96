import Glibc
import Synchronization

// What scripts/sanitize asks of ThreadSanitizer before it believes it: `probe mutex` must pass and
// `probe race` must not. Two threads count together, under a `Mutex` over which they meet often
// enough to go through all of its ways, or under none.

// The field is meant to be raced for.
final class Unguarded: @unchecked Sendable {
    var count = 0
}

final class Guarded: Sendable {
    let count = Mutex(0)
}

func together(_ work: @escaping @Sendable () -> Void) {
    let threads = (0..<2).map { _ in
        let box = Unmanaged.passRetained(Work(work))
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { pointer in
                guard let pointer else { return nil }
                Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().body()
                return nil
            }, box.toOpaque())
        precondition(result == 0, "BUG: no thread: \(result)")
        return thread
    }
    for thread in threads { pthread_join(thread, nil) }
}

final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

let rounds = 2000
switch CommandLine.arguments.dropFirst().first {
case "mutex":
    let guarded = Guarded()
    together {
        for _ in 0..<rounds {
            guarded.count.withLock {
                $0 += 1
                usleep(1)
            }
        }
    }
    precondition(guarded.count.withLock { $0 } == 2 * rounds, "BUG: the mutex does not exclude")
case "race":
    let unguarded = Unguarded()
    together { for _ in 0..<rounds { unguarded.count += 1 } }
default: exit(2)
}
