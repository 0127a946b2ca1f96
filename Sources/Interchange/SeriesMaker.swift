package import Model

/// How a point stood before the rows at hand: where a series ends depends on it.
package enum PointStanding: Hashable, Sendable {
    /// No value, or nothing known.
    case nothing
    case value
    case state(code: Int64)
}

/// Stored readings of one device as series of a remote engine.
///
/// A reading that cannot be trusted is no number there: the series ends with a stale marker at the
/// first of them. A state is a series of value 1 for each code, which ends when another begins.
package struct SeriesMaker: Sendable {
    /// Labels of every series of the device: site, device, place, feed, and those of the receiver.
    private let labels: [RemoteLabels.Label]
    private var known: [PointDefinition: RemoteLabels] = [:]
    private var states: [PointDefinition: [Int64: RemoteLabels]] = [:]

    package init(labels: [RemoteLabels.Label]) { self.labels = labels }

    /// The series of one column over `rows`; `standing` goes on to the next call.
    ///
    /// - Parameter qualities: one a row; nil where the point was not part of the poll.
    package mutating func series(
        _ point: PointDefinition, times: [Int64], qualities: [Quality?], mantissas: [Int64],
        rows: Range<Int>, standing: inout PointStanding
    ) -> [RemoteSeries] {
        if case .state = point.kind {
            return stateSeries(point, times, qualities, mantissas, rows, &standing)
        }
        var samples: [RemoteSample] = []
        let scale = Scale(point.scale)
        for row in rows {
            guard let quality = qualities[row] else { continue }
            if quality.isUsable {
                samples.append(RemoteSample(time: times[row], scale.value(mantissas[row])))
                standing = .value
            } else if standing != .nothing {
                samples.append(.stale(at: times[row]))
                standing = .nothing
            }
        }
        guard !samples.isEmpty else { return [] }
        return [RemoteSeries(labels: labels(of: point), samples: samples)]
    }

    private mutating func stateSeries(
        _ point: PointDefinition, _ times: [Int64], _ qualities: [Quality?], _ mantissas: [Int64],
        _ rows: Range<Int>, _ standing: inout PointStanding
    ) -> [RemoteSeries] {
        var samples: [Int64: [RemoteSample]] = [:]
        for row in rows {
            guard let quality = qualities[row] else { continue }
            let now: PointStanding = quality.isUsable ? .state(code: mantissas[row]) : .nothing
            if case .state(let before) = standing, now != standing {
                samples[before, default: []].append(.stale(at: times[row]))
            }
            if case .state(let code) = now {
                samples[code, default: []].append(RemoteSample(time: times[row], 1))
            }
            standing = now
        }
        return samples.sorted { $0.key < $1.key }.map { code, samples in
            RemoteSeries(labels: labels(of: point, code), samples: samples)
        }
    }

    private mutating func labels(of point: PointDefinition) -> RemoteLabels {
        if let labels = known[point] { return labels }
        let made = RemoteLabels(
            metric: PointMetric(point), labels: labels + [.init("point", point.name)])
        known[point] = made
        return made
    }

    private mutating func labels(of point: PointDefinition, _ code: Int64) -> RemoteLabels {
        if let labels = states[point]?[code] { return labels }
        let made = RemoteLabels(
            metric: PointMetric(point),
            labels: labels + [
                .init("point", point.name), .init("code", String(code)),
                .init("state", point.stateName(code) ?? String(code)),
            ])
        states[point, default: [:]][code] = made
        return made
    }

    /// As `FixedDecimal.double`, with the power of ten looked up once.
    private struct Scale {
        let scale: Int8
        let power: Double?

        init(_ scale: Int8) {
            self.scale = scale
            power = Int64.powerOfTen(abs(Int(scale))).map { Double($0) }
        }

        func value(_ mantissa: Int64) -> Double {
            guard let power else { return FixedDecimal(mantissa: mantissa, scale: scale).double }
            return scale >= 0 ? Double(mantissa) / power : Double(mantissa) * power
        }
    }
}

extension [RemoteSeries] {
    /// Only the samples with `times.contains`, and no series without any.
    package func within(_ times: Range<Int64>) -> [RemoteSeries] {
        compactMap { series in
            let samples = series.samples.filter { times.contains($0.time) }
            return samples.isEmpty ? nil : RemoteSeries(labels: series.labels, samples: samples)
        }
    }

    package var sampleCount: Int { reduce(0) { $0 + $1.samples.count } }
}
