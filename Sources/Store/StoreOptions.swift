package import Model

/// Bounds and rhythms of the writer. The defaults are for a site; tests make them small.
package struct StoreOptions: Sendable {
    /// A device's polls become a chunk at this many, …
    package var sealPolls = 120
    /// … or when the oldest has waited this long.
    package var sealMilliseconds: Int64 = 3_600_000
    /// Chunks of a day become one of about this many polls, because it takes less room, …
    package var mergePolls = 720
    /// … and these one of about this many. …
    package var largePolls = 4320
    /// … Where only a few devices have something to merge, it waits up to so long for others.
    package var mergeMilliseconds: Int64 = 3_600_000
    /// Sealing costs a sync of its own: not more often than this, where nothing presses.
    package var sealPeriodMilliseconds: Int64 = 10_000
    /// Readings become durable at most this long after they came.
    package var commitMilliseconds: Int64 = 1000
    /// Batches that wait for the disk: at 1.5 MiB/s, the largest site, about 40 s; at a site of
    /// 10,000 series about 15 minutes.
    package var bufferBytes = 64 << 20
    /// Polls that are durable and not yet in a chunk. Beyond, the largest groups are sealed early.
    package var openBytes = 64 << 20
    /// Alarm and ledger changes that wait for the disk.
    package var changeLimit = 100_000
    /// Polls in a chunk that the import of history makes.
    package var importPolls = 1440
    /// What of the past is thrown away.
    package var retention = Retention()
    /// Windows that are over are rolled up this often.
    package var rollupMilliseconds: Int64 = 60_000
    /// The site's local time less UTC: rollups of days are of its days. Nil keeps what the store
    /// has.
    package var offsetMinutes: Int?
    /// Most pages of the database file; nil for no limit but the disk.
    package var maximumPages: Int?

    package init() {}
}
