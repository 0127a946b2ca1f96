import TestSupport
import Testing

@testable import Views

@Suite("what has changed from one picture to the next")
struct SiteChangeTests {
    private static func site(_ seed: UInt64) throws -> SiteView {
        var view = try RandomDecoder.make(SiteView.self, seed, longest: 5)
        view.sequence = 7
        view.timeMS = 1_795_252_392_281
        return view
    }

    /// A second later, with something changed here and there.
    private static func later(_ view: SiteView, _ dice: inout SplitMix) throws -> SiteView {
        var next = view
        let elapsed = Int64.random(in: 0...2000, using: &dice)
        next.sequence += 1
        next.timeMS += elapsed
        for row in next.rows.indices {
            for rack in next.rows[row].racks.indices {
                if let age = next.rows[row].racks[rack].ageMS {
                    next.rows[row].racks[rack].ageMS = age &+ elapsed
                }
                guard dice.chance(3) else { continue }
                next.rows[row].racks[rack] = try RandomDecoder.make(RackView.self, dice.next())
            }
        }
        func some<Element: Decodable>(_ list: inout [Element], _ oneIn: Int = 3) throws {
            for index in list.indices where dice.chance(oneIn) {
                list[index] = try RandomDecoder.make(Element.self, dice.next())
            }
        }
        try some(&next.devices)
        try some(&next.cooling)
        try some(&next.chain)
        try some(&next.alarms)
        if dice.chance(3) { next.header = try RandomDecoder.make(HeaderView.self, dice.next()) }
        if dice.chance(2) { next.health = try RandomDecoder.make(HealthView.self, dice.next()) }
        if dice.chance(4) { next.hiddenAlarms = dice.chance(2) ? nil : next.alarms }
        if dice.chance(4) {
            next.past = dice.chance(2) ? nil : try RandomDecoder.make(PastView.self, dice.next())
        }
        if dice.chance(4) { next.alarms.removeAll() }
        if !next.devices.isEmpty, dice.chance(2) {
            next.devices[0].polls = next.devices[0].polls == nil ? 4 : nil
        }
        return next
    }

    @Test("a change makes the later picture of the earlier one, exactly")
    func property() throws {
        for seed in 0..<40 as Range<UInt64> {
            var dice = SplitMix(seed)
            var earlier = try Self.site(seed)
            var kept = earlier
            for step in 0..<10 {
                let next = try Self.later(earlier, &dice)
                let change = try #require(next.change(since: earlier))
                try kept.apply(change)
                #expect(kept == next, "seed \(seed), step \(step)")
                earlier = next
            }
        }
    }

    @Test("what was missed is told at once, from the picture that the reader has")
    func skipped() throws {
        var dice = SplitMix(4)
        let first = try Self.site(2)
        var last = first
        for _ in 0..<20 { last = try Self.later(last, &dice) }
        var kept = first
        try kept.apply(try #require(last.change(since: first)))
        #expect(kept == last)
    }

    @Test("where something has come or gone there is no change, only a whole picture")
    func otherShape() throws {
        let changes: [(String, (inout SiteView) -> Void)] = [
            ("a device less", { $0.devices.removeLast() }),
            ("a device more", { $0.devices.append(.blank) }),
            ("a row less", { $0.rows.removeLast() }),
            ("a row with another name", { $0.rows[0].name += "x" }),
            ("a rack more", { $0.rows[0].racks.append(.blank) }),
            (
                "a rack in another row",
                {
                    $0.rows[0].racks.append(.blank)
                    $0.rows[1].racks.removeLast()
                }
            ),
            ("a unit more", { $0.cooling.append(.blank) }),
            ("a node more", { $0.chain.append(.blank) }),
        ]
        var view = SiteView.blank
        view.devices = [.blank, .blank]
        let row = RowView(name: "r", displayName: "", hall: "h", racks: [.blank, .blank])
        view.rows = [row, row]
        #expect(view.change(since: view) != nil)
        for (name, change) in changes {
            var other = view
            change(&other)
            #expect(other.change(since: view) == nil, "\(name)")
            #expect(view.change(since: other) == nil, "\(name)")
        }
    }

    @Test("a rack that has only grown older is not in the change, and grows older at the reader")
    func age() throws {
        var view = SiteView.blank
        view.timeMS = 1_000_000
        var rack = RackView.blank
        rack.ageMS = 2500
        view.rows = [RowView(name: "r", displayName: "", hall: "h", racks: [rack, .blank])]
        var next = view
        next.sequence = 1
        next.timeMS += 1003
        next.rows[0].racks[0].ageMS = 3503
        let change = try #require(next.change(since: view))
        #expect(!String(decoding: change, as: UTF8.self).contains("racks\":{\"0"))
        #expect(change.count < 100)
        var kept = view
        try kept.apply(change)
        #expect(kept == next)
        next.rows[0].racks[0].ageMS = 0
        kept = view
        try kept.apply(try #require(next.change(since: view)))
        #expect(kept == next)
    }

    @Test("a change of another picture is refused, and the picture stays")
    func otherBase() throws {
        var dice = SplitMix(8)
        let first = try Self.site(3)
        let second = try Self.later(first, &dice)
        let third = try Self.later(second, &dice)
        let change = try #require(third.change(since: second))
        for other in [first, third] {
            var kept = other
            #expect(throws: SiteDocumentError.otherBase) { try kept.apply(change) }
            #expect(kept == other)
        }
        // A daemon that has started again gives the same numbers to other pictures.
        var restarted = second
        restarted.timeMS += 60_000
        #expect(throws: SiteDocumentError.otherBase) { try restarted.apply(change) }
        var blank = SiteView.blank
        #expect(throws: SiteDocumentError.otherBase) { try blank.apply(Array("{}".utf8)) }
    }

    @Test("a change that is cut or flipped is an error or fits, and never half applied")
    func damaged() throws {
        var dice = SplitMix(9)
        let first = try Self.site(13)
        let second = try Self.later(first, &dice)
        let change = try #require(second.change(since: first))
        for length in change.indices {
            var kept = first
            #expect(throws: SiteDocumentError.self) { try kept.apply(Array(change[..<length])) }
            #expect(kept == first)
        }
        var refused = 0
        for _ in 0..<2000 {
            var bytes = change
            bytes[Int.random(in: bytes.indices, using: &dice)] = UInt8(dice.next() & 0xFF)
            var kept = first
            do throws(SiteDocumentError) {
                try kept.apply(bytes)
                #expect(try SiteView(json: kept.json()) == kept)
            } catch {
                refused += 1
                #expect(kept == first)
            }
        }
        #expect(refused > 200)
    }

    @Test("places beyond the lists are refused")
    func places() {
        var view = SiteView.blank
        view.devices = [.blank]
        let base = "{\"fromSequence\":0,\"fromMS\":0,\"devices\":"
        for key in ["1", "-1", "", "x", "99999999999999999999999", "0x0", " 0"] {
            let change = Array((base + "{\"\(key)\":{\"name\":\"n\"}}}").utf8)
            #expect(throws: SiteDocumentError.malformed, "\(key)") { try view.apply(change) }
        }
        #expect(throws: Never.self) {
            try view.apply(Array((base + "{\"0\":{\"name\":\"n\"}}}").utf8))
        }
        #expect(view.devices[0].name == "n")
    }
}
