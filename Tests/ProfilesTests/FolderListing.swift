import FoundationEssentials

/// Names in a folder, sorted.
func listFolder(_ path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
}
