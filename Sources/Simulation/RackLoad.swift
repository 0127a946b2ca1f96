import Glibc
import Model

/// What the servers of one rack draw, by the kind of work they do.
enum Workload: CaseIterable, Sendable {
    /// People's traffic: two peaks a day, weaker at the weekend.
    case web
    /// Jobs queued for the night.
    case batch
    /// Disks: nearly flat.
    case storage
    /// Training runs: long plateaus.
    case compute
    /// Switches and routers.
    case network

    /// Mean share of the rack's rated power.
    var mean: Double {
        switch self {
        case .web: 0.58
        case .batch: 0.60
        case .storage: 0.62
        case .compute: 0.70
        case .network: 0.46
        }
    }

    /// Half the daily swing, as a share of rated power.
    var swing: Double {
        switch self {
        case .web: 0.11
        case .batch: 0.09
        case .storage: 0.02
        case .compute: 0.03
        case .network: 0.03
        }
    }

    /// Hour of the day at which it draws most.
    var peakHour: Double {
        switch self {
        case .web: 20
        case .batch: 2.5
        case .storage: 14
        case .compute: 16
        case .network: 20
        }
    }
}

struct RackLoad: Sendable {
    let workload: Workload
    let ratedWatts: Double
    let stream: UInt64
    /// Filled more or less than its neighbours.
    let fill: Double
    /// Share of feed A while both feeds are alive.
    let shareA: Double

    init(workload: Workload, ratedWatts: Double, stream: UInt64, noise: Noise) {
        self.workload = workload
        self.ratedWatts = ratedWatts
        self.stream = stream
        fill = 0.86 + 0.24 * noise.uniform(stream, 1)
        shareA = 0.47 + 0.06 * noise.uniform(stream, 2)
    }

    /// Watts at a moment. Bounded by 12 % and 92 % of rated power: a rack never idles to nothing,
    /// and one feed must be able to carry it.
    func watts(seconds: Int64, noise: Noise) -> Double {
        let hour = Double(Weather.secondOfDay(seconds)) / 3600
        var day = cos((hour - workload.peakHour) / 24 * 2 * Double.pi)
        if workload == .web {
            // A second, smaller peak before noon.
            day = 0.72 * day + 0.28 * cos((hour - 11) / 12 * 2 * Double.pi)
            if Weather.weekday(seconds) >= 5 { day = 0.7 * day - 0.12 }
        }
        var share = workload.mean * fill + workload.swing * day
        // Slow drift over weeks, jobs over hours, and the flutter of the last minutes.
        share += 0.035 * noise.smooth(stream &+ 3, seconds: seconds, period: 1_209_600)
        share += 0.025 * noise.smooth(stream &+ 4, seconds: seconds, period: 10_800)
        share += 0.012 * noise.smooth(stream &+ 5, seconds: seconds, period: 900)
        return ratedWatts * min(0.92, max(0.12, share))
    }
}
