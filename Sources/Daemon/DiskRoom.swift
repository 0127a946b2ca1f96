import Glibc
import Model

/// How much room the file system of the data has. Short of it, people are told while there is still
/// time to do something; without it, readings wait in memory (`StoreOptions.bufferBytes`).
struct DiskRoom: Equatable {
    /// Bytes that a program without privileges may still write.
    var freeBytes: Int64
    var totalBytes: Int64

    enum Level: Int, Comparable {
        case enough, short, shortest

        static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    /// Nil where the system does not tell.
    init?(of directory: String) {
        var status = statvfs()
        guard statvfs(directory, &status) == 0 else { return nil }
        let unit = UInt64(status.f_frsize)
        let (free, freeOverflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: unit)
        let (total, totalOverflow) = UInt64(status.f_blocks).multipliedReportingOverflow(by: unit)
        guard !freeOverflow, !totalOverflow else { return nil }
        self.init(freeBytes: Int64(clamping: free), totalBytes: Int64(clamping: total))
    }

    /// Nil for a file system that has no size.
    init?(freeBytes: Int64, totalBytes: Int64) {
        guard totalBytes > 0, (0...totalBytes).contains(freeBytes) else { return nil }
        self.freeBytes = freeBytes
        self.totalBytes = totalBytes
    }

    /// Tenths of a percent that are free, rounded down: 0 is nearly full.
    var tenthsOfPercent: Int64 {
        Int64(Int128(freeBytes) * 1000 / Int128(totalBytes))
    }

    private static let shortTenths: Int64 = 50
    private static let shortestTenths: Int64 = 10

    var level: Level {
        if tenthsOfPercent < Self.shortestTenths { return .shortest }
        return tenthsOfPercent < Self.shortTenths ? .short : .enough
    }

    /// For `status` and `/healthz`; nil where there is enough.
    var warning: String? {
        guard level > .enough else { return nil }
        let share = FixedDecimal(mantissa: tenthsOfPercent, scale: 1)
        return "the disk has \(share) % free, \(freeBytes >> 20) MiB; make room"
    }

    /// SQLite's log is used again from its start, at about 4 MiB, unless somebody still reads what
    /// was there before: an export into a pager that waits, or a program that forgot to end.
    private static let longestLog: Int64 = 256 << 20

    /// For `status`; nil for a log as it should be.
    static func warning(logBytes: Int64) -> String? {
        guard logBytes > longestLog else { return nil }
        return "the log beside the store has grown to \(logBytes >> 20) MiB: a reader (an export,"
            + " a backup) holds on to it; end that"
    }

    /// The point of `OwnSeries` that says it.
    static let point = "collector.disk.free"

    /// What is watched where the site file has no rule for the point.
    static func rules(
        besides rules: [AlarmRule], language: NoticeLanguage = .chinese
    ) -> [AlarmRule] {
        let own = Site.ownSeriesDevice
        func pick(_ chinese: String, _ english: String) -> String {
            language == .chinese ? chinese : english
        }
        let isWatched = rules.contains { rule in
            if case .noData = rule.condition { return false }
            return rule.device == own && Glob(rule.point).matches(point)
        }
        if isWatched { return [] }
        func rule(_ name: String, below tenths: Int64, _ priority: AlarmPriority) -> AlarmRule {
            AlarmRule(
                name: name, device: own, point: point,
                condition: .below(
                    limit: FixedDecimal(mantissa: tenths, scale: 1),
                    deadband: FixedDecimal(mantissa: tenths / 5, scale: 1)),
                onDelayMilliseconds: 0, offDelayMilliseconds: 60_000, priority: priority,
                cause: pick("采集器数据盘空间不足", "The collector's disk is nearly full"),
                consequence: pick(
                    "写满后读数只在内存中等待，等待过久则丢弃最旧的读数",
                    "Once it is full, readings wait in memory, and the oldest are lost"),
                action: pick(
                    "清理磁盘或扩容；在 site.yaml 中设置 retention",
                    "Make room, or set `retention` in site.yaml"))
        }
        let names = Set(rules.map(\.name))
        return [
            rule("disk-short", below: shortTenths, .high),
            rule("disk-nearly-full", below: shortestTenths, .critical),
        ].filter { !names.contains($0.name) }
    }
}
