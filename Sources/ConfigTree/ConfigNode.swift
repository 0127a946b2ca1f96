/// Where something stands in a file; line and column count from 1.
package struct SourcePosition: Hashable, Sendable, CustomStringConvertible {
    package var file: String
    package var line: Int
    package var column: Int
    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
    package var description: String { "\(file):\(line):\(column)" }
}

/// A configuration file as a tree whose every node knows its position. Keys keep their order;
/// a key given twice has been refused by the reader of the file.
package struct ConfigNode: Sendable {
    package indirect enum Content: Sendable {
        case null
        /// Text as written; `quoted` tells `"5"` from `5`.
        case scalar(String, quoted: Bool)
        case sequence([ConfigNode])
        case mapping([Entry])
    }
    package struct Entry: Sendable {
        package var key: String
        package var keyPosition: SourcePosition
        package var value: ConfigNode
        package init(key: String, keyPosition: SourcePosition, value: ConfigNode) {
            self.key = key
            self.keyPosition = keyPosition
            self.value = value
        }
    }
    package var position: SourcePosition
    package var content: Content
    package init(position: SourcePosition, content: Content) {
        self.position = position
        self.content = content
    }
    package var isNull: Bool {
        if case .null = content { return true }
        return false
    }
    /// What the node is, for messages.
    package var kindName: String {
        switch content {
        case .null: "nothing"
        case .scalar: "a single value"
        case .sequence: "a list"
        case .mapping: "a table of keys"
        }
    }
}
