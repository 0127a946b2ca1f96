import Platform
import Screen
import Terminal

/// What happens to a terminal application: events of the terminal, and those that other threads
/// have posted.
enum LoopEvent<Posted: Sendable> {
    /// Monotonic milliseconds.
    case tick(Int64)
    case key(Key)
    case resized(Size)
    case posted(Posted)
}

enum LoopAction {
    case goOn, redraw, quit
    case theme(Theme)
    case mouse(Bool)
}

/// The loop of a terminal application, on the thread that calls it.
enum TerminalLoop {
    /// Time between two looks at the clock, in milliseconds: ages and the clock move by seconds.
    private static let tickMilliseconds: Int32 = 250

    /// Draws and hands on events until `handle` says to end, or the terminal is gone. The first
    /// event is the terminal's size.
    static func run<Posted>(
        _ terminal: Terminal, _ mailbox: Mailbox<Posted>, isASCII: Bool,
        handle: (LoopEvent<Posted>) -> LoopAction, draw: (Size, DisplayCapabilities) -> Screen
    ) {
        var capabilities = terminal.capabilities.display
        if isASCII { capabilities.glyphs = .ascii }
        var size = terminal.size
        _ = handle(.resized(size))
        while true {
            var events: [LoopEvent<Posted>] = [.tick(Clocks.monotonicNanoseconds() / 1_000_000)]
            terminal.present(draw(size, capabilities))
            for event in terminal.wait(wake: mailbox.readEnd, milliseconds: tickMilliseconds) {
                switch event {
                case .key(let key): events.append(.key(key))
                case .resized(let new):
                    size = new
                    events.append(.resized(new))
                case .woken: events += mailbox.take().map { .posted($0) }
                case .ended: return
                }
            }
            for event in events {
                switch handle(event) {
                case .quit: return
                case .redraw: terminal.invalidate()
                case .theme(let theme): terminal.theme = theme
                case .mouse(let isOn): terminal.setMouse(isOn)
                case .goOn: break
                }
            }
        }
    }
}
