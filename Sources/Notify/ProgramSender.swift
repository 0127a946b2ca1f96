import Model
import Platform

/// Starts a program: the plain document on its standard input, arguments as they are configured.
struct ProgramSender: Sender {
    private static let maximumOutput = 64 << 10
    /// sysexits.h: something temporary.
    private static let temporary: Int32 = 75

    let hook: Hook
    let target: ProgramTarget

    func send(_ message: Message) -> DeliveryQueue.Outcome {
        guard !message.notices.isEmpty else {
            return .refused("it is of an older version, which only webhooks can read")
        }
        // Nothing of our own environment, where secrets may be.
        var environment: [(name: String, value: String)] = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin"), ("LANG", "C.UTF-8"),
            ("FROSTLINE_KEY", cleaned(message.key)), ("FROSTLINE_HOOK", hook.name),
            ("FROSTLINE_NOTICES", String(message.notices.count)),
        ]
        if let notice = message.notices.first, !message.isDigest {
            environment += [
                ("FROSTLINE_ALARM", cleaned(notice.key.description)),
                ("FROSTLINE_NOTICE", notice.kind), ("FROSTLINE_PRIORITY", notice.priority),
                ("FROSTLINE_STATE", notice.state),
            ]
        }
        environment += target.environment.map { ($0.name, $0.value.reveal) }
        do {
            return Self.outcome(
                try ChildProcess.run(
                    target.arguments, environment: environment, input: PlainPayload.make(message),
                    timeoutMilliseconds: target.timeoutMilliseconds,
                    maximumOutput: Self.maximumOutput))
        } catch {
            return .retry(error.description)
        }
    }

    private static func outcome(_ result: ChildProcess.Result) -> DeliveryQueue.Outcome {
        let said = cleaned(String(decoding: result.output.prefix(400), as: UTF8.self), limit: 200)
        let words = said.isEmpty ? "" : ": " + said
        if result.timedOut { return .retry("it did not end in its time and was ended\(words)") }
        guard let status = result.status else {
            return .retry("it was ended by signal \(result.signal ?? 0)\(words)")
        }
        if status == 0 { return .delivered("exit 0\(words)") }
        return .retry("exit \(status)\(words)", isAnswer: status != temporary)
    }
}
