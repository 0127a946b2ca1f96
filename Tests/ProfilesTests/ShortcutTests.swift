import Model
import Profiles
import TestSupport
import Testing

/// A decoder that reuses what it found in the poll before, beside one that looks everything up anew
/// and calculates with fractions only: no sequence of answers may tell them apart. Now and then the
/// device is another one of the same profile, which takes over what the family knows.
struct ShortcutTests {
    private struct Pair {
        var ordinary: DeviceDecoder
        var yardstick: DeviceDecoder
        var family = DecoderFamily()

        init(_ profile: Profile) {
            ordinary = DeviceDecoder(profile: profile)
            yardstick = DeviceDecoder(profile: profile, takesShortcuts: false)
        }

        mutating func replaceDevice() {
            ordinary = DeviceDecoder(profile: ordinary.profile)
            yardstick = DeviceDecoder(profile: ordinary.profile, takesShortcuts: false)
        }

        /// The first difference, nil where there is none.
        mutating func difference(_ frames: RawFrames) -> String? {
            let values = ordinary.decode(frames, family: &family)
            let wanted = yardstick.decode(frames)
            if ordinary.points != yardstick.points {
                let (ours, theirs) = (ordinary.points, yardstick.points)
                let place = zip(ours, theirs).prefix { $0 == $1 }.count
                return "point \(place) is \(ours.dropFirst(place).first, default: "none"),"
                    + " not \(theirs.dropFirst(place).first, default: "none")"
            }
            guard values.count == wanted.count else { return "the counts differ" }
            for (value, wanted) in zip(values, wanted) {
                let index = Int(wanted.index)
                let origin = ordinary.origin(of: index)
                if value != wanted || origin != yardstick.origin(of: index) {
                    return "\(ordinary.points[index].name): \(value) from \(origin),"
                        + " not \(wanted) from \(yardstick.origin(of: index))"
                }
            }
            return nil
        }
    }

    static let extremes: [SNMPValue] = [
        .integer(.max), .integer(.min), .integer(0), .integer(1), .integer(2), .integer(3),
        .integer(-1), .integer(64), .integer(-999), .counter64(.max), .gauge32(.max),
        .timeTicks(5), .counter32(3), .null, .noSuchObject, .noSuchInstance, .float(.nan),
        .float(21.5), .double(.infinity), .double(1e17), .octets([]),
        .octets(Array("54.01".utf8)), .octets(Array(" -3 ".utf8)), .octets(Array("70 F".utf8)),
        .octets(Array("5.".utf8)), .octets(Array("0007\u{0}".utf8)), .octets(Array("-.5".utf8)),
        .octets(Array("999999999999999999".utf8)), .octets([0xFF, 0x00]),
        .octets(Array("+1".utf8)), .objectID(ObjectID([1, 3])), .ipAddress([10, 0, 0, 1]),
    ]

