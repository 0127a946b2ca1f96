import ArgumentParser
import ConfigTree
import Console
import Daemon
import Platform
import YAML

/// Dashboards by name: those beside the site file, then those that come with the product; or any
/// by the path of its file. Each is read when it is asked for, so that a new one needs no restart.
struct DashboardFiles: Sendable {
    static let standard = "overview"
    private static let suffix = ".yaml"
    private static let maximumBytes = 1 << 20
    /// More files than a person chooses among.
    private static let maximumFiles = 200

    /// The site's own first: one of the same name stands for the product's.
    private let folders: [(path: String, isOwn: Bool)]

    init(siteFile: String) {
        let directory = siteFile.lastIndex(of: "/").map { String(siteFile[..<$0]) } ?? "."
        folders =
            [(directory + "/dashboards", true)]
            + (Resources.find().map { [($0.dashboards, false)] } ?? [])
    }

    var folder: BoardFolder {
        BoardFolder(list: { entries() }, load: { load($0) })
    }

    /// The dashboard, or every mistake printed and exit code 2; nil where the standard one is not
    /// installed.
    func required(_ name: String) throws -> Dashboard? {
        if name == Self.standard, path(of: name) == nil { return nil }
        switch load(name) {
        case .board(let board): return board
        case .problems(let problems):
            Output.diagnostics(problems)
            throw ExitCode(CommandFailure.Code.usage.rawValue)
        }
    }

    private func names(in folder: String) -> [String] {
        FileIO.list(folder).filter { $0.hasSuffix(Self.suffix) && !$0.hasPrefix(".") }.sorted()
            .prefix(Self.maximumFiles).map { String($0.dropLast(Self.suffix.count)) }
    }

    private func entries() -> [BoardEntry] {
        var seen = Set<String>()
        return folders.flatMap { folder in
            names(in: folder.path).filter { seen.insert($0).inserted }.map { name in
                switch Self.read(folder.path + "/" + name + Self.suffix) {
                case .board(let board):
                    BoardEntry(name: name, title: board.title, isOwn: folder.isOwn, problems: 0)
                case .problems(let problems):
                    BoardEntry(
                        name: name, title: "", isOwn: folder.isOwn, problems: problems.count)
                }
            }
        }
    }

    private func path(of name: String) -> String? {
        if name.contains("/") || name.hasSuffix(Self.suffix) { return name }
        return folders.map { $0.path + "/" + name + Self.suffix }.first { FileIO.exists($0) }
    }

    private func load(_ name: String) -> BoardLoad {
        if let path = path(of: name) { return Self.read(path) }
        let names = folders.flatMap { self.names(in: $0.path) }
        let cure =
            closest(to: name, in: names).map { "did you mean `\($0)`?" }
            ?? "there are: " + names.joined(separator: ", ")
        return .problems(["no dashboard `\(name)`; \(cure)"])
    }

    private static func read(_ path: String) -> BoardLoad {
        var diagnostics = Diagnostics()
        do throws(PlatformError) {
            let text = try FileIO.readText(path, maximumBytes: maximumBytes)
            if let node = YAMLFile.parse(text, file: path, &diagnostics),
                let board = DashboardParser.parse(node, &diagnostics)
            {
                return .board(board)
            }
        } catch {
            return .problems([error.description])
        }
        return .problems(diagnostics.sorted.map(\.description))
    }
}
