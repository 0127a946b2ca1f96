import Platform
import SQLite

extension Writer {
    /// So long after its end a window is made: what was read in it is in chunks by then.
    private var rollupGrace: Int64 { options.sealMilliseconds + 60_000 }
    /// Commits are due once a second: work between them ends after this time, and goes on later.
    private static let rollupBudget: Int64 = 50_000_000
    /// Windows in one transaction.
    private static let windowsAtOnce = 64

    /// Makes windows that are due and over. True when there is more to do.
    func rollUp() -> Bool {
        let begin = Clocks.monotonicNanoseconds()
        let now = Clocks.wallMilliseconds()
        var ready: [RollupWindow] = []
        var made: [(window: RollupWindow, outcome: RollupOutcome)] = []
        var hasMore = false
        do throws(StoreError) {
            try read { state throws(SQLiteError) in
                ready = try RollupTable.due(state.db).filter {
                    $0.start(offsetMS: offsetMS) + $0.level.windowMS + rollupGrace <= now
                }
                ready.sort { ($0.level.rawValue, $0.id) < ($1.level.rawValue, $1.id) }
                var encoder = ChunkEncoder()
                for window in ready {
                    if made.count >= Self.windowsAtOnce
                        || Clocks.monotonicNanoseconds() - begin > Self.rollupBudget
                    {
                        hasMore = true
                        break
                    }
                    let outcome = try state.rollUp(window, offsetMS, &encoder)
                    if case .notYet = outcome { continue }
                    made.append((window, outcome))
                }
            }
            if made.isEmpty { return false }
            try transaction { db throws(SQLiteError) in
                for (window, outcome) in made {
                    try RollupTable.write(window, outcome, db)
                    if case .unreadable(let reason) = outcome {
                        try Incident.write(
                            db, kind: "rollup",
                            "\(window.level) of device \(window.device) is not rolled up: \(reason)"
                        )
                    }
                    guard let coarser = window.level.coarser else { continue }
                    let start = window.start(offsetMS: offsetMS)
                    guard
                        let number = RollupWindow.number(of: start, coarser, offsetMS: offsetMS)
                    else { continue }
                    try RollupTable.markDue(
                        RollupWindow(device: window.device, level: coarser, number: number), db)
                }
            }
        } catch {
            // The marks stay, and the next round tries again.
            return false
        }
        return hasMore
    }
}

enum RollupOutcome {
    /// Nil where there is nothing in the window.
    case made(EncodedChunk?)
    /// What it is made of is damaged, or does not fit: readings are what is asked then.
    case unreadable(String)
    /// Finer windows are to be made first.
    case notYet
}

extension ReaderState {
    func rollUp(
        _ window: RollupWindow, _ offsetMS: Int64, _ encoder: inout ChunkEncoder
    ) throws(SQLiteError) -> RollupOutcome {
        let start = window.start(offsetMS: offsetMS)
        var grid = RollupGrid(
            start: start, stepMS: window.level.stepMS,
            count: Int(window.level.windowMS / window.level.stepMS))
        if let finer = window.level.finer {
            let numbers = window.numbers(of: finer)
            if try RollupTable.isDue(window.device, finer, numbers, db) { return .notYet }
            if try RollupTable.isUnreadable(window.device, finer, numbers, db) {
                return .unreadable("a part of it is not")
            }
            for number in try RollupTable.made(window.device, finer, numbers, db).sorted() {
                let part = RollupWindow(device: window.device, level: finer, number: number)
                guard let blob = try RollupTable.blob(part, db) else { continue }
                do {
                    grid.add(
                        try RollupCodec.decode(
                            head: blob.head, data: blob.data, part, offsetMS: offsetMS))
                } catch {
                    return .unreadable("\(error)")
                }
            }
        } else {
            var damage: [Damage] = []
            try fill(
                &grid, device: window.device, seriesIDs(of: window.device), grid.start, grid.end,
                &damage)
            if let first = damage.first { return .unreadable("\(first)") }
            if try RetentionTable.isThinned(window.device, before: grid.end, db),
                let blob = try RollupTable.blob(window, db),
                let known = try? RollupCodec.decode(
                    head: blob.head, data: blob.data, window, offsetMS: offsetMS)
            {
                // Of what is thrown away the older figures are all there is.
                grid.keepLarger(known)
            }
        }
        if grid.series.isEmpty { return .made(nil) }
        guard let chunk = RollupCodec.encode(grid, window, &encoder) else {
            return .unreadable("a number is too large")
        }
        return .made(chunk)
    }

    private func seriesIDs(of device: UInt32) throws(SQLiteError) -> [UInt32] {
        var ids: [UInt32] = []
        let select = try db.cached("SELECT id FROM series WHERE device = ? ORDER BY id")
        try select.bind(1, Int64(device))
        while try select.step() {
            if let id = UInt32(exactly: select.integer(0)) { ids.append(id) }
        }
        select.reset()
        return ids
    }
}

extension RollupWindow {
    /// The windows of a finer level that lie in this one.
    func numbers(of finer: RollupLevel) -> ClosedRange<Int64> {
        let count = level.windowMS / finer.windowMS
        return number * count...number * count + count - 1
    }
}
