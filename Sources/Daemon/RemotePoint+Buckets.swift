package import Interchange
package import Model
package import Store

extension RemotePoint {
    /// As the store makes steps: each holds the samples from its start to before the next.
    package func buckets(_ range: TimeRange, step: Int64) -> [Bucket] {
        var buckets = Self.noBuckets(range, step: step)
        for sample in samples {
            let slot = Int((sample.time - range.start.milliseconds) / step)
            guard buckets.indices.contains(slot) else { continue }
            let value = Int128(sample.mantissa)
            if buckets[slot].count == 0 {
                buckets[slot].minimum = value
                buckets[slot].maximum = value
                buckets[slot].first = value
            } else {
                buckets[slot].minimum = min(buckets[slot].minimum, value)
                buckets[slot].maximum = max(buckets[slot].maximum, value)
            }
            buckets[slot].last = value
            buckets[slot].sum += value
            buckets[slot].count += 1
        }
        return buckets
    }

    /// The steps of a point without a sample.
    static func noBuckets(_ range: TimeRange, step: Int64) -> [Bucket] {
        let length = range.end.milliseconds - range.start.milliseconds
        return [Bucket](
            repeating: Bucket(), count: Int(length / step) + (length % step == 0 ? 0 : 1))
    }
}
