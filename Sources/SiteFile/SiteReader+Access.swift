import ConfigTree
import Model

/// Defaults and credentials.
extension SiteReader {
    mutating func readDefaults(_ node: ConfigNode) {
        var table = TableReader(node, what: "`defaults`", &diagnostics)
        defaults.intervals = intervals(table.optional("interval"), defaults.intervals)
        if let value = timeout(table.optional("timeout")) { defaults.timeout = value }
        if let value = retries(table.optional("retries")) { defaults.retries = value }
        if let node = table.optional("snmp") {
            defaults.accessWasGiven = true
            var snmp = TableReader(node, what: "`defaults.snmp`", &diagnostics)
            if let port = snmp.optional("port")?.integer(in: 1...65_535, &diagnostics) {
                defaults.addresses.snmpPort = UInt16(port)
            }
            defaults.access = access(&snmp)
            snmp.finish(&diagnostics)
        }
        if let node = table.optional("modbus") {
            var modbus = TableReader(node, what: "`defaults.modbus`", &diagnostics)
            if let port = modbus.optional("port")?.integer(in: 1...65_535, &diagnostics) {
                defaults.addresses.modbusPort = UInt16(port)
            }
            if let unit = modbus.optional("unit")?.integer(in: 0...255, &diagnostics) {
                defaults.addresses.modbusUnit = UInt8(unit)
            }
            defaults.addresses.modbusLink.read(&modbus, &diagnostics)
            modbus.finish(&diagnostics)
        }
        if let node = table.optional("rack") {
            var rack = TableReader(node, what: "`defaults.rack`", &diagnostics)
            let height = rack.optional("height")
            if let height = height?.integer(in: SiteBounds.rackHeights, &diagnostics) {
                defaults.rackHeight = Int(height)
            }
            if let rated = rack.optional("rated") {
                // 0 after a mistake, so that racks do not report a missing rating as well.
                defaults.rackWatts = rated.watts(&diagnostics) ?? 0
            }
            if let node = rack.optional("contents") { defaults.rackItems = contents(node) }
            rack.finish(&diagnostics)
        }
        table.finish(&diagnostics)
    }

    /// `10s`, or `{fast: 2s, normal: 10s, slow: 1h}` with any of the three. What a device says of
    /// `normal` alone is the measure of its other two again, unless `inherited` fixed them.
    mutating func intervals(_ node: ConfigNode?, _ inherited: PollIntervals) -> PollIntervals {
        guard let node else { return inherited }
        var result = inherited
        guard case .mapping = node.content else {
            if let value = interval(node) { result.normal = value }
            return result
        }
        var table = TableReader(node, what: "`interval`", &diagnostics)
        let fast = table.optional("fast")
        let normal = table.optional("normal")
        let slow = table.optional("slow")
        table.finish(&diagnostics)
        if let value = interval(normal) { result.normal = value }
        if let value = interval(fast) { result.fast = value }
        if let value = slowInterval(slow) { result.slow = value }
        if let value = result.fast, value > result.normal {
            diagnostics.add(
                (fast ?? normal ?? node).position,
                "`fast` is slower than `normal`, \(result.normal) ms",
                cure: "shorten `fast` or lengthen `normal`")
        }
        if let value = result.slow, value < result.normal {
            diagnostics.add(
                (slow ?? normal ?? node).position,
                "`slow` is quicker than `normal`, \(result.normal) ms",
                cure: "lengthen `slow` or shorten `normal`")
        }
        return result
    }

    private mutating func interval(_ node: ConfigNode?) -> Int64? {
        duration(node, in: 500...3_600_000, words: "500ms to 1h")
    }

    private mutating func slowInterval(_ node: ConfigNode?) -> Int64? {
        duration(node, in: 500...86_400_000, words: "500ms to 1d")
    }

    mutating func timeout(_ node: ConfigNode?) -> Int64? {
        duration(node, in: 50...30_000, words: "50ms to 30s")
    }

    mutating func retries(_ node: ConfigNode?) -> Int? {
        node?.integer(in: 0...10, &diagnostics).map(Int.init)
    }

