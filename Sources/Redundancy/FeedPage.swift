/// A piece of a collector's feed: consecutive entries from `first` on.
package struct FeedPage: Sendable, Hashable {
    package enum Entry: Sendable, Hashable {
        /// Of `PollCodec`.
        case poll(ArraySlice<UInt8>)
        /// Changes of alarms, as JSON.
        case alarms(ArraySlice<UInt8>)
    }
    /// Entries of one page, at most.
    package static let mostEntries = 100_000
    private static let mark: [UInt8] = [0x46, 0x4C, 0x46, 1]

    package var instance: String
    /// Number of the first entry; where there is none, the one that comes next.
    package var first: Int64
    /// Entries between what was asked for and `first` are gone: ask for history.
    package var isBroken: Bool
    /// No more than these entries are waiting.
    package var isLast: Bool
    /// What holds at the end of the page, as JSON.
    package var trailer: [UInt8]
    package var entries: [Entry]

    package init(
        instance: String, first: Int64, isBroken: Bool, isLast: Bool, trailer: [UInt8],
        entries: [Entry]
    ) {
        self.instance = instance
        self.first = first
        self.isBroken = isBroken
        self.isLast = isLast
        self.trailer = trailer
        self.entries = entries
    }

    package var next: Int64 { first &+ Int64(entries.count) }

    package func encoded() -> [UInt8] {
        var writer = ByteWriter(bytes: Self.mark)
        writer.text(instance)
        writer.signed(first)
        writer.count((isBroken ? 1 : 0) | (isLast ? 2 : 0))
        writer.blob(trailer)
        writer.count(entries.count)
        for entry in entries {
            switch entry {
            case .poll(let bytes):
                writer.count(0)
                writer.count(bytes.count)
                writer.bytes += bytes
            case .alarms(let bytes):
                writer.count(1)
                writer.count(bytes.count)
                writer.bytes += bytes
            }
        }
        return writer.bytes
    }

    package init(_ bytes: [UInt8]) throws(PageError) {
        guard bytes.starts(with: Self.mark) else { throw PageError("something that is no feed") }
        var reader = ByteReader(bytes[Self.mark.count...])
        instance = try reader.text()
        first = try reader.time()
        let flags = try reader.count(atMost: 3)
        isBroken = flags & 1 != 0
        isLast = flags & 2 != 0
        trailer = Array(try reader.slice())
        entries = []
        for _ in 0..<(try reader.count(atMost: min(Self.mostEntries, reader.remaining))) {
            let kind = try reader.count(atMost: 1)
            let bytes = try reader.slice()
            entries.append(kind == 0 ? .poll(bytes) : .alarms(bytes))
        }
        guard reader.remaining == 0 else { throw PageError("more bytes than a feed has") }
    }
}
