import Model

extension Site {
    /// The subsidiary of that name.
    func subsidiary(named name: String) throws -> Subsidiary {
        if let found = subsidiaries.first(where: { $0.name == name }) { return found }
        let names = subsidiaries.map(\.name).joined(separator: ", ")
        throw CommandFailure(.no, "no subsidiary `\(name)`; there are \(names)")
    }

    /// The one that is named, or the only one; nil where the site has none.
    func subsidiary(chosen name: String?) throws -> Subsidiary? {
        if let name { return try subsidiary(named: name) }
        guard subsidiaries.count > 1 else { return subsidiaries.first }
        let names = subsidiaries.map(\.name).joined(separator: ", ")
        throw CommandFailure(.usage, "choose one with --subsidiary: \(names)")
    }
}
