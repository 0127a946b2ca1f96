/// Which file holds which profile, told by the heads of the files: a site with two profiles need
/// not have three hundred read.
package struct ProfileCatalog: Sendable {
    /// What the first level of a profile file says, found without reading it as YAML.
    package struct Head: Equatable, Sendable {
        package var name: String
        /// The profile it extends, without a version.
        package var parent: String?

        /// Nil where no line `profile: name` is found: such a file must be read to be understood.
        package init?(_ bytes: [UInt8]) {
            guard let name = Self.value("profile:", bytes) else { return nil }
            self.name = name
            parent = Self.value("extends:", bytes).map { ProfileCatalog.family($0) }
        }

        /// The plain value behind a key at the beginning of a line. Only keys of the first level
        /// stand there.
        private static func value(_ key: StaticString, _ bytes: [UInt8]) -> String? {
            let length = key.utf8CodeUnitCount
            let bytes = bytes.span
            var start = 0
            while start + length <= bytes.count {
                var same = 0
                while same < length, bytes[start + same] == key.utf8Start[same] { same += 1 }
                if same == length { return word(bytes, from: start + length) }
                while start < bytes.count, bytes[start] != UInt8(ascii: "\n") { start += 1 }
                start += 1
            }
            return nil
        }

        private static func word(_ bytes: Span<UInt8>, from first: Int) -> String? {
            var word: [UInt8] = []
            for place in first..<bytes.count {
                switch bytes[place] {
                case UInt8(ascii: " "), UInt8(ascii: "\t"):
                    if !word.isEmpty { return String(decoding: word, as: UTF8.self) }
                case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                    return word.isEmpty ? nil : String(decoding: word, as: UTF8.self)
                case UInt8(ascii: "\""), UInt8(ascii: "'"): continue
                default: word.append(bytes[place])
                }
            }
            return word.isEmpty ? nil : String(decoding: word, as: UTF8.self)
        }
    }

    /// Where profiles were looked for, in the order in which later ones replace earlier ones.
    package let folders: [String]
    private let files: [(path: String, head: Head?)]

    package init(folders: [String], files: [(path: String, head: Head?)]) {
        self.folders = folders
        self.files = files
    }

    /// Without versions, each once.
    package var names: [String] { Set(files.compactMap(\.head?.name)).sorted() }

    /// `apc.rpdu2` of `apc.rpdu2@2`.
    package static func family(_ name: String) -> String {
        String(name.prefix { $0 != "@" })
    }

    /// The files of the named profiles in all their versions, with those of all they inherit from,
    /// and those of which nothing is known.
    package func files(for wanted: some Sequence<String>) -> [String] {
        var open = wanted.map(Self.family)
        var known = Set(open)
        while let name = open.popLast() {
            for file in files where file.head?.name == name {
                if let parent = file.head?.parent, known.insert(parent).inserted {
                    open.append(parent)
                }
            }
        }
        return files.filter { file in file.head.map { known.contains($0.name) } ?? true }
            .map(\.path)
    }

    /// For messages: where one looked.
    package var place: String { "looked for in " + folders.joined(separator: ", ") }
}
