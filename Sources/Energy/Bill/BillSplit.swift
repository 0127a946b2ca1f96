import Model

/// A bill divided among those who share a connection, and what is nobody's own: every line by
/// energy, in whole fen, so that the shares come to the bill to the last fen.
package struct BillSplit: Sendable {
    package struct Share: Sendable, Hashable {
        /// Nil: common, the energy that no one's meters count.
        package var name: String?
        package var energy: EnergyQuantity
        /// One for each line of the bill, in its order; nil where the line is not known.
        package var amounts: [Fee?]
        package var total: Fee { amounts.reduce(.zero) { $0 + ($1 ?? .zero) } }
    }

    /// In the order of the parties; the last is the common part.
    package let shares: [Share]

    /// Nil where the parties' energy is more than what is billed, or one has less than none: then
    /// their meters do not stand behind the hand-over.
    package init?(_ bill: Bill, parties: [(name: String, energy: EnergyQuantity)]) {
        let counted = parties.reduce(EnergyQuantity.zero) { $0 + $1.energy }
        guard bill.billed > .zero, counted <= bill.billed,
            parties.allSatisfy({ $0.energy >= .zero })
        else { return nil }
        let energies = parties.map(\.energy) + [bill.billed - counted]
        let weights = energies.map(\.wattHours)
        var lines: [[Fee]?] = []
        for line in bill.lines {
            guard let fen = line.amount?.fen else {
                lines.append(nil)
                continue
            }
            // Credits are shared as charges are.
            guard
                let parts = Exact.distribute(Int64(clamping: fen.magnitude), by: weights)
            else { return nil }
            lines.append(parts.map { Fee(fen: fen < 0 ? -$0 : $0) })
        }
        let names = parties.map { Optional($0.name) } + [nil]
        shares = zip(names, energies).enumerated().map { index, party in
            Share(name: party.0, energy: party.1, amounts: lines.map { $0?[index] })
        }
    }
}
