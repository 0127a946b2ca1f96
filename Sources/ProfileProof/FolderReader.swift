/// How files are read here: the module itself does no input.
package struct FolderReader: Sendable {
    /// Nil where there is no such file, or it cannot be read.
    package let read: @Sendable (_ path: String) -> [UInt8]?
    /// Names in a folder; empty where there is none.
    package let list: @Sendable (_ path: String) -> [String]

    package init(
        read: @escaping @Sendable (_ path: String) -> [UInt8]?,
        list: @escaping @Sendable (_ path: String) -> [String]
    ) {
        self.read = read
        self.list = list
    }
}
