import ConfigTree
import Model

/// Engines of others: who is sent the readings, and where commands read them.
extension SiteReader {
    /// A receiver may get at most so much of the past at its start: what a site keeps.
    private static let longestHistory: Int64 = 10 * 366 * 86_400_000
    private static let rates: ClosedRange<Int64> = 100...10_000_000
    private static let maximumLabels = 20
    private static let maximumPatterns = 200

    mutating func readForward(_ node: ConfigNode) {
        var table = TableReader(node, what: title(.forward, node), &diagnostics)
        let name = claimName(table.required("name", &diagnostics), .forward)
        let access = access(&table, address: "url", of: "receiver")
        var receiver = access.map { ForwardReceiver(name: name ?? "", access: $0) }
        if let node = table.optional("protocol"),
            let version = node.choice(ForwardReceiver.Version.self, &diagnostics)
        {
            receiver?.version = version
        }
        if let node = table.optional("order"),
            let order = node.choice(ForwardReceiver.Order.self, &diagnostics)
        {
            receiver?.order = order
        }
        if let node = table.optional("history"), let span = node.duration(&diagnostics) {
            if span > Self.longestHistory {
                diagnostics.add(
                    node.position, "`history` is longer than ten years",
                    cure: "write how much of the past it gets at its start, as 35d")
            }
            receiver?.historyMilliseconds = span
        }
        if let rate = table.optional("rate")?.integer(in: Self.rates, &diagnostics) {
            receiver?.rate = rate
        }
        receiver?.points = patterns(table.optional("points"))
        receiver?.labels = labels(table.optional("labels"))
        table.finish(&diagnostics)
        if name != nil, let receiver { site.forwards.append(receiver) }
    }

    /// `{remote: https://HOST/}`: the engine that commands read from.
    mutating func readStore(_ node: ConfigNode) {
        var table = TableReader(node, what: "`store`", &diagnostics)
        if let remote = table.optional("remote") { site.remoteStore = readEngine(remote) }
        table.finish(&diagnostics)
    }

    /// An address, or a table with what is shown there too.
    mutating func readEngine(_ remote: ConfigNode) -> RemoteAccess? {
        guard case .mapping = remote.content else {
            return address(remote, of: "remote store").map { RemoteAccess(url: $0) }
        }
        var inner = TableReader(remote, what: "`remote`", &diagnostics)
        defer { inner.finish(&diagnostics) }
        return access(&inner, address: "url", of: "remote store")
    }

    /// An address with what is shown there.
    private mutating func access(
        _ table: inout TableReader, address key: String, of what: String
    ) -> RemoteAccess? {
        let url = table.required(key, &diagnostics).flatMap { address($0, of: what) }
        let tokenNode = table.optional("token")
        let token = tokenNode.flatMap {
            $0.secret(
                "token", plain: .refused, example: "${cred:metrics-token}", from: secret,
                &diagnostics)
        }
        let user = table.optional("user")?.text(maximum: 200, &diagnostics)
        let passwordNode = table.optional("password")
        let password = passwordNode.flatMap {
            $0.secret(
                "password", plain: .refused, example: "${cred:metrics-password}", from: secret,
                &diagnostics)
        }
        if let tokenNode, user != nil || passwordNode != nil {
            diagnostics.add(
                tokenNode.position, "the \(what) has both a token and a password",
                cure: "keep `token`, or `user` and `password`")
        } else if let passwordNode, user == nil {
            diagnostics.add(
                passwordNode.position, "the \(what) has a password and no user",
                cure: "add `user: NAME`")
        }
        let authorityNode = table.optional("authority")
        let authority = authorityNode?.text(&diagnostics)
        if let authority, let authorityNode, !authority.hasPrefix("/") {
            diagnostics.add(
                authorityNode.position, "`\(authority)` is no absolute path",
                cure: "write where the PEM file of authorities lies: /etc/frostline/authority.pem")
        }
        guard let url else { return nil }
        return RemoteAccess(
            url: url, token: token, user: user, password: password, authority: authority)
    }

    private mutating func address(_ node: ConfigNode, of what: String) -> Secret? {
        guard
            let url = node.secret(
                "address of the \(what)", plain: .address, example: "${cred:metrics-url}",
                from: secret, &diagnostics)
        else { return nil }
        guard isWebAddress(url.reveal) else {
            diagnostics.add(
                node.position, "the address of the \(what) is no `https://HOST/…`",
                cure: "write the whole address, beginning with https:// or http://")
            return nil
        }
        return url
    }

    private mutating func patterns(_ node: ConfigNode?) -> [Glob] {
        let nodes = oneOrMany(node)
        if let node, nodes.count > Self.maximumPatterns {
            diagnostics.add(
                node.position, "more than \(Self.maximumPatterns) patterns",
                cure: "use `*`: `pdu-*/input.power`")
            return []
        }
        return nodes.compactMap { node in
            guard let text = node.text(maximum: 200, &diagnostics) else { return nil }
            guard text.contains("/") || text == "*" else {
                diagnostics.add(
                    node.position, "`\(text)` is no DEVICE/POINT",
                    cure: "write a pattern such as `pdu-*/input.power`")
                return nil
            }
            return Glob(text)
        }
    }

    /// Names as Prometheus wants them; those that every series has already are ours.
    private mutating func labels(_ node: ConfigNode?) -> [(name: String, value: String)] {
        guard let node, let entries = node.entries(&diagnostics) else { return [] }
        guard entries.count <= Self.maximumLabels else {
            diagnostics.add(
                node.position, "more than \(Self.maximumLabels) labels", cure: "keep those in use")
            return []
        }
        let taken = ["site", "device", "place", "feed", "point", "state", "code"]
        return entries.compactMap { entry in
            let bytes = Array(entry.key.utf8)
            let isName = bytes.enumerated().allSatisfy { index, byte in
                byte == UInt8(ascii: "_") || (0x61...0x7A).contains(byte | 0x20)
                    || index > 0 && (0x30...0x39).contains(byte)
            }
            guard isName, !entry.key.hasPrefix("__"), !taken.contains(entry.key) else {
                diagnostics.add(
                    entry.keyPosition, "`\(entry.key)` cannot be the name of a label",
                    cure: "use letters, digits and `_`, and none of "
                        + taken.joined(separator: ", "))
                return nil
            }
            return entry.value.text(maximum: 200, &diagnostics).map { (entry.key, $0) }
        }
    }
}
