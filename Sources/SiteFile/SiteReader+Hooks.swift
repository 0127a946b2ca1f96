import ConfigTree
import Model

/// Who is told how: `hooks` and `heartbeat`.
extension SiteReader {
    /// Nobody reads more, and a robot's maker stops it long before.
    private static let limits: ClosedRange<Int64> = 1...60_000
    private static let maximumRecipients = 50
    private static let maximumArguments = 50
    private static let maximumVariables = 50

    mutating func readHook(_ node: ConfigNode) {
        var table = TableReader(node, what: title(.hook, node), &diagnostics)
        let name = claimName(table.required("name", &diagnostics), .hook)
        let kind = table.required("kind", &diagnostics)?.choice(Hook.Kind.self, &diagnostics)
        let priorityNode = table.optional("priority")
        let priority = priorityNode == nil ? AlarmPriority.low : priority(priorityNode)
        let limitNode = table.optional("limit")
        let limit = limitNode?.integer(in: Self.limits, &diagnostics)
        let fallbackNode = table.optional("fallback")
        let fallback = fallbackNode?.text(maximum: 64, &diagnostics)
        let escalated = table.optional("onlyEscalated")?.boolean(&diagnostics)
        let language = table.optional("language")?.choice(NoticeLanguage.self, &diagnostics)
        // Of a kind in error the other keys cannot be judged.
        guard let kind else { return }
        let target = target(kind, &table)
        table.finish(&diagnostics)
        guard let name, let priority, let target else { return }
        if let limit, let limitNode, kind.isRobot, limit > kind.usualLimit {
            diagnostics.add(
                limitNode.position,
                "the maker of \(kind.rawValue) robots blocks one that sends so much",
                cure: "write at most \(kind.usualLimit) a minute, or leave it out")
        }
        var hook = Hook(
            name: name, kind: kind, target: target, minimumPriority: priority,
            limitPerMinute: limit.map { Int($0) }, fallback: fallback)
        hook.onlyEscalated = escalated ?? false
        if let language { hook.language = language }
        if let fallbackNode { fallbackPositions[name] = fallbackNode.position }
        site.hooks.append(hook)
    }

    private mutating func target(_ kind: Hook.Kind, _ table: inout TableReader) -> Hook.Target? {
        switch kind {
        case .webhook, .alertmanager, .dingtalk, .feishu, .wecom:
            web(kind, &table).map { .web($0) }
        case .smtp: mail(&table).map { .mail($0) }
        case .syslog: stream(&table).map { .stream($0) }
        case .exec: program(&table).map { .program($0) }
        case .inform: manager(&table).map { .manager($0) }
        }
    }

    private mutating func web(_ kind: Hook.Kind, _ table: inout TableReader) -> WebTarget? {
        let urlNode = table.required("url", &diagnostics)
        let url = webAddress(urlNode, of: kind == .alertmanager ? "Alertmanager" : "webhook")
        var isWhole = true
        let token = kind.isRobot ? nil : hidden("token", "token", &table, &isWhole)
        let isSigned = kind == .dingtalk || kind == .feishu
        let signing = isSigned ? hidden("signing", "signing secret", &table, &isWhole) : nil
        var format: WebTarget.Format?
        if kind == .webhook {
            format = table.optional("format")?.choice(WebTarget.Format.self, &diagnostics)
        }
        let linkNode = kind.isRobot ? nil : table.optional("link")
        let link = linkNode?.text(&diagnostics)
        if let link, let linkNode, !isWebAddress(link) {
            diagnostics.add(
                linkNode.position, "the link is no `https://HOST/…`",
                cure: "write the address of the page where alarms are looked at")
        }
        let authority = kind.isRobot ? nil : authority(&table)
        guard let url, isWhole else { return nil }
        var target = WebTarget(url: url, token: token, signing: signing)
        if let format { target.format = format }
        target.link = link
        target.authority = authority
        return target
    }

    /// A secret that may be left out.
    private mutating func hidden(
        _ key: String, _ what: String, _ table: inout TableReader, _ isWhole: inout Bool
    ) -> Secret? {
        guard let node = table.optional(key) else { return nil }
        let value = node.secret(
            what, plain: .refused, example: "${cred:on-call-\(key)}", from: secret, &diagnostics)
        if value == nil { isWhole = false }
        return value
    }

    /// An address that may be a secret.
    private mutating func webAddress(_ node: ConfigNode?, of what: String) -> Secret? {
        guard let node,
            let url = node.secret(
                "\(what) address", plain: .address, example: "${cred:on-call-url}", from: secret,
                &diagnostics)
        else { return nil }
        guard isWebAddress(url.reveal) else {
            diagnostics.add(
                node.position, "the \(what) address is no `https://HOST/…`",
                cure: "write the whole address, beginning with https:// or http://")
            return nil
        }
        return url
    }

