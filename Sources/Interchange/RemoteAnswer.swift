package import Model

/// Raw samples of a point, as a remote engine answered.
package struct RemotePoint: Hashable, Sendable {
    package struct Sample: Hashable, Sendable {
        /// Milliseconds since 1970 UTC.
        package var time: Int64
        package var mantissa: Int64
    }
    package var name: PointName
    /// Its scale is that of the finest value in the answer; labels of states are those seen.
    package var definition: PointDefinition
    /// Ascending.
    package var samples: [Sample]
}

/// Why an answer is of no use.
package struct RemoteAnswerProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}

/// Gathers answers of PromQL over HTTP (`/api/v1/query` with a range, `/api/v1/query_range`) and of
/// VictoriaMetrics' `/api/v1/export` into points. Several answers may bring parts of one point.
package struct RemoteAnswer: Sendable {
    private struct Key: Hashable {
        var name: PointName
        var metric: PointMetric
    }
    private struct Gathered {
        var values: [(time: Int64, value: FixedDecimal)] = []
        var states: [Int64: String] = [:]
    }
    private var gathered: [Key: Gathered] = [:]
    package private(set) var sampleCount = 0
    /// Samples whose value has no exact decimal of 18 digits, or is beyond.
    package private(set) var leftOut = 0

    package init() {}

    /// The body of `/api/v1/query` or `/api/v1/query_range`.
    package mutating func addQuery(_ body: [UInt8]) throws(RemoteAnswerProblem) {
        guard let answer = JSONText(body), answer["status"]?.string == "success",
            let data = answer["data"], case .array(let rows)? = data["result"]
        else { throw RemoteAnswerProblem("the engine's answer is no result of a query") }
        for row in rows {
            let samples = row["values"]?.list ?? row["value"].map { [$0] } ?? []
            try add(
                row["metric"],
                samples.lazy.map { ($0.list.first?.numberText, $0.list.last?.numberText) },
                perSecond: true)
        }
    }

    /// The body of `/api/v1/export`: a line of JSON a series.
    package mutating func addExport(_ body: [UInt8]) throws(RemoteAnswerProblem) {
        for line in body.split(separator: 0x0A) {
            guard let row = JSONText(line) else {
                throw RemoteAnswerProblem("the engine's export is no JSON")
            }
            let (times, values) = (row["timestamps"]?.list ?? [], row["values"]?.list ?? [])
            guard times.count == values.count else {
                throw RemoteAnswerProblem("the engine's export has times without values")
            }
            try add(
                row["metric"],
                zip(times, values).lazy.map { ($0.numberText, $1.numberText) }, perSecond: false)
        }
    }

    /// One sample a point, from an instant query and one of the `timestamp` of the same series: an
    /// engine dates what it answers by the moment that was asked for. A point without a time is
    /// left out.
    package static func latest(
        values: [UInt8], times: [UInt8]
    ) throws(RemoteAnswerProblem) -> [RemotePoint] {
        guard let answer = JSONText(times), answer["status"]?.string == "success",
            case .array(let rows)? = answer["data"]?["result"]
        else { throw RemoteAnswerProblem("the engine's answer is no result of a query") }
        var taken: [PointName: Int64] = [:]
        for row in rows {
            guard let labels = row["metric"], let device = labels["device"]?.string,
                let point = labels["point"]?.string,
                let time = time(row["value"]?.list.last?.numberText, perSecond: true)
            else { continue }
            let name = PointName(device: device, point: point)
            taken[name] = max(taken[name] ?? time, time)
        }
        var gathered = RemoteAnswer()
        try gathered.addQuery(values)
        let all = TimeRange(start: Instant(milliseconds: .min), end: Instant(milliseconds: .max))
        return gathered.points(in: all).compactMap { point in
            guard let last = point.samples.last, let time = taken[point.name] else { return nil }
            var point = point
            point.samples = [RemotePoint.Sample(time: time, mantissa: last.mantissa)]
            return point
        }
    }

    private mutating func add(
        _ labels: JSONText?, _ samples: some Sequence<(String?, String?)>, perSecond: Bool
    ) throws(RemoteAnswerProblem) {
        guard let labels,
            let metric = labels["__name__"]?.string.flatMap({ PointMetric(name: $0) }),
            let device = labels["device"]?.string, let point = labels["point"]?.string
        else { return }
        let key = Key(name: PointName(device: device, point: point), metric: metric)
        var code: Int64?
        var found = gathered.removeValue(forKey: key) ?? Gathered()
        if metric.kind == .state {
            guard let number = labels["code"]?.string.flatMap({ Int64($0) }) else { return }
            code = number
            found.states[number] = labels["state"]?.string ?? String(number)
        }
        for (timeText, text) in samples {
            guard let time = Self.time(timeText, perSecond: perSecond) else {
                throw RemoteAnswerProblem("the engine's answer has a sample without a time")
            }
            // No number is the end of a series.
            guard let text, FixedDecimal(number: text) != nil || !Self.isNoNumber(text) else {
                continue
            }
            guard let value = FixedDecimal(number: text) else {
                leftOut += 1
                continue
            }
            if let code {
                guard value.mantissa != 0 else { continue }
                found.values.append((time, FixedDecimal(mantissa: code, scale: 0)))
            } else {
                found.values.append((time, value))
            }
            sampleCount += 1
        }
        gathered[key] = found
    }

    private static func isNoNumber(_ text: String) -> Bool {
        let lower = text.lowercased()
        return lower.hasSuffix("nan") || lower.contains("inf") || lower == "null"
    }

    private static func time(_ text: String?, perSecond: Bool) -> Int64? {
        guard let number = text.flatMap({ FixedDecimal(number: $0) }) else { return nil }
        return number.rescaled(to: perSecond ? 3 : 0)?.mantissa
    }

    /// What was answered, by name; only samples in `range`.
    package func points(in range: TimeRange) -> [RemotePoint] {
        gathered.map { key, found in
            let values = found.values.filter {
                $0.time >= range.start.milliseconds && $0.time < range.end.milliseconds
            }.sorted { $0.time < $1.time }
            var scale = values.map(\.value.scale).max() ?? 0
            // The finest scale at which the largest still fits.
            while scale > 0, values.contains(where: { $0.value.rescaled(to: scale) == nil }) {
                scale -= 1
            }
            var samples: [RemotePoint.Sample] = []
            samples.reserveCapacity(values.count)
            for (time, value) in values {
                guard let mantissa = value.rescaled(to: scale)?.mantissa else { continue }
                // Sent twice, and not yet made one by the engine.
                if samples.last?.time == time { samples.removeLast() }
                samples.append(RemotePoint.Sample(time: time, mantissa: mantissa))
            }
            return RemotePoint(
                name: key.name, definition: definition(key, found, scale), samples: samples)
        }.sorted {
            ("\($0.name)", $0.definition.unit.rawValue) < (
                "\($1.name)", $1.definition.unit.rawValue
            )
        }
    }

    private func definition(_ key: Key, _ found: Gathered, _ scale: Int8) -> PointDefinition {
        let kind: PointKind =
            switch key.metric.kind {
            case .gauge: .gauge
            case .counter: .counter(modulus: nil)
            case .state:
                .state(
                    found.states.sorted { $0.key < $1.key }.map {
                        StateLabel(code: $0.key, name: $0.value, severity: .unknown)
                    })
            }
        return PointDefinition(
            name: key.name.point, kind: kind, unit: key.metric.unit, scale: scale)
    }
}
