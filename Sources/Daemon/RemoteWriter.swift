import HTTPClient
import Interchange
import Model

/// Hands requests of remote write to one receiver and understands its answers.
struct RemoteWriter {
    enum Outcome: Equatable {
        case taken
        /// The receiver will not take this request, however often it comes.
        case refused(String)
        /// Nothing is wrong with the request: it must come again, after so long where it was said.
        case again(String, afterMilliseconds: Int64?)
    }

    private static let connectMilliseconds: Int64 = 5_000
    private static let totalMilliseconds: Int64 = 30_000
    private static let answerBytes = 64 << 10
    /// The longest pause that a receiver may ask for.
    private static let maximumPause: Int64 = 300_000

    private let access: RemoteAccess
    private let wanted: ForwardReceiver.Version
    /// What is spoken now: 2.0 until the receiver is seen not to know it.
    private(set) var version: RemoteWrite.Version

    init(_ receiver: ForwardReceiver) {
        access = receiver.access
        wanted = receiver.version
        version = receiver.version == .first ? .first : .second
    }

    /// - Parameter shouldStop: asked at least once a second while the receiver does not answer.
    mutating func send(_ series: [RemoteSeries], shouldStop: () -> Bool) -> Outcome {
        let outcome = post(series, shouldStop)
        if let outcome { return outcome }
        version = .first
        return post(series, shouldStop)
            ?? .again("the receiver takes neither version", afterMilliseconds: nil)
    }

    /// Nil where the receiver does not know the version, and another may be tried.
    private func post(_ series: [RemoteSeries], _ shouldStop: () -> Bool) -> Outcome? {
        var request = access.request(.post)
        request.headers += [
            HTTPRequest.Header("Content-Type", version.contentType),
            HTTPRequest.Header("Content-Encoding", "snappy"),
            HTTPRequest.Header("X-Prometheus-Remote-Write-Version", version.header),
        ]
        request.body = SnappyBlock.compress(RemoteWrite.encode(series, version))
        request.connectTimeoutMilliseconds = Self.connectMilliseconds
        request.totalTimeoutMilliseconds = Self.totalMilliseconds
        request.maximumResponseBytes = Self.answerBytes
        let response: HTTPResponse
        do throws(HTTPError) {
            response = try HTTP.stream(
                request, stallSeconds: 0, shouldStop: shouldStop, onBytes: { _ in true })
        } catch {
            // The address may hold a secret: say what went wrong, not where.
            return .again("\(error.kind.rawValue): \(error.detail)", afterMilliseconds: nil)
        }
        return judge(response, samples: series.sampleCount)
    }

    private func judge(_ response: HTTPResponse, samples: Int) -> Outcome? {
        let mayFallBack = version == .second && wanted == .automatic
        if response.isSuccess {
            guard version == .second else { return .taken }
            // A receiver of 1.0 takes a body of 2.0 for an empty one and says it is well; one of
            // 2.0 tells how much it has written.
            let header = response.header("X-Prometheus-Remote-Write-Samples-Written")
            guard let written = header.flatMap({ Int($0) }) else {
                return mayFallBack
                    ? nil
                    : .again(
                        "the receiver does not speak 2.0; write `protocol: auto`",
                        afterMilliseconds: nil)
            }
            return written >= samples
                ? .taken : .refused("\(written) of \(samples) samples were written")
        }
        let text = "status \(response.status)\(Self.reason(response))"
        switch response.status {
        case 415 where mayFallBack: return nil
        // The data: 400 and 422, and too much at once.
        case 400, 409, 413, 422: return .refused(text)
        // Everything else is between the receiver and whoever runs it (a password, a path, a
        // proxy, load): the readings wait, and none is given up for it.
        default: return .again(text, afterMilliseconds: Self.pause(response))
        }
    }

    private static func reason(_ response: HTTPResponse) -> String {
        let line =
            String(decoding: response.body.prefix(300), as: UTF8.self)
            .split(separator: "\n").first.map { String($0) } ?? ""
        let text = line.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }
        return text.isEmpty ? "" : ": " + String(String.UnicodeScalarView(text))
    }

    /// `Retry-After` in seconds; the other form, a date, is not worth a calendar.
    private static func pause(_ response: HTTPResponse) -> Int64? {
        guard let seconds = response.header("Retry-After").flatMap({ Int64($0) }), seconds > 0
        else { return nil }
        return seconds > maximumPause / 1000 ? maximumPause : seconds * 1000
    }
}
