import Glibc
import Model
import Platform
import Store

/// Writes the story, and says on standard output, each line at once, what the store has
/// acknowledged: `r N` the first N readings, `l N` ledger entries, `a N` alarm changes with their
/// notices. `f …` is a refusal, `b N` a backup, `h …` the health of the store when it changes,
/// `done …` the end.
struct Writing {
    var folder: String
    var story: Story
    /// Readings in each round; the store is closed after each and opened again.
    var readings = 60
    var rounds = 1
    var batch = 6
    /// Where backups go; none where nil.
    var backup: String?
    /// Milliseconds after each commit, and at the end of a round for sealing and rollups.
    var pause: UInt32 = 0
    var settle: UInt32 = 150
    var bufferBytes: Int?
    /// Keeps a reader in the middle of an answer while everything is written.
    var holdsReader = false
    /// Says that readings are acknowledged before they are: the tests must notice.
    var lies = false
    /// A full disk or a failing one is tried again so often.
    static let attempts = 2000

    static func options(_ bufferBytes: Int? = nil) -> StoreOptions {
        var options = StoreOptions()
        options.sealPolls = 16
        options.sealMilliseconds = 120
        options.sealPeriodMilliseconds = 20
        options.commitMilliseconds = 20
        options.rollupMilliseconds = 40
        options.offsetMinutes = 480
        options.retention = Retention(rules: [
            Retention.Rule(points: Glob("*/" + Story.passing), readings: Checking.horizonMS)
        ])
        if let bufferBytes { options.bufferBytes = bufferBytes }
        return options
    }

    private struct Progress {
        var readings: Int
        var entries: Int
        var events: Int
    }

    func run() throws {
        var store = try SiteStore.open(
            directory: folder, siteName: "faults", options: Self.options(bufferBytes))
        let found = try Checking.progress(folder, store)
        var progress = Progress(
            readings: found.readings, entries: found.entries, events: found.events)
        say("open \(progress.readings) \(progress.entries) \(progress.events)")
        let held = holdsReader ? try hold() : nil
        for round in 0..<rounds {
            if round > 0 {
                store = try SiteStore.open(
                    directory: folder, siteName: "faults", options: Self.options(bufferBytes))
            }
            try write(&progress, store)
            if round + 1 < rounds { try store.close() }
        }
        let statistics = store.statistics
        try closed(store)
        say("done \(progress.readings) \(progress.entries) \(progress.events)")
        say("dropped \(statistics.pollsDropped)")
        withExtendedLifetime(held) {}
    }

    private func write(_ progress: inout Progress, _ store: SiteStore) throws {
        let handles = (0..<Story.devices).map {
            store.register(device: Story.device($0), points: Story.points)
        }
        var health = "ok"
        let end = progress.readings + readings
        var batches = 0
        while progress.readings < end {
            for _ in 0..<min(batch, end - progress.readings) {
                let poll = story.poll(progress.readings)
                store.append(
                    handles[poll.device], time: Instant(milliseconds: poll.time),
                    values: poll.values)
                progress.readings += 1
            }
            if lies { say("r \(progress.readings)") }
            if told({ () throws(StoreError) in try store.commitNow() }) {
                say("r \(progress.readings)")
            }
            batches += 1
            if batches % 3 == 0 { writeEntry(&progress, store) }
            if batches % 4 == 0 { writeEvent(&progress, store) }
            if store.health.name != health {
                health = store.health.name
                say("h \(health)")
            }
            if pause > 0 { usleep(pause * 1000) }
        }
        usleep(settle * 1000)
        if let backup { try take(backup) }
        settleFailures(progress, store)
    }

    /// A change that is refused is kept by the store, and must not be given to it again.
    private func writeEntry(_ progress: inout Progress, _ store: SiteStore) {
        let number = progress.entries
        progress.entries += 1
        let saved = told { () throws(StoreError) in
            try store.putLedger(
                [story.entry(number)], meter: Story.meter, state: story.state(number))
        }
        if saved { say("l \(progress.entries)") }
    }

    private func writeEvent(_ progress: inout Progress, _ store: SiteStore) {
        let number = progress.events
        progress.events += 1
        let saved = told { () throws(StoreError) in
            try store.record(
                events: [story.event(number)], records: [story.record(number)],
                outbox: [story.notice(number)])
        }
        if saved { say("a \(progress.events)") }
    }

    /// What could not be written is written when the disk takes it again.
    private func settleFailures(_ progress: Progress, _ store: SiteStore) {
        for _ in 0..<Self.attempts {
            if (try? store.commitNow()) != nil, case .ok = store.health {
                // Kept changes go before this one.
                let saved = told { () throws(StoreError) in try store.setSetting("end", "1") }
                if saved {
                    say("r \(progress.readings)")
                    say("l \(progress.entries)")
                    say("a \(progress.events)")
                    say("h ok")
                    return
                }
            }
            usleep(10_000)
        }
        say("f gave up: \(store.health)")
    }

    private func take(_ folder: String) throws {
        do {
            say("b \(try Backup.take(of: self.folder, to: folder).number)")
        } catch {
            say("f backup: \(error)")
        }
    }

    private func closed(_ store: SiteStore) throws {
        _ = told { () throws(StoreError) in try store.close() }
    }

    private func told(_ body: () throws(StoreError) -> Void) -> Bool {
        do throws(StoreError) {
            try body()
            return true
        } catch {
            say("f \(error)")
            return false
        }
    }

    /// A reader that has begun an answer and never ends it.
    private func hold() throws -> NativeThread {
        let directory = folder
        let begun = ConditionLock(false)
        let thread = try NativeThread(name: "held") {
            let all = TimeRange(
                start: Instant(milliseconds: 0), end: Instant(milliseconds: 1 << 50))
            let name = PointName(device: Story.device(0), point: Story.number)
            let reader = try? StoreReader(directory: directory)
            _ = try? reader?.scan(name, all) { _ in
                begun.update { $0 = true }
                while true { sleep(3600) }
            }
        }
        guard begun.wait(forMilliseconds: 10_000, until: { $0 ? true : nil }) != nil else {
            throw Usage(description: "the reader found nothing to hold on to")
        }
        return thread
    }
}
