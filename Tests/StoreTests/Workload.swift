import Model
import Store
import TestSupport

/// The same numbers from the same seed everywhere.
typealias Seeded = SplitMix

extension SplitMix {
    /// About normal, mean 0, deviation 1: the sum of twelve uniform numbers less six.
    mutating func normal() -> Double {
        (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &self) }
    }
}

/// Devices as they are: polls every 10 s with a few milliseconds of jitter and some lost,
/// temperatures in tenths that drift, powers with noise, energy registers, states, sentinels.
struct Workload {
    enum Shape: CaseIterable { case temperature, humidity, power, current, energy, state, outlet }
    private var random: Seeded
    private var levels: [Double]
    private(set) var time: Int64
    private let shapes: [Shape]
    private var sentinelLeft = 0

    init(seed: UInt64, columns: Int, start: Int64 = 1_790_000_000_000) {
        random = Seeded(seed)
        shapes = (0..<columns).map { Shape.allCases[$0 % Shape.allCases.count] }
        levels = shapes.map { _ in 0 }
        time = start
        for index in levels.indices {
            levels[index] = Double.random(in: 100...4000, using: &random)
        }
    }

    var definitions: [PointDefinition] {
        shapes.enumerated().map { index, shape in
            switch shape {
            case .temperature:
                PointDefinition(name: "t\(index)", kind: .gauge, unit: .celsius, scale: 1)
            case .humidity:
                PointDefinition(name: "h\(index)", kind: .gauge, unit: .relativeHumidity, scale: 0)
            case .power, .outlet:
                PointDefinition(name: "p\(index)", kind: .gauge, unit: .watt, scale: 0)
            case .current:
                PointDefinition(name: "i\(index)", kind: .gauge, unit: .ampere, scale: 2)
            case .energy:
                PointDefinition(
                    name: "e\(index)", kind: .counter(modulus: 1 << 32), unit: .wattHour, scale: 0)
            case .state:
                PointDefinition(
                    name: "s\(index)",
                    kind: .state([
                        StateLabel(code: 1, name: "on", severity: .normal),
                        StateLabel(code: 2, name: "off", severity: .warning),
                    ]), unit: .none, scale: 0)
            }
        }
    }

    mutating func next() -> (time: Int64, values: [PointValue]) {
        time += 10_000
        if Int.random(in: 0..<2000, using: &random) == 0 { time += 10_000 }
        if sentinelLeft > 0 {
            sentinelLeft -= 1
        } else if Int.random(in: 0..<5000, using: &random) == 0 {
            sentinelLeft = 100
        }
        let stamp = time + Int64(2.5 * random.normal())
        let values = shapes.indices.map { index -> PointValue in
            if sentinelLeft > 0, index == 0 {
                return PointValue(index: 0, mantissa: -9999, quality: .bad)
            }
            return PointValue(index: UInt16(index), mantissa: step(index), quality: .good)
        }
        return (stamp, values)
    }

    private mutating func step(_ index: Int) -> Int64 {
        switch shapes[index] {
        case .temperature:
            levels[index] += 0.25 * random.normal()
            return Int64(levels[index] / 20 + 200)
        case .humidity:
            levels[index] += 0.2 * random.normal()
            return Int64(levels[index] / 100 + 30)
        case .power:
            levels[index] += 2 * random.normal()
            return Int64(levels[index] + 15 * random.normal())
        case .current:
            levels[index] += 0.5 * random.normal()
            return Int64(levels[index] + 3 * random.normal())
        case .energy:
            levels[index] += 11 + random.normal()
            return Int64(levels[index])
        case .state:
            return Int.random(in: 0..<4000, using: &random) == 0 ? 2 : 1
        case .outlet:
            if Int.random(in: 0..<8, using: &random) == 0 { levels[index] += random.normal() * 4 }
            return Int64(levels[index])
        }
    }
}

/// A chunk of the workload.
func workloadChunk(seed: UInt64, polls: Int, columns: Int) -> Chunk {
    var workload = Workload(seed: seed, columns: columns)
    var chunk = Chunk(id: 7 << 32 | seed, times: [], columns: [])
    chunk.columns = (0..<columns).map {
        ChunkColumn(series: UInt32($0 * 3 + 1), states: [], values: [])
    }
    for _ in 0..<polls {
        let (time, values) = workload.next()
        chunk.times.append(max(time, (chunk.times.last ?? 0) + 1))
        for value in values {
            chunk.columns[Int(value.index)].states.append(value.quality.rawValue)
            chunk.columns[Int(value.index)].values.append(value.mantissa)
        }
    }
    return chunk
}
