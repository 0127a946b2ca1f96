import FoundationEssentials
import Glibc

/// A new folder in /tmp that nobody else may read.
struct TemporaryFolder {
    let path: String

    init(named name: String) throws {
        var template = Array("/tmp/frostline-\(name)-XXXXXX".utf8CString)  // why: mkdtemp(3)
        guard mkdtemp(&template) != nil else {
            throw CommandFailure(.unreachable, "cannot make a folder in /tmp")
        }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
