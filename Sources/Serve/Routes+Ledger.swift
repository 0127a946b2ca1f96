import FoundationEssentials
import Hummingbird
package import Model

/// A person's word on the energy of quarter hours of one meter.
package struct LedgerEditRequest: Codable, Sendable {
    package var meter: String
    /// Start of the first quarter hour, milliseconds since 1970.
    package var fromMS: Int64
    /// Each gets this energy in Wh; nil: what the meter said counts again.
    package var wattHours: Int64?
    package var quarterHours: Int
    package var by: String
    package var reason: String

    /// A week.
    package static let maximumQuarterHours = 672
    /// Above any site's quarter hour.
    package static let maximumWattHours: Int64 = 1_000_000_000_000

    package init(
        meter: String, from: QuarterHour, quarterHours: Int, wattHours: Int64?, by: String,
        reason: String
    ) {
        self.meter = meter
        fromMS = from.start.milliseconds
        self.quarterHours = quarterHours
        self.wattHours = wattHours
        self.by = by
        self.reason = reason
    }
}

/// Asks for the figures of a month to be kept as they are.
package struct SealRequest: Codable, Sendable {
    package var year: Int
    package var month: Int
    package var by: String
    package var approvedBy: String?
    /// Of a correction.
    package var reason: String?

    package init(year: Int, month: Int, by: String, approvedBy: String?, reason: String?) {
        self.year = year
        self.month = month
        self.by = by
        self.approvedBy = approvedBy
        self.reason = reason
    }
}

/// What was sealed.
package struct SealAnswer: Codable, Sendable {
    package var month: String
    package var revision: Int
    /// SHA-256 of the document, in hexadecimal.
    package var hash: String
    package var document: String
    package var notes: [String]

    package init(month: String, revision: Int, hash: String, document: String, notes: [String]) {
        self.month = month
        self.revision = revision
        self.hash = hash
        self.document = document
        self.notes = notes
    }
}

extension APIBackend {
    /// Of those that show the readings of others.
    package func seal(_ request: SealRequest) async throws(APIRefusal) -> SealAnswer {
        throw APIRefusal(status: 404, message: "a month is sealed where its readings are stored")
    }
}

extension Routes {
    private static let maximumEditBytes = 16 << 10

    func registerLedger(on router: Router<BasicRequestContext>) {
        router.post("api/v1/energy/edit") { request, _ in
            await asked(request, "meter, fromMS, quarterHours, wattHours, by, reason") {
                (edit: LedgerEditRequest) async throws(APIRefusal) in
                try await backend.edit(edit)
                return Response(status: .noContent)
            }
        }
        router.post("api/v1/energy/seal") { request, _ in
            await asked(request, "year, month, by, approvedBy, reason") {
                (seal: SealRequest) async throws(APIRefusal) in
                Self.json(try await backend.seal(seal))
            }
        }
    }

    private func asked<Asked: Decodable>(
        _ request: Request, _ keys: String,
        _ answer: (Asked) async throws(APIRefusal) -> Response
    ) async -> Response {
        var request = request
        let asked: Asked
        do {
            let body = try await request.collectBody(upTo: Self.maximumEditBytes)
            asked = try JSONDecoder().decode(Asked.self, from: Data(body.readableBytesView))
        } catch {
            return Self.refusal(APIRefusal(status: 400, message: "needs JSON: \(keys)"))
        }
        do throws(APIRefusal) {
            return try await answer(asked)
        } catch {
            return Self.refusal(error)
        }
    }
}
