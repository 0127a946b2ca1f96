package import Model

/// What a collector does now.
package enum PairState: String, Sendable, Hashable, Codable {
    /// Polls the devices, raises alarms, sends notices.
    case leading
    /// Copies what the other collects, and waits.
    case following
}

/// What a collector says of itself when the other asks: `GET /api/v1/collector`.
package struct PairReport: Sendable, Hashable, Codable {
    package var site: String
    /// Nil from a collector that has no other.
    package var role: PairRole?
    package var state: PairState
    /// Another with each start.
    package var instance: String
    /// The wall clock there, and since when it is in its state.
    package var timeMS: Int64
    package var sinceMS: Int64
    /// Time since the collector's last step, by its own monotonic clock.
    package var tickAgeMS: Int64
    /// All that was committed before this time can be asked for as history.
    package var committedMS: Int64
    /// Of the list of devices: two that differ collect different things.
    package var devicesHash: String
    package var version: String

    package init(
        site: String, role: PairRole?, state: PairState, instance: String, timeMS: Int64,
        sinceMS: Int64, tickAgeMS: Int64, committedMS: Int64, devicesHash: String,
        version: String
    ) {
        self.site = site
        self.role = role
        self.state = state
        self.instance = instance
        self.timeMS = timeMS
        self.sinceMS = sinceMS
        self.tickAgeMS = tickAgeMS
        self.committedMS = committedMS
        self.devicesHash = devicesHash
        self.version = version
    }

    /// A collector whose steps have stopped answers perhaps, and collects nothing.
    package static let oldestTickMilliseconds: Int64 = 5_000

    package var isHealthy: Bool { tickAgeMS <= Self.oldestTickMilliseconds }

    /// Texts are compared and printed.
    private static let longestText = 200

    /// False for what no collector says.
    package var isPlausible: Bool {
        [timeMS, sinceMS, tickAgeMS, committedMS].allSatisfy(Plausible.range.contains)
            && [site, instance, devicesHash, version].allSatisfy {
                $0.utf8.count <= Self.longestText
            }
    }
}

/// The answer to a primary that asks for the lead: `POST /api/v1/collector/yield`.
package struct YieldAnswer: Sendable, Hashable, Codable {
    package var granted: Bool
    /// Where it is not granted yet: when to ask again.
    package var waitMS: Int64
    package init(granted: Bool, waitMS: Int64 = 0) {
        self.granted = granted
        self.waitMS = waitMS
    }
}

/// The question that goes with it.
package struct YieldRequest: Sendable, Hashable, Codable {
    package var site: String
    package var instance: String
    package init(site: String, instance: String) {
        self.site = site
        self.instance = instance
    }
}
