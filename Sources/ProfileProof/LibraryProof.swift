package import Model
package import Profiles
package import Recordings

/// A device's answers as the library keeps them, beside the readings that must come out.
///
/// `recordings/<profile>/<case>.snmprec` or `<case>.csv`, and `<case>.expected`: one line a point,
/// `name value unit quality "label"`.
package struct RecordedCase: Sendable {
    package enum Answers: Sendable {
        case objects(SNMPRecording)
        case registers(RegisterRecording)
    }
    package var profile: String
    package var name: String
    /// Without ending.
    package var path: String
    package var answers: Answers
    /// Nil where nobody has written what must come out.
    package var expected: [String]?

    /// The cases of one profile, in a folder that holds folders of profiles.
    ///
    /// - Throws: nothing; a recording that cannot be read is told in `problems`.
    package static func all(
        of profile: String, in folder: String, _ files: FolderReader, _ problems: inout [String]
    ) -> [RecordedCase] {
        let own = folder + "/" + profile
        var cases: [RecordedCase] = []
        for file in files.list(own).sorted() {
            guard let dot = file.lastIndex(of: ".") else { continue }
            let name = String(file[..<dot])
            let path = own + "/" + name
            guard file.hasSuffix(".snmprec") || file.hasSuffix(".csv"),
                let bytes = files.read(own + "/" + file)
            else { continue }
            do throws(RecordingError) {
                let answers: Answers =
                    file.hasSuffix(".csv")
                    ? .registers(
                        try RegisterRecording(
                            String(decoding: bytes, as: UTF8.self), file: own + "/" + file))
                    : .objects(try SNMPRecording(bytes, file: own + "/" + file))
                let expected = files.read(path + ".expected").map { bytes in
                    String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
                        .map(String.init)
                }
                cases.append(
                    RecordedCase(
                        profile: profile, name: name, path: path, answers: answers,
                        expected: expected))
            } catch {
                problems.append(error.description)
            }
        }
        return cases
    }

    /// What a poll with the profile's own plan brings; nil where the recording is of the other
    /// protocol.
    package func frames(_ profile: Profile) -> RawFrames? {
        switch (answers, profile.requestPlan) {
        case (.objects(let recording), .snmp(let plan)): .snmp(recording.answers(to: plan))
        case (.registers(let recording), .modbus(let plan)):
            .registers(recording.answers(to: plan))
        default: nil
        }
    }
}

