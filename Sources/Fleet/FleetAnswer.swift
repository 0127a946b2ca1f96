import Interchange
import Model

/// Answers of an engine about many sites.
struct FleetAnswer {
    struct Sample: Equatable {
        /// Milliseconds since 1970 UTC.
        var time: Int64
        var value: FixedDecimal
    }
    /// Sites that one engine is asked about at once.
    static let maximumSites = 5_000

    /// The newest sample of each point, by site.
    private(set) var sites: [String: [String: Sample]] = [:]

    /// - Parameter body: of `/api/v1/query`, with `values` or one `value` a series.
    init(_ body: [UInt8]) throws(RemoteAnswerProblem) {
        for row in try Self.rows(body) {
            guard let site = row["metric"]?["site"]?.string,
                let point = row["metric"]?["point"]?.string
            else { continue }
            let samples = row["values"]?.list ?? row["value"].map { [$0] } ?? []
            for pair in samples.lazy.map(\.list) {
                guard let sample = Self.sample(pair) else { continue }
                if let known = sites[site]?[point], known.time >= sample.time { continue }
                sites[site, default: [:]][point] = sample
            }
            guard sites.count <= Self.maximumSites else {
                throw RemoteAnswerProblem("the engine knows more than \(Self.maximumSites) sites")
            }
        }
    }

    /// Values that are times, in seconds: when each site was heard last, in milliseconds.
    static func times(_ body: [UInt8]) throws(RemoteAnswerProblem) -> [String: Int64] {
        var result: [String: Int64] = [:]
        for row in try rows(body) {
            guard let site = row["metric"]?["site"]?.string,
                let sample = row["value"].flatMap({ Self.sample($0.list) }),
                let time = sample.value.rescaled(to: 3)?.mantissa
            else { continue }
            result[site] = max(result[site] ?? .min, time)
        }
        guard result.count <= maximumSites else {
            throw RemoteAnswerProblem("the engine knows more than \(maximumSites) sites")
        }
        return result
    }

    private static func rows(_ body: [UInt8]) throws(RemoteAnswerProblem) -> [JSONText] {
        guard let answer = JSONText(body), answer["status"]?.string == "success",
            case .array(let rows)? = answer["data"]?["result"]
        else { throw RemoteAnswerProblem("the engine's answer is no result of a query") }
        return rows
    }

    /// Nil for the end of a series and for what is no number.
    private static func sample(_ pair: [JSONText]) -> Sample? {
        guard pair.count == 2,
            let time = pair[0].numberText.flatMap({ FixedDecimal(number: $0) })?
                .rescaled(to: 3)?.mantissa,
            let value = pair[1].numberText.flatMap({ FixedDecimal(number: $0) })
        else { return nil }
        return Sample(time: time, value: value)
    }
}
