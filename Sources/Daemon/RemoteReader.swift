import HTTPClient
package import Interchange
package import Model

/// Reads a site's readings from a remote engine by PromQL over HTTP. Calls block.
package final class RemoteReader {
    /// Raw samples of one question; beyond, memory is short.
    package static let maximumSamples = 20_000_000
    /// Readings are asked for in pieces of this length.
    private static let pieceMilliseconds: Int64 = 86_400_000

    private enum Kind {
        /// Exports raw samples as they are, in milliseconds.
        case victoriaMetrics
        case prometheus
    }

    private let engine: RemoteEngine
    private let site: String
    private var known: Kind?

    /// - Parameter site: the site's name: the label that its series have.
    package init(_ access: RemoteAccess, site: String) {
        engine = RemoteEngine(access)
        self.site = site
    }

    /// Names of points that match and have samples in `range`.
    package func names(
        matching pattern: Glob, _ range: TimeRange
    ) throws(RemoteReadError) -> [PointName] {
        var names: Set<PointName> = []
        let query =
            "match[]=" + percentEncoded(selector(pattern))
            + "&start=" + RemoteEngine.seconds(range.start) + "&end="
            + RemoteEngine.seconds(range.end)
        let body = try engine.get("/api/v1/series?" + query)
        guard let answer = JSONText(body), answer["status"]?.string == "success" else {
            throw RemoteReadError(
                description: "the engine does not list series; \(RemoteEngine.cure)")
        }
        for row in answer["data"]?.list ?? [] {
            guard let device = row["device"]?.string, let point = row["point"]?.string,
                pattern.matches(device + "/" + point)
            else { continue }
            names.insert(PointName(device: device, point: point))
        }
        return names.sorted { "\($0)" < "\($1)" }
    }

    /// All samples of the points that match, in `range`.
    package func points(
        matching pattern: Glob, _ range: TimeRange
    ) throws(RemoteReadError) -> [RemotePoint] {
        var answer = RemoteAnswer()
        let kind = try kind()
        var start = range.start.milliseconds
        while start < range.end.milliseconds {
            let end = min(start &+ Self.pieceMilliseconds, range.end.milliseconds)
            let body = try piece(selector(pattern), start, end, kind)
            do throws(RemoteAnswerProblem) {
                switch kind {
                case .victoriaMetrics: try answer.addExport(body)
                case .prometheus: try answer.addQuery(body)
                }
            } catch {
                throw RemoteReadError(description: "\(error); \(RemoteEngine.cure)")
            }
            guard answer.sampleCount <= Self.maximumSamples else {
                throw RemoteReadError(
                    description: "more than \(Self.maximumSamples) samples; ask for less time")
            }
            start = end
        }
        return answer.points(in: range).filter {
            !$0.samples.isEmpty && pattern.matches("\($0.name)")
        }
    }

    /// Of each point that matches the newest sample that holds at `time`: none older than
    /// `RemoteEngine.lookback`, and none of a series that has ended.
    ///
    /// - Parameters:
    ///   - devices: nil for all.
    ///   - points: nil for all.
    package func latest(
        devices: [String]?, points: [String]?, at time: Instant
    ) throws(RemoteReadError) -> [RemotePoint] {
        var matchers = ["__name__=~\"frostline_.*\"", "site=\(PromQL.quoted(site))"]
        for (label, names) in [("device", devices), ("point", points)] {
            guard let names else { continue }
            matchers.append("\(label)=~\(PromQL.quoted(PromQL.any(of: names)))")
        }
        let selector = "{" + matchers.joined(separator: ",") + "}"
        let values = try engine.query(selector, at: time)
        let times = try engine.query("timestamp(\(selector))", at: time)
        do throws(RemoteAnswerProblem) {
            return try RemoteAnswer.latest(values: values, times: times)
        } catch {
            throw RemoteReadError(description: "\(error); \(RemoteEngine.cure)")
        }
    }

    private func piece(
        _ selector: String, _ start: Int64, _ end: Int64, _ kind: Kind
    ) throws(RemoteReadError) -> [UInt8] {
        let last = Instant(milliseconds: end - 1)
        switch kind {
        case .victoriaMetrics:
            return try engine.get(
                "/api/v1/export?match[]=" + percentEncoded(selector) + "&start="
                    + RemoteEngine.seconds(Instant(milliseconds: start)) + "&end="
                    + RemoteEngine.seconds(last))
        case .prometheus:
            // The start of a range is part of it before Prometheus 3, and not since: a millisecond
            // more is asked for, and left out again.
            return try engine.get(
                "/api/v1/query?query=" + percentEncoded("\(selector)[\(end - start)ms]") + "&time="
                    + RemoteEngine.seconds(last))
        }
    }

    /// Which of the two it is: only one exports.
    private func kind() throws(RemoteReadError) -> Kind {
        if let known { return known }
        let probe = "/api/v1/export?match[]=" + percentEncoded("{__name__=\"frostline_none\"}")
        let response = try engine.send(engine.access.request(.get, probe))
        let kind: Kind = response.isSuccess ? .victoriaMetrics : .prometheus
        if response.status == 401 || response.status == 403 { throw engine.refusal(response) }
        known = kind
        return kind
    }

    // MARK: - Words of PromQL

    /// As narrow as is certainly right: `*` of a pattern matches `/` too.
    private func selector(_ pattern: Glob) -> String {
        var matchers = ["__name__=~\"frostline_.*\"", "site=\(PromQL.quoted(site))"]
        let text = pattern.pattern
        let isWild = text.contains { $0 == "*" || $0 == "?" }
        if !isWild, let name = PointName(text) {
            matchers.append("device=\(PromQL.quoted(name.device))")
            matchers.append("point=\(PromQL.quoted(name.point))")
        } else {
            let head = text.prefix { $0 != "*" && $0 != "?" }
            if let slash = head.firstIndex(of: "/") {
                matchers.append("device=\(PromQL.quoted(String(head[..<slash])))")
            } else if !head.isEmpty {
                matchers.append("device=~\(PromQL.quoted(PromQL.literal(head) + ".*"))")
            }
            let tail = String(
                text.reversed().prefix { $0 != "*" && $0 != "?" && $0 != "/" }.reversed())
            if !tail.isEmpty {
                matchers.append("point=~\(PromQL.quoted(".*" + PromQL.literal(tail)))")
            }
        }
        return "{" + matchers.joined(separator: ",") + "}"
    }
}
