import ConfigTree
package import Model

/// Two collectors that watch the site.
extension SiteReader {
    /// `{primary: https://…, standby: https://…}`; https, the path of a socket, or http on this
    /// machine.
    mutating func readRedundancy(_ node: ConfigNode) {
        var table = TableReader(node, what: "`redundancy`", &diagnostics)
        let primaryNode = table.required("primary", &diagnostics)
        let standbyNode = table.required("standby", &diagnostics)
        let primary = primaryNode.flatMap { collectorAddress($0, of: "primary") }
        let standby = standbyNode.flatMap { collectorAddress($0, of: "standby") }
        let authorityNode = table.optional("authority")
        let authority = authorityNode?.text(&diagnostics)
        table.finish(&diagnostics)
        if let authority, let authorityNode, !authority.hasPrefix("/") {
            diagnostics.add(
                authorityNode.position, "`\(authority)` is no absolute path",
                cure: "write where the PEM file of authorities lies: /etc/frostline/authority.pem")
        }
        guard let primary, let standby, let standbyNode else { return }
        guard primary != standby else {
            diagnostics.add(
                standbyNode.position, "both collectors have the same address",
                cure: "write where the primary reaches the standby, and the standby the primary")
            return
        }
        site.redundancy = CollectorPair(primary: primary, standby: standby, authority: authority)
    }

    private mutating func collectorAddress(_ node: ConfigNode, of role: String) -> Secret? {
        guard
            let address = node.secret(
                "address of the \(role)", plain: .address, example: "${cred:\(role)-collector}",
                from: secret, &diagnostics)
        else { return nil }
        if let reason = CollectorPair.refusal(of: address.reveal) {
            diagnostics.add(
                node.position, "the address of the \(role) \(reason)",
                cure: "write https://HOST/ or the absolute path of a socket, such as one of ssh -L")
            return nil
        }
        return address
    }
}

extension CollectorPair {
    /// What the kernel takes for the path of a Unix socket (unix(7)).
    private static let longestSocketPath = 107

    /// Why a text is no address of a collector; nil for one that is.
    package static func refusal(of text: String) -> String? {
        if text.hasPrefix("/") {
            return text.utf8.count > longestSocketPath
                ? "is a path of more than \(longestSocketPath) bytes" : nil
        }
        guard text.hasPrefix("https://") || text.hasPrefix("http://"),
            let host = text.split(separator: "/").dropFirst().first, !host.isEmpty,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            !text.contains(where: { "?#".contains($0) })
        else { return "is no web address and no path" }
        let isPlain = text.hasPrefix("http://")
        return isPlain && !isThisMachine(String(host))
            ? "is plain http to another machine, where anybody on the way reads and writes" : nil
    }

    /// `localhost:8080`, with or without `NAME:PASSWORD@`.
    private static func isThisMachine(_ authority: String) -> Bool {
        let host = authority.split(separator: "@").last ?? ""
        return host == "[::1]" || host.hasPrefix("[::1]:")
            || ["localhost", "127.0.0.1"].contains(host.split(separator: ":").first ?? "")
    }
}
