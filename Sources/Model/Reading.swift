/// One value of a poll: 16 bytes. Its time is the poll's.
package struct PointValue: Hashable, Sendable {
    package var mantissa: Int64
    /// Place in the device's list of points.
    package var index: UInt16
    package var quality: Quality

    package init(index: UInt16, mantissa: Int64, quality: Quality) {
        self.index = index
        self.mantissa = mantissa
        self.quality = quality
    }
}

/// All readings of one poll of one device: they share one time, in memory and in the store. Of the
/// device's points those of one group, in any order. A failed poll is a batch too, with quality
/// `absent` or `stale` for the points that it left without a value.
package struct ReadingBatch: Sendable {
    package var device: DeviceID
    /// When the answer was complete (wall clock).
    package var time: Instant
    package var values: [PointValue]

    package init(device: DeviceID, time: Instant, values: [PointValue]) {
        self.device = device
        self.time = time
        self.values = values
    }

    /// The value of a point, by its place in the device's list; nil where this poll did not bring
    /// it. Quick where all points were polled together, as is usual.
    package func value(ofPoint index: Int) -> PointValue? {
        if index < values.count, values[index].index == index { return values[index] }
        return values.first { $0.index == index }
    }
}
