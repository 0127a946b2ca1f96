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

extension Routes {
    private static let maximumEditBytes = 16 << 10

    func registerLedger(on router: Router<BasicRequestContext>) {
        router.post("api/v1/energy/edit") { request, _ in await edit(request) }
    }

    private func edit(_ request: Request) async -> Response {
        var request = request
        let asked: LedgerEditRequest
        do {
            let body = try await request.collectBody(upTo: Self.maximumEditBytes)
            asked = try JSONDecoder().decode(
                LedgerEditRequest.self, from: Data(body.readableBytesView))
        } catch {
            return Self.refusal(
                APIRefusal(
                    status: 400,
                    message: "needs JSON: meter, fromMS, quarterHours, wattHours, by, reason"))
        }
        do throws(APIRefusal) {
            try await backend.edit(asked)
            return Response(status: .noContent)
        } catch {
            return Self.refusal(error)
        }
    }
}
