import FoundationEssentials
import Hummingbird
import Model
import Views

/// The paths of the API; `docs/API.md` lists them with examples.
struct Routes {
    let backend: any APIBackend

    func register(on router: Router<BasicRequestContext>) {
        router.get("healthz") { _, _ in await health() }
        router.get("metrics") { _, _ in await metrics() }
        router.get("api/v1/snapshot") { request, _ in await snapshot(request) }
        router.get("api/v1/events") { request, _ in await events(request) }
        router.get("api/v1/devices") { _, _ in Self.json(await backend.devices()) }
        router.get("api/v1/devices/:name") { request, context in
            await device(context.parameters.get("name"), request)
        }
        router.get("api/v1/racks/:name") { _, context in
            await rack(context.parameters.get("name") ?? "")
        }
        router.get("api/v1/last") { request, _ in await last(request) }
        router.get("api/v1/series") { request, _ in await series(request) }
        registerAlarms(on: router)
        registerPages(on: router)
        registerLedger(on: router)
        registerCollector(on: router)
        registerReceivers(on: router)
    }

    private func health() async -> Response {
        let report = await backend.health()
        return Self.text(
            report.text + "\n", status: report.healthy ? .ok : .serviceUnavailable,
            type: "text/plain; charset=utf-8")
    }

    private func metrics() async -> Response {
        Self.text(
            await backend.metrics(), status: .ok,
            type: "application/openmetrics-text; version=1.0.0; charset=utf-8")
    }

    private func snapshot(_ request: Request) async -> Response {
        do throws(APIRefusal) {
            let picture: SitePicture?
            if let time = try Self.moment(request) {
                picture = try await backend.picture(at: time)
            } else {
                picture = backend.picture()
            }
            guard let picture else { throw await noPicture() }
            return Self.response(ByteBuffer(bytes: picture.json()), type: "application/json")
        } catch {
            return Self.refusal(error)
        }
    }

    private func noPicture() async -> APIRefusal {
        APIRefusal(status: 503, message: "no snapshot yet; \(await backend.health().text)")
    }

    /// The moment that `at` names; nil for the present.
    private static func moment(_ request: Request) throws(APIRefusal) -> Instant? {
        guard let text = request.uri.queryParameters["at"] else { return nil }
        guard let at = Int64(text), at.magnitude < 1 << 53 else {
            throw APIRefusal(
                status: 400, message: "`at` is milliseconds since 1970, as at=1795252392000")
        }
        return Instant(milliseconds: at)
    }

    /// The most points that a client takes; nil where it does not say.
    private static func limit(_ request: Request) throws(APIRefusal) -> Int? {
        guard let text = request.uri.queryParameters["limit"] else { return nil }
        guard let limit = Int(text), (1..<1 << 32).contains(limit) else {
            throw APIRefusal(status: 400, message: "`limit` is a number of points, as limit=5000")
        }
        return limit
    }

    private func last(_ request: Request) async -> Response {
        let glob = Glob(request.uri.queryParameters["glob"].map(String.init) ?? "*")
        do throws(APIRefusal) {
            if let time = try Self.moment(request) {
                return Self.json(try await backend.last(matching: glob, at: time))
            }
            guard let limit = try Self.limit(request) else {
                return Self.json(await backend.last(matching: glob))
            }
            let found = await backend.find(glob, limit: limit + 1)
            guard found.count <= limit else {
                throw APIRefusal(
                    status: 400, message: "more than \(limit) points match; narrow the pattern")
            }
            return Self.json(found)
        } catch {
            return Self.refusal(error)
        }
    }

    private func device(_ name: String?, _ request: Request) async -> Response {
        let name = name ?? ""
        do throws(APIRefusal) {
            let view: DeviceView?
            if let time = try Self.moment(request) {
                view = try await backend.device(named: name, at: time)
            } else {
                view = await backend.device(named: name)
            }
            if let view { return Self.json(view) }
            throw APIRefusal(
                status: 404, message: "no device `\(name)`; the names are in /api/v1/snapshot")
        } catch {
            return Self.refusal(error)
        }
    }

    private func rack(_ name: String) async -> Response {
        if let view = await backend.rack(named: name) { return Self.json(view) }
        return Self.refusal(
            APIRefusal(
                status: 404, message: "no rack `\(name)`; the names are in /api/v1/snapshot"))
    }

    private func series(_ request: Request) async -> Response {
        do throws(APIRefusal) {
            return Self.json(try await backend.series(try Self.seriesQuery(request)))
        } catch {
            return Self.refusal(error)
        }
    }

    private static func seriesQuery(_ request: Request) throws(APIRefusal) -> SeriesQuery {
        let parameters = request.uri.queryParameters
        let names = parameters["points"].map(String.init) ?? ""
        var points: [PointName] = []
        for name in names.split(separator: ",") {
            guard let point = PointName(String(name)) else {
                throw APIRefusal(
                    status: 400, message: "`\(name)` is no point; write points=device/point")
            }
            points.append(point)
        }
        guard let from = parameters["from"].flatMap({ Int64($0) }),
            let to = parameters["to"].flatMap({ Int64($0) }),
            let step = parameters["step"].flatMap({ Int64($0) }),
            from < to, step > 0, !points.isEmpty, points.count <= SeriesQuery.maximumPoints,
            from > -(1 << 53), to < 1 << 53, (to - from) / step <= SeriesQuery.maximumSteps
        else {
            throw APIRefusal(
                status: 400,
                message: "needs points=a/b,c/d (at most \(SeriesQuery.maximumPoints)), from, to "
                    + "and step in milliseconds, at most \(SeriesQuery.maximumSteps) steps")
        }
        return SeriesQuery(
            points: points,
            range: TimeRange(start: Instant(milliseconds: from), end: Instant(milliseconds: to)),
            stepMilliseconds: step)
    }

    /// One event per step: whole snapshots, or with `changes=1` what has changed since the last.
    private func events(_ request: Request) async -> Response {
        let wanted = request.uri.queryParameters["changes"]
        guard wanted == nil || wanted == "1" else {
            return Self.refusal(
                APIRefusal(
                    status: 400, message: "`changes` is 1, or left out for whole snapshots"))
        }
        // Who keeps a picture is told at once why there is none; the others wait for it.
        if wanted != nil, backend.picture() == nil { return Self.refusal(await noPicture()) }
        let pictures = backend.pictures()
        let onlyChanges = wanted != nil
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                var events = SiteEvents(onlyChanges: onlyChanges)
                for await picture in pictures {
                    try await writer.write(ByteBuffer(bytes: events.event(of: picture)))
                }
                try await writer.finish(nil)
            })
    }

    static var notYet: Response {
        refusal(APIRefusal(status: 503, message: "no snapshot yet; ask again in a second"))
    }

    static func refusal(_ refusal: APIRefusal) -> Response {
        text(
            refusal.message + "\n", status: .init(code: refusal.status),
            type: "text/plain; charset=utf-8")
    }

    static func json(_ value: some Encodable) -> Response {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return response(
                ByteBuffer(bytes: try encoder.encode(value)), type: "application/json")
        } catch {
            return refusal(APIRefusal(status: 500, message: "cannot encode the answer: \(error)"))
        }
    }

    private static func text(
        _ text: String, status: HTTPResponse.Status, type: String
    ) -> Response {
        var response = response(ByteBuffer(string: text), type: type)
        response.status = status
        return response
    }

    static func response(_ body: ByteBuffer, type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: body))
    }
}
