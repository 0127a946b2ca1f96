import Interchange
import Model
import Store

/// A body to be sent, and what it settles.
struct ForwardRequest {
    var series: [RemoteSeries] = []
    var spans: [ForwardSpan] = []
    var samples = 0
    var bytes = 0
}

/// Makes requests of what the store has.
struct ForwardRequests {
    /// Samples and bytes of one request, before compression, as Prometheus itself sends them.
    static let samplesPerRequest = 10_000
    static let bytesPerRequest = 1 << 20

    private let receiver: ForwardReceiver
    private let site: Site
    private var makers: [String: SeriesMaker] = [:]
    /// How points stood at the end of what was last sent in order, by device and point.
    private var standings: [String: [PointDefinition: PointStanding]] = [:]
    private var specs: [String: DeviceSpec]
    private var wanted: [PointName: Bool] = [:]

    init(_ receiver: ForwardReceiver, site: Site) {
        self.receiver = receiver
        self.site = site
        specs = Dictionary(
            site.devices.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether the rows before a span must be seen to know how it begins.
    func needsLookBack(_ span: ForwardSpan) -> Bool {
        span.isAgain || standings[span.device] == nil
    }

    var devicesKnown: Set<String> { Set(standings.keys) }

    /// What was made was not all sent: the next begins with a look at the store.
    mutating func forgetStandings() { standings = [:] }

    /// The requests of `tables`, in the order of the tables.
    mutating func make(_ tables: [ForwardTable]) -> [ForwardRequest] {
        var requests: [ForwardRequest] = []
        var open = ForwardRequest()
        for table in tables {
            for part in parts(of: table) {
                if open.samples > 0,
                    open.samples + part.samples > Self.samplesPerRequest
                        || open.bytes + part.bytes > Self.bytesPerRequest
                {
                    requests.append(open)
                    open = ForwardRequest()
                }
                open.series += part.series
                open.spans += part.spans
                open.samples += part.samples
                open.bytes += part.bytes
            }
        }
        if !open.spans.isEmpty { requests.append(open) }
        return requests
    }

    /// One table, in parts that fit a request.
    private mutating func parts(of table: ForwardTable) -> [ForwardRequest] {
        let device = table.span.device
        var maker = makers[device] ?? SeriesMaker(labels: labels(device))
        let columns = table.table.columns.filter { isWanted(device, $0.point.name) }
        var standing = table.span.isAgain ? [:] : standings[device] ?? [:]
        let count = table.table.times.count
        // What stands before the span is read, not sent.
        _ = series(columns, table.table.times, 0..<table.firstRow, &maker, &standing)
        var parts: [ForwardRequest] = []
        var row = table.firstRow
        let rows = max(1, Self.samplesPerRequest / max(1, columns.count))
        repeat {
            let end = min(row + rows, count)
            let series = series(columns, table.table.times, row..<end, &maker, &standing)
            let span =
                end == count
                ? table.span
                : table.span.until(Instant(milliseconds: table.table.times[end - 1] &+ 1))
            parts.append(
                ForwardRequest(
                    series: series, spans: [span], samples: series.sampleCount,
                    bytes: series.reduce(0) { $0 + RemoteWrite.estimatedBytes($1) }))
            row = end
        } while row < count
        makers[device] = maker
        if !table.span.isAgain { standings[device] = standing }
        return parts
    }

    private func series(
        _ columns: [StoredTable.Column], _ times: [Int64], _ rows: Range<Int>,
        _ maker: inout SeriesMaker, _ standing: inout [PointDefinition: PointStanding]
    ) -> [RemoteSeries] {
        guard !rows.isEmpty else { return [] }
        return columns.flatMap { column in
            maker.series(
                column.point, times: times, qualities: column.qualities,
                mantissas: column.mantissas, rows: rows,
                standing: &standing[column.point, default: .nothing])
        }
    }

    private mutating func isWanted(_ device: String, _ point: String) -> Bool {
        if receiver.points.isEmpty { return true }
        let name = PointName(device: device, point: point)
        if let known = wanted[name] { return known }
        let answer = receiver.points.contains { $0.matches(name.description) }
        wanted[name] = answer
        return answer
    }

    private func labels(_ device: String) -> [RemoteLabels.Label] {
        let spec = specs[device]
        return [
            RemoteLabels.Label("site", site.name), RemoteLabels.Label("device", device),
            RemoteLabels.Label("place", spec?.place ?? ""),
            RemoteLabels.Label("feed", spec?.feed?.rawValue ?? ""),
        ] + receiver.labels.map { RemoteLabels.Label($0.name, $0.value) }
    }
}
