package import Model

/// What goes to a receiver at once: one notice, or several as a digest.
package struct Message: Sendable {
    package var notices: [Notice]
    /// Receivers may drop repeats of it.
    package var key: String
    /// A document of an older version, which is sent as it is.
    package var document: [UInt8]?
    /// Alarms that end with this message under labels they have no more.
    package var superseded: [Notice] = []
    /// Not a change: what stands open is told again.
    package var isReminder = false

    package init(notices: [Notice], key: String, document: [UInt8]? = nil) {
        self.notices = notices
        self.key = key
        self.document = document
    }

    package var isDigest: Bool { notices.count > 1 }

    /// Of a digest: of the keys of what is in it, so that the same digest has the same key.
    static func digestKey(_ items: [OutboxItem], receiver: String, site: String) -> String {
        let keys = items.map(\.idempotencyKey).joined(separator: "\n")
        return "\(site)/digest/\(hexadecimal(fnv1a(keys)))/\(receiver)"
    }
}

/// FNV-1a, 64 bits.
func fnv1a(_ text: String) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    return hash
}

/// 16 digits.
func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}

/// Sends a message to one receiver and tells what came of it. Blocks for as long as the receiver's
/// time limits allow.
package protocol Sender: Sendable {
    func send(_ message: Message) -> DeliveryQueue.Outcome
}

extension Hook {
    package var sender: any Sender {
        switch target {
        case .web(let target):
            if kind.isRobot { return RobotSender(hook: self, target: target) }
            return WebSender(hook: self, target: target)
        case .mail(let target): return MailSender(hook: self, target: target)
        case .stream(let target): return SyslogSender(hook: self, target: target)
        case .program(let target): return ProgramSender(hook: self, target: target)
        case .manager(let target): return InformSender(hook: self, target: target)
        }
    }

    package var limits: DeliveryQueue.Limits {
        // How many notices fit what the receiver reads at once.
        let bundle =
            switch kind {
            case .dingtalk, .feishu, .wecom, .smtp, .exec: 2_000
            case .webhook, .alertmanager: 200
            case .syslog: 500
            // A manager takes one at a time.
            case .inform: 1
            }
        return DeliveryQueue.Limits(
            perMinute: limitPerMinute, spacing: kind == .feishu ? 210 : 0, bundle: bundle)
    }

    /// Whether its maker counts our messages: then what is left of the limit outlives a restart.
    package var isCounted: Bool { limitPerMinute <= 100 }
}
