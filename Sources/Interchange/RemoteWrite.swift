package import Model

/// What a series is called at the other side: its name and labels, and the bytes they have in
/// remote write 1.0, which are the same in every request.
package struct RemoteLabels: Hashable, Sendable {
    package struct Label: Hashable, Sendable {
        package var name: String
        package var value: String
        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }
    /// Ascending by name, as receivers demand; none is empty.
    package let labels: [Label]
    package let metric: PointMetric
    let firstVersionBytes: [UInt8]

    /// Labels without a value are left out: to receivers they are the same as absent.
    package init(metric: PointMetric, labels: [Label]) {
        self.metric = metric
        self.labels = ([Label("__name__", metric.name)] + labels).filter { !$0.value.isEmpty }
            .sorted { Array($0.name.utf8).lexicographicallyPrecedes($1.name.utf8) }
        var bytes: [UInt8] = []
        for label in self.labels {
            var pair: [UInt8] = []
            pair.appendField(1, bytes: Array(label.name.utf8))
            pair.appendField(2, bytes: Array(label.value.utf8))
            bytes.appendField(1, bytes: pair)
        }
        firstVersionBytes = bytes
    }
}

package struct RemoteSample: Hashable, Sendable {
    /// Milliseconds since 1970 UTC.
    package var time: Int64
    /// Bits of a double: one of them is no number but a mark.
    package var bits: UInt64

    package init(time: Int64, _ value: Double) {
        self.time = time
        bits = value.bitPattern
    }

    private init(staleAt time: Int64) {
        self.time = time
        bits = Self.staleBits
    }

    /// Says that the series has no value from now on.
    package static func stale(at time: Int64) -> RemoteSample { RemoteSample(staleAt: time) }

    /// The NaN by which Prometheus and its kin know the end of a series.
    package static let staleBits: UInt64 = 0x7FF0_0000_0000_0002

    package var isStale: Bool { bits == Self.staleBits }
    package var value: Double { Double(bitPattern: bits) }
}

/// Samples of one series, ascending by time.
package struct RemoteSeries: Hashable, Sendable {
    package var labels: RemoteLabels
    package var samples: [RemoteSample]
    package init(labels: RemoteLabels, samples: [RemoteSample]) {
        self.labels = labels
        self.samples = samples
    }
}

/// Bodies of Prometheus remote write, before compression.
package enum RemoteWrite {
    package enum Version: String, Sendable, CaseIterable {
        /// `prometheus.WriteRequest` of the 1.0 specification.
        case first = "1.0"
        /// `io.prometheus.write.v2.Request`: each text once, series refer to it.
        case second = "2.0"

        package var contentType: String {
            switch self {
            case .first: "application/x-protobuf"
            case .second: "application/x-protobuf;proto=io.prometheus.write.v2.Request"
            }
        }

        /// What `X-Prometheus-Remote-Write-Version` says.
        package var header: String {
            switch self {
            case .first: "0.1.0"
            case .second: "2.0.0"
            }
        }
    }

    package static func encode(_ series: [RemoteSeries], _ version: Version) -> [UInt8] {
        switch version {
        case .first: encodeFirst(series)
        case .second: encodeSecond(series)
        }
    }

    /// What a series takes at most in either version.
    package static func estimatedBytes(_ series: RemoteSeries) -> Int {
        series.labels.firstVersionBytes.count + 16 + series.samples.count * 24
    }

    private static func encodeFirst(_ series: [RemoteSeries]) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(series.reduce(0) { $0 + estimatedBytes($1) })
        for one in series {
            let labels = one.labels.firstVersionBytes
            let length = one.samples.reduce(labels.count) { $0 + sampleFieldLength($1) }
            body.appendFieldHeader(1, length: length)
            body.append(contentsOf: labels)
            for sample in one.samples { appendSample(sample, to: &body) }
        }
        return body
    }

    private static func encodeSecond(_ series: [RemoteSeries]) -> [UInt8] {
        var symbols = SymbolTable()
        var messages: [UInt8] = []
        messages.reserveCapacity(series.reduce(0) { $0 + 48 + $1.samples.count * 18 })
        for one in series {
            var references: [UInt8] = []
            for label in one.labels.labels {
                references.appendProtobufVarint(symbols.reference(label.name))
                references.appendProtobufVarint(symbols.reference(label.value))
            }
            var metadata: [UInt8] = []
            metadata.appendField(1, varint: one.labels.metric.kind == .counter ? 1 : 2)
            let unit = symbols.reference(one.labels.metric.unitName)
            if unit > 0 { metadata.appendField(4, varint: unit) }
            var message: [UInt8] = []
            message.appendField(1, bytes: references)
            for sample in one.samples { appendSample(sample, to: &message) }
            message.appendField(5, bytes: metadata)
            messages.appendField(5, bytes: message)
        }
        var body: [UInt8] = []
        body.reserveCapacity(messages.count + symbols.bytes)
        for symbol in symbols.list { body.appendField(4, bytes: Array(symbol.utf8)) }
        body.append(contentsOf: messages)
        return body
    }

    /// `Sample` has the same fields, and as a field of its series the same number, in both.
    private static func appendSample(_ sample: RemoteSample, to body: inout [UInt8]) {
        body.appendFieldHeader(2, length: sampleLength(sample))
        body.appendField(1, fixed: sample.bits)
        body.appendField(2, varint: UInt64(bitPattern: sample.time))
    }

    private static func sampleLength(_ sample: RemoteSample) -> Int {
        10 + [UInt8].protobufVarintLength(UInt64(bitPattern: sample.time))
    }

    /// With its tag and its length, of one byte each.
    private static func sampleFieldLength(_ sample: RemoteSample) -> Int {
        2 + sampleLength(sample)
    }
}

/// Texts of a request by number; the empty one is number 0.
private struct SymbolTable {
    private(set) var list = [""]
    private(set) var bytes = 8
    private var numbers = ["": UInt64(0)]

    mutating func reference(_ text: String) -> UInt64 {
        if let known = numbers[text] { return known }
        let number = UInt64(list.count)
        numbers[text] = number
        list.append(text)
        bytes += text.utf8.count + 8
        return number
    }
}
