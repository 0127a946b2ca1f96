/// An engine of others that keeps time series, and how it is reached.
package struct RemoteAccess: Sendable, Hashable {
    /// `https://HOST/…`.
    package var url: Secret
    /// Sent as `Authorization: Bearer …` where given.
    package var token: Secret?
    /// Name and password of HTTP's basic authentication.
    package var user: String?
    package var password: Secret?
    /// PEM file of authorities that https is trusted by instead of the system's.
    package var authority: String?
    package init(
        url: Secret, token: Secret? = nil, user: String? = nil, password: Secret? = nil,
        authority: String? = nil
    ) {
        self.url = url
        self.token = token
        self.user = user
        self.password = password
        self.authority = authority
    }
}

/// Who is sent every reading, by Prometheus remote write.
package struct ForwardReceiver: Sendable {
    package enum Version: String, Sendable, CaseIterable {
        /// 2.0 where the receiver understands it.
        case automatic = "auto"
        case first = "1.0"
        case second = "2.0"
    }
    package enum Order: String, Sendable, CaseIterable {
        /// What is oldest first: for receivers that refuse what is older than what they have.
        case time
        /// The present first; what an outage left behind follows beside it.
        case live
    }
    package var name: String
    package var access: RemoteAccess
    package var version: Version
    package var order: Order
    /// How much of the past a receiver gets that has had nothing yet.
    package var historyMilliseconds: Int64
    /// Samples a second while it is behind.
    package var rate: Int64
    /// `DEVICE/POINT` with `*` and `?`; empty for all.
    package var points: [Glob]
    /// Added to the labels of every series.
    package var labels: [(name: String, value: String)]

    package static let usualRate: Int64 = 50_000

    package init(
        name: String, access: RemoteAccess, version: Version = .automatic, order: Order = .time,
        historyMilliseconds: Int64 = 0, rate: Int64 = Self.usualRate, points: [Glob] = [],
        labels: [(name: String, value: String)] = []
    ) {
        self.name = name
        self.access = access
        self.version = version
        self.order = order
        self.historyMilliseconds = historyMilliseconds
        self.rate = rate
        self.points = points
        self.labels = labels
    }
}

/// Sites that forward to one engine, to be looked at together.
package struct FleetFile: Sendable {
    package struct Site: Sendable, Hashable {
        /// `site.name` of its site file: the label that its series have.
        package var name: String
        package var displayName: String
        package init(name: String, displayName: String) {
            self.name = name
            self.displayName = displayName
        }
    }
    /// The engine.
    package var remote: RemoteAccess
    /// Sites that are expected; empty where whoever forwards is welcome.
    package var sites: [Site]
    /// Minutes east of UTC of the civil months.
    package var offsetMinutes: Int
    package init(remote: RemoteAccess, sites: [Site] = [], offsetMinutes: Int = 480) {
        self.remote = remote
        self.sites = sites
        self.offsetMinutes = offsetMinutes
    }
}
