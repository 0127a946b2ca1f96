import CTerminfoShims
import Glibc
package import Screen

/// What came from the terminal's side.
package enum TerminalEvent: Sendable {
    case key(Key)
    case resized(Size)
    /// The other descriptor has something.
    case woken
    /// A signal asked the program to end, or the terminal is gone.
    case ended
}

/// The terminal on standard input and output in raw mode, given back on every way out: `close`,
/// signals, and faults of the program. Used by one thread.
package final class Terminal {
    package let capabilities: TerminalCapabilities
    private var encoder: FrameEncoder
    private var decoder = KeyDecoder()
    private let signals: Int32
    private var isOpen = true
    private var isGone = false
    private var isMouseOn = false
    /// When the terminal was asked what it can do, in monotonic milliseconds; nil once it has
    /// answered.
    private var askedMS: Int64?

    /// Room for one read: more than any key or ordinary paste.
    private static let readBytes = 4096

    package init() throws(TerminalError) {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else {
            throw TerminalError(
                "standard input and output are not a terminal; run it in one, or use "
                    + "`frostline status`")
        }
        capabilities = try TerminalCapabilities(
            environment: { name in getenv(name).map { String(cString: $0) } },
            descriptor: STDOUT_FILENO)
        encoder = FrameEncoder(capabilities)
        Self.setFarewell(capabilities.leave)
        signals = cterminfo_watch_signals()
        guard signals >= 0 else {
            throw TerminalError("signal handlers cannot be installed; check the file limit")
        }
        let problem = cterminfo_raw_begin(STDOUT_FILENO)
        guard problem == 0 else {
            cterminfo_unwatch_signals()
            throw TerminalError("the terminal cannot be set to raw mode (errno \(problem))")
        }
        write(capabilities.enter)
        if capabilities.synchronise == nil, capabilities.mayBeAsked {
            askedMS = Self.nowMS
            write(KeyDecoder.askSynchronised)
        }
    }

    deinit { close() }

    private static let mouseOff = Array("\u{1B}[?1006l\u{1B}[?1000l".utf8)
    private static let synchronised = (
        begin: Array("\u{1B}[?2026h".utf8), end: Array("\u{1B}[?2026l".utf8)
    )

    /// What is written when the terminal is given back, whatever was going on.
    private func setFarewell() {
        Self.setFarewell(
            (encoder.synchronise?.end ?? []) + (isMouseOn ? Self.mouseOff : [])
                + capabilities.leave)
    }

    private static func setFarewell(_ leave: [UInt8]) {
        leave.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            cterminfo_set_farewell(base.assumingMemoryBound(to: CChar.self), bytes.count)
        }
    }

    /// Gives the terminal back. Harmless when called again.
    package func close() {
        guard isOpen else { return }
        isOpen = false
        takeAnswer()
        cterminfo_raw_end()
        cterminfo_unwatch_signals()
    }

    private static var nowMS: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// An answer that is still under way would be typed into the shell.
    private func takeAnswer() {
        guard let askedMS, !isGone, Self.nowMS - askedMS < Self.stillUnderWayMilliseconds else {
            return
        }
        var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard poll(&descriptor, 1, Self.answerMilliseconds) > 0 else { return }
        _ = input()
    }

    /// A terminal that has not answered for so long never does.
    private static let stillUnderWayMilliseconds: Int64 = 1000
    private static let answerMilliseconds: Int32 = 150

    /// 80 × 24 where the terminal does not know its size, as over a serial line.
    package var size: Size {
        var columns: Int32 = 0
        var rows: Int32 = 0
        guard cterminfo_size(STDOUT_FILENO, &columns, &rows) == 0, columns > 0, rows > 0 else {
            return Size(width: 80, height: 24)
        }
        return Size(width: Int(columns), height: Int(rows))
    }

    /// Brings the terminal to `screen` with one write.
    package func present(_ screen: Screen) {
        let bytes = encoder.encode(screen)
        if !bytes.isEmpty { write(bytes) }
    }

    /// The colours from the next frame on.
    package var theme: Theme {
        get { encoder.theme }
        set { encoder.theme = newValue }
    }

    /// Whether presses and the wheel come as keys (xterm's modes 1000 and 1006). What a terminal
    /// does with the mouse itself, such as marking text, it does not do meanwhile.
    package func setMouse(_ isOn: Bool) {
        write(isOn ? Array("\u{1B}[?1000h\u{1B}[?1006h".utf8) : Self.mouseOff)
        isMouseOn = isOn
        setFarewell()
    }

    /// Forgets what is shown, so that the next `present` draws all of it.
    package func invalidate() { encoder.invalidate() }

    /// Waits for input, a signal, `wake` becoming readable, or the time to pass.
    package func wait(wake: Int32, milliseconds: Int32) -> [TerminalEvent] {
        if isGone { return [.ended] }
        let timeout =
            decoder.isWaiting
            ? min(milliseconds, Int32(KeyDecoder.escapeMilliseconds)) : milliseconds
        var descriptors = [
            pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
            pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
        ]
        let ready = poll(&descriptors, nfds_t(descriptors.count), timeout)
        guard ready > 0 else {
            return ready == 0 ? decoder.timedOut().map { .key($0) } : []
        }
        var events: [TerminalEvent] = []
        if descriptors[1].revents != 0 { events += signalEvents() }
        if descriptors[0].revents != 0 { events += input() }
        if descriptors[2].revents != 0 { events.append(.woken) }
        return events
    }

    private func input() -> [TerminalEvent] {
        var buffer = [UInt8](repeating: 0, count: Self.readBytes)
        let count = read(STDIN_FILENO, &buffer, buffer.count)
        if count > 0 {
            let keys = decoder.feed(buffer[..<count])
            takeSynchronised()
            return keys.map { .key($0) }
        }
        if count < 0, errno == EAGAIN || errno == EINTR { return [] }
        isGone = true
        return [.ended]
    }

    private func takeSynchronised() {
        guard askedMS != nil, let answer = decoder.knowsSynchronised else { return }
        askedMS = nil
        guard answer else { return }
        encoder.synchronise = Self.synchronised
        setFarewell()
    }

    private func signalEvents() -> [TerminalEvent] {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = read(signals, &buffer, buffer.count)
        guard count > 0 else { return [] }
        if buffer[..<count].contains(UInt8(ascii: "q")) { return [.ended] }
        encoder.invalidate()
        return [.resized(size)]
    }

    private func write(_ bytes: [UInt8]) {
        var start = 0
        while start < bytes.count {
            let written = bytes.withUnsafeBytes {
                Glibc.write(STDOUT_FILENO, $0.baseAddress.map { $0 + start }, bytes.count - start)
            }
            if written > 0 {
                start += written
            } else if written < 0, errno == EINTR {
                continue
            } else if written < 0, errno == EAGAIN {
                var descriptor = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
                _ = poll(&descriptor, 1, 1000)
            } else {
                isGone = true
                return
            }
        }
    }
}
