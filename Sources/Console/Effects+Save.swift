import Glibc
import Platform

/// Files of a saved view, in the folder that the console was started in.
extension Effects {
    func save(_ view: SavedView, name: String) {
        ask("save \(name)") { _ in
            var files = [(name + ".txt", view.text)]
            // The mark tells spreadsheets that the text is UTF-8.
            if let table = view.table { files.append((name + ".csv", "\u{FEFF}" + table)) }
            let folder = Self.folder
            for (file, text) in files {
                guard !FileIO.exists(folder + file) else {
                    return .saveFailed("`\(file)` is there already; `:save NAME`")
                }
                do throws(PlatformError) {
                    try FileIO.writeAtomically(Array(text.utf8), to: folder + file)
                } catch {
                    return .saveFailed(error.description)
                }
            }
            return .saved(files.map { folder + $0.0 })
        }
    }

    /// The present folder with a slash, so that the message names the whole path.
    private static var folder: String {
        guard let path = getcwd(nil, 0) else { return "./" }
        defer { free(path) }
        let text = String(cString: path)
        return text.hasSuffix("/") ? text : text + "/"
    }
}
