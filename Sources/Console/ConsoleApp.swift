import Glibc
import Platform
package import Screen
import Terminal
import Views

/// How the console is started.
package struct ConsoleOptions: Sendable {
    package enum Address: Sendable, Equatable {
        /// The daemon's Unix socket on this machine.
        case socket(String)
        /// `http://…` or `https://…` of a daemon or the proxy before it.
        case url(String)
    }
    package var address: Address
    /// PEM file of the authority that signed the proxy's certificate.
    package var authorityFile: String?
    package var dashboard: Dashboard?
    /// Where other dashboards are.
    package var boards: BoardFolder?
    /// Who acknowledges alarms.
    package var user: String
    /// Draws with ASCII alone, for terminals that show lines two columns wide.
    package var isASCII: Bool
    package var page: ConsoleModel.Page
    /// The moment to begin at, as typed; nil for the present.
    package var at: String?
    package var language: Language
    package var theme: Theme

    package init(
        address: Address, authorityFile: String? = nil, dashboard: Dashboard? = nil,
        user: String? = nil, isASCII: Bool = false, page: ConsoleModel.Page = .overview,
        language: Language? = nil, theme: Theme = .dark
    ) {
        self.language =
            language ?? Language.of { name in getenv(name).map { String(cString: $0) } }
        self.theme = theme
        self.address = address
        self.authorityFile = authorityFile
        self.dashboard = dashboard
        self.user = user ?? Self.loginName
        self.isASCII = isASCII
        self.page = page
    }

    var target: String {
        switch address {
        case .socket(let path): path
        case .url(let url): url
        }
    }

    private static var loginName: String {
        for name in ["LOGNAME", "USER"] {
            if let value = getenv(name).map({ String(cString: $0) }), !value.isEmpty {
                return value
            }
        }
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 4096)
        guard getpwuid_r(getuid(), &entry, &buffer, buffer.count, &found) == 0, found != nil,
            let name = entry.pw_name
        else { return "uid \(getuid())" }
        return String(cString: name)
    }
}

/// The console on the terminal of this process.
package enum ConsoleApp {
    /// Runs until the user leaves or the process is asked to end. Returns the exit code: 0, or 3
    /// without a usable terminal, told on standard error.
    package static func run(options: ConsoleOptions) -> Int32 {
        let isSnapshot: @Sendable (ConsoleEvent) -> Bool = {
            if case .snapshot = $0 { true } else { false }
        }
        guard let mailbox = Mailbox<ConsoleEvent>(isWhole: isSnapshot) else {
            return refuse(noDescriptors)
        }
        let effects: Effects
        let terminal: Terminal
        do throws(PlatformError) {
            effects = try Effects(
                client: DaemonClient(options), mailbox: mailbox, boards: options.boards)
        } catch {
            return refuse(error.description)
        }
        do throws(TerminalError) {
            terminal = try Terminal()
        } catch {
            return refuse(error.description)
        }
        defer { terminal.close() }
        do throws(PlatformError) {
            try effects.start()
        } catch {
            terminal.close()
            return refuse(error.description)
        }
        defer { effects.stop() }
        var model = ConsoleModel(
            user: options.user, target: options.target, dashboard: options.dashboard)
        if model.pages.contains(options.page) { model.page = options.page }
        model.past.start = options.at
        model.language = options.language
        model.state.theme = options.theme
        terminal.theme = options.theme
        effects.perform(.listBoards)
        run(&model, terminal, mailbox, effects, isASCII: options.isASCII)
        return 0
    }

    private static func run(
        _ model: inout ConsoleModel, _ terminal: Terminal, _ mailbox: Mailbox<ConsoleEvent>,
        _ effects: Effects, isASCII: Bool
    ) {
        var display = terminal.capabilities.display
        if isASCII { display.glyphs = .ascii }
        TerminalLoop.run(terminal, mailbox, isASCII: isASCII) { event in
            var action = LoopAction.goOn
            for command in update(&model, consoleEvent(event)) {
                switch command {
                case .quit: return .quit
                case .redraw: action = .redraw
                case .setTheme(let theme): action = .theme(theme)
                case .setMouse(let isOn): action = .mouse(isOn)
                case .save(let name):
                    effects.save(SavedView(model, display), name: name)
                default: effects.perform(command)
                }
            }
            return action
        } draw: { size, capabilities in
            ConsoleView.draw(model, size: size, capabilities: capabilities)
        }
    }

    private static func consoleEvent(_ event: LoopEvent<ConsoleEvent>) -> ConsoleEvent {
        switch event {
        case .tick(let now): .tick(now)
        case .key(let key): .key(key)
        case .resized(let size): .resized(size)
        case .posted(let event): event
        }
    }

    static let noDescriptors = "no file descriptors left; raise the limit with `ulimit -n`"

    static func refuse(_ reason: String) -> Int32 {
        let line = "frostline: \(reason)\n"
        _ = Array(line.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        return 3
    }
}

/// Sleeps until a monotonic moment.
func sleepUntil(_ nanoseconds: Int64) {
    var time = timespec(
        tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
}
