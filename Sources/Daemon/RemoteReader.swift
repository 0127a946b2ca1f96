import HTTPClient
package import Interchange
package import Model

/// Why a remote engine gave no readings. `description` has a cure.
package struct RemoteReadError: Error, CustomStringConvertible {
    package var description: String
}

/// Reads a site's readings from a remote engine by PromQL over HTTP. Calls block.
package final class RemoteReader {
    /// Raw samples of one question; beyond, memory is short.
    package static let maximumSamples = 20_000_000
    private static let answerBytes = 512 << 20
    private static let answerMilliseconds: Int64 = 120_000
    /// Readings are asked for in pieces of this length.
    private static let pieceMilliseconds: Int64 = 86_400_000

    private enum Engine {
        /// Exports raw samples as they are, in milliseconds.
        case victoriaMetrics
        case prometheus
    }

    private let access: RemoteAccess
    private let site: String
    private var known: Engine?

    /// - Parameter site: the site's name: the label that its series have.
    package init(_ access: RemoteAccess, site: String) {
        self.access = access
        self.site = site
    }

    /// Names of points that match and have samples in `range`.
    package func names(
        matching pattern: Glob, _ range: TimeRange
    ) throws(RemoteReadError) -> [PointName] {
        var names: Set<PointName> = []
        let query =
            "match[]=" + percentEncoded(selector(pattern))
            + "&start=" + Self.seconds(range.start) + "&end=" + Self.seconds(range.end)
        let body = try get("/api/v1/series?" + query)
        guard let answer = JSONText(body), answer["status"]?.string == "success" else {
            throw RemoteReadError(description: "the engine does not list series; \(cure)")
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
        let engine = try engine()
        var start = range.start.milliseconds
        while start < range.end.milliseconds {
            let end = min(start &+ Self.pieceMilliseconds, range.end.milliseconds)
            let body = try piece(selector(pattern), start, end, engine)
            do throws(RemoteAnswerProblem) {
                switch engine {
                case .victoriaMetrics: try answer.addExport(body)
                case .prometheus: try answer.addQuery(body)
                }
            } catch {
                throw RemoteReadError(description: "\(error); \(cure)")
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

    private func piece(
        _ selector: String, _ start: Int64, _ end: Int64, _ engine: Engine
    ) throws(RemoteReadError) -> [UInt8] {
        let last = Instant(milliseconds: end - 1)
        switch engine {
        case .victoriaMetrics:
            return try get(
                "/api/v1/export?match[]=" + percentEncoded(selector) + "&start="
                    + Self.seconds(Instant(milliseconds: start)) + "&end=" + Self.seconds(last))
        case .prometheus:
            // The start of a range is part of it before Prometheus 3, and not since: a millisecond
            // more is asked for, and left out again.
            return try get(
                "/api/v1/query?query=" + percentEncoded("\(selector)[\(end - start)ms]") + "&time="
                    + Self.seconds(last))
        }
    }

    /// Which of the two it is: only one exports.
    private func engine() throws(RemoteReadError) -> Engine {
        if let known { return known }
        let probe = "/api/v1/export?match[]=" + percentEncoded("{__name__=\"frostline_none\"}")
        let response = try send(probe)
        let engine: Engine = response.isSuccess ? .victoriaMetrics : .prometheus
        if response.status == 401 || response.status == 403 { throw refusal(response) }
        known = engine
        return engine
    }

    // MARK: - Words of PromQL

    /// As narrow as is certainly right: `*` of a pattern matches `/` too.
    private func selector(_ pattern: Glob) -> String {
        var matchers = ["__name__=~\"frostline_.*\"", "site=\(Self.quoted(site))"]
        let text = pattern.pattern
        let isWild = text.contains { $0 == "*" || $0 == "?" }
        if !isWild, let name = PointName(text) {
            matchers.append("device=\(Self.quoted(name.device))")
            matchers.append("point=\(Self.quoted(name.point))")
        } else {
            let head = text.prefix { $0 != "*" && $0 != "?" }
            if let slash = head.firstIndex(of: "/") {
                matchers.append("device=\(Self.quoted(String(head[..<slash])))")
            } else if !head.isEmpty {
                matchers.append("device=~\(Self.quoted(Self.literal(head) + ".*"))")
            }
            let tail = String(
                text.reversed().prefix { $0 != "*" && $0 != "?" && $0 != "/" }.reversed())
            if !tail.isEmpty {
                matchers.append("point=~\(Self.quoted(".*" + Self.literal(tail[...])))")
            }
        }
        return "{" + matchers.joined(separator: ",") + "}"
    }

    /// Text as a regular expression (RE2) that matches it alone.
    private static func literal(_ text: Substring) -> String {
        text.reduce(into: "") { result, character in
            if "\\.+*?()|[]{}^$".contains(character) { result.append("\\") }
            result.append(character)
        }
    }

    private static func quoted(_ text: String) -> String {
        "\""
            + text.reduce(into: "") { result, character in
                if character == "\\" || character == "\"" { result.append("\\") }
                if character == "\n" { result += "\\n" } else { result.append(character) }
            } + "\""
    }

    private static func seconds(_ time: Instant) -> String {
        FixedDecimal(mantissa: time.milliseconds, scale: 3).description
    }

    // MARK: - HTTP

    private func get(_ path: String) throws(RemoteReadError) -> [UInt8] {
        let response = try send(path)
        guard response.isSuccess else { throw refusal(response) }
        return response.body
    }

    private func send(_ path: String) throws(RemoteReadError) -> HTTPResponse {
        var request = access.request(.get, path)
        request.totalTimeoutMilliseconds = Self.answerMilliseconds
        request.maximumResponseBytes = Self.answerBytes
        do throws(HTTPError) {
            return try HTTP.send(request)
        } catch {
            throw RemoteReadError(description: "the remote store: \(error)")
        }
    }

    private var cure: String { "check that `store: {remote: …}` names the part before /api/v1" }

    private func refusal(_ response: HTTPResponse) -> RemoteReadError {
        let line =
            String(decoding: response.body.prefix(200), as: UTF8.self)
            .split(separator: "\n").first.map { String($0) } ?? ""
        return RemoteReadError(
            description: "the remote store answered \(response.status): \(line); \(cure)")
    }
}
