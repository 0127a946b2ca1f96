import Model
import SNMPWire

/// Arranges known instances into the fewest requests within a device's limits.
///
/// Runs of lexicographic successors are cut into pieces of one length, each a repeater of a
/// GETBULK, and what is left over of a run, like a single variable, is a non-repeater: 50 readings
/// of three columns are asked for with 17 names. Where that saves few names the instances are asked
/// for one by one with GET, which no agent gets wrong.
struct SNMPPlanner {
    /// Version, community and PDU around the variables of a message, and room for a community, or
    /// for the security parameters of v3.
    static let overhead = 90
    /// GETBULK has to save so much of the names to be worth its ways to go wrong.
    private static let worthwhileShare = 0.7
    /// Largest answer that travels in one Ethernet frame: preferred where it costs no request.
    private static let frameBytes = 1472

    private struct Piece {
        /// One for a non-repeater.
        var rows: Range<Int>
        var bytes: Int
    }
    private struct Layout {
        var repetitions: Int
        var requests: [[Piece]]
        var names: Int
        var largest: Int
    }

    private let instances: [SNMPInstance]
    private let limits: SNMPDeviceMemory.Limits

    init(_ instances: [SNMPInstance], _ limits: SNMPDeviceMemory.Limits) {
        self.instances = instances
        self.limits = limits
    }

    func requests() -> [SNMPLearnedPlan.Request] {
        if instances.isEmpty { return [] }
        let exact = instances.indices.filter { instances[$0].predecessor == nil }
        let other = instances.indices.filter { instances[$0].predecessor != nil }
        let all = gets(Array(instances.indices))
        guard limits.usesBulk, let layout = bulkLayout(other) else { return all }
        let isWorthwhile =
            Double(layout.names) <= Self.worthwhileShare * Double(max(1, other.count))
        let count = layout.requests.count + gets(exact).count
        guard isWorthwhile, count <= all.count else { return all }
        return layout.requests.map { bulk($0, layout.repetitions) } + gets(exact)
    }

    // MARK: GET

    private func gets(_ places: [Int]) -> [SNMPLearnedPlan.Request] {
        if places.isEmpty { return [] }
        let bytes = places.reduce(0) { $0 + instances[$1].bytes }
        let room = max(1, limits.bytes - Self.overhead)
        var count = max(
            (places.count - 1) / limits.variables + 1, (bytes - 1) / room + 1)
        while count < places.count {
            let parts = cut(places, into: count, bytes)
            if parts.allSatisfy({ fits($0, room) }) { return parts.map(get) }
            count += 1
        }
        return places.map { get([$0]) }
    }

    private func fits(_ places: [Int], _ room: Int) -> Bool {
        places.count <= limits.variables
            && places.reduce(0) { $0 + instances[$1].bytes } <= room
    }

    /// Equal parts by bytes, in order.
    private func cut(_ places: [Int], into count: Int, _ bytes: Int) -> [[Int]] {
        var parts: [[Int]] = [[]]
        var sum = 0
        for place in places {
            // A part ends where its share of all bytes does.
            if sum * count >= bytes * parts.count, parts.count < count { parts.append([]) }
            parts[parts.count - 1].append(place)
            sum += instances[place].bytes
        }
        return parts
    }

    private func get(_ places: [Int]) -> SNMPLearnedPlan.Request {
        let names = places.map { instances[$0].name }
        return SNMPLearnedPlan.Request(
            pdu: PreparedPDU(.get, names),
            expected: ExpectedNames(names, slots: places.map { instances[$0].slot }),
            names: names, isBulk: false, repetitions: 1,
            answerBytes: places.reduce(Self.overhead) { $0 + instances[$1].bytes })
    }

    // MARK: GETBULK

    /// The best of all lengths of pieces: fewest requests, then answers that fit a frame, then
    /// fewest names.
    private func bulkLayout(_ places: [Int]) -> Layout? {
        let runs = self.runs(places)
        let longest = runs.map(\.count).max() ?? 0
        var best: Layout?
        for length in 2...max(2, min(longest, limits.repetitions)) where longest >= 2 {
            guard let layout = layout(runs, length) else { continue }
            if best.map({ isBetter(layout, $0) }) ?? true { best = layout }
        }
        return best
    }

