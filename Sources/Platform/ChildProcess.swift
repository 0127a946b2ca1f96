import CPlatform
import Glibc

/// A program that is started, fed, listened to and ended, with all that it has started.
package enum ChildProcess {
    package struct Result: Sendable {
        /// What `exit` was given; nil where a signal ended it.
        package var status: Int32?
        package var signal: Int32?
        /// It was still running at the end of its time.
        package var timedOut: Bool
        /// The beginning of what it wrote, on either stream.
        package var output: [UInt8]
    }

    /// After SIGTERM so long until SIGKILL, in milliseconds.
    private static let graceMilliseconds: Int64 = 5_000
    /// How often the child is looked at while it says nothing.
    private static let pauseMilliseconds: Int32 = 20

    /// Runs a program, given by its absolute path, in a process group of its own, with `input` on
    /// its standard input and no other descriptor of ours; no shell reads the arguments. Blocks for
    /// `timeoutMilliseconds` and five seconds at most. What it writes beyond `maximumOutput` is
    /// read and thrown away. Whatever of its group is left when it ends is killed.
    /// The corresponding C function is `posix_spawn`.
    package static func run(
        _ arguments: [String], environment: [(name: String, value: String)], input: [UInt8],
        timeoutMilliseconds: Int64, maximumOutput: Int
    ) throws(PlatformError) -> Result {
        precondition(!arguments.isEmpty, "BUG: a program without a name")
        var inward: Int32 = -1
        var outward: Int32 = -1
        let child = withStrings(arguments) { arguments in
            withStrings(environment.map { $0.name + "=" + $0.value }) { environment in
                cplatform_spawn(arguments, environment, &inward, &outward)
            }
        }
        guard child > 0 else {
            throw PlatformError(operation: "start", subject: arguments[0], code: -child)
        }
        var run = Run(
            child: child, inward: inward, outward: outward, input: input[...],
            maximumOutput: maximumOutput)
        defer { run.closeAll() }
        return run.toItsEnd(within: timeoutMilliseconds, grace: graceMilliseconds)
    }

    private struct Run {
        let child: pid_t
        var inward: Int32
        var outward: Int32
        var input: ArraySlice<UInt8>
        let maximumOutput: Int
        var output: [UInt8] = []

        mutating func toItsEnd(within limit: Int64, grace: Int64) -> Result {
            let start = Clocks.monotonicNanoseconds() / 1_000_000
            var timedOut = false
            var status: Int32 = 0
            while true {
                let isLast = waitpid(child, &status, WNOHANG) == child
                exchange(pause: isLast ? 0 : pauseMilliseconds)
                if isLast { break }
                let age = Clocks.monotonicNanoseconds() / 1_000_000 - start
                if age > limit + grace {
                    kill(-child, SIGKILL)
                    waitpid(child, &status, 0)
                    break
                }
                if age > limit, !timedOut {
                    timedOut = true
                    kill(-child, SIGTERM)
                }
            }
            // Its children, should it have left some behind.
            kill(-child, SIGKILL)
            // <sys/wait.h>: the low seven bits are the signal, the next byte what exit was given.
            let signal = status & 0x7F
            return Result(
                status: signal == 0 ? (status >> 8) & 0xFF : nil,
                signal: signal == 0 ? nil : signal, timedOut: timedOut, output: output)
        }

        /// Moves what can be moved; waits for at most `pause` milliseconds.
        private mutating func exchange(pause: Int32) {
            var descriptors = [
                pollfd(fd: outward, events: Int16(POLLIN), revents: 0),
                pollfd(fd: inward, events: Int16(POLLOUT), revents: 0),
            ]
            guard outward >= 0 || inward >= 0 else {
                poll(nil, 0, pause)
                return
            }
            poll(&descriptors, 2, pause)
            if descriptors[1].revents != 0 { feed() }
            if descriptors[0].revents != 0 { listen() }
        }

        private mutating func feed() {
            let count = input.withUnsafeBufferPointer { bytes in
                bytes.baseAddress.map { cplatform_send(inward, $0, bytes.count) } ?? 0
            }
            if count > 0 { input = input.dropFirst(Int(count)) }
            let isOver = count < 0 && count != Int64(-EAGAIN) && count != Int64(-EINTR)
            guard input.isEmpty || isOver else { return }
            close(inward)
            inward = -1
        }

        private mutating func listen() {
            var buffer = [UInt8](repeating: 0, count: 16 << 10)
            // A flood must not hold the loop: so many pieces, then the clock is looked at.
            for _ in 0..<64 {
                let count = read(outward, &buffer, buffer.count)
                if count > 0 {
                    output += buffer.prefix(min(count, maximumOutput - output.count))
                    continue
                }
                if count < 0, errno == EAGAIN || errno == EINTR { return }
                close(outward)
                outward = -1
                return
            }
        }

        mutating func closeAll() {
            if inward >= 0 { close(inward) }
            if outward >= 0 { close(outward) }
        }
    }

    /// C strings that live as long as `body`, ended by a null.
    private static func withStrings<T>(
        _ texts: [String], _ body: ([UnsafePointer<CChar>?]) -> T
    ) -> T {
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies.map { $0.map { UnsafePointer($0) } } + [nil])
    }
}
