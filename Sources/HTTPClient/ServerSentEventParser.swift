/// One event of a `text/event-stream`.
package struct ServerSentEvent: Sendable, Equatable {
    /// `message` where the stream names none.
    package var name: String
    package var data: [UInt8]
    package var id: String?
    package init(name: String, data: [UInt8], id: String? = nil) {
        self.name = name
        self.data = data
        self.id = id
    }
}

/// Cuts a byte stream into events (WHATWG HTML, section 9.2.6). Pure: bytes in, events out, however
/// the network cuts them.
package struct ServerSentEventParser: Sendable {
    /// A line, or the data of one event, of more bytes than this is dropped and counted.
    package let maximumEventBytes: Int
    /// Events lost because they were too long.
    package private(set) var dropped = 0

    private var line: [UInt8] = []
    private var lineTooLong = false
    private var name = ""
    private var data: [UInt8] = []
    private var hasData = false
    private var eventTooLong = false
    private var lastID: String?
    private var previousWasCR = false

    /// - Parameter maximumEventBytes: the default holds a snapshot of some 20,000 racks.
    package init(maximumEventBytes: Int = 16 << 20) {
        self.maximumEventBytes = maximumEventBytes
    }

    package mutating func append(_ bytes: Span<UInt8>) -> [ServerSentEvent] {
        bytes.withUnsafeBufferPointer { append($0) }
    }

    package mutating func append(_ bytes: some Collection<UInt8>) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        var rest = bytes[...]
        while let first = rest.first {
            if previousWasCR {
                previousWasCR = false
                if first == 0x0A {
                    rest.removeFirst()
                    continue
                }
            }
            guard let end = rest.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) else {
                extendLine(rest)
                break
            }
            extendLine(rest[..<end])
            previousWasCR = rest[end] == 0x0D
            rest = rest[rest.index(after: end)...]
            if let event = endLine() { events.append(event) }
        }
        return events
    }

    private mutating func extendLine(_ bytes: some Collection<UInt8>) {
        guard !lineTooLong else { return }
        // The field's name and colon come on top of the data.
        guard line.count + bytes.count <= maximumEventBytes + 16 else {
            lineTooLong = true
            line = []
            return
        }
        line.append(contentsOf: bytes)
    }

    private mutating func endLine() -> ServerSentEvent? {
        defer {
            line.removeAll(keepingCapacity: true)
            lineTooLong = false
        }
        if lineTooLong {
            eventTooLong = true
            return nil
        }
        guard !line.isEmpty else { return endEvent() }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[colon...].dropFirst()
        if value.first == 0x20 { value.removeFirst() }
        let field = line[..<colon]
        if field.elementsEqual("data".utf8) {
            guard data.count + value.count <= maximumEventBytes else {
                eventTooLong = true
                return nil
            }
            if hasData { data.append(0x0A) }
            data.append(contentsOf: value)
            hasData = true
        } else if field.elementsEqual("event".utf8) {
            name = String(decoding: value, as: UTF8.self)
        } else if field.elementsEqual("id".utf8), !value.contains(0) {
            lastID = String(decoding: value, as: UTF8.self)
        }
        return nil
    }

    private mutating func endEvent() -> ServerSentEvent? {
        defer {
            name = ""
            data = []
            hasData = false
            eventTooLong = false
        }
        if eventTooLong {
            dropped += 1
            return nil
        }
        guard hasData else { return nil }
        return ServerSentEvent(name: name.isEmpty ? "message" : name, data: data, id: lastID)
    }
}
