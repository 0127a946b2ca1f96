import FoundationEssentials
import Model

/// What to measure; see `usage`.
struct Options {
    static let usage = """
        PollBenchmark --vocabulary NAMES.yaml --profile FILE [--base 127.1.0.1] [--count 2400]
            [--port 1161] [--walk FILE] [--cycles 5] [--warm-up 1] [--timeout-ms 1000] [--retries 1]
            [--v1 | --user NAME --auth SHA --auth-pass TEXT --priv AES --priv-pass TEXT]
            [--community public] [--no-decode] [--expect FILE]

        Polls COUNT devices at BASE, BASE+1, … at once, CYCLES times after the warm-up, through the
        poller, and decodes each answer with the profile. --walk replaces what the profile asks for:
        lines `S OID` (one object) and `T OID` (a column). --expect compares each value with the
        lines `OID|type|value` of FILE, of all cycles. Prints JSON.

        """

    var vocabulary = ""
    var profile = ""
    var base: UInt32 = 0x7F01_0001
    var count = 2400
    var port: UInt16 = 1161
    var walk: String?
    var expect: String?
    var cycles = 5
    var warmUp = 1
    var timeout: Int64 = 1000
    var retries = 1
    var community = "public"
    var isV1 = false
    var decodes = true
    private var words: [String: String] = [:]

    /// Nil where the arguments make no sense.
    init?(_ arguments: [String]) {
        var rest = arguments[...]
        while let name = rest.popFirst() {
            if name == "--v1" {
                isV1 = true
                continue
            }
            if name == "--no-decode" {
                decodes = false
                continue
            }
            guard name.hasPrefix("--"), let value = rest.popFirst() else { return nil }
            words[name] = value
        }
        vocabulary = words["--vocabulary"] ?? ""
        profile = words["--profile"] ?? ""
        walk = words["--walk"]
        expect = words["--expect"]
        community = words["--community"] ?? community
        guard let base = Self.address(words["--base"] ?? "127.1.0.1"),
            let count = Int(words["--count"] ?? "2400"), (1...100_000).contains(count),
            let port = UInt16(words["--port"] ?? "1161"),
            let cycles = Int(words["--cycles"] ?? "5"), cycles > 0,
            let warmUp = Int(words["--warm-up"] ?? "1"), warmUp >= 0,
            let timeout = Int64(words["--timeout-ms"] ?? "1000"), timeout > 0,
            let retries = Int(words["--retries"] ?? "1"), retries >= 0,
            !vocabulary.isEmpty, !profile.isEmpty
        else { return nil }
        self.base = base
        self.count = count
        self.port = port
        self.cycles = cycles
        self.warmUp = warmUp
        self.timeout = timeout
        self.retries = retries
    }

    var access: SNMPTransport.Access {
        guard let user = words["--user"] else {
            let community = Secret(community)
            return isV1 ? .v1(community: community) : .v2c(community: community)
        }
        var access = SNMPv3User(name: user)
        if let name = words["--auth"], let algorithm = SNMPv3User.Authentication(rawValue: name) {
            access.authentication = (algorithm, Secret(words["--auth-pass"] ?? ""))
        }
        if let name = words["--priv"], let algorithm = SNMPv3User.Privacy(rawValue: name) {
            access.privacy = (algorithm, Secret(words["--priv-pass"] ?? ""))
        }
        return .v3(access)
    }

    static func address(_ text: String) -> UInt32? {
        let parts = text.split(separator: ".").compactMap { UInt8($0) }
        return parts.count == 4 ? parts.reduce(0) { $0 << 8 | UInt32($1) } : nil
    }

    static func text(of address: UInt32) -> String {
        [24, 16, 8, 0].map { String(address >> $0 & 0xFF) }.joined(separator: ".")
    }
}
