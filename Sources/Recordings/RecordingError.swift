/// A recording that cannot be served.
package struct RecordingError: Error, CustomStringConvertible {
    package var file: String
    /// From 1; nil where the file as a whole is meant.
    package var line: Int?
    package var problem: String
    package var cure: String

    package var description: String {
        file + (line.map { ":\($0)" } ?? "") + ": " + problem + "; " + cure
    }

    package init(file: String, line: Int?, problem: String, cure: String) {
        self.file = file
        self.line = line
        self.problem = problem
        self.cure = cure
    }
}
