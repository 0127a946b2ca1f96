import Glibc

/// Signals are waited for, never handled: a handler may do next to nothing, and would break into
/// the C libraries' system calls.
package enum Signals {
    private static let waited = [SIGTERM, SIGINT, SIGHUP]

    /// Blocks SIGTERM, SIGINT and SIGHUP in this thread and those it starts: called on the first
    /// lines of the program, before any thread.
    package static func blockTermination() {
        var set = terminationSet()
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Undoes `blockTermination` in this thread, for a child that must be killable.
    package static func unblockTermination() {
        var set = terminationSet()
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// A peer that hangs up gives an error from write, not the end of the program.
    package static func ignoreBrokenPipe() { signal(SIGPIPE, SIG_IGN) }

    /// Waits for one of the blocked signals and gives its number. Blocks the thread.
    package static func waitForTermination() -> Int32 {
        var set = terminationSet()
        var number: Int32 = 0
        // Interrupted waits are waited again.
        while sigwait(&set, &number) != 0 {}
        return number
    }

    /// The same for at most `milliseconds`; nil when no signal came.
    @discardableResult
    package static func waitForTermination(atMostMilliseconds milliseconds: Int64) -> Int32? {
        var set = terminationSet()
        let end = Clocks.monotonicNanoseconds() + milliseconds * 1_000_000
        while true {
            let left = end - Clocks.monotonicNanoseconds()
            guard left > 0 else { return nil }
            var span = timespec(
                tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
            let number = sigtimedwait(&set, nil, &span)
            if number > 0 { return number }
        }
    }

    private static func terminationSet() -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in waited { sigaddset(&set, number) }
        return set
    }
}
