import Glibc
import Platform

/// Where the files lie that come with the product: device profiles, tariffs, dashboards.
package struct Resources: Sendable {
    package static let packagedRoot = "/usr/share/frostline"
    package let root: String

    package init(root: String) { self.root = root }

    package var profiles: String { root + "/DeviceProfiles" }
    package var tariffs: String { root + "/Tariffs" }
    package var dashboards: String { root + "/Dashboards" }

    /// `$FROSTLINE_RESOURCES`, else the source tree the program was built in, else the packaged
    /// files. Nil where there are none.
    package static func find() -> Resources? {
        if let root = environmentValue("FROSTLINE_RESOURCES") { return Resources(root: root) }
        var path = executablePath()
        while let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            path = String(path[..<slash])
            if FileIO.isDirectory(path + "/DeviceProfiles"), FileIO.exists(path + "/Package.swift")
            {
                return Resources(root: path)
            }
        }
        return FileIO.isDirectory(packagedRoot) ? Resources(root: packagedRoot) : nil
    }

    private static func executablePath() -> String {
        guard let path = realpath("/proc/self/exe", nil) else { return "" }
        defer { free(path) }
        return String(cString: path)
    }
}

/// A variable of the environment, nil where it is unset or empty.
package func environmentValue(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
}
