import Model
import Platform
import Serve
import Store

extension LiveBackend {
    /// Appends edits of the ledger; returns after they are on the disk.
    func edit(_ request: LedgerEditRequest) async throws(APIRefusal) {
        guard await collector.isLeading else {
            throw APIRefusal(
                status: 409, message: "the other collector leads; edit its ledger there")
        }
        let edits = try request.edits(
            of: collector.site, at: Instant(milliseconds: Clocks.wallMilliseconds()))
        let store = collector.store
        let failure = await withCheckedContinuation { continuation in
            store.enqueueEdits(edits) { continuation.resume(returning: $0) }
        }
        if let failure {
            throw APIRefusal(status: 503, message: "the edit is not written: \(failure)")
        }
    }
}
