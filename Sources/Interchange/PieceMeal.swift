/// A request that was refused is tried again in pieces from its front, so that what is wrong with
/// one moment does not take the others with it. Receivers take or refuse a request whole, and some
/// refuse what is older than what they have: the order stays that of time.
package struct PieceMeal: Sendable {
    /// Pieces of one request; what is left after so many is refused as a whole.
    package static let maximumPieces = 2_000

    private let times: [Int64]
    private var next = 0
    private var size: Int
    private var pieces = 0

    /// - Parameter series: what was refused.
    package init(_ series: [RemoteSeries]) {
        times = Set(series.flatMap { $0.samples.map(\.time) }).sorted()
        size = (times.count + 1) / 2
    }

    /// True for what cannot be divided: it has been refused already.
    package var isOneMoment: Bool { times.count <= 1 }

    /// Nil where nothing is left.
    package var piece: Range<Int64>? {
        guard next < times.count, !isOneMoment else { return nil }
        if pieces >= Self.maximumPieces { return times[next]..<end(of: times.count) }
        return times[next]..<end(of: min(next + size, times.count))
    }

    private func end(of index: Int) -> Int64 {
        index < times.count ? times[index] : times[times.count - 1] &+ 1
    }

    package mutating func accepted() {
        next += size
        pieces += 1
        size *= 2
    }

    /// True where the piece cannot be made smaller: it is given up.
    package mutating func refused() -> Bool {
        if pieces >= Self.maximumPieces {
            next = times.count
            return true
        }
        pieces += 1
        guard size > 1 else {
            next += 1
            return true
        }
        size = (size + 1) / 2
        return false
    }
}