    private mutating func authority(_ table: inout TableReader) -> String? {
        guard let node = table.optional("authority"), let path = node.text(&diagnostics) else {
            return nil
        }
        guard path.hasPrefix("/") else {
            diagnostics.add(
                node.position, "`\(path)` is no absolute path",
                cure: "write where the PEM file of authorities lies: /etc/frostline/authority.pem")
            return nil
        }
        return path
    }

    private mutating func mail(_ table: inout TableReader) -> MailTarget? {
        let protectionNode = table.optional("security")
        let protection =
            protectionNode == nil
            ? .startTLS : protectionNode?.choice(Protection.self, &diagnostics)
        let server = server(
            table.required("server", &diagnostics), port: protection == .tls ? 465 : 587)
        let user = table.optional("user")?.text(maximum: 200, &diagnostics)
        let passwordNode = table.optional("password")
        let password = passwordNode?.secret(
            "password", plain: .refused, example: "${cred:mail-password}", from: secret,
            &diagnostics)
        let from = address(table.required("from", &diagnostics))
        let to = oneOrMany(table.required("to", &diagnostics))
        if let node = to.dropFirst(Self.maximumRecipients).first {
            diagnostics.add(
                node.position, "more than \(Self.maximumRecipients) recipients",
                cure: "let the mail server keep a list, and write its address")
        }
        let recipients = to.prefix(Self.maximumRecipients).compactMap { address($0) }
        let authority = authority(&table)
        if let node = passwordNode ?? table.optional("user"),
            (user == nil) != (passwordNode == nil)
        {
            diagnostics.add(
                node.position, "the mail server gets a user or a password alone",
                cure: "write both `user` and `password`, or neither")
        }
        if let protectionNode, protection == Protection.none, let server, user != nil,
            !server.isLoopback
        {
            diagnostics.add(
                protectionNode.position, "the password would go over the network in the clear",
                cure: "write `security: starttls` or `security: tls`")
        }
        guard let protection, let server, let from, recipients.count == to.count, !to.isEmpty,
            passwordNode == nil || password != nil
        else { return nil }
        var target = MailTarget(
            host: server.host, port: server.port, protection: protection, from: from,
            to: recipients)
        target.user = user
        target.password = password
        target.authority = authority
        return target
    }

    /// `name@host`, without what would end a line of a message.
    private mutating func address(_ node: ConfigNode?) -> String? {
        guard let node, let text = node.text(maximum: 254, &diagnostics) else { return nil }
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        let isPlain = text.utf8.allSatisfy {
            $0 > 0x20 && $0 < 0x7F && !"<>,;:\"".utf8.contains($0)
        }
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, isPlain else {
            diagnostics.add(
                node.position, "`\(text.prefix(60))` is no mail address",
                cure: "write for example `duty@example.com`")
            return nil
        }
        return text
    }

    private mutating func stream(_ table: inout TableReader) -> StreamTarget? {
        let node = table.optional("security")
        let choices: [(name: String, value: Protection)] = [("tls", .tls), ("none", .none)]
        let protection = node == nil ? .tls : node?.choice(choices, &diagnostics)
        let server = server(
            table.required("server", &diagnostics), port: protection == .tls ? 6514 : 601)
        let authority = authority(&table)
        guard let protection, let server else { return nil }
        var target = StreamTarget(host: server.host, port: server.port, protection: protection)
        target.authority = authority
        return target
    }

    private mutating func program(_ table: inout TableReader) -> ProgramTarget? {
        let commandNode = table.required("command", &diagnostics)
        let nodes = oneOrMany(commandNode)
        let arguments = nodes.compactMap { $0.text(maximum: 1_000, &diagnostics) }
        let timeout = duration(
            table.optional("timeout"), in: 1_000...300_000, words: "1s to 5m")
        var environment: [(name: String, value: Secret)] = []
        for entry in table.optional("environment")?.entries(&diagnostics) ?? [] {
            if let variable = variable(entry) { environment.append(variable) }
        }
        guard let commandNode, let program = arguments.first, arguments.count == nodes.count else {
            return nil
        }
        guard program.hasPrefix("/"), nodes.count <= Self.maximumArguments,
            !arguments.contains(where: { $0.utf8.contains(0) })
        else {
            diagnostics.add(
                commandNode.position, "`\(program.prefix(60))` is no program by its absolute path",
                cure: "write for example `command: [/usr/local/bin/ring-the-bell, --loud]`; no "
                    + "shell reads it")
            return nil
        }
        return ProgramTarget(
            arguments: arguments, environment: environment,
            timeoutMilliseconds: timeout ?? 30_000)
    }

