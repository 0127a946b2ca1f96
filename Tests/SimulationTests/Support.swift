import ConfigTree
import Glibc
import Model
import Platform
import Polling
import Profiles
import Simulation
import TestSupport
import Testing
import YAML

func folderNames(_ folder: String) throws -> [String] { FileIO.list(folder) }

func fileBytes(_ path: String) throws -> [UInt8] {
    try FileIO.read(path, maximumBytes: 64 << 20)
}

let autumn = date(2026, 11, 21)
let hour: Int64 = 3_600_000
let day: Int64 = 86_400_000

/// Midnight of a day at the site.
func date(_ year: Int, _ month: Int, _ day: Int) -> Instant {
    CivilTime(year: year, month: month, day: day).instant(offsetMinutes: 480)
}

func demoSite(racks: Int = 40, seed: UInt64 = 7, start: Instant = autumn) -> SimulatedSite {
    SimulatedSite(
        racks: racks, seed: seed, start: start, clock: SimulatedClock(anchor: start))
}

/// What a device measures, before its registers round it.
func truth(
    _ site: SimulatedSite, _ device: String, _ time: Instant
) throws -> (watts: Double, wattHours: Double) {
    let index = try #require(site.index(named: device))
    return try #require(site.truth(index, at: time))
}

private let profileFolder = repositoryRoot() + "/DeviceProfiles/"

func vocabulary() throws -> Vocabulary { try Loaded.vocabulary.get() }

/// Once for all tests: each reading takes a second.
private enum Loaded {
    static let vocabulary = Result { try readVocabulary() }
    static let profiles = Result { try readProfiles() }
}

private func readVocabulary() throws -> Vocabulary {
    var diagnostics = Diagnostics()
    let text = try readText(profileFolder + "NAMES.yaml")
    let names = try #require(YAMLFile.parse(text, file: "NAMES.yaml", &diagnostics))
    return try #require(Vocabulary.parse(names, &diagnostics))
}

func profile(_ text: String, file: String, _ vocabulary: Vocabulary) throws -> Profile {
    var diagnostics = Diagnostics()
    let node = try #require(YAMLFile.parse(text, file: file, &diagnostics))
    let profile = ProfileParser.parse(node, vocabulary: vocabulary, &diagnostics)
    #expect(diagnostics.isEmpty, "\(diagnostics.sorted)")
    return try #require(profile)
}

/// The profiles that ship.
func shippedProfiles() throws -> ProfileLibrary { try Loaded.profiles.get() }

private func readProfiles() throws -> ProfileLibrary {
    let vocabulary = try vocabulary()
    return ProfileLibrary(
        try SimulatedSite.profileNames.map { name in
            let file = name + ".yaml"
            return try profile(try readText(profileFolder + file), file: file, vocabulary)
        })
}

/// One of the profiles that ship.
func shippedProfile(_ name: String) throws -> Profile {
    let file = name + ".yaml"
    return try profile(try readText(profileFolder + file), file: file, vocabulary())
}

/// What a device says at a moment, by point name.
struct Reader {
    let site: SimulatedSite
    let profiles: ProfileLibrary
    private(set) var decoders: [String: DeviceDecoder] = [:]

    init(_ site: SimulatedSite) throws {
        self.site = site
        profiles = try shippedProfiles()
    }

    mutating func read(
        _ device: String, at time: Instant
    ) throws -> [String: (value: Double, quality: Quality)] {
        let index = try #require(site.index(named: device))
        let profile = try #require(profiles[site.devices[index].profile])
        let plan = profile.requestPlan
        let frames = try #require(site.frames(index, at: time, plan: plan), "\(device) is mute")
        var decoder = decoders[device] ?? DeviceDecoder(profile: profile)
        let values = decoder.decode(frames)
        decoders[device] = decoder
        var result: [String: (value: Double, quality: Quality)] = [:]
        for value in values {
            let point = decoder.points[Int(value.index)]
            result[point.name] = (point.decimal(value.mantissa).double, value.quality)
        }
        return result
    }

    mutating func value(_ device: String, _ point: String, at time: Instant) throws -> Double {
        let found = try #require(try read(device, at: time)[point], "\(device)/\(point)")
        #expect(found.quality == .good, "\(device)/\(point) is \(found.quality.name)")
        return found.value
    }
}

func save(_ text: String, to path: String) throws {
    try FileIO.writeAtomically(Array(text.utf8), to: path)
}

/// One line on standard error.
func report(_ text: String) {
    _ = Array((text + "\n").utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

func target(
    _ name: String, _ transport: Transport, _ plan: RequestPlan, retries: Int = 2
) -> PollTarget {
    PollTarget(
        device: DeviceID(0), name: name, transport: transport, plan: plan,
        intervalMilliseconds: 10_000, timeoutMilliseconds: retries == 0 ? 300 : 2000,
        retries: retries)
}
