import Glibc
import Platform

/// Puts the write-ahead log right before SQLite reads it, which would cut it off without a word.
enum LogRepair {
    /// For whoever has the store's lock, before the database is opened. Returns what is to be kept
    /// as an incident; nil where the log is well, missing, or too long to look at.
    static func run(_ directory: String) -> String? {
        let path = SiteStore.databasePath(in: directory) + "-wal"
        guard let size = FileIO.size(path), size > 0, size <= WriteAheadLog.maximumBytes,
            let bytes = try? FileIO.read(path, maximumBytes: Int(WriteAheadLog.maximumBytes))
        else { return nil }
        let check = LogCheck(bytes)
        var words: [String] = []
        if !check.mends.isEmpty {
            do throws(PlatformError) {
                try RawFile.change(path, check.mends)
                try forgetIndex(SiteStore.databasePath(in: directory) + "-shm")
                if check.hasMendsToTell {
                    words.append("\(check.mends.count) flipped bits put right, nothing is lost")
                }
            } catch {
                words.append("\(check.mends.count) flipped bits could not be put right: \(error)")
            }
        }
        if check.hasLoss, let broken = check.brokenAt {
            words.append(
                "broken at byte \(broken), \(check.commitsBehind) commits behind it are lost")
            let aside = directory + "/damaged-\(Clocks.wallMilliseconds())"
            do throws(PlatformError) {
                try FileIO.createDirectory(aside)
                try FileIO.writeAtomically(bytes, to: aside + "/frostline.db-wal")
                words.append("the log is kept in \(aside)")
            } catch {
                words.append("it could not be kept: \(error)")
            }
        }
        return words.isEmpty ? nil : "write-ahead log: " + words.joined(separator: "; ")
    }

    /// Whoever has the database open already knows a log that ends where it was broken. Without
    /// its two headers of 48 bytes the index of the log is made anew
    /// (https://sqlite.org/walformat.html, section 2.1).
    private static func forgetIndex(_ path: String) throws(PlatformError) {
        guard FileIO.exists(path) else { return }
        try RawFile.change(path, (0..<96).map { ($0, 0, 0) })
    }
}

extension RawFile {
    /// Replaces single bytes of a file; they are on the disk when this returns.
    fileprivate static func change(
        _ path: String, _ changes: [(offset: Int, was: UInt8, byte: UInt8)]
    ) throws(PlatformError) {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw PlatformError(operation: "open", subject: path, code: errno)
        }
        defer { close(descriptor) }
        for change in changes {
            var byte = change.byte
            guard pwrite(descriptor, &byte, 1, change.offset) == 1 else {
                throw PlatformError(operation: "write", subject: path, code: errno)
            }
        }
        if fsync(descriptor) != 0 {
            throw PlatformError(operation: "fsync", subject: path, code: errno)
        }
    }
}
