/// Which of two collectors leads when both are well.
package enum PairRole: String, Sendable, Hashable, CaseIterable, Codable {
    case primary, standby
    package var other: PairRole { self == .primary ? .standby : .primary }
}

/// Two collectors that watch one site: where each is reached by the other. Both read the same site
/// file; which one a process is, it is told when it is started.
package struct CollectorPair: Sendable {
    /// `https://HOST/…`, or the path of a Unix socket.
    package var primary: Secret
    package var standby: Secret
    /// PEM file of authorities that https is trusted by instead of the system's.
    package var authority: String?
    package init(primary: Secret, standby: Secret, authority: String? = nil) {
        self.primary = primary
        self.standby = standby
        self.authority = authority
    }

    package func address(of role: PairRole) -> Secret {
        role == .primary ? primary : standby
    }
}