    /// Another poll of the same device: most things as before, some not.
    private static func next(_ varBinds: [VarBind], _ random: inout SplitMix) -> [VarBind] {
        var result = varBinds
        // Half of all polls differ in numbers only.
        for place in result.indices where random.chance(3) {
            switch result[place].value {
            case .integer(let number):
                result[place].value = .integer(number &+ Int64.random(in: -9...9, using: &random))
            case .gauge32(let number): result[place].value = .gauge32(number &+ 1)
            case .counter32(let number): result[place].value = .counter32(number &+ 77)
            default: break
            }
        }
        guard random.chance(2), !result.isEmpty else { return result }
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0..<result.count, using: &random)
            let other = Int.random(in: 0..<result.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: result[place].value = extremes.randomElement(using: &random) ?? .null
            case 1: result.swapAt(place, other)
            case 2: result[place].value = result[other].value
            case 3: result.append(result[place])
            case 4 where result.count > 1: result.remove(at: place)
            default:
                // A row moves or a new one appears.
                guard let last = result[place].oid.arcs.indices.last else { continue }
                var varBind = result[place]
                varBind.oid.arcs[last] = UInt32.random(in: 0...4, using: &random)
                result.insert(varBind, at: other)
            }
        }
        return result
    }

    @Test("SNMP: on random walks through answers both decoders agree", arguments: [1, 2, 3])
    func objects(seed: UInt64) throws {
        var random = SplitMix(seed)
        // Each seed takes its share of the library.
        let profiles = try ShippedProfiles.load().profiles.filter { !$0.isModbus }
        for (place, profile) in profiles.enumerated() where UInt64(place % 3) + 1 == seed {
            guard case .snmp(let golden)? = try LibraryRecording.frames(profile) else { continue }
            var pair = Pair(profile)
            var varBinds = golden
            for round in 0..<50 {
                if random.chance(25) { varBinds = golden }
                if random.chance(10) { pair.replaceDevice() }
                varBinds = Self.next(varBinds, &random)
                let frames: RawFrames = random.chance(60) ? .registers([]) : .snmp(varBinds)
                let difference = pair.difference(frames)
                #expect(difference == nil, "\(profile.name), seed \(seed), poll \(round)")
                if difference != nil { break }
            }
        }
    }

    private static let table = """
        snmp:
          scalars:
            - {name: input.l1.voltage, oid: 1.3.6.1.4.1.9.2.0, optional: true, absent: [0]}
          tables:
            - entry: 1.3.6.1.4.1.9.1
              index: [row]
              where: [{column: 2, is: [1]}]
              let: {place: {column: 3}}
              label: {column: 4}
              points:
                - name: "ambient.{place}.temperature"
                  column: 5
                  scale: {digits: {column: 6}}
                  invalid: [-999, "n/a"]
                  absent: [-998, "none"]
                  available: {column: 7, not: [0]}
        """

    @Test("rows that appear, vanish, trade names and hide: both decoders agree", arguments: 1...4)
    func rows(seed: UInt64) throws {
        var random = SplitMix(seed &* 7919)
        let (profile, mistakes) = try Written.parse(Self.table)
        var pair = Pair(try #require(profile, "\(mistakes)"))
        var cells: [[SNMPValue]] = []
        var count = 0
        for round in 0..<400 {
            if cells.isEmpty || random.chance(12) { count = Int.random(in: 0...5, using: &random) }
            if random.chance(10) { pair.replaceDevice() }
            while cells.count < 5 {
                cells.append([
                    .integer(1), .octets(Array("a".utf8)), .octets(Array("A".utf8)),
                    .integer(200), .integer(1), .integer(1),
                ])
            }
            for row in cells.indices where random.chance(4) {
                let values: [[SNMPValue]] = [
                    [.integer(1), .integer(1), .integer(2), .noSuchInstance],
                    [.octets(Array("a".utf8)), .octets(Array("b".utf8)), .null],
                    [.octets(Array("A".utf8)), .octets(Array("B".utf8)), .integer(4)],
                    [
                        .integer(-999), .integer(231), .octets(Array("n/a".utf8)), .float(2.5),
                        .integer(-998), .octets(Array("none".utf8)),
                    ],
                    [.integer(0), .integer(1), .integer(13), .integer(-2), .noSuchObject],
                    [.integer(0), .integer(1), .null, .integer(1)],
                ]
                let column = Int.random(in: 0..<6, using: &random)
                cells[row][column] = values[column].randomElement(using: &random) ?? .null
            }
            var varBinds: [VarBind] = []
            for row in 0..<count {
                for column in 0..<6 {
                    let oid = ObjectID([
                        1, 3, 6, 1, 4, 1, 9, 1, UInt32(column + 2), UInt32(row + 1),
                    ])
                    varBinds.append(VarBind(oid: oid, value: cells[row][column]))
                }
            }
            let scalar = ObjectID([1, 3, 6, 1, 4, 1, 9, 2, 0])
            let voltage: SNMPValue = random.chance(3) ? .integer(0) : .integer(230)
            varBinds.append(
                VarBind(oid: scalar, value: round < 200 ? .noSuchObject : voltage))
            let difference = pair.difference(.snmp(varBinds))
            #expect(difference == nil, "seed \(seed), poll \(round)")
            if difference != nil { break }
        }
    }

    @Test("Modbus: spans refused, short, moved models: both decoders agree", arguments: [1, 2, 3])
    func registers(seed: UInt64) throws {
        var random = SplitMix(seed)
        let profiles = try ShippedProfiles.load().profiles.filter { $0.isModbus }
        for (place, profile) in profiles.enumerated() where UInt64(place % 3) + 1 == seed {
            guard case .registers(let golden)? = try LibraryRecording.frames(profile) else {
                continue
            }
            var pair = Pair(profile)
            var blocks = golden
            for round in 0..<120 {
                if random.chance(15) { blocks = golden }
                if random.chance(10) { pair.replaceDevice() }
                for place in blocks.indices {
                    guard case .words(var words) = blocks[place].content else { continue }
                    for index in words.indices where random.chance(10) {
                        let step: UInt16 = random.chance(5) ? 0x8000 : 1
                        words[index] = words[index] &+ step
                    }
                    if random.chance(40), !words.isEmpty { words.removeLast() }
                    blocks[place].content = random.chance(40) ? .exception(2) : .words(words)
                }
                let difference = pair.difference(.registers(blocks))
                #expect(difference == nil, "\(profile.name), seed \(seed), poll \(round)")
                if difference != nil { break }
            }
        }
    }

    @Test(
        "Modbus: registers that say that they are not there: both decoders agree", arguments: 1...4)
    func absentRegisters(seed: UInt64) throws {
        var random = SplitMix(seed &* 104_729)
        let body = """
            modbus:
              points:
                - {name: "ambient.{n}.temperature", register: 0, absent: [65535, 0], optional: true,
                   signed: 16, repeat: {n: [1, 2, 3], step: 1}}
                - name: ambient.temperature
                  first: [{register: 3, type: float32, absent: [NaN, 7]}, {register: 5}]
            """
        let (profile, mistakes) = try Written.parse(body)
        var pair = Pair(try #require(profile, "\(mistakes)"))
        let values: [UInt16] = [0, 0xFFFF, 20, 21, 0x7FC0, 0x40E0, 0x41A8]
        let span = RegisterSpan(table: .holding, start: 0, count: 6)
        for round in 0..<400 {
            if random.chance(8) { pair.replaceDevice() }
            let words = (0..<6).map { _ in values.randomElement(using: &random) ?? 0 }
            let difference = pair.difference(
                .registers([
                    RegisterBlock(
                        span: span, content: random.chance(30) ? .exception(2) : .words(words))
                ]))
            #expect(difference == nil, "seed \(seed), poll \(round)")
            if difference != nil { break }
        }
    }

    @Test("a factor in 64 bits gives the digit that the exact fraction gives, or the same refusal")
    func factors() throws {
        var random = SplitMix(20_261_121)
        let rules = [
            "unit: F", "multiply: 0.1", "multiply: 50/3", "multiply: 1/7", "unit: degC",
            "multiply: 1000000000", "multiply: -0.003", "unit: F, multiply: 0.01, digits: 9",
            "multiply: 9223372036854775807/3, digits: 9", "invalid: [0, 1, -1, 2, 3, 4]",
            "absent: [0, 1, -1], invalid: [2, 3]", "absent: [0, 1, -1, 2, 3, 4], mask: 7",
        ]
        for rule in rules {
            let (profile, mistakes) = try Written.parse(Written.scalar(rule))
            guard let profile else {
                Issue.record("\(rule): \(mistakes)")
                continue
            }
            var pair = Pair(profile)
            for _ in 0..<500 {
                let shift = UInt64.random(in: 0..<64, using: &random)
                let number = Int64(bitPattern: random.next()) >> Int64(shift)
                let value: SNMPValue =
                    switch random.next() % 4 {
                    case 0: .octets(Array("\(number / 100).\(abs(number % 100))".utf8))
                    case 1: .double(Double(number) / 8)
                    default: .integer(number)
                    }
                let oid = ObjectID([1, 3, 6, 1, 4, 1, 9, 1, 0])
                let difference = pair.difference(.snmp([VarBind(oid: oid, value: value)]))
                #expect(difference == nil, "\(rule): \(value)")
            }
        }
    }
}
