import Glibc
import Model
import Profiles
import TestSupport
import Testing

/// Figures, not verdicts: FROSTLINE_FIGURES=1 swift test -c release --filter DecoderFiguresTests
@Suite(
    "figures of decoding", .serialized,
    .enabled(if: getenv("FROSTLINE_FIGURES") != nil, "set FROSTLINE_FIGURES=1 to measure"))
struct DecoderFiguresTests {
    private func cpuNanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// The same answer in memory of its own, as each poll of a real device comes.
    private static func copied(_ frames: RawFrames) -> RawFrames {
        guard case .snmp(let varBinds) = frames else { return frames }
        return .snmp(
            varBinds.map { VarBind(oid: ObjectID($0.oid.arcs.map { $0 }), value: $0.value) })
    }

    @Test("CPU time per reading of a steady poll, for every profile")
    func decoding() throws {
        for profile in try ShippedProfiles.load().profiles {
            guard let frames = try LibraryRecording.frames(profile) else { continue }
            let copies = [frames, Self.copied(frames), Self.copied(frames)]
            var decoder = DeviceDecoder(profile: profile)
            var readings = 0
            var best = Int64.max
            for _ in 0..<5 {
                readings = 0
                let start = cpuNanoseconds()
                for round in 0..<300 { readings += decoder.decode(copies[round % 3]).count }
                best = min(best, cpuNanoseconds() - start)
            }
            let each = Double(best) / Double(max(readings, 1))
            let text =
                "figures: \(profile.name): \(readings / 300) readings a poll,"
                + " \((each * 10).rounded() / 10) ns each\n"
            let bytes = Array(text.utf8)
            _ = write(2, bytes, bytes.count)
        }
    }
}
