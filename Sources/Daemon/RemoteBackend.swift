import Interchange
package import Model
import Platform
package import Serve
import Store
import Synchronization
package import Views

/// The API of a site as the engine knows it that its readings are forwarded to: for who watches
/// from elsewhere. What only the site itself knows is refused, with a word on where to ask.
package final class RemoteBackend: APIBackend {
    /// Pictures follow each other at this distance; the site forwards every five seconds.
    private static let stepSeconds = 5
    private static let asked = "ask at the site: an engine is sent readings, and no "

    private let access: RemoteAccess
    private let site: Site
    private let labels: [DeviceLabelsView]
    private let past: PastSite
    private let broadcast = EventBroadcast()
    /// Why there is no picture.
    private let problem = Mutex("the engine has not answered yet")

    package init(_ configuration: LoadedConfiguration, _ access: RemoteAccess) {
        self.access = access
        site = configuration.site
        labels = configuration.labels
        let name = site.name
        past = PastSite(
            site: site, tariff: configuration.tariff, knowledge: NothingKnown(),
            sources: ReaderPool { () throws(StoreError) in
                RemoteMoments(RemoteReader(access, site: name), configuration) { Self.now }
            })
    }

    private static var now: Instant { Instant(milliseconds: Clocks.wallMilliseconds()) }

    /// Makes one picture after the other until the task is cancelled. While the engine does not
    /// answer there is none: an old one would pass for the present.
    package func run() async {
        var sequence: Int64 = 0
        while !Task.isCancelled {
            sequence += 1
            do throws(APIRefusal) {
                broadcast.publish(try await past.present(at: Self.now, sequence: sequence))
            } catch {
                problem.withLock { $0 = error.message }
                broadcast.withdraw()
            }
            try? await Task.sleep(for: .seconds(Self.stepSeconds))
        }
        broadcast.finish()
    }

    // MARK: The present

    package func picture() -> SitePicture? { broadcast.latest }
    package func pictures() -> AsyncStream<SitePicture> { broadcast.stream() }

    package func device(named name: String) async -> DeviceView? {
        try? await past.device(named: name, at: Self.now)
    }

    package func devices() async -> [DeviceLabelsView] { labels }

    package func rack(named name: String) async -> RackLayoutView? {
        RackLayouts(site: site).rack(named: name)
    }

    package func last(matching glob: Glob) async -> [PointView] {
        (try? await past.last(matching: glob, at: Self.now)) ?? []
    }

    package func find(_ glob: Glob, limit: Int) async -> [PointView] {
        Array(await last(matching: glob).prefix(limit))
    }

    package func health() async -> HealthReport {
        broadcast.latest == nil
            ? HealthReport(healthy: false, text: problem.withLock { $0 })
            : HealthReport(healthy: true, text: "the engine answers")
    }

    package func metrics() async -> String { "# EOF\n" }

    // MARK: The past

    package func picture(at time: Instant) async throws(APIRefusal) -> SitePicture {
        SitePicture(try await past.picture(at: time))
    }

    package func device(
        named name: String, at time: Instant
    ) async throws(APIRefusal) -> DeviceView? {
        try await past.device(named: name, at: time)
    }

    package func last(
        matching glob: Glob, at time: Instant
    ) async throws(APIRefusal) -> [PointView] {
        try await past.last(matching: glob, at: time)
    }

    package func series(_ query: SeriesQuery) async throws(APIRefusal) -> SeriesView {
        let (access, name) = (access, site.name)
        return try await HistoryReader.admitted { () throws(APIRefusal) in
            let reader = RemoteReader(access, site: name)
            var lines: [SeriesView.Line] = []
            for point in query.points {
                let found: RemotePoint?
                do throws(RemoteReadError) {
                    found = try reader.points(matching: Glob("\(point)"), query.range).first
                } catch {
                    throw APIRefusal(status: 503, message: error.description)
                }
                lines.append(Self.line(point, found, query))
            }
            let times = lines.first?.values.indices.map {
                query.range.start.milliseconds + Int64($0) * query.stepMilliseconds
            }
            return SeriesView(timesMS: times ?? [], lines: lines)
        }
    }

    // MARK: What only the site knows

    package func alarms() async -> [AlarmView]? { broadcast.latest.map { _ in [] } }
    package func hiddenAlarms() async -> [AlarmView] { [] }

    package func alarmHistory(_ range: TimeRange) async throws(APIRefusal) -> [AlarmHistoryLine] {
        throw Self.elsewhere("alarms but their number")
    }

    package func act(
        _ action: AlarmAction, _ request: AlarmActionRequest
    ) async throws(APIRefusal) -> [String] {
        throw Self.elsewhere("alarms but their number")
    }

    package func edit(_ request: LedgerEditRequest) async throws(APIRefusal) {
        throw Self.elsewhere("ledger")
    }

    package func energyDay(at time: Instant?) async throws(APIRefusal) -> EnergyDayView {
        throw Self.elsewhere("ledger; `frostline energy` reads the engine")
    }

    package func coolingDay(at time: Instant?) async throws(APIRefusal) -> CoolingDayView {
        throw Self.elsewhere("cooling; `frostline energy cooling` reads its store")
    }

    package func explain(_ id: String) async throws(APIRefusal) -> ExplanationView {
        throw Self.elsewhere("figures; `frostline explain` reads its store")
    }

    package func collector(_ question: CollectorQuestion) async throws(APIRefusal) -> [UInt8] {
        throw Self.elsewhere("state of its collectors")
    }

    package func receivers(_ question: ReceiverQuestion) async throws(APIRefusal) -> [UInt8] {
        throw Self.elsewhere("notices")
    }

    private static func elsewhere(_ what: String) -> APIRefusal {
        APIRefusal(status: 409, message: asked + what)
    }

    private static func line(
        _ name: PointName, _ found: RemotePoint?, _ query: SeriesQuery
    ) -> SeriesView.Line {
        let definition = found?.definition
        let buckets =
            found?.buckets(query.range, step: query.stepMilliseconds)
            ?? RemotePoint.noBuckets(query.range, step: query.stepMilliseconds)
        return SeriesView.Line(
            point: "\(name)", unit: definition?.unit.rawValue ?? "",
            values: buckets.map { $0.value(.mean, scale: definition?.scale ?? 0) })
    }
}

/// Which points are read rarely stands in no answer of an engine.
private struct NothingKnown: PointKnowledge {
    func facts(ofDevice index: Int) async -> [String: PointFacts] { [:] }
    func unusualGroups() async -> [Int: [String: PollGroup]] { [:] }
}
