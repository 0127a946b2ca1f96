import FoundationEssentials
import Glibc

/// The root of the repository: the folder that holds `Package.swift` and `DeviceProfiles`.
package func repositoryRoot(_ file: String = #filePath) -> String {
    // …/Tests/TestSupport/Files.swift
    var parts = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    if let first = parts.first, !first.isEmpty { parts = ["."] + parts }
    return resolved(parts.joined(separator: "/"))
}

/// Where recordings and vectors of real devices lie beside the repository, or nil with one line on
/// standard error that says what is skipped.
package func sharedFolder(for purpose: String) -> String? {
    let path = repositoryRoot() + "/../shared"
    if access(path + "/recordings", R_OK) == 0 { return resolved(path) }
    let line = "skipped: \(purpose): the folder ../shared beside the repository is absent\n"
    _ = Array(line.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    return nil
}

private func resolved(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
}

package struct MissingFile: Error, CustomStringConvertible {
    package var description: String
}

package func readText(_ path: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: path) else {
        throw MissingFile(description: "cannot read \(path)")
    }
    return String(decoding: data, as: UTF8.self)
}

/// A new empty directory below the system's temporary one.
package func temporaryDirectory() throws -> String {
    var template = Array("/tmp/frostline-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
        throw MissingFile(description: "cannot make a temporary directory: errno \(errno)")
    }
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
}
