import Model

extension Sequence {
    /// The first result that is not nil.
    func firstNonNil<Result>(_ transform: (Element) -> Result?) -> Result? {
        for element in self { if let result = transform(element) { return result } }
        return nil
    }
}

extension DerivedSpec {
    var isTemplate: Bool { definition.name.contains("{") }

    /// The name with `instance` from its first variable to its last.
    static func filled(_ name: String, _ instance: String?) -> String {
        guard let instance, let open = name.firstIndex(of: "{"),
            let close = name.lastIndex(of: "}")
        else { return name }
        return name[..<open] + instance + name[name.index(after: close)...]
    }
}
