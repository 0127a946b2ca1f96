import SQLite

extension Writer {
    /// Free pages are given back to the file system when there are more than one in 64: below
    /// that, what is written next needs them. Merging leaves some every few minutes, and moving a
    /// page costs less than keeping it.
    private static let freeShare: Int64 = 64
    private static let fewestFree: Int64 = 32
    /// Moved in one transaction: some milliseconds.
    private static let pagesAtOnce = 256

    /// Makes the file shorter by some pages. True when there is more to do. Does nothing in stores
    /// of before `auto_vacuum`; `frostline store compact` makes them new.
    func giveBack() -> Bool {
        do throws(StoreError) {
            var more = false
            try transaction { db throws(SQLiteError) in
                more = false
                let free = try db.integer("PRAGMA freelist_count") ?? 0
                let all = try db.integer("PRAGMA page_count") ?? 0
                guard free > Self.fewestFree, free > all / Self.freeShare,
                    try db.integer("PRAGMA auto_vacuum") == 2
                else { return }
                let step = try db.prepare("PRAGMA incremental_vacuum(\(Self.pagesAtOnce))")
                try step.run()
                more = true
            }
            return more
        } catch {
            return false
        }
    }
}