/// Profiles against the recordings that ship with them.
package struct LibraryProof: Sendable {
    package enum Verdict: Sendable {
        case agrees
        /// Lines of a comparison: `-` expected, `+` decoded.
        case differs([String])
        /// Nobody has written what must come out.
        case unwritten
        /// What came out was written down now; the lines that an earlier expectation had otherwise.
        case written([String])
        /// There is no recording.
        case missing
    }
    package struct Result: Sendable {
        package var profile: String
        package var recording: String
        package var path: String
        package var verdict: Verdict
        /// What came out.
        package var lines: [String]
        /// Readings that cannot all be true together.
        package var warnings: [String]
        /// Nothing but the comparison with what was expected speaks against it.
        var differsInReadingsOnly = false
    }

    package private(set) var results: [Result] = []
    package private(set) var problems: [String] = []

    package var isGood: Bool {
        problems.isEmpty
            && results.allSatisfy {
                switch $0.verdict {
                case .agrees, .written: true
                case .differs, .unwritten, .missing: false
                }
            }
    }

    package init() {}

    /// Adds a profile with its cases; one without any is a problem.
    package mutating func add(
        _ profile: Profile, folder: String, _ library: ProfileLibrary, _ files: FolderReader
    ) {
        let cases = RecordedCase.all(of: profile.name, in: folder, files, &problems)
        if cases.isEmpty {
            results.append(
                Result(
                    profile: profile.name, recording: "–", path: folder + "/" + profile.name,
                    verdict: .missing, lines: [], warnings: []))
        }
        for item in cases { results.append(Self.result(item, profile, library)) }
    }

    /// Writes down what came out where nothing was expected yet, and with `replacing` where other
    /// readings were. What is wrong for another reason stays so.
    ///
    /// - Returns: the files.
    package mutating func accept(
        replacing: Bool, _ write: (_ path: String, _ lines: [String]) throws -> Void
    ) throws -> [String] {
        var paths: [String] = []
        for place in results.indices {
            var before: [String] = []
            switch results[place].verdict {
            case .unwritten: break
            case .differs(let lines) where replacing && results[place].differsInReadingsOnly:
                before = lines
            case .agrees, .differs, .missing, .written: continue
            }
            let path = results[place].path + ".expected"
            try write(path, results[place].lines)
            results[place].verdict = .written(before)
            paths.append(path)
        }
        return paths
    }

    private static func result(
        _ item: RecordedCase, _ profile: Profile, _ library: ProfileLibrary
    ) -> Result {
        var result = Result(
            profile: profile.name, recording: item.name, path: item.path, verdict: .unwritten,
            lines: [], warnings: [])
        guard let frames = item.frames(profile) else {
            result.verdict = .differs(["  the recording is of the other protocol"])
            return result
        }
        var decoder = DeviceDecoder(profile: profile)
        let values = decoder.decode(frames)
        result.lines = lines(decoder, values)
        result.warnings =
            PhysicsCheck(decoder.points, values).warnings + missing(profile, decoder.points, values)
            + misplaced(item, profile)
        // The same answer again: same points, same values.
        let again = decoder.decode(frames)
        var differences =
            lines(decoder, again) == result.lines
            ? [] : ["  the same answers again give other readings"]
        if let other = wrongClaim(item, profile, library) { differences.append(other) }
        result.differsInReadingsOnly = differences.isEmpty
        if let expected = item.expected {
            differences += LineComparison.lines(expected, result.lines)
        } else if differences.isEmpty {
            return result
        }
        result.verdict = differences.isEmpty ? .agrees : .differs(differences)
        return result
    }

    /// Points that a class of the profile promises, and that this device does not have.
    private static func missing(
        _ profile: Profile, _ points: [PointDefinition], _ values: [PointValue]
    ) -> [String] {
        let present = values.filter { $0.quality != .absent }.map { points[Int($0.index)].name }
        return profile.requiredPoints.compactMap { item in
            let pattern = NamePattern(item.point)
            if present.contains(where: pattern.matches) { return nil }
            return "`\(item.point)`, which class \(item.className) needs, has no value here"
        }
    }

    /// Objects that the profile asks for and that this device has nearby: a slip.
    private static func misplaced(_ item: RecordedCase, _ profile: Profile) -> [String] {
        guard case .objects(let recording) = item.answers,
            case .snmp(let plan) = profile.requestPlan
        else { return [] }
        let scalars = plan.scalars.filter { recording[$0] == nil }.compactMap { object in
            recording.first(below: object).map {
                $0 == object.appending([0])
                    ? "\(object) is not answered, \($0) is: a scalar ends in .0"
                    : "\(object) is not answered, \($0) is: a column needs its row"
            }
        }
        let columns = plan.subtrees.filter { recording.first(below: $0) == nil }.compactMap {
            column -> String? in
            let table = ObjectID(Array(column.arcs.dropLast()))
            let near = table.appending([1] + column.arcs.suffix(1))
            return recording.first(below: near).map {
                "nothing stands below \(column), and \($0) below \(near): the entry is "
                    + "\(table).1"
            }
        }
        return scalars + columns
    }

    /// Whether the library takes the recording for something else.
    private static func wrongClaim(
        _ item: RecordedCase, _ profile: Profile, _ library: ProfileLibrary
    ) -> String? {
        guard case .objects(let recording) = item.answers, !profile.identification.isEmpty,
            recording.systemObjectID != nil || !recording.systemDescription.isEmpty
        else { return nil }
        let found = library.identify(recording)
        if found?.name == profile.name { return nil }
        return "  identified as \(found?.name ?? "nothing known"), not as \(profile.name)"
    }

    package static func lines(_ decoder: DeviceDecoder, _ values: [PointValue]) -> [String] {
        values.map { value in
            let point = decoder.points[Int(value.index)]
            var text = point.decimal(value.mantissa).description
            if let state = point.stateName(value.mantissa) { text += "=" + state }
            if value.quality == .absent { text = "-" }
            var words = [point.name, text]
            if point.unit != .none { words.append(point.unit.rawValue) }
            words.append(value.quality.name)
            if let label = point.label { words.append("\"\(label)\"") }
            return words.joined(separator: " ")
        }
    }
}

extension ProfileLibrary {
    /// The profile of a recorded device, found as that of a live one is.
    package func identify(_ recording: SNMPRecording) -> Profile? {
        identify(
            sysObjectID: recording.systemObjectID, sysDescr: recording.systemDescription,
            answers: Dictionary(
                probeObjects.compactMap { oid in recording[oid].map { (oid, $0) } }
            ) { first, _ in first })
    }
}

extension RecordedCase {
    /// What the recording holds for one point: the reading, and each place that it was made of or
    /// that a condition looks at, with its raw answer.
    package func answers(of point: String, by profile: Profile) -> [String] {
        guard let frames = frames(profile) else { return [] }
        var decoder = DeviceDecoder(profile: profile)
        let values = decoder.decode(frames)
        guard let place = decoder.points.firstIndex(where: { $0.name == point }) else { return [] }
        let line = LibraryProof.lines(decoder, values)[place]
        let places = decoder.placesRead(for: place, in: frames)
        if places.isEmpty { return [line + ", " + decoder.origin(of: place)] }
        return [line]
            + places.map { read in
                let holds = read.holds.map { $0 ? ": holds" : ": does not hold" } ?? ""
                return "  \(read.role) \(read.place) answered \(read.raw ?? "nothing")\(holds)"
            }
    }
}
