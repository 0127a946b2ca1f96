import Model
import Profiles
import Testing

struct PollGroupTests {
    private let three = """
        snmp:
          scalars:
            - {name: input.power, oid: 1.3.6.1.4.1.9.1.1.0, poll: fast}
            - {name: input.energy, oid: 1.3.6.1.4.1.9.1.2.0}
            - {name: device.state, oid: 1.3.6.1.4.1.9.1.3.0, poll: slow, states: {1: ok}}
          tables:
            - entry: 1.3.6.1.4.1.9.2.1
              index: [row]
              poll: slow
              points:
                - {name: "ambient.{row}.temperature", column: 2, multiply: 0.1}
                - {name: "input.l{row}.voltage", column: 3, poll: normal}
        """

    private func bind(_ oid: String, _ value: Int64) -> VarBind {
        VarBind(oid: ObjectID(oid) ?? ObjectID([0]), value: .integer(value))
    }

    @Test("without `poll` there is one group, the normal one, and one plan")
    func one() throws {
        let parsed = try Written.parse(
            "snmp: {scalars: [{name: input.power, oid: 1.3.6.1.4.1.9.1.1.0}]}")
        let profile = try #require(parsed.profile, "\(parsed.mistakes)")
        #expect(profile.groups == [.normal] && profile.groupPlans.isEmpty)
        #expect(profile.requestPlan(of: .normal) == profile.requestPlan)
        var decoder = GroupedDecoder(profile: profile)
        #expect(decoder.groups.isEmpty)
        let values = decoder.decode(
            .snmp([bind("1.3.6.1.4.1.9.1.1.0", 7)]), group: .normal)
        #expect(values.map(\.mantissa) == [7])
    }

    @Test("each group asks for its own objects only, and all of them together for everything")
    func plans() throws {
        let parsed = try Written.parse(three)
        let profile = try #require(parsed.profile, "\(parsed.mistakes)")
        #expect(profile.groups == [.fast, .normal, .slow])
        func objects(_ plan: RequestPlan) -> ([String], [String]) {
            guard case .snmp(let plan) = plan else { return ([], []) }
            return (plan.scalars.map(\.description), plan.subtrees.map(\.description))
        }
        #expect(objects(profile.requestPlan(of: .fast)) == (["1.3.6.1.4.1.9.1.1.0"], []))
        #expect(
            objects(profile.requestPlan(of: .normal))
                == (["1.3.6.1.4.1.9.1.2.0"], ["1.3.6.1.4.1.9.2.1.3"]))
        #expect(
            objects(profile.requestPlan(of: .slow))
                == (["1.3.6.1.4.1.9.1.3.0"], ["1.3.6.1.4.1.9.2.1.2"]))
        #expect(objects(profile.requestPlan).0.count == 3)
    }

    @Test("groups share one list of points; a poll brings the values of its own group and no other")
    func decoding() throws {
        let parsed = try Written.parse(three)
        var decoder = GroupedDecoder(
            profile: try #require(parsed.profile, "\(parsed.mistakes)"))
        #expect(decoder.points.map(\.name) == ["input.power", "input.energy", "device.state"])
        func named(_ values: [PointValue]) -> [String: Int64] {
            Dictionary(
                uniqueKeysWithValues: values.map {
                    (decoder.points[Int($0.index)].name, $0.mantissa)
                })
        }
        let slow = decoder.decode(
            .snmp([
                bind("1.3.6.1.4.1.9.1.3.0", 1), bind("1.3.6.1.4.1.9.2.1.2.1", 215),
                bind("1.3.6.1.4.1.9.2.1.2.2", 190),
            ]), group: .slow)
        #expect(
            named(slow) == [
                "device.state": 1, "ambient.1.temperature": 215, "ambient.2.temperature": 190,
            ])
        let normal = decoder.decode(
            .snmp([bind("1.3.6.1.4.1.9.1.2.0", 99), bind("1.3.6.1.4.1.9.2.1.3.1", 230)]),
            group: .normal)
        #expect(named(normal) == ["input.energy": 99, "input.l1.voltage": 230])
        let fast = decoder.decode(.snmp([bind("1.3.6.1.4.1.9.1.1.0", 5)]), group: .fast)
        #expect(named(fast) == ["input.power": 5])
        #expect(
            decoder.groups == [.fast, .normal, .slow, .slow, .slow, .normal])
        #expect(decoder.origin(of: 5) == "1.3.6.1.4.1.9.2.1.3.1")
        // Places stay as more points turn up.
        let before = decoder.points.map(\.name)
        _ = decoder.decode(.snmp([bind("1.3.6.1.4.1.9.2.1.2.3", 200)]), group: .slow)
        #expect(Array(decoder.points.map(\.name).prefix(before.count)) == before)
    }

    @Test("what is computed has the pace of its parts; parts of different paces are a mistake")
    func derived() throws {
        let body = """
            snmp:
              scalars:
                - {name: input.l1.voltage, oid: 1.3.6.1.4.1.9.1.1.0, poll: slow}
                - {name: input.l2.voltage, oid: 1.3.6.1.4.1.9.1.2.0, poll: slow}
                - {name: input.power, oid: 1.3.6.1.4.1.9.1.3.0}
            derived:
            """
        let good = try Written.parse(
            body + "\n  - {name: input.l3.voltage, sum: [input.l1.voltage, input.l2.voltage]}")
        let profile = try #require(good.profile, "\(good.mistakes)")
        var decoder = GroupedDecoder(profile: profile)
        let values = decoder.decode(
            .snmp([bind("1.3.6.1.4.1.9.1.1.0", 1), bind("1.3.6.1.4.1.9.1.2.0", 2)]), group: .slow)
        #expect(values.count == 3 && values.allSatisfy { $0.quality == .good })
        let mixed = try Written.parse(
            body.replacingFirst("1.2.0, poll: slow", with: "1.2.0")
                + "\n  - {name: input.l3.voltage, sum: [input.l1.voltage, input.l2.voltage]}")
        #expect(mixed.profile == nil)
        #expect(
            mixed.mistakes.contains { $0.contains("polled slow") && $0.contains("same `poll`") })
    }

    @Test("registers of a slow point are not asked for with the others")
    func modbus() throws {
        let parsed = try Written.parse(
            """
            modbus:
              points:
                - {name: input.power, register: 0}
                - {name: ambient.temperature, register: 2, poll: slow}
            """)
        let profile = try #require(parsed.profile, "\(parsed.mistakes)")
        func starts(_ plan: RequestPlan) -> [UInt16] {
            guard case .modbus(let plan) = plan else { return [] }
            return plan.spans.map(\.start)
        }
        #expect(starts(profile.requestPlan(of: .normal)) == [0])
        #expect(starts(profile.requestPlan(of: .slow)) == [2])
        #expect(starts(profile.requestPlan) == [0])
    }
}

extension String {
    fileprivate func replacingFirst(_ old: String, with new: String) -> String {
        guard let range = firstRange(of: old) else { return self }
        return replacingCharacters(in: range, with: new)
    }
    private func replacingCharacters(in range: Range<String.Index>, with new: String) -> String {
        String(self[..<range.lowerBound]) + new + String(self[range.upperBound...])
    }
}
