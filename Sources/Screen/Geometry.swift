/// Columns and rows of a terminal or a part of it.
package struct Size: Hashable, Sendable {
    package var width: Int
    package var height: Int
    package init(width: Int, height: Int) {
        self.width = max(0, width)
        self.height = max(0, height)
    }
}

/// A rectangle of cells; `x` and `y` count from the top left, from 0. Never of negative extent.
package struct Rect: Hashable, Sendable {
    package var x: Int
    package var y: Int
    package var width: Int
    package var height: Int

    package init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = max(0, width)
        self.height = max(0, height)
    }

    package init(_ size: Size) { self.init(x: 0, y: 0, width: size.width, height: size.height) }

    package var right: Int { x + width }
    package var bottom: Int { y + height }
    package var isEmpty: Bool { width == 0 || height == 0 }

    package func inset(horizontal: Int = 0, vertical: Int = 0) -> Rect {
        Rect(
            x: x + min(horizontal, width), y: y + min(vertical, height),
            width: width - 2 * horizontal, height: height - 2 * vertical)
    }

    /// The rows from `first`, at most `count`, clipped to this rectangle.
    package func rows(_ first: Int, _ count: Int = .max) -> Rect {
        let start = min(max(0, first), height)
        return Rect(x: x, y: y + start, width: width, height: min(count, height - start))
    }

    package func columns(_ first: Int, _ count: Int = .max) -> Rect {
        let start = min(max(0, first), width)
        return Rect(x: x + start, y: y, width: min(count, width - start), height: height)
    }

    /// Cuts into columns from left to right with `gap` blank cells between them.
    package func split(columns extents: [Extent], gap: Int = 0) -> [Rect] {
        let widths = Extent.resolve(extents, total: width - gap * max(0, extents.count - 1))
        var result: [Rect] = []
        var start = 0
        for extent in widths {
            result.append(columns(start, extent))
            start += extent + gap
        }
        return result
    }

    /// Cuts into rows from top to bottom.
    package func split(rows extents: [Extent], gap: Int = 0) -> [Rect] {
        let heights = Extent.resolve(extents, total: height - gap * max(0, extents.count - 1))
        var result: [Rect] = []
        var start = 0
        for extent in heights {
            result.append(rows(start, extent))
            start += extent + gap
        }
        return result
    }
}

/// How much room a part of a split wants.
package enum Extent: Hashable, Sendable {
    case fixed(Int)
    /// A share of what the fixed parts leave, in proportion to the number.
    case share(Int)

    /// Fixed parts first, in order, while there is room; then the shares. The last share takes the
    /// rounding, so that the parts fill `total`.
    package static func resolve(_ extents: [Extent], total: Int) -> [Int] {
        var left = max(0, total)
        var sizes = extents.map { extent -> Int in
            guard case .fixed(let wanted) = extent else { return 0 }
            let taken = min(max(0, wanted), left)
            left -= taken
            return taken
        }
        var shares = extents.reduce(0) { sum, extent in
            if case .share(let share) = extent { return sum + max(0, share) }
            return sum
        }
        for (index, extent) in extents.enumerated() {
            guard case .share(let share) = extent, share > 0, shares > 0 else { continue }
            sizes[index] = left * share / shares
            left -= sizes[index]
            shares -= share
        }
        return sizes
    }
}
