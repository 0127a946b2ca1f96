import Model
import SQLite

extension ReaderState {
    /// Readings nearer than this are looked for everywhere.
    private static let near: Int64 = 3 * 3_600_000
    /// Beyond it only where a device has said nothing since, and for the readings that stale values
    /// repeat: so far back, and in so many chunks.
    private static let far: Int64 = 31 * 86_400_000
    private static let farGroups = 64

    func oldest() throws(SQLiteError) -> Int64? {
        var oldest = try db.optionalNumber("SELECT min(first) FROM device")
        for device in names.devices {
            guard let first = try self.device(device.id).open.times.min() else { continue }
            oldest = min(oldest ?? first, first)
        }
        return oldest
    }

    func moment(
        at time: Int64, _ questions: [MomentQuestion], _ isCancelled: () -> Bool
    ) throws(SQLiteError) -> [DeviceMoment] {
        var moments: [DeviceMoment] = []
        moments.reserveCapacity(questions.count)
        for question in questions {
            if isCancelled() { break }
            var moment = DeviceMoment(device: question.device)
            if let device = names.device(named: question.device) {
                try fill(&moment, device, question.points, at: time)
            }
            moments.append(moment)
        }
        return moments
    }

    private func fill(
        _ moment: inout DeviceMoment, _ device: ReaderNames.Device, _ wanted: [String]?,
        at time: Int64
    ) throws(SQLiteError) {
        let points = (wanted ?? names.newest[device.places].map(\.definition.name))
            .compactMap { device.points[$0] }
        let search = try search(device.id, points.joined().map(\.id), at: time, &moment.damage)
        var place = 0
        for generations in points {
            let range = place..<place + generations.count
            place = range.upperBound
            // Of several generations that one held whose reading is the newest.
            let best = range.max { a, b in
                (search.found[a].last?.time.milliseconds ?? .min)
                    <= (search.found[b].last?.time.milliseconds ?? .min)
            }
            guard let best else { continue }
            moment.points.append(
                DeviceMoment.Point(
                    generations[best - range.lowerBound].definition,
                    last: search.found[best].last, usable: search.found[best].usable,
                    spacing: search.found[best].spacing))
        }
        moment.missedPolls = search.missed
        moment.lastAnswer = search.answered.map { Instant(milliseconds: $0) }
    }

    private func search(
        _ device: UInt32, _ series: [UInt32], at time: Int64, _ damage: inout [Damage]
    ) throws(SQLiteError) -> MomentSearch {
        var search = MomentSearch(series)
        let end = time == .max ? time : time + 1
        let near = try sources(device, from: time.clampedSubtracting(Self.near), to: end)
        for group in near.reversed() where search.answered == nil || !search.open.isEmpty {
            try look(&search, search.open, device, group, end, &damage)
        }
        guard search.foundNothing || search.isUnresolved else { return search }
        let earliest = near.first?.first?.start ?? end
        let far = try sources(device, from: time.clampedSubtracting(Self.far), to: earliest)
        for group in far.suffix(Self.farGroups).reversed()
        where search.foundNothing || search.isUnresolved {
            try look(&search, search.open, device, group, earliest, &damage)
        }
        return search
    }

    private func look(
        _ search: inout MomentSearch, _ places: [Int], _ device: UInt32, _ group: [Source],
        _ end: Int64, _ damage: inout [Damage]
    ) throws(SQLiteError) {
        // Polls that are not in a chunk yet are read one by one.
        if group.count == 1, case .open = group[0].content {
            let wanted = Dictionary(
                search.series.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first }
            )
            try self.device(device).open.newestFirst(before: end) { search.look($0, wanted) }
            return
        }
        // A verdict on the device needs a column, be they all known.
        let places = places.isEmpty ? Array(search.series.indices) : places
        let ids = places.map { search.series[$0] }
        if search.answered != nil, let (chunk, _) = try summaries(group, []),
            !places.contains(where: { search.wants($0, chunk.head.column(of: search.series[$0])) })
        {
            return
        }
        let start = group.map(\.start).min() ?? .min
        if let piece = try piece(device, group, ids, start, end, &damage) {
            search.look(piece, places)
        }
    }
}

extension Int64 {
    fileprivate func clampedSubtracting(_ other: Int64) -> Int64 {
        let (result, overflow) = subtractingReportingOverflow(other)
        return overflow ? .min : result
    }
}
