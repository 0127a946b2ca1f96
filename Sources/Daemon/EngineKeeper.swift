import Logging
import Model
import Platform
import Polling
import SNMPSecurity

/// Keeps what is known of SNMPv3 engines in a file, so that a start needs no discovery.
final class EngineKeeper: Sendable {
    let book: EngineBook
    private let file: EngineMemoryFile
    private let savedChanges: ConditionLock<Int>
    private let logger: Logger
    private static let period: Int64 = 60_000
    private let stopped = ConditionLock(false)
    private struct Noted: Sendable {
        var changes: Int?
        var notes: [String: String] = [:]
        /// The start has told of those in the file.
        var isFirst = true
    }
    private let noted = ConditionLock(Noted())
    private let thread = ConditionLock<NativeThread?>(nil)

    /// Engines of devices that the site no longer has are left out.
    init(directory: String, site: Site, logger: Logger) {
        file = EngineMemoryFile(directory: directory)
        self.logger = logger
        var (memory, warning) = file.load()
        if let warning { logger.warning("\(warning)") }
        let names = Set(site.devices.map(\.name))
        let count = memory.engines.count
        memory.engines = memory.engines.filter { names.contains($0.key) }
        book = EngineBook(memory)
        // A file that lost something is written again at the first occasion.
        savedChanges = ConditionLock(
            warning == nil && memory.engines.count == count ? book.snapshot.changes : -1)
        for duplicate in memory.duplicates { logger.warning("\(duplicate)") }
    }

    /// Looks once a minute whether there is something to keep.
    func start() throws(PlatformError) {
        let started = try NativeThread(name: "snmp-engines") { [self] in
            while stopped.wait(forMilliseconds: Self.period, until: { $0 ? true : nil }) == nil {
                save()
            }
        }
        thread.update { $0 = started }
    }

    func stop() {
        stopped.update { $0 = true }
        let running = thread.update { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
        save()
    }

    /// Writes the file where something has changed. Blocks: for a thread of its own.
    func save() {
        let (memory, changes) = book.snapshot
        guard changes != savedChanges.withLock({ $0 }) else { return }
        do throws(PlatformError) {
            try file.save(memory)
            savedChanges.update { $0 = changes }
        } catch {
            logger.warning("engines of SNMPv3 devices are not kept: \(error)")
        }
    }

    /// What to say of devices that share their engine identifier with another, by name. Called once
    /// a second; computed where something has changed.
    var notes: [String: String] {
        let (memory, changes) = book.snapshot
        return noted.update { noted in
            if noted.changes == changes { return noted.notes }
            var notes: [String: String] = [:]
            for duplicate in memory.duplicates {
                for device in duplicate.devices { notes[device] = duplicate.description }
                if !noted.isFirst, !duplicate.devices.allSatisfy({ noted.notes[$0] != nil }) {
                    logger.warning("\(duplicate)")
                }
            }
            noted = Noted(changes: changes, notes: notes, isFirst: false)
            return notes
        }
    }
}
