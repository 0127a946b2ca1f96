import ConfigTree
import Model
import Platform
import Profiles
import Recordings
import YAML

/// Every profile of the library with answers that have broken values, holes, repeats and strangers:
/// decoding may not trap, and what it calls good lies in its range.
struct ProfileTarget {
    private struct Case {
        var name: String
        var profile: Profile
        var frames: RawFrames
    }
    /// Polls of one device in a row: what a poll leaves behind must not harm the next.
    private static let pollsPerDevice = 50
    private let cases: [Case]
    private var random: Randomness

    /// - Parameter folder: `DeviceProfiles`.
    init(folder: String, seed: UInt64) throws {
        random = Randomness(seed: seed)
        var diagnostics = Diagnostics()
        func tree(_ path: String) throws -> ConfigNode? {
            let text = try FileIO.readText(path, maximumBytes: 4 << 20)
            return YAMLFile.parse(text, file: path, &diagnostics)
        }
        guard let names = try tree(folder + "/NAMES.yaml"),
            let vocabulary = Vocabulary.parse(names, &diagnostics)
        else { stop("no vocabulary in \(folder)") }
        let files = FileIO.list(folder).filter { $0.hasSuffix(".yaml") && $0 != "NAMES.yaml" }
        let nodes = try files.compactMap { try tree(folder + "/" + $0) }
        let family = ProfileFamily(nodes)
        var cases: [Case] = []
        for node in nodes {
            guard
                let profile = ProfileParser.parse(
                    node, vocabulary: vocabulary, family: family, &diagnostics)
            else { continue }
            let recordings = folder + "/recordings/" + profile.name
            for file in FileIO.list(recordings) {
                let path = recordings + "/" + file
                if file.hasSuffix(".snmprec"), case .snmp(let plan) = profile.requestPlan {
                    let bytes = try FileIO.read(path, maximumBytes: 1 << 20)
                    let recording = try SNMPRecording(bytes, file: path)
                    cases.append(
                        Case(
                            name: path, profile: profile,
                            frames: .snmp(recording.answers(to: plan))))
                } else if file.hasSuffix(".csv"), case .modbus(let plan) = profile.requestPlan {
                    let text = try FileIO.readText(path, maximumBytes: 1 << 20)
                    let recording = try RegisterRecording(text, file: path)
                    cases.append(
                        Case(
                            name: path, profile: profile,
                            frames: .registers(recording.answers(to: plan))))
                }
            }
        }
        guard cases.count > 100 else { stop("only \(cases.count) recordings in \(folder)") }
        self.cases = cases
    }

    /// - Returns: good values among all.
    mutating func run(polls: Int) -> (good: Int, all: Int) {
        var good = 0
        var all = 0
        for start in stride(from: 0, to: polls, by: Self.pollsPerDevice) {
            let item = cases[random.below(cases.count)]
            var decoder = DeviceDecoder(profile: item.profile)
            for _ in start..<min(start + Self.pollsPerDevice, polls) {
                let values = decoder.decode(broken(item.frames))
                guard values.count == decoder.points.count, values.count <= 2_000 else {
                    stop("\(item.name): \(values.count) values of \(decoder.points.count) points")
                }
                all += values.count
                for value in values where value.quality == .good {
                    good += 1
                    let point = decoder.points[Int(value.index)]
                    guard point.range?.contains(value.mantissa) ?? true else {
                        stop("\(item.name): \(point.name) is \(value.mantissa) and good")
                    }
                }
            }
        }
        return (good, all)
    }

    private mutating func broken(_ frames: RawFrames) -> RawFrames {
        switch frames {
        case .snmp(var binds):
            for _ in 0..<random.below(6) where !binds.isEmpty {
                let place = random.below(binds.count)
                switch random.below(5) {
                case 0: binds.remove(at: place)
                case 1: binds.insert(binds[place], at: random.below(binds.count))
                case 2: binds[place].oid.arcs[binds[place].oid.arcs.count - 1] = number(40)
                default: binds[place].value = value()
                }
            }
            return .snmp(binds)
        case .registers(var blocks):
            for _ in 0..<random.below(6) where !blocks.isEmpty {
                let place = random.below(blocks.count)
                guard case .words(var words) = blocks[place].content, !words.isEmpty else {
                    continue
                }
                switch random.below(8) {
                case 0: blocks[place].content = .exception(UInt8(1 + random.below(11)))
                case 1: blocks.remove(at: place)
                default:
                    words[random.below(words.count)] = UInt16(truncatingIfNeeded: random.next())
                    blocks[place].content = .words(words)
                }
            }
            return .registers(blocks)
        }
    }

    private mutating func number(_ bound: Int) -> UInt32 { UInt32(random.below(bound)) }

    private mutating func value() -> SNMPValue {
        let bits = random.next()
        switch random.below(12) {
        case 0: return .integer(Int64(bitPattern: bits))
        case 1: return .integer(Int64(Int8(truncatingIfNeeded: bits)))
        case 2: return .integer([.max, .min, -1, 0, 65_535, 2_147_483_647][random.below(6)])
        case 3: return .gauge32(UInt32(truncatingIfNeeded: bits))
        case 4: return .counter32(UInt32(truncatingIfNeeded: bits))
        case 5: return .counter64(bits)
        case 6: return .float(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
        case 7: return .double(Double(bitPattern: bits))
        case 8:
            return .octets(
                (0..<random.below(80)).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        case 9:
            let texts = ["", "N/A", "-", "1e999", "23.5 C", "99999999999999999999", "-0.0", "%"]
            return .octets(Array(texts[random.below(texts.count)].utf8))
        case 10: return .objectID(ObjectID([1, 3, 6, UInt32(truncatingIfNeeded: bits)]))
        default: return [SNMPValue.null, .noSuchInstance, .endOfMibView][random.below(3)]
        }
    }
}