    private mutating func variable(
        _ entry: ConfigNode.Entry
    ) -> (name: String, value: Secret)? {
        let isName = entry.key.utf8.enumerated().allSatisfy { index, byte in
            byte == UInt8(ascii: "_") || (0x61...0x7A).contains(byte | 0x20)
                || index > 0 && (0x30...0x39).contains(byte)
        }
        guard isName, !entry.key.hasPrefix("LD_"), !entry.key.hasPrefix("FROSTLINE_") else {
            diagnostics.add(
                entry.keyPosition, "`\(entry.key.prefix(40))` cannot be set for a program",
                cure: "use a name of letters, digits and `_` that begins neither with LD_ nor with "
                    + "FROSTLINE_")
            return nil
        }
        // A word that is no secret may stand here.
        guard let text = entry.value.text(maximum: 4_096, &diagnostics) else { return nil }
        guard text.contains("${") else { return (entry.key, Secret(text)) }
        return entry.value.secret(
            "variable", plain: .refused, example: "${cred:bell-key}", from: secret, &diagnostics
        ).map { (entry.key, $0) }
    }

    private mutating func manager(_ table: inout TableReader) -> ManagerTarget? {
        let server = server(
            table.required("server", &diagnostics), port: ManagerTarget.standardPort)
        guard let node = table.required("credentials", &diagnostics),
            let name = node.text(maximum: 64, &diagnostics)
        else { return nil }
        guard let known = credentials[name] else {
            reportUnknown(
                "set of credentials", name, at: node.position, among: credentials.keys,
                otherwise: "add it to `credentials`")
            return nil
        }
        if case .some(.v1) = known {
            diagnostics.add(
                node.position, "SNMPv1 has no informs", cure: "use version 2c or 3")
            return nil
        }
        guard let server, let known else { return nil }
        return ManagerTarget(host: server.host, port: server.port, access: known)
    }

    private struct Server {
        var host: String
        var port: UInt16
        var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
    }

    /// `HOST`, `HOST:PORT` or `[2001:db8::1]:PORT`.
    private mutating func server(_ node: ConfigNode?, port usual: UInt16) -> Server? {
        guard let node, let text = node.text(maximum: 260, &diagnostics) else { return nil }
        var host = text[...]
        var port: UInt16? = usual
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            if !rest.isEmpty { port = rest.hasPrefix(":") ? UInt16(rest.dropFirst()) : nil }
        } else if let colon = text.lastIndex(of: ":") {
            host = text[..<colon]
            port = UInt16(text[text.index(after: colon)...])
        }
        let isHost =
            !host.isEmpty
            && host.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20)
                    || "-.:_%".utf8.contains($0)
            }
        guard isHost, let port, port > 0, text.hasPrefix("[") || !host.contains(":") else {
            diagnostics.add(
                node.position, "`\(text.prefix(60))` is no HOST:PORT",
                cure: "write for example `mail.example:587`, `192.0.2.7` or `[2001:db8::7]:514`")
            return nil
        }
        return Server(host: String(host), port: port)
    }

    /// A fallback exists, and none leads back to where it began.
    mutating func checkFallbacks() {
        let fallbacks = Dictionary(
            site.hooks.compactMap { hook in hook.fallback.map { (hook.name, $0) } },
            uniquingKeysWith: { first, _ in first })
        for hook in site.hooks {
            guard let fallback = hook.fallback, let position = fallbackPositions[hook.name] else {
                continue
            }
            guard names[.hook]?[fallback] != nil else {
                reportUnknown(
                    .hook, fallback, at: position, otherwise: "name another hook of this file")
                continue
            }
            var seen: Set<String> = [hook.name]
            var next: String? = fallback
            while let name = next, seen.insert(name).inserted { next = fallbacks[name] }
            if let name = next, name == hook.name {
                diagnostics.add(
                    position, "the second channel of `\(hook.name)` leads back to it",
                    cure: "let the last one have none")
            }
        }
    }

    /// `{url: "${cred:watch}", every: 60s}`.
    mutating func readHeartbeat(_ node: ConfigNode) {
        var table = TableReader(node, what: "`heartbeat`", &diagnostics)
        let url = webAddress(table.required("url", &diagnostics), of: "heartbeat")
        let tokenNode = table.optional("token")
        let token = tokenNode?.secret(
            "token", plain: .refused, example: "${cred:heartbeat-token}", from: secret,
            &diagnostics)
        let every = duration(table.optional("every"), in: 5_000...3_600_000, words: "5s to 1h")
        table.finish(&diagnostics)
        guard let url, tokenNode == nil || token != nil else { return }
        site.heartbeat = Heartbeat(url: url, token: token, everyMilliseconds: every ?? 60_000)
    }
}
