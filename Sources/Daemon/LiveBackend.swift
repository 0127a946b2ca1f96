import Alarms
import Model
import Platform
import Serve
import Store
import Synchronization
import Views

/// The daemon behind its API: live values from the collector, history from the store's readers.
struct LiveBackend: APIBackend {
    let collector: Collector
    let broadcast: EventBroadcast
    let readers: ReaderPool<StoreReader>
    let past: PastSite
    let pages: PageReader
    let figures: FigureDesk
    let sealer: MonthSealer
    /// Nil for a collector that is alone.
    let pair: PairAnswers?
    let outbox: OutboxDesk
    let labels: [DeviceLabelsView]
    let layouts: RackLayouts

    func picture() -> SitePicture? { broadcast.latest }

    func pictures() -> AsyncStream<SitePicture> { broadcast.stream() }

    func device(named name: String) async -> DeviceView? { await collector.device(named: name) }

    func devices() async -> [DeviceLabelsView] { labels }

    func rack(named name: String) async -> RackLayoutView? { layouts.rack(named: name) }

    func last(matching glob: Glob) async -> [PointView] { await collector.last(matching: glob) }

    func picture(at time: Instant) async throws(APIRefusal) -> SitePicture {
        SitePicture(try await past.picture(at: time))
    }

    func device(named name: String, at time: Instant) async throws(APIRefusal) -> DeviceView? {
        try await past.device(named: name, at: time)
    }

    func last(matching glob: Glob, at time: Instant) async throws(APIRefusal) -> [PointView] {
        try await past.last(matching: glob, at: time)
    }

    func series(_ query: SeriesQuery) async throws(APIRefusal) -> SeriesView {
        try await HistoryReader.series(query, readers)
    }

    func act(
        _ action: AlarmAction, _ request: AlarmActionRequest
    ) async throws(APIRefusal) -> [String] {
        if let problem = request.problem(of: action) {
            throw APIRefusal(status: 400, message: problem)
        }
        if let pair, await !collector.isLeading { return try await pair.forward(action, request) }
        do throws(Collector.ActionProblem) {
            return try await collector.act(action, request)
        } catch {
            switch error {
            case .refused(.unknown(let id)):
                let refusal = AlarmEngine.Refusal.unknown(id)
                throw APIRefusal(status: 404, message: refusal.description)
            case .refused(let refusal):
                throw APIRefusal(status: 409, message: refusal.description)
            case .notSaved(let reason):
                throw APIRefusal(
                    status: 503,
                    message: "done, but not on the disk yet (\(reason)); it is kept and written "
                        + "when the disk takes it")
            }
        }
    }

    /// Some hundred milliseconds of text for a large site: not on the collector's thread, which
    /// gives its values away as they are and goes on.
    @concurrent
    func collector(_ question: CollectorQuestion) async throws(APIRefusal) -> [UInt8] {
        guard let pair else {
            throw APIRefusal(
                status: 404,
                message: "this collector is alone; `redundancy` in the site file makes two a pair")
        }
        return try await pair.answer(question)
    }

    func metrics() async -> String {
        guard let now = await collector.picture() else { return "# EOF\n" }
        return OpenMetricsText(site: collector.site).write(now.view, now.devices)
    }

    func alarms() async -> [AlarmView]? { broadcast.latest?.view.alarms }

    func hiddenAlarms() async -> [AlarmView] { await collector.hiddenAlarmsNow() }

    func health() async -> HealthReport { await collector.healthReport() }
}
