/// One reason why an alarm is not shown. Reasons are a set: what hides it twice has to end twice.
package struct HidingReason: Hashable, Sendable, Codable {
    package enum Kind: String, Sendable, CaseIterable, Codable {
        /// A person has put it aside for a while.
        case shelf
        /// Another alarm explains it.
        case cause
        /// A maintenance window covers it.
        case window
        /// Two persons have taken it out of service.
        case outOfService = "out-of-service"
    }
    package var kind: Kind
    /// Id of the alarm that explains it, or the window's name; empty for what persons do.
    package var name: String
    package var by: String?
    package var approver: String?
    /// What the person wrote.
    package var comment: String?
    package var since: Instant
    /// When the shelf ends, or when to look again at what is out of service.
    package var until: Instant?

    package init(
        _ kind: Kind, name: String = "", by: String? = nil, approver: String? = nil,
        comment: String? = nil, since: Instant, until: Instant? = nil
    ) {
        self.kind = kind
        self.name = name
        self.by = by
        self.approver = approver
        self.comment = comment
        self.since = since
        self.until = until
    }
}

/// What an alarm looks like while it is not shown, the strongest first (ISA-18.2-2016, section 10).
package enum HiddenState: String, Sendable, CaseIterable {
    case outOfService = "OUT_OF_SERVICE"
    case suppressed = "SUPPRESSED"
    case shelved = "SHELVED"

    /// Nil for an alarm that nothing hides.
    package init?(_ reasons: [HidingReason]) {
        func has(_ kinds: HidingReason.Kind...) -> Bool {
            reasons.contains { kinds.contains($0.kind) }
        }
        if has(.outOfService) {
            self = .outOfService
        } else if has(.cause, .window) {
            self = .suppressed
        } else if has(.shelf) {
            self = .shelved
        } else {
            return nil
        }
    }
}
