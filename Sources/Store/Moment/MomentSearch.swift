import Model

/// Looks for the newest values of some series of a device, from the newest row to older ones.
struct MomentSearch {
    struct Found {
        var last: Sample?
        var usable: Sample?
        var spacing: Int64?
        /// The oldest row with the series so far, and how many there were.
        fileprivate var before: Int64?
        fileprivate var rows = 0

        /// The last value is that of a failed poll, and which reading it repeats is not known yet.
        var isUnresolved: Bool { last?.quality == .stale && usable == nil }
    }

    let series: [UInt32]
    private(set) var found: [Found]
    private(set) var answered: Int64?
    private(set) var missed = 0

    /// Rows of a series that are looked at for the time between them: more than one, for a pause
    /// of the collector is no interval.
    private static let rows = 4
    /// From here on a device is silent, however often it was asked.
    private static let mostMissed = 1_000_000

    init(_ series: [UInt32]) {
        self.series = series
        found = .init(repeating: Found(), count: series.count)
    }

    var foundNothing: Bool { found.allSatisfy { $0.last == nil } && !series.isEmpty }

    /// A stale value whose reading is not known yet.
    var isUnresolved: Bool { found.contains(where: \.isUnresolved) }

    /// Places of series that older rows may still say something of.
    var open: [Int] {
        series.indices.filter { found[$0].isUnresolved || found[$0].spacing == nil }
    }

    /// Whether a chunk with this column of a series may say something of it.
    func wants(_ place: Int, _ column: ChunkHead.Column?) -> Bool {
        guard let column else { return false }
        return !found[place].isUnresolved || column.summary.count > 0
    }

    private func isDone(_ place: Int) -> Bool {
        let found = found[place]
        return found.last != nil && !found.isUnresolved && found.rows >= Self.rows
    }

    /// Rows of a piece of time before those that were shown; its columns are those of `places`.
    mutating func look(_ piece: Piece, _ places: [Int]) {
        for (column, place) in zip(piece.columns, places) {
            guard let column else { continue }
            var row = piece.times.count
            while row > 0, !isDone(place) {
                row -= 1
                take(column.state(row), column.values[row], at: piece.times[row], place)
            }
        }
        var row = piece.times.count
        while row > 0, answered == nil {
            row -= 1
            judge(piece.times[row], piece.columns.lazy.compactMap { $0?.state(row) })
        }
    }

    /// A poll that came before those that were shown. False: no older one needs to be shown.
    mutating func look(_ poll: DecodedPoll, _ places: [UInt32: Int]) -> Bool {
        for (index, id) in poll.series.enumerated() {
            guard let place = places[id], !isDone(place) else { continue }
            take(poll.states[index], poll.values[index], at: poll.time, place)
        }
        if answered == nil {
            judge(
                poll.time,
                poll.series.indices.lazy.filter { places[poll.series[$0]] != nil }
                    .map { poll.states[$0] })
        }
        return answered == nil || series.indices.contains { !isDone($0) }
    }

    private mutating func take(_ state: UInt8, _ value: Int64, at time: Int64, _ place: Int) {
        guard let quality = Quality(rawValue: state), time != found[place].before else { return }
        let sample = Sample(
            time: Instant(milliseconds: time), mantissa: value, quality: quality)
        if found[place].last == nil { found[place].last = sample }
        if quality.isUsable, found[place].usable == nil { found[place].usable = sample }
        if let before = found[place].before {
            let gap = before &- time
            if gap > 0 { found[place].spacing = min(found[place].spacing ?? gap, gap) }
        }
        found[place].before = time
        found[place].rows += 1
    }

    /// What a poll brought says whether it was answered; points that the device does not have say
    /// nothing.
    private mutating func judge(_ time: Int64, _ states: some Sequence<UInt8>) {
        var isMissed = false
        for state in states {
            switch Quality(rawValue: state) {
            case .good, .late, .substituted, .bad:
                answered = time
                return
            case .stale: isMissed = true
            case .absent, nil: break
            }
        }
        if isMissed { missed = min(missed + 1, Self.mostMissed) }
    }
}
