import Glibc

/// The two clocks. Durations are measured with the first, moments are named with the second.
package enum Clocks {
    /// Nanoseconds since some point in the past; never steps, does not count suspension.
    package static func monotonicNanoseconds() -> Int64 { read(CLOCK_MONOTONIC) }

    /// Milliseconds since 1970-01-01T00:00:00Z; may step.
    package static func wallMilliseconds() -> Int64 { read(CLOCK_REALTIME) / 1_000_000 }

    /// Processor time of the calling thread, user and system.
    package static func threadProcessorNanoseconds() -> Int64 { read(CLOCK_THREAD_CPUTIME_ID) }

    /// Processor time of the whole process.
    package static func processProcessorNanoseconds() -> Int64 { read(CLOCK_PROCESS_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        let result = clock_gettime(clock, &time)
        precondition(result == 0, "BUG: clock_gettime refused a clock of this system")
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
