import Model
import Platform
package import Serve
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

    /// Seals a month; returns after the seal is on the disk.
    func seal(_ request: SealRequest) async throws(APIRefusal) -> SealAnswer {
        guard await collector.isLeading else {
            throw APIRefusal(status: 409, message: "the other collector leads; seal there")
        }
        if let problem = request.problem { throw APIRefusal(status: 400, message: problem) }
        let now = Instant(milliseconds: Clocks.wallMilliseconds())
        // Reading a month blocks: it must not hold a thread of Swift's pool.
        let prepared: Result<MonthSealer.Prepared, MonthSealer.Refusal> =
            await withCheckedContinuation { continuation in
                do {
                    let thread = try NativeThread(name: "api-seal") { [sealer] in
                        continuation.resume(
                            returning: Result { () throws(MonthSealer.Refusal) in
                                try sealer.prepare(request, at: now)
                            })
                    }
                    thread.detach()
                } catch {
                    continuation.resume(returning: .failure(.books(.ledger("\(error)"))))
                }
            }
        let made: MonthSealer.Prepared
        do throws(MonthSealer.Refusal) {
            made = try prepared.get()
        } catch {
            throw APIRefusal(status: 409, message: "\(error)")
        }
        let store = collector.store
        let failure = await withCheckedContinuation { continuation in
            store.enqueueSeal(made.seal, made.meters) { continuation.resume(returning: $0) }
        }
        if let failure {
            throw APIRefusal(status: 503, message: "the seal is not written: \(failure)")
        }
        return SealAnswer(request, made)
    }
}

extension SealRequest {
    /// What is wrong with the request itself; nil where nothing is.
    package var problem: String? {
        let names = [by] + [approvedBy, reason].compactMap(\.self)
        guard names.allSatisfy({ !$0.isEmpty && $0.utf8.count <= LedgerEdit.maximumBytes }) else {
            return "say who seals, each name and reason in 1 to \(LedgerEdit.maximumBytes) bytes"
        }
        guard (1990...2200).contains(year), (1...12).contains(month) else {
            return "\(year)-\(month) is no month"
        }
        return nil
    }
}

extension SealAnswer {
    package init(_ request: SealRequest, _ made: MonthSealer.Prepared) {
        self.init(
            month: MonthBooks.monthText(request.year, request.month),
            revision: made.seal.revision, hash: made.seal.hash,
            document: String(decoding: made.seal.document, as: UTF8.self), notes: made.notes)
    }
}
