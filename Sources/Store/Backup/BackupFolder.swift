import Model
import Platform

/// The files of a backup. Each is written once and never changed, so a folder may be copied and
/// synchronized by anything that copies files.
package struct BackupFolder: Sendable {
    package let path: String
    /// By number, ascending; only whole files.
    package let files: [BackupFile]
    /// Names of files that are none, though they are named so.
    package let broken: [String]

    package init(_ path: String) {
        self.path = path
        var files: [BackupFile] = []
        var broken: [String] = []
        for name in FileIO.list(path) where name.hasSuffix(BackupFile.suffix) {
            if let file = BackupFile(path: path + "/" + name),
                name == BackupFile.name(file.number)
            {
                files.append(file)
            } else {
                broken.append(name)
            }
        }
        self.files = files.sorted { $0.number < $1.number }
        self.broken = broken
    }

    /// The file and those it builds on, the full one first; nil where one is missing.
    func chain(of file: BackupFile) -> [BackupFile]? {
        var chain = [file]
        while let last = chain.last, !last.isFull {
            guard let parent = files.first(where: { $0.number == last.parent }),
                parent.digest == last.parentDigest, parent.identity == last.identity,
                parent.pageSize == last.pageSize
            else { return nil }
            chain.append(parent)
        }
        return chain.reversed()
    }

    /// Moments to which this folder can restore, as far as the ends of its files tell.
    package var moments: [BackupFile] { files.filter { chain(of: $0) != nil } }

    /// The newest moment, not after `until`.
    func newest(until: Instant?) -> BackupFile? {
        moments.last { file in until.map { file.time <= $0 } ?? true }
    }

    /// Reads every byte. Calls `body` with each file and what is wrong with it, itself or one it
    /// builds on.
    package func check(_ body: (BackupFile, BackupError?) -> Void) {
        var bad: Set<UInt32> = []
        for file in files {
            var problem: BackupError?
            if chain(of: file) == nil {
                problem = file.damaged("the file that it builds on is missing")
            } else if bad.contains(file.parent) {
                problem = file.damaged("it builds on a damaged file")
            } else {
                do throws(BackupError) { try file.check() } catch { problem = error }
            }
            if problem != nil { bad.insert(file.number) }
            body(file, problem)
        }
    }
}
