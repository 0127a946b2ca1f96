import Platform

/// A row as its bytes have it.
struct ScavengedRow {
    enum Value {
        case null
        case integer(Int64)
        case text([UInt8])
        case blob([UInt8])
    }
    /// Nil in trees without row numbers.
    var id: Int64?
    var values: [Value]

    func integer(_ column: Int) -> Int64? {
        if case .integer(let value) = values[column] { return value }
        return nil
    }

    func blob(_ column: Int) -> [UInt8]? {
        if case .blob(let bytes) = values[column] { return bytes }
        return nil
    }

    func isText(_ column: Int) -> Bool {
        if case .text = values[column] { return true }
        return false
    }

    /// As sqlite3 would print it; the first column of a table is its row number.
    func text(_ column: Int) -> String {
        switch values[column] {
        case .null: column == 0 ? id.map { String($0) } ?? "" : ""
        case .integer(let value): String(value)
        case .text(let bytes), .blob(let bytes): String(decoding: bytes, as: UTF8.self)
        }
    }
}

/// Reads rows out of the pages of a database one by one, whatever state its trees are in
/// (https://sqlite.org/fileformat2.html, section 1.6). Bytes may be anything.
final class RowScavenger {
    private let pages: DatabasePages
    private let usable: Int
    private var skipped: Set<UInt32> = []
    /// Pages of trees in which a cell could not be read.
    private(set) var damagedPages: Set<UInt32> = []
    /// A row of ours is shorter.
    private static let maximumRow = 64 << 20
    private static let maximumColumns = 64

    init(_ pages: DatabasePages) throws(PlatformError) {
        self.pages = pages
        usable = pages.pageSize
        try skipFreePages()
    }

    private func page(_ number: UInt32) throws(PlatformError) -> [UInt8]? {
        guard number > 0, number <= pages.pageCount else { return nil }
        return try pages.withPage(number) { Array($0) }
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
        bytes.withUnsafeBytes { $0.bigEndian32(offset) }
    }

    /// Rows on free pages were deleted. Where the list of them is damaged they come back.
    private func skipFreePages() throws(PlatformError) {
        guard let first = try page(1) else { return }
        var trunk = Self.word(first, 32)
        while trunk != 0, skipped.insert(trunk).inserted, let bytes = try page(trunk) {
            let count = min(Int(Self.word(bytes, 4)), usable / 4 - 2)
            for index in 0..<max(0, count) { skipped.insert(Self.word(bytes, 8 + 4 * index)) }
            trunk = Self.word(bytes, 0)
        }
        guard Self.word(first, 52) != 0 else { return }
        // Pages that say which page belongs to which tree.
        for number in stride(from: 2, through: Int(pages.pageCount), by: usable / 5 + 1) {
            skipped.insert(UInt32(number))
        }
    }

    /// Calls `body` with every row of every tree; `isTable` tells those with row numbers.
    func rows(
        progress: (Double) -> Void, _ body: (_ row: ScavengedRow, _ isTable: Bool) -> Void
    ) throws(PlatformError) {
        for number in 1...max(1, pages.pageCount) where !skipped.contains(number) {
            if number % 1024 == 0 { progress(Double(number) / Double(pages.pageCount)) }
            guard let bytes = try page(number) else {
                damagedPages.insert(number)
                continue
            }
            let start = number == 1 ? 100 : 0
            let kind = bytes[start]
            guard kind == 0x0D || kind == 0x0A || kind == 0x02 else { continue }
            let head = start + (kind == 0x02 ? 12 : 8)
            let count = bytes.withUnsafeBytes { $0.bigEndian16(start + 3) }
            guard head + 2 * count <= usable else {
                damagedPages.insert(number)
                continue
            }
            for index in 0..<count {
                let offset = bytes.withUnsafeBytes { $0.bigEndian16(head + 2 * index) }
                let cell = kind == 0x02 ? offset + 4 : offset
                if cell < usable, let row = try row(bytes, cell, isTable: kind == 0x0D) {
                    body(row, kind == 0x0D)
                } else {
                    damagedPages.insert(number)
                }
            }
        }
        progress(1)
    }

    private func row(
        _ bytes: [UInt8], _ cell: Int, isTable: Bool
    ) throws(PlatformError) -> ScavengedRow? {
        var offset = cell
        guard let size = Self.varint(bytes, &offset), size >= 1, size <= Self.maximumRow else {
            return nil
        }
        var id: Int64?
        if isTable {
            guard let number = Self.varint(bytes, &offset) else { return nil }
            id = number
        }
        guard let payload = try payload(bytes, offset, Int(size), isTable: isTable),
            let values = Self.record(payload)
        else { return nil }
        return ScavengedRow(id: id, values: values)
    }

    private func payload(
        _ bytes: [UInt8], _ start: Int, _ size: Int, isTable: Bool
    ) throws(PlatformError) -> [UInt8]? {
        let most = isTable ? usable - 35 : (usable - 12) * 64 / 255 - 23
        if size <= most {
            return start + size <= usable ? Array(bytes[start..<start + size]) : nil
        }
        let least = (usable - 12) * 32 / 255 - 23
        let fitting = least + (size - least) % (usable - 4)
        let local = fitting <= most ? fitting : least
        guard start + local + 4 <= usable else { return nil }
        var payload = Array(bytes[start..<start + local])
        var next = Self.word(bytes, start + local)
        while payload.count < size {
            guard let more = try page(next) else { return nil }
            payload += more[4..<4 + min(usable - 4, size - payload.count)]
            next = Self.word(more, 0)
        }
        return payload
    }

    /// The values of a record; nil where it makes no sense.
    private static func record(_ bytes: [UInt8]) -> [ScavengedRow.Value]? {
        var head = 0
        guard let headBytes = varint(bytes, &head), headBytes >= 1, headBytes <= bytes.count else {
            return nil
        }
        var body = Int(headBytes)
        var values: [ScavengedRow.Value] = []
        while head < Int(headBytes) {
            guard values.count < maximumColumns, let type = varint(bytes, &head), type >= 0 else {
                return nil
            }
            switch type {
            case 0: values.append(.null)
            case 8: values.append(.integer(0))
            case 9: values.append(.integer(1))
            case 1...6:
                let length = [1, 2, 3, 4, 6, 8][Int(type) - 1]
                guard body + length <= bytes.count else { return nil }
                var value = Int64(Int8(bitPattern: bytes[body]))
                for byte in bytes[body + 1..<body + length] { value = value << 8 | Int64(byte) }
                values.append(.integer(value))
                body += length
            case 12...:
                guard type / 2 - 6 <= bytes.count - body else { return nil }
                let length = Int(type / 2 - 6)
                let content = Array(bytes[body..<body + length])
                values.append(type % 2 == 0 ? .blob(content) : .text(content))
                body += length
            // Seven is a number with a fraction, of which we store none.
            default: return nil
            }
        }
        return body == bytes.count ? values : nil
    }

    /// SQLite's varint: seven bits a byte, most significant first, eight in the ninth.
    private static func varint(_ bytes: [UInt8], _ offset: inout Int) -> Int64? {
        var value: UInt64 = 0
        for count in 1...9 {
            guard offset >= 0, offset < bytes.count else { return nil }
            let byte = bytes[offset]
            offset += 1
            if count == 9 { return Int64(bitPattern: value << 8 | UInt64(byte)) }
            value = value << 7 | UInt64(byte & 0x7F)
            if byte < 0x80 { return Int64(bitPattern: value) }
        }
        return nil
    }
}
