package import Energy
package import Model
import Platform
import Serve
package import Store
import Synchronization
import Views

/// History for the API and for reports.
package enum HistoryReader {
    /// Queries that read at once; each has two threads and a connection.
    private static let maximumQueries = 8
    private static let running = Mutex(0)

    /// Several points on one grid of time. Refuses when too many are under way.
    static func series(
        _ query: SeriesQuery, _ readers: ReaderPool<StoreReader>
    ) async throws(APIRefusal) -> SeriesView {
        try await admitted { () throws(APIRefusal) in
            do throws(StoreError) {
                return try readers.lend { reader throws(StoreError) in try read(query, reader) }
            } catch .unknownPoint(let name) {
                throw APIRefusal(
                    status: 404, message: "no readings of \(name); /api/v1/last lists the points")
            } catch {
                throw APIRefusal(status: 503, message: "\(error)")
            }
        }
    }

    /// Answers on a thread of its own, for reading blocks: it must not hold one of Swift's pool.
    static func admitted(
        _ body: @escaping @Sendable () throws(APIRefusal) -> SeriesView
    ) async throws(APIRefusal) -> SeriesView {
        let isAdmitted = running.withLock { count -> Bool in
            guard count < maximumQueries else { return false }
            count += 1
            return true
        }
        guard isAdmitted else {
            throw APIRefusal(
                status: 503,
                message: "\(maximumQueries) queries are under way; ask again when one has ended")
        }
        defer { running.withLock { $0 -= 1 } }
        let result: Result<SeriesView, APIRefusal> = await withCheckedContinuation { continuation in
            do {
                let thread = try NativeThread(name: "api-series") {
                    continuation.resume(returning: Result { () throws(APIRefusal) in try body() })
                }
                thread.detach()
            } catch {
                continuation.resume(
                    returning: .failure(APIRefusal(status: 503, message: "\(error)")))
            }
        }
        return try result.get()
    }

    private static func read(
        _ query: SeriesQuery, _ reader: StoreReader
    ) throws(StoreError) -> SeriesView {
        let series = try reader.downsample(
            query.points, query.range, stepMS: query.stepMilliseconds)
        // One point that is gone must not take the others of a graph with it.
        if series.isEmpty, let unknown = query.points.first {
            throw .unknownPoint("\(unknown)")
        }
        let count = series.first?.buckets.count ?? 0
        let times = (0..<count).map {
            query.range.start.milliseconds + Int64($0) * query.stepMilliseconds
        }
        return SeriesView(
            timesMS: times,
            lines: series.map {
                SeriesView.Line(
                    point: "\($0.series.name)", unit: $0.series.definition.unit.rawValue,
                    values: $0.values(.mean))
            })
    }

    /// What a unit last said in a minute, and when it first spoke in it.
    private struct ModeOfMinute {
        var minute: Int64
        var first: Instant
        var unit: Int
        var mode: FreeCoolingMode
    }

    /// The free-cooling hours of a span, from the stored modes of the cooling units. `each` is
    /// shown the hours as they grow, minute by minute.
    package static func cooling(
        _ reader: StoreReader, site: Site, range: TimeRange,
        each: (Instant, FreeCoolingClock) -> Void = { _, _ in }
    ) throws(StoreError) -> FreeCoolingClock {
        var clock = FreeCoolingClock(offsetMinutes: site.offsetMinutes)
        var minutes: [ModeOfMinute] = []
        for (index, unit) in site.coolingUnits.enumerated() {
            let point = PointName(device: unit.device, point: "cooling.mode")
            do throws(StoreError) {
                try add(reader.range(point, range), unit: index, to: &minutes)
            } catch {
                if case .unknownPoint = error { continue }
                throw error
            }
        }
        minutes.sort { ($0.minute, $0.unit) < ($1.minute, $1.unit) }
        var modes = site.coolingUnits.map { _ in FreeCoolingMode.unknown }
        var index = 0
        while index < minutes.count {
            // Units are polled a moment apart: one sample of the site holds a minute of them.
            let minute = minutes[index].minute
            var time = minutes[index].first
            while index < minutes.count, minutes[index].minute == minute {
                modes[minutes[index].unit] = minutes[index].mode
                time = min(time, minutes[index].first)
                index += 1
            }
            clock.sample(at: time, units: live(site, modes))
            each(time, clock)
        }
        return clock
    }

    private static func add(
        _ result: RangeResult, unit: Int, to minutes: inout [ModeOfMinute]
    ) {
        var known: [Int64: FreeCoolingMode] = [:]
        let start = minutes.count
        for sample in result.samples {
            var mode = FreeCoolingMode.unknown
            if sample.quality.isUsable {
                mode =
                    known[sample.mantissa]
                    ?? FreeCoolingMode(
                        stateName: result.series.definition.stateName(sample.mantissa))
                known[sample.mantissa] = mode
            }
            let minute = sample.time.milliseconds / 60_000
            if minutes.count > start, minutes[minutes.count - 1].minute == minute {
                minutes[minutes.count - 1].mode = mode
            } else {
                minutes.append(
                    ModeOfMinute(minute: minute, first: sample.time, unit: unit, mode: mode))
            }
        }
    }

    private static func live(_ site: Site, _ modes: [FreeCoolingMode]) -> [LiveCooling] {
        zip(site.coolingUnits, modes).map { unit, mode in
            LiveCooling(
                name: unit.name, mode: mode, inferred: false,
                freeFraction: mode == .unknown ? nil : mode.certainFreeFraction,
                ratedWatts: unit.ratedWatts)
        }
    }
}
