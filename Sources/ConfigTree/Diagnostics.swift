/// One mistake in a file: where, what is wrong, what to do.
package struct Diagnostic: Hashable, Sendable, CustomStringConvertible {
    package var position: SourcePosition
    package var problem: String
    package var cure: String
    package init(_ position: SourcePosition, _ problem: String, cure: String) {
        self.position = position
        self.problem = problem
        self.cure = cure
    }
    package var description: String { "\(position): \(problem); \(cure)" }
}

/// Collects every mistake, so that a file is mended in one go.
package struct Diagnostics: Sendable {
    /// More than this many is one misunderstanding, not many mistakes.
    package static let maximum = 200
    package private(set) var all: [Diagnostic] = []
    /// What is allowed and hardly meant; a file is good in spite of it.
    package private(set) var warnings: [Diagnostic] = []
    package init() {}
    package var isEmpty: Bool { all.isEmpty }
    package mutating func add(_ position: SourcePosition, _ problem: String, cure: String) {
        append(Diagnostic(position, problem, cure: cure))
    }
    package mutating func warn(_ position: SourcePosition, _ problem: String, cure: String) {
        let warning = Diagnostic(position, problem, cure: cure)
        guard warnings.count < Self.maximum, !warnings.contains(warning) else { return }
        warnings.append(warning)
    }
    package mutating func append(_ diagnostic: Diagnostic) {
        guard all.count < Self.maximum, !all.contains(diagnostic) else { return }
        all.append(diagnostic)
    }
    package mutating func append(contentsOf others: [Diagnostic]) {
        for diagnostic in others { append(diagnostic) }
    }
    package mutating func append(contentsOf others: Diagnostics) {
        append(contentsOf: others.all)
        for warning in others.warnings {
            warn(warning.position, warning.problem, cure: warning.cure)
        }
    }
    /// By file, line and column, as a compiler prints them.
    package var sorted: [Diagnostic] {
        all.sorted {
            ($0.position.file, $0.position.line, $0.position.column)
                < ($1.position.file, $1.position.line, $1.position.column)
        }
    }
}

/// The candidate nearest to `word` by edit distance, if it is near enough to be a slip.
package func closest(to word: String, in candidates: some Sequence<String>) -> String? {
    var best: (distance: Int, word: String)?
    for candidate in candidates {
        let distance = editDistance(Array(word.utf8.prefix(64)), Array(candidate.utf8.prefix(64)))
        if distance <= max(1, word.utf8.count / 3), distance < best?.distance ?? .max {
            best = (distance, candidate)
        }
    }
    return best?.word
}

/// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment): `plaec`
/// is one slip away from `place`.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last: [Int] = []
    var row = Array(0...b.count)
    for i in a.indices {
        (beforeLast, last) = (last, row)
        row[0] = i + 1
        for j in b.indices {
            let substitution = last[j] + (a[i] == b[j] ? 0 : 1)
            row[j + 1] = min(substitution, row[j] + 1, last[j + 1] + 1)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                row[j + 1] = min(row[j + 1], beforeLast[j - 1] + 1)
            }
        }
    }
    return row[b.count]
}
