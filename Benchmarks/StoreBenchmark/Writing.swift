import Glibc
import Model
import Platform
import Store

/// Samples between two commits: what a site of 12,000 readings a second commits once a second.
let samplesPerCommit = 10_000

/// Bytes of everything in the folder, the log too.
func bytesOnDisk(_ folder: String) -> Int64 {
    FileIO.list(folder).reduce(0) { $0 + (FileIO.size(folder + "/" + $1) ?? 0) }
}

/// CPU seconds that it takes to read the polls of a file up to `limit` samples, and nothing else.
private func readingSeconds(_ dataPath: String, _ site: GeneratedSite, limit: Int) -> Double {
    let cpu = cpuSeconds()
    var polls = PollStream(dataPath, site)
    var samples = 0
    while samples < limit, polls.next() { samples += polls.values.count }
    return cpuSeconds() - cpu
}

/// Writes as fast as it goes; ends at the first poll after `limit` samples. What it takes to read
/// the generator's file is measured first, by itself, and is not in the figures: a collector has
/// its readings in memory.
func ingest(_ seriesPath: String, _ dataPath: String, _ folder: String, limit: Int) throws {
    var site = GeneratedSite(readSeries(seriesPath))
    var options = StoreOptions()
    options.commitMilliseconds = 1 << 40
    options.sealPeriodMilliseconds = 20
    options.rollupMilliseconds = 1 << 40
    if let polls = getenv("SEAL_POLLS").flatMap({ Int(String(cString: $0)) }) {
        options.sealPolls = polls
    }
    let store = try SiteStore.open(directory: folder, siteName: "bench", options: options)
    let handles = site.handOver(to: store)
    try store.commitNow()

    let reading = readingSeconds(dataPath, site, limit: limit)
    var polls = PollStream(dataPath, site)
    var samples = 0
    var sinceCommit = 0
    let cpu = cpuSeconds() + reading
    let start = wallSeconds()
    while samples < limit, polls.next() {
        store.append(
            handles[polls.device], time: Instant(milliseconds: polls.time), values: polls.values)
        samples += polls.values.count
        sinceCommit += polls.values.count
        if sinceCommit >= samplesPerCommit {
            try store.commitNow()
            sinceCommit = 0
        }
    }
    try store.commitNow()
    let used = cpuSeconds() - cpu
    let wall = wallSeconds() - start
    let statistics = store.statistics
    let live = bytesOnDisk(folder)
    try store.close()
    let bytes = ["/frostline.db", "/frostline.db-wal"].reduce(Int64(0)) {
        $0 + (FileIO.size(folder + $1) ?? 0)
    }
    print("samples \(samples)")
    print("ingest_cpu_s_per_M \(used / Double(samples) * 1e6)")
    print("reading_cpu_s_per_M \(reading / Double(samples) * 1e6)")
    print("ingest_wall_s \(wall)")
    print("ingest_samples_per_s \(Double(samples) / wall)")
    print("commits \(statistics.commits)")
    print("disk_bytes_per_sample \(Double(bytes) / Double(samples))")
    print("open_polls \(statistics.openPolls)")
    print("peak_rss_mb_ingest \(peakMegabytes())")
    print("closed_cpu_s_per_M \((cpuSeconds() - cpu) / Double(samples) * 1e6)")
    print("live_bytes_per_sample \(Double(live) / Double(samples))")
    print("folder_bytes_per_sample \(Double(bytesOnDisk(folder)) / Double(samples))")
    print("dropped \(statistics.readingsDropped)")
}

/// Writes history straight into chunks.
func importHistory(_ seriesPath: String, _ dataPath: String, _ folder: String) throws {
    var site = GeneratedSite(readSeries(seriesPath))
    var options = StoreOptions()
    options.rollupMilliseconds = 1 << 40
    // Chunks as the collector of a site makes them, full ones of each device.
    options.importPolls = options.sealPolls
    options.openBytes = 1 << 30
    let store = try SiteStore.open(directory: folder, siteName: "bench", options: options)
    let handles = site.handOver(to: store)
    try store.commitNow()
    var polls = PollStream(dataPath, site)
    let importer = store.historyImporter()
    let cpu = cpuSeconds()
    while polls.next() {
        try importer.add(
            handles[polls.device], time: Instant(milliseconds: polls.time), values: polls.values)
    }
    try importer.finish()
    try store.close()
    print("samples \(importer.readings)")
    print("import_cpu_s_per_M \((cpuSeconds() - cpu) / Double(importer.readings) * 1e6)")
    print("folder_bytes \(bytesOnDisk(folder))")
    print("peak_rss_mb_import \(peakMegabytes())")
}

/// Goes on after `skip` samples as a collector does: `rate` samples a second, and the options of a
/// site. Says `paced` every second until it is ended or the data is over.
func pace(
    _ seriesPath: String, _ dataPath: String, _ folder: String, rate: Int, skip: Int
) throws {
    var site = GeneratedSite(readSeries(seriesPath))
    let ownMegabytes = residentMegabytes()
    let store = try SiteStore.open(directory: folder, siteName: "bench")
    let handles = site.handOver(to: store)
    try store.commitNow()
    var polls = PollStream(dataPath, site)
    var skipped = 0
    while skipped < skip, polls.next() { skipped += polls.values.count }
    var samples = 0
    let start = wallSeconds()
    say("ready \(store.statistics.openPolls) \(ownMegabytes)")
    var second = 1.0
    while polls.next() {
        let ahead = Double(samples) / Double(rate) - (wallSeconds() - start)
        if ahead > 0 { usleep(useconds_t(ahead * 1e6)) }
        store.append(
            handles[polls.device], time: Instant(milliseconds: polls.time), values: polls.values)
        samples += polls.values.count
        if wallSeconds() - start >= second {
            second += 1
            let statistics = store.statistics
            say(
                "paced \(samples) \(statistics.readingsCommitted) \(statistics.readingsDropped)"
                    + " \(statistics.openBytes)")
        }
    }
    try store.close()
}

/// Opens the store as a daemon does that has just started: writer, points, and the first answer.
func start(_ seriesPath: String, _ folder: String) throws {
    var site = GeneratedSite(readSeries(seriesPath))
    let begun = wallSeconds()
    let store = try SiteStore.open(directory: folder, siteName: "bench")
    let opened = wallSeconds()
    _ = site.handOver(to: store)
    try store.commitNow()
    let known = wallSeconds()
    let last = try StoreReader(directory: folder).last(Glob("*"))
    say("ready \(last.count)")
    print("open_s \(opened - begun)")
    print("register_s \(known - opened)")
    print("last_s \(wallSeconds() - known)")
    print("head_rows_damaged \(store.statistics.headRowsDamaged)")
    print("peak_rss_mb_start \(peakMegabytes())")
    try store.close()
}

/// Makes the rollups and the hash chain that are due, as the daemon does in the background, until
/// standard input ends: who asks sees in the database when nothing is due any more.
func settle(_ folder: String) throws {
    var options = StoreOptions()
    options.rollupMilliseconds = 200
    let begun = wallSeconds()
    let cpu = cpuSeconds()
    let store = try SiteStore.open(directory: folder, siteName: "bench", options: options)
    while readLine() != nil {}
    try store.close()
    print("settle_cpu_s \(cpuSeconds() - cpu)")
    print("settle_wall_s \(wallSeconds() - begun)")
    print("folder_bytes \(bytesOnDisk(folder))")
    print("peak_rss_mb_settle \(peakMegabytes())")
}
