import Glibc
import Platform
import Screen
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
    /// Who acknowledges alarms.
    package var user: String
    /// Draws with ASCII alone, for terminals that show lines two columns wide.
    package var isASCII: Bool
    package var page: ConsoleModel.Page

    package init(
        address: Address, authorityFile: String? = nil, dashboard: Dashboard? = nil,
        user: String? = nil, isASCII: Bool = false, page: ConsoleModel.Page = .overview
    ) {
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
    /// Time between two looks at the clock, in milliseconds: ages and the clock move by seconds.
    private static let tickMilliseconds: Int32 = 250

    /// Runs until the user leaves or the process is asked to end. Returns the exit code: 0, or 3
    /// without a usable terminal, told on standard error.
    package static func run(options: ConsoleOptions) -> Int32 {
        guard let mailbox = Mailbox() else {
            return refuse("no file descriptors left; raise the limit with `ulimit -n`")
        }
        let effects: Effects
        let terminal: Terminal
        do throws(PlatformError) {
            effects = try Effects(client: DaemonClient(options), mailbox: mailbox)
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
        loop(&model, terminal, effects, mailbox, isASCII: options.isASCII)
        return 0
    }

    private static func loop(
        _ model: inout ConsoleModel, _ terminal: Terminal, _ effects: Effects, _ mailbox: Mailbox,
        isASCII: Bool
    ) {
        var capabilities = terminal.capabilities.display
        if isASCII { capabilities.glyphs = .ascii }
        var size = terminal.size
        model.size = size
        while true {
            var events: [ConsoleEvent] = [.tick(Clocks.monotonicNanoseconds() / 1_000_000)]
            terminal.present(ConsoleView.draw(model, size: size, capabilities: capabilities))
            for event in terminal.wait(wake: mailbox.readEnd, milliseconds: tickMilliseconds) {
                switch event {
                case .key(let key): events.append(.key(key))
                case .resized(let new):
                    size = new
                    events.append(.resized(new))
                case .woken: events += mailbox.take()
                case .ended: return
                }
            }
            for event in events {
                for command in update(&model, event) {
                    switch command {
                    case .quit: return
                    case .redraw: terminal.invalidate()
                    default: effects.perform(command)
                    }
                }
            }
        }
    }

    private static func refuse(_ reason: String) -> Int32 {
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
