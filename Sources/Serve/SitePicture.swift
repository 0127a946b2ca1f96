import Synchronization
package import Views

/// One picture of the site for everybody who asks. It is encoded when somebody does, once for all:
/// as a whole, and as what has changed since each older picture that a listener has.
package final class SitePicture: Sendable {
    package let view: SiteView
    private let encoded = Mutex(Encoded())

    private struct Encoded {
        var whole: [UInt8]?
        /// By the number of the older picture. Most listeners have the same one, and there are no
        /// more than listeners; nil within is a change that only a whole picture tells.
        var changes: [Int64: [UInt8]?] = [:]
    }

    package init(_ view: SiteView) { self.view = view }

    package func json() -> [UInt8] {
        encoded.withLock { encoded in
            if let whole = encoded.whole { return whole }
            let whole = view.json()
            encoded.whole = whole
            return whole
        }
    }

    /// Nil where there is none that tells all. Numbers are those of one source, which never gives
    /// one twice.
    package func change(since old: SitePicture) -> [UInt8]? {
        encoded.withLock { encoded in
            if let known = encoded.changes[old.view.sequence] { return known }
            let change = view.change(since: old.view)
            encoded.changes[old.view.sequence] = .some(change)
            return change
        }
    }
}

/// What one listener is sent: server-sent events (WHATWG HTML, section 9.2).
package struct SiteEvents: Sendable {
    /// True for one who keeps the picture and wants what has changed in it.
    private let onlyChanges: Bool
    /// What the listener has: a slow one misses pictures, and is told of all changes since.
    private var sent: SitePicture?

    package init(onlyChanges: Bool) { self.onlyChanges = onlyChanges }

    /// The event of the next picture.
    package mutating func event(of picture: SitePicture) -> [UInt8] {
        defer { if onlyChanges { sent = picture } }
        if let change = sent.flatMap({ picture.change(since: $0) }) {
            return Self.event("change", change)
        }
        return Self.event("snapshot", picture.json())
    }

    private static func event(_ name: String, _ document: [UInt8]) -> [UInt8] {
        var event = Array("event: \(name)\ndata: ".utf8)
        event.reserveCapacity(event.count + document.count + 2)
        event += document
        event += "\n\n".utf8
        return event
    }
}
