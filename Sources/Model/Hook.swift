/// A receiver of notices.
package struct Hook: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Any HTTP server: Alertmanager's version 4 document or a plain one.
        case webhook
        /// Prometheus Alertmanager, API v2.
        case alertmanager
        case dingtalk
        case feishu
        case wecom
        case smtp
        /// RFC 5424 over TCP or TLS.
        case syslog
        case exec
        /// SNMP InformRequest to a manager (RFC 3416, section 4.2.7).
        case inform

        package var isRobot: Bool { self == .dingtalk || self == .feishu || self == .wecom }
    }

    /// Where notices go, and what is shown there.
    package enum Target: Sendable {
        case web(WebTarget)
        case mail(MailTarget)
        case stream(StreamTarget)
        case program(ProgramTarget)
        case manager(ManagerTarget)
    }

    package var name: String
    package var kind: Kind
    package var target: Target
    /// Notices below this are not sent.
    package var minimumPriority: AlarmPriority
    /// Messages in any minute, at most.
    package var limitPerMinute: Int
    /// The hook that gets urgent notices too while this one does not answer.
    package var fallback: String?
    /// Told only where an escalation names it.
    package var onlyEscalated = false
    /// Of the words around what the site file says.
    package var language: NoticeLanguage

    package init(
        name: String, kind: Kind, target: Target, minimumPriority: AlarmPriority = .low,
        limitPerMinute: Int? = nil, fallback: String? = nil
    ) {
        self.name = name
        self.kind = kind
        self.target = target
        self.minimumPriority = minimumPriority
        self.limitPerMinute = limitPerMinute ?? kind.usualLimit
        self.fallback = fallback
        language = kind.isRobot ? .chinese : .english
    }
}

package enum NoticeLanguage: String, Sendable, CaseIterable {
    case english = "en"
    case chinese = "zh"
}

extension Hook.Kind {
    /// Robots: below what their makers block at (DingTalk and WeCom 20, Feishu 100 a minute).
    /// Others: what a person or a small server can take.
    package var usualLimit: Int {
        switch self {
        case .dingtalk, .wecom: 18
        case .feishu: 80
        case .smtp: 30
        case .exec: 60
        case .webhook, .alertmanager, .syslog, .inform: 600
        }
    }
}

package struct WebTarget: Sendable {
    package enum Format: String, Sendable, CaseIterable { case alertmanager, plain }
    package var url: Secret
    /// Sent as `Authorization: Bearer …` where given.
    package var token: Secret?
    /// What a robot's messages are signed with.
    package var signing: Secret?
    package var format = Format.alertmanager
    /// A page about alarms, which a notice leads to.
    package var link: String?
    /// PEM file of authorities to trust instead of the system's.
    package var authority: String?
    package init(url: Secret, token: Secret? = nil, signing: Secret? = nil) {
        self.url = url
        self.token = token
        self.signing = signing
    }
}

/// How a connection is protected.
package enum Protection: String, Sendable, CaseIterable {
    /// TLS begins after the first words; a server that does not offer it is refused.
    case startTLS = "starttls"
    case tls
    case none
}

package struct MailTarget: Sendable {
    package var host: String
    package var port: UInt16
    package var protection: Protection
    package var user: String?
    package var password: Secret?
    package var from: String
    package var to: [String]
    package var authority: String?
    package init(host: String, port: UInt16, protection: Protection, from: String, to: [String]) {
        self.host = host
        self.port = port
        self.protection = protection
        self.from = from
        self.to = to
    }
}

/// A syslog server.
package struct StreamTarget: Sendable {
    package var host: String
    package var port: UInt16
    package var protection: Protection
    package var authority: String?
    package init(host: String, port: UInt16, protection: Protection) {
        self.host = host
        self.port = port
        self.protection = protection
    }
}

/// A program that is started with its arguments as they are; no shell reads them.
package struct ProgramTarget: Sendable {
    package var arguments: [String]
    package var environment: [(name: String, value: Secret)]
    package var timeoutMilliseconds: Int64
    package init(
        arguments: [String], environment: [(name: String, value: Secret)] = [],
        timeoutMilliseconds: Int64 = 30_000
    ) {
        self.arguments = arguments
        self.environment = environment
        self.timeoutMilliseconds = timeoutMilliseconds
    }
}

package struct ManagerTarget: Sendable {
    /// Of the standard (RFC 3417, section 3).
    package static let standardPort: UInt16 = 162
    package var host: String
    package var port: UInt16
    package var access: SNMPTransport.Access
    package init(host: String, port: UInt16 = Self.standardPort, access: SNMPTransport.Access) {
        self.host = host
        self.port = port
        self.access = access
    }
}

/// Somebody who is told: at all these hooks.
package struct Person: Sendable {
    package var name: String
    package var displayName: String
    package var hooks: [String]
    package init(name: String, displayName: String, hooks: [String]) {
        self.name = name
        self.displayName = displayName
        self.hooks = hooks
    }
}

/// Who is on call when: people take turns, and some spans go to others.
package struct Rota: Sendable {
    package struct Override: Sendable {
        package var person: String
        package var range: TimeRange
        package init(person: String, range: TimeRange) {
            self.person = person
            self.range = range
        }
    }
    package var name: String
    /// In the order of their turns; not empty.
    package var people: [String]
    /// When the first one's turn begins; every handover is a whole number of shifts away.
    package var start: Instant
    /// A week as a rule.
    package var shiftMilliseconds: Int64
    /// Of several that hold the last one counts.
    package var overrides: [Override]
    package init(
        name: String, people: [String], start: Instant,
        shiftMilliseconds: Int64 = 7 * 86_400_000, overrides: [Override] = []
    ) {
        precondition(!people.isEmpty && shiftMilliseconds > 0, "BUG: a rota of nobody")
        self.name = name
        self.people = people
        self.start = start
        self.shiftMilliseconds = shiftMilliseconds
        self.overrides = overrides
    }
}

/// Who is told when nobody acknowledges.
package struct EscalationPolicy: Sendable {
    package struct Step: Sendable {
        /// After the alarm was raised.
        package var afterMilliseconds: Int64
        /// Hooks, people and rotas.
        package var targets: [String]
        package init(afterMilliseconds: Int64, targets: [String]) {
            self.afterMilliseconds = afterMilliseconds
            self.targets = targets
        }
    }
    package var name: String
    /// Alarms of this priority and above.
    package var minimumPriority: AlarmPriority
    /// By ascending time; not empty.
    package var steps: [Step]
    /// The last step again and again; nil: once.
    package var repeatMilliseconds: Int64?
    package init(
        name: String, minimumPriority: AlarmPriority, steps: [Step],
        repeatMilliseconds: Int64? = nil
    ) {
        precondition(!steps.isEmpty, "BUG: an escalation without steps")
        self.name = name
        self.minimumPriority = minimumPriority
        self.steps = steps
        self.repeatMilliseconds = repeatMilliseconds
    }
}

/// A sign of life to somebody outside, who calls when it stays away.
package struct Heartbeat: Sendable {
    package var url: Secret
    package var token: Secret?
    package var everyMilliseconds: Int64
    package init(url: Secret, token: Secret? = nil, everyMilliseconds: Int64 = 60_000) {
        self.url = url
        self.token = token
        self.everyMilliseconds = everyMilliseconds
    }
}
