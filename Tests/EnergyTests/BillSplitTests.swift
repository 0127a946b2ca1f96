import Energy
import Model
import TestSupport
import Testing

@Suite("a bill divided")
struct BillSplitTests {
    @Test("the shares of subsidiaries and the common part are the bill, to the last fen")
    func property() throws {
        let bill = Bill(try WorkedMonth.input())
        var random = SplitMix(9)
        for round in 0..<400 {
            var left = bill.billed.wattHours
            let parties = (0..<Int.random(in: 0...7, using: &random)).map { index in
                // Also parties without energy, and such that take all there is.
                let most = round % 5 == 0 ? left : left / 3
                let energy = random.chance(4) ? 0 : Int64.random(in: 0...most, using: &random)
                left -= energy
                return (name: "s\(index)", energy: EnergyQuantity(wattHours: energy))
            }
            let split = try #require(BillSplit(bill, parties: parties))
            #expect(split.shares.count == parties.count + 1)
            #expect(split.shares.reduce(Fee.zero) { $0 + $1.total } == bill.total)
            #expect(split.shares.reduce(EnergyQuantity.zero) { $0 + $1.energy } == bill.billed)
            for (index, line) in bill.lines.enumerated() {
                let parts = split.shares.compactMap { $0.amounts[index] }
                #expect(parts.reduce(Fee.zero, +) == line.amount, "\(line.name)")
                // No share is a fen away from what its energy says.
                for (share, part) in zip(split.shares, parts) {
                    let exact =
                        Double(line.amount?.fen ?? 0) * Double(share.energy.wattHours)
                        / Double(bill.billed.wattHours)
                    #expect(abs(Double(part.fen) - exact) <= 1.01, "\(line.name)")
                }
            }
        }
    }

    @Test("two subsidiaries of the worked month, and what is left for both")
    func worked() throws {
        let bill = Bill(try WorkedMonth.input())
        let split = try #require(
            BillSplit(
                bill,
                parties: [
                    ("a", EnergyQuantity(kilowattHours: 3_000_000)),
                    ("b", EnergyQuantity(kilowattHours: 1_500_000)),
                ]))
        #expect(split.shares.map(\.name) == ["a", "b", nil])
        #expect(split.shares[2].energy.wholeKilowattHours == 2_043_240)
        #expect(split.shares.reduce(Fee.zero) { $0 + $1.total }.description == "3142770.22")
    }

    @Test("more than is billed, or less than nothing, is no division")
    func refusals() throws {
        let bill = Bill(try WorkedMonth.input())
        let more = bill.billed + EnergyQuantity(wattHours: 1)
        #expect(BillSplit(bill, parties: [("a", more)]) == nil)
        #expect(BillSplit(bill, parties: [("a", EnergyQuantity(wattHours: -1))]) == nil)
    }
}
