import Glibc

/// A child process whose output goes to a file.
final class Child {
    private let identifier: pid_t
    private let output: String
    private var status: Int32?

    static func find(_ name: String) -> String? {
        for folder in ["/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/usr/local/sbin/"]
        where access(folder + name, X_OK) == 0 {
            return folder + name
        }
        print("skipped: \(name) is not installed")
        return nil
    }

    init?(_ program: String, _ arguments: [String], environment: [String] = [], folder: String) {
        output = folder + "/output"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, output, O_CREAT | O_TRUNC | O_WRONLY, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        let argv = ([program] + arguments).map { strdup($0) } + [nil]
        let envp = (["PATH=/usr/bin:/usr/sbin", "MIBS="] + environment).map { strdup($0) } + [nil]
        defer { for text in argv + envp { free(text) } }
        var identifier: pid_t = 0
        guard posix_spawn(&identifier, program, &actions, nil, argv, envp) == 0 else { return nil }
        self.identifier = identifier
    }

    deinit { stop() }

    var hasEnded: Bool {
        if status != nil { return true }
        var result: Int32 = 0
        guard waitpid(identifier, &result, WNOHANG) == identifier else { return false }
        status = result
        return true
    }

    func stop() {
        guard !hasEnded else { return }
        kill(identifier, SIGKILL)
        var result: Int32 = 0
        waitpid(identifier, &result, 0)
        status = result
    }

    var text: String {
        let file = open(output, O_RDONLY)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = read(file, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}

func temporaryFolder() -> String {
    var template = Array("/tmp/frostline-snmp-XXXXXX".utf8CString)
    mkdtemp(&template)
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
}

func write(_ text: String, to path: String) {
    let file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0o600)
    guard file >= 0 else { return }
    _ = Array(text.utf8).withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
    close(file)
}