    /// A duration in milliseconds within `range`.
    mutating func duration(
        _ node: ConfigNode?, in range: ClosedRange<Int64>, words: String
    ) -> Int64? {
        guard let node, let value = node.duration(&diagnostics) else { return nil }
        guard range.contains(value) else {
            diagnostics.add(
                node.position, "`\(node.plainText ?? "")` is out of range",
                cure: "use \(words)")
            return nil
        }
        return value
    }

    mutating func readCredentials(_ node: ConfigNode) {
        guard let entries = node.entries(&diagnostics) else { return }
        guard entries.count <= SiteBounds.credentials else {
            diagnostics.add(
                node.position, "more than \(SiteBounds.credentials) sets of credentials",
                cure: "let devices share them")
            return
        }
        for entry in entries {
            var table = TableReader(
                entry.value, what: "credentials `\(entry.key.prefix(64))`", &diagnostics)
            credentials[entry.key] = .some(access(&table))
            table.finish(&diagnostics)
        }
    }

    /// One set of SNMP credentials; nil after reporting what is wrong.
    private mutating func access(_ table: inout TableReader) -> SNMPTransport.Access? {
        enum Version { case v1, v2c, v3 }
        let versions: [(name: String, value: Version)] = [("1", .v1), ("2c", .v2c), ("3", .v3)]
        let given = table.optional("version")
        let version = given == nil ? Version.v2c : given?.choice(versions, &diagnostics)
        switch version {
        case nil:
            for key in ["community", "user", "auth", "authPassphrase", "privacy"] {
                _ = table.optional(key)
            }
            _ = table.optional("privacyPassphrase")
            return nil
        case .v3: return user(&table).map { .v3($0) }
        case .v1, .v2c:
            guard
                let community = table.required("community", &diagnostics)?.secret(
                    "community", plain: .onlyPublic, example: "${cred:snmp-community}",
                    from: secret, &diagnostics)
            else { return nil }
            return version == .v1 ? .v1(community: community) : .v2c(community: community)
        }
    }

    private mutating func user(_ table: inout TableReader) -> SNMPv3User? {
        let name = table.required("user", &diagnostics)?.text(maximum: 32, &diagnostics)
        let auth = table.optional("auth")
        let authPhrase = table.optional("authPassphrase")
        let privacy = table.optional("privacy")
        let privacyPhrase = table.optional("privacyPassphrase")
        guard let name, !name.isEmpty else { return nil }
        var user = SNMPv3User(name: name)
        var complete = true
        if auth != nil || authPhrase != nil {
            let algorithm = (auth ?? table.required("auth", &diagnostics))?
                .choice(SNMPv3User.Authentication.self, &diagnostics)
            let phrase = passphrase(authPhrase ?? table.required("authPassphrase", &diagnostics))
            if let algorithm, let phrase {
                user.authentication = (algorithm, phrase)
            } else {
                complete = false
            }
        }
        if let first = privacy ?? privacyPhrase {
            if auth == nil {
                diagnostics.add(
                    first.position, "privacy needs authentication",
                    cure: "add `auth: SHA-256` and `authPassphrase: ${cred:…}`")
                complete = false
            }
            let algorithm = (privacy ?? table.required("privacy", &diagnostics))?
                .choice(SNMPv3User.Privacy.self, &diagnostics)
            let phrase = passphrase(
                privacyPhrase ?? table.required("privacyPassphrase", &diagnostics))
            if let algorithm, let phrase {
                user.privacy = (algorithm, phrase)
            } else {
                complete = false
            }
        }
        return complete ? user : nil
    }

    /// At least 8 characters (RFC 3414, section 11.2).
    private mutating func passphrase(_ node: ConfigNode?) -> Secret? {
        guard let node,
            let phrase = node.secret(
                "passphrase", plain: .refused, example: "${cred:snmp-passphrase}", from: secret,
                &diagnostics)
        else { return nil }
        guard phrase.reveal.utf8.count >= 8 else {
            diagnostics.add(
                node.position, "the passphrase has fewer than 8 characters",
                cure: "SNMPv3 requires 8 or more; set a longer one on the device and here")
            return nil
        }
        return phrase
    }
}