    private func isBetter(_ a: Layout, _ b: Layout) -> Bool {
        func cost(_ layout: Layout) -> (Int, Int, Int) {
            (layout.requests.count, layout.largest > Self.frameBytes ? 1 : 0, layout.names)
        }
        return cost(a) < cost(b)
    }

    /// Places whose instances follow one another.
    private func runs(_ places: [Int]) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        for place in places {
            if let last = runs.last, last.upperBound == place,
                instances[place].predecessor == instances[place - 1].name
            {
                runs[runs.count - 1] = last.lowerBound..<(place + 1)
            } else {
                runs.append(place..<(place + 1))
            }
        }
        return runs
    }

    private func layout(_ runs: [Range<Int>], _ length: Int) -> Layout? {
        var pieces: [Piece] = []
        for run in runs {
            var start = run.lowerBound
            while start < run.upperBound {
                let isWhole = run.upperBound - start >= length
                let rows = start..<(start + (isWhole ? length : 1))
                pieces.append(Piece(rows: rows, bytes: rows.reduce(0) { $0 + instances[$1].bytes }))
                start = rows.upperBound
            }
        }
        let room = limits.bytes - Self.overhead
        let bytes = pieces.reduce(0) { $0 + $1.bytes }
        let variables = pieces.reduce(0) { $0 + $1.rows.count }
        var count = max(1, (bytes - 1) / max(1, room) + 1, (variables - 1) / limits.variables + 1)
        // Pieces that cannot be packed into twice the fewest requests are the wrong pieces.
        let most = count * 2 + 1
        while count <= most {
            if let bins = packed(pieces, count, room) {
                let used = bins.filter { !$0.isEmpty }
                return Layout(
                    repetitions: length, requests: used, names: pieces.count,
                    largest: used.map { $0.reduce(Self.overhead) { $0 + $1.bytes } }.max() ?? 0)
            }
            count += 1
        }
        return nil
    }

    /// The largest piece first, each to the emptiest request that has room.
    private func packed(_ pieces: [Piece], _ count: Int, _ room: Int) -> [[Piece]]? {
        var bins = [[Piece]](repeating: [], count: count)
        var bytes = [Int](repeating: 0, count: count)
        var variables = bytes
        for piece in pieces.sorted(by: { $0.bytes > $1.bytes }) {
            let open = bins.indices.filter {
                bytes[$0] + piece.bytes <= room
                    && variables[$0] + piece.rows.count <= limits.variables
            }
            guard let bin = open.min(by: { bytes[$0] < bytes[$1] }) else { return nil }
            bins[bin].append(piece)
            bytes[bin] += piece.bytes
            variables[bin] += piece.rows.count
        }
        return bins
    }

    private func bulk(_ pieces: [Piece], _ length: Int) -> SNMPLearnedPlan.Request {
        let sorted = pieces.sorted { $0.rows.lowerBound < $1.rows.lowerBound }
        let singles = sorted.filter { $0.rows.count == 1 }
        let repeaters = sorted.filter { $0.rows.count > 1 }
        var order = singles.map(\.rows.lowerBound)
        if !repeaters.isEmpty {
            for row in 0..<length { order += repeaters.map { $0.rows.lowerBound + row } }
        } else {
            return get(order)
        }
        let names = order.map { instances[$0].name }
        let asked = (singles + repeaters).compactMap { instances[$0.rows.lowerBound].predecessor }
        let operation = SNMPOperation.getBulk(nonrepeaters: singles.count, repetitions: length)
        return SNMPLearnedPlan.Request(
            pdu: PreparedPDU(operation, asked),
            expected: ExpectedNames(names, slots: order.map { instances[$0].slot }),
            names: names, isBulk: true, repetitions: length,
            answerBytes: order.reduce(Self.overhead) { $0 + instances[$1].bytes })
    }
}
