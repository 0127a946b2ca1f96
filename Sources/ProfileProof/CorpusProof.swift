import Model
package import Profiles
import Recordings

/// Runs the library against a corpus: each recording is identified as a live device would be, asked
/// by the profile's own request plan and decoded; then every row is looked for among the points.
package struct CorpusProof: Sendable {
    package enum Fate: String, Sendable { case reproduced, differing, unclaimed, suspect }

    package struct RowResult: Sendable {
        package var row: Corpus.Row
        package var fate: Fate
        /// A suspect row that a point repeats.
        package var isRepeated: Bool
        /// Points that stand on the row's object, each with value and quality.
        package var claims: [String]
    }
    package struct DeviceResult: Sendable {
        package var file: String
        package var family: String
        /// Nil where no profile claims the device.
        package var profile: String?
        package var points: Int
        package var rows: [RowResult]
    }

    package private(set) var devices: [DeviceResult] = []
    package private(set) var problems: [String] = []

    /// - Parameter only: names of recordings, with or without ending; empty for all.
    package init(_ corpus: Corpus, _ library: ProfileLibrary, only: [String] = []) {
        problems = corpus.problems
        let wanted = Set(only.map { Self.stem($0) })
        for device in corpus.devices where wanted.isEmpty || wanted.contains(Self.stem(device.file))
        {
            devices.append(Self.prove(device, corpus, library, &problems))
        }
        for name in only
        where !corpus.devices.contains(where: { Self.stem($0.file) == Self.stem(name) }) {
            problems.append("\(name): no such recording")
        }
    }

    static func stem(_ file: String) -> String {
        let name = file.split(separator: "/").last.map(String.init) ?? file
        return name.hasSuffix(".snmprec") ? String(name.dropLast(8)) : name
    }

    private static func prove(
        _ device: Corpus.Device, _ corpus: Corpus, _ library: ProfileLibrary,
        _ problems: inout [String]
    ) -> DeviceResult {
        let recording = corpus.recording(device.file, &problems)
        let profile = recording.flatMap { library.identify($0) }
        guard let recording, let profile, case .snmp(let plan) = profile.requestPlan else {
            return DeviceResult(
                file: device.file, family: device.family, profile: profile?.name, points: 0,
                rows: device.rows.map { unclaimed($0) })
        }
        let varBinds = recording.answers(to: plan)
        var decoder = DeviceDecoder(profile: profile)
        let values = decoder.decode(.snmp(varBinds))
        var readings: [ObjectID: [SourceReading]] = [:]
        for reading in decoder.sourceReadings(varBinds) {
            for object in reading.objects { readings[object, default: []].append(reading) }
        }
        let rows = device.rows.map { row in
            let claims = ObjectID(row.object).flatMap { readings[$0] } ?? []
            return result(row, claims, decoder.points)
        }
        return DeviceResult(
            file: device.file, family: device.family, profile: profile.name, points: values.count,
            rows: rows)
    }

    private static func unclaimed(_ row: Corpus.Row) -> RowResult {
        RowResult(
            row: row, fate: row.suspect.isEmpty ? .unclaimed : .suspect, isRepeated: false,
            claims: [])
    }

    private static func result(
        _ row: Corpus.Row, _ claims: [SourceReading], _ points: [PointDefinition]
    ) -> RowResult {
        guard !claims.isEmpty else { return unclaimed(row) }
        let match = RowMatch(row: row)
        let verdicts = claims.map { match.holds($0, points[$0.point]) }
        let holds = verdicts.contains(true)
        var fate: Fate = holds ? .reproduced : .differing
        if !row.suspect.isEmpty { fate = .suspect }
        return RowResult(
            row: row, fate: fate, isRepeated: fate == .suspect && holds,
            claims: claims.map { describe($0, points[$0.point]) })
    }

    private static func describe(_ reading: SourceReading, _ point: PointDefinition) -> String {
        if reading.quality == .absent { return "\(point.name) absent" }
        var text = point.decimal(reading.mantissa).description
        if case .state(let label?) = reading.form { text += "=" + label.name }
        if point.unit != .none { text += " " + point.unit.rawValue }
        return "\(point.name) \(text)" + (reading.quality == .good ? "" : " bad")
    }
}
