import Model
import Store

/// Encodes and decodes the generated values in memory, in chunks of `polls`, on one thread.
func codec(_ seriesPath: String, _ dataPath: String, polls count: Int) throws {
    let site = GeneratedSite(readSeries(seriesPath))
    let chunks = readChunks(site, PollStream(dataPath, site), count)
    let values = Double(chunks.reduce(0) { $0 + $1.times.count * $1.columns.count })
    guard values > 0 else { fail("\(dataPath): not \(count) polls of any device") }
    var encoder = ChunkEncoder()
    var begun = cpuSeconds()
    let encoded = chunks.map { encoder.encode($0) }
    let encodeSeconds = cpuSeconds() - begun
    begun = cpuSeconds()
    var decoded = 0
    for chunk in encoded {
        let head = try ChunkHead(chunk.head)
        try ChunkDecoder.verify(chunk.data, head)
        _ = try ChunkDecoder.times(chunk.data, head)
        for entry in head.columns {
            decoded += try ChunkDecoder.column(chunk.data, head, entry).values.count
        }
    }
    let decodeSeconds = cpuSeconds() - begun
    for (chunk, original) in zip(encoded, chunks) {
        let head = try ChunkHead(chunk.head)
        let columns = try head.columns.map { try ChunkDecoder.column(chunk.data, head, $0) }
        guard try ChunkDecoder.times(chunk.data, head) == original.times,
            columns == original.columns
        else { fail("a chunk is not what it was before") }
    }
    let bytes = encoded.reduce(0) { $0 + $1.head.count + $1.data.count }
    print("codec_values \(decoded)")
    print("encode_values_per_s \(values / encodeSeconds)")
    print("decode_values_per_s \(Double(decoded) / decodeSeconds)")
    print("codec_bytes_per_value \(Double(bytes) / values)")
}

/// Full chunks of what the file has; the rest of each device is left out.
private func readChunks(
    _ site: GeneratedSite, _ polls: consuming PollStream, _ count: Int
) -> [Chunk] {
    var chunks: [Chunk] = []
    let empty = site.points.indices.map { device in
        Chunk(
            id: UInt64(device + 1) << 32, times: [],
            columns: site.points[device].indices.map {
                ChunkColumn(series: UInt32($0 + 1), states: [], values: [])
            })
    }
    var open = empty
    while polls.next() {
        // A poll that lacks a point, or is out of order, is none for this measurement.
        let device = polls.device
        guard polls.values.count == empty[device].columns.count,
            open[device].times.last.map({ $0 < polls.time }) ?? true
        else { continue }
        open[device].times.append(polls.time)
        for value in polls.values {
            open[device].columns[Int(value.index)].states.append(value.quality.rawValue)
            open[device].columns[Int(value.index)].values.append(value.mantissa)
        }
        if open[device].times.count == count {
            chunks.append(open[device])
            open[device] = empty[device]
        }
    }
    return chunks
}
