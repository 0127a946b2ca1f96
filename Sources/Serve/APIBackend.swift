package import Model
package import Views

/// What the daemon offers to its API. Every method may be called from any thread; none blocks.
package protocol APIBackend: Sendable {
    /// The newest picture; nil before the first.
    func picture() -> SitePicture?
    /// Pictures as they come, newest first when the client is slow: it misses some, never lags.
    func pictures() -> AsyncStream<SitePicture>
    func device(named name: String) async -> DeviceView?
    /// Where every device stands and what it is.
    func devices() async -> [DeviceLabelsView]
    /// What is where in a rack; nil where there is none of this name.
    func rack(named name: String) async -> RackLayoutView?
    /// The last value of every point whose `device/point` matches.
    func last(matching glob: Glob) async -> [PointView]
    func series(_ query: SeriesQuery) async throws(APIRefusal) -> SeriesView
    /// Alarms that are not normal, as of the newest snapshot; nil before the first.
    func alarms() async -> [AlarmView]?
    /// Alarms that are hidden, as they stand, all of them.
    func hiddenAlarms() async -> [AlarmView]
    /// Returns the ids of the alarms that were meant.
    func act(
        _ action: AlarmAction, _ request: AlarmActionRequest
    ) async throws(APIRefusal) -> [String]
    /// Appends edits of the energy ledger.
    func edit(_ request: LedgerEditRequest) async throws(APIRefusal)
    /// Keeps the figures of a month as they are.
    func seal(_ request: SealRequest) async throws(APIRefusal) -> SealAnswer
    /// The same of a moment that has passed: `picture`, `device` and `last`.
    func picture(at time: Instant) async throws(APIRefusal) -> SitePicture
    func device(named name: String, at time: Instant) async throws(APIRefusal) -> DeviceView?
    func last(matching glob: Glob, at time: Instant) async throws(APIRefusal) -> [PointView]
    /// What another collector of the same site asks; the bytes are the body of the answer.
    func collector(_ question: CollectorQuestion) async throws(APIRefusal) -> [UInt8]
    /// The civil day that holds a moment, or the present one, in quarter hours.
    func energyDay(at time: Instant?) async throws(APIRefusal) -> EnergyDayView
    /// Free cooling that the civil day of a moment has missed by then; never waits for it.
    func coolingDay(at time: Instant?) async throws(APIRefusal) -> CoolingDayView
    /// How a figure came about, by the id that commands print.
    func explain(_ id: String) async throws(APIRefusal) -> ExplanationView
    /// Changes of alarms, the newest of many, ascending.
    func alarmHistory(_ range: TimeRange) async throws(APIRefusal) -> [AlarmHistoryLine]
    /// The first points whose `device/point` matches.
    func find(_ glob: Glob, limit: Int) async -> [PointView]
    /// OpenMetrics text.
    func metrics() async -> String
    func health() async -> HealthReport
    /// How receivers of notices are doing, and dead letters that are called back.
    func receivers(_ question: ReceiverQuestion) async throws(APIRefusal) -> [UInt8]
}

/// Why a request is refused: the HTTP status, and one line with a cure.
package struct APIRefusal: Error, Sendable {
    package var status: Int
    package var message: String
    package init(status: Int, message: String) {
        self.status = status
        self.message = message
    }
}

/// A question of the other of two collectors (docs/API.md, "The other collector").
package enum CollectorQuestion: Sendable {
    case report
    /// Entries after a number, or else since a time in milliseconds.
    case feed(after: Int64?, since: Int64)
    /// Readings of devices from the given place of the site's list on.
    case history(TimeRange, device: Int)
    case alarms(from: Int64)
    case yield(body: [UInt8])
}

package struct SeriesQuery: Sendable {
    /// More points or steps than this are refused: an answer stays below about 10 MB.
    package static let maximumPoints = 100
    package static let maximumSteps = 10_000
    package var points: [PointName]
    package var range: TimeRange
    package var stepMilliseconds: Int64
    package init(points: [PointName], range: TimeRange, stepMilliseconds: Int64) {
        self.points = points
        self.range = range
        self.stepMilliseconds = stepMilliseconds
    }
}

package struct HealthReport: Sendable {
    package var healthy: Bool
    /// One line: what is well, or what is not.
    package var text: String
    package init(healthy: Bool, text: String) {
        self.healthy = healthy
        self.text = text
    }
}
