/// Two lists of lines side by side, as a person wants to see them.
enum LineComparison {
    /// Lines of `expected` that are not there with `-`, lines that are too many with `+`; empty
    /// where both lists are the same.
    static func lines(_ expected: [String], _ decoded: [String]) -> [String] {
        guard expected != decoded else { return [] }
        let missing = expected.filter { !decoded.contains($0) }.map { "- " + $0 }
        let extra = decoded.filter { !expected.contains($0) }.map { "+ " + $0 }
        if missing.isEmpty, extra.isEmpty { return ["  the same lines in another order"] }
        return missing + extra
    }
}
