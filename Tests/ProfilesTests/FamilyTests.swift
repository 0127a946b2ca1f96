import ConfigTree
import Model
import Profiles
import Testing
import YAML

/// Profiles that extend each other, their versions, and what one single device has.
struct FamilyTests {
    private static let parent = """
        profile: test.parent
        vendor: Test
        title: Parent
        classes: []
        source: [none]
        identify: [{sysObjectID: [1.3.6.1.4.1.9]}]
        snmp:
          scalars:
            - {name: input.power, oid: 1.3.6.1.4.1.9.1.0, multiply: 10}
            - {name: ambient.temperature, oid: 1.3.6.1.4.1.9.2.0, multiply: 0.1}
            - {name: device.state, oid: 1.3.6.1.4.1.9.3.0, states: {1: ok}}
        """

    private func library(_ files: String...) throws -> (ProfileLibrary, [String]) {
        var diagnostics = Diagnostics()
        let nodes = files.compactMap { YAMLFile.parse($0, file: "t.yaml", &diagnostics) }
        let family = ProfileFamily(nodes)
        let vocabulary = try Written.vocabulary()
        let profiles = nodes.compactMap {
            ProfileParser.parse($0, vocabulary: vocabulary, family: family, &diagnostics)
        }
        return (ProfileLibrary(profiles), diagnostics.sorted.map(\.description))
    }

    @Test("a child keeps, changes, drops and moves what its parent says")
    func inheritance() throws {
        let child = """
            profile: test.child
            extends: test.parent
            source: [other]
            identify: [{sysObjectID: [1.3.6.1.4.1.10]}]
            rebase: {1.3.6.1.4.1.9: 1.3.6.1.4.1.10}
            remove: [device.state]
            override: {input.power: {multiply: 100}}
            snmp:
              scalars:
                - {name: ambient.pressure, oid: 1.3.6.1.4.1.10.4.0}
            """
        let (library, mistakes) = try library(Self.parent, child)
        #expect(mistakes.isEmpty, "\(mistakes)")
        let profile = try #require(library["test.child"])
        #expect(profile.ancestors == ["test.parent"])
        #expect(profile.vendor == "Test" && profile.sources == ["other"])
        var decoder = DeviceDecoder(profile: profile)
        let answers = (1...4).map {
            VarBind(
                oid: ObjectID([1, 3, 6, 1, 4, 1, 10, UInt32($0), 0]), value: .integer(Int64($0)))
        }
        let values = decoder.decode(.snmp(answers))
        let found = values.map { value in
            let point = decoder.points[Int(value.index)]
            return "\(point.name) \(point.decimal(value.mantissa))"
        }
        #expect(
            found == ["input.power 100", "ambient.temperature 0.2", "ambient.pressure 4"])
        let identified = library.identify(
            sysObjectID: ObjectID("1.3.6.1.4.1.10.5"), sysDescr: "")
        #expect(identified?.name == "test.child")
    }

    @Test("an unknown parent, an unknown point and a circle are told with a cure")
    func mistakes() throws {
        let head = "profile: test.child\nsource: [x]\n"
        let (_, unknown) = try library(Self.parent, head + "extends: test.parnt\n")
        #expect(unknown.contains { $0.contains("did you mean `test.parent`?") })
        let (_, point) = try library(
            Self.parent, head + "extends: test.parent\nremove: [input.pwer]\n")
        #expect(point.contains { $0.contains("did you mean `input.power`?") })
        let (_, circle) = try library(head + "extends: test.child\n")
        #expect(circle.contains { $0.contains("without end") })
    }

    @Test("the newest version counts, and each can be named")
    func versions() throws {
        let newer = Self.parent.replacing("title: Parent", with: "title: Newer\nversion: 2")
        let (library, mistakes) = try library(newer, Self.parent)
        #expect(mistakes.isEmpty, "\(mistakes)")
        #expect(library["test.parent"]?.title == "Newer")
        #expect(library["test.parent@1"]?.title == "Parent")
        #expect(library["test.parent@3"] == nil)
        #expect(library.versions(of: "test.parent") == [1, 2])
    }

    @Test(
        "transformers multiply what they should, and moved registers are asked for where they are")
    func adjustment() throws {
        let body = """
            modbus:
              points:
                - {name: input.l1.voltage, register: 0, multiply: 0.1}
                - {name: input.power, register: 1}
                - {name: input.energy, register: 2, type: uint32, unit: kWh}
                - {name: ambient.temperature, register: 4}
            """
        let profile = try #require(Written.parse(body).profile)
        let adjustment = DeviceAdjustment(
            current: .init(numerator: 100, denominator: 5),
            voltage: .init(numerator: 2, denominator: 1), registerOffset: 1_000)
        let adjusted = try #require(profile.adjusted(adjustment))
        guard case .modbus(let plan) = adjusted.requestPlan else { return }
        #expect(plan.spans.first?.start == 1_000)
        var decoder = DeviceDecoder(profile: adjusted)
        let values = decoder.decode(
            .registers(
                plan.spans.map {
                    RegisterBlock(span: $0, content: .words([1_000, 7, 0, 3, 21]))
                }))
        #expect(values.map(\.mantissa) == [2_000, 280, 120_000, 21])
        #expect(
            decoder.points[2].kind == .counter(modulus: UInt64(1) << 32 * 1_000 * 40))
        #expect(profile.adjusted(DeviceAdjustment(registerOffset: 65_535)) == nil)
    }

    @Test("rules of identification that never win, and rows that never come, are warned of")
    func lint() throws {
        let shadow = Self.parent.replacing("test.parent", with: "test.shadow")
        let (library, _) = try library(Self.parent, shadow)
        #expect(library.unreachableRules.count == 1)
        #expect(library.unreachableRules.first?.problem.contains("`test.shadow`") == true)
        let body = """
            snmp:
              tables:
                - entry: 1.3.6.1.4.1.9.1
                  index: [id]
                  where: [{column: 2, is: [1]}, {column: 2, is: [2]}]
                  points:
                    - {name: "ambient.{id}.temperature", column: 3}
                    - {name: "ambient.{id}.temperature", column: 4}
              scalars:
                - {name: input.energy, oid: 1.3.6.1.4.1.9.5.0}
            """
        let profile = try #require(Written.parse(body).profile)
        let found = ProfileLint.warnings(profile, try Written.vocabulary()).map(\.problem)
        #expect(found.contains { $0.contains("never hold together") })
        #expect(found.contains { $0.contains("two rules of one table") })
        #expect(found.contains { $0.contains("starts again from 0") })
        #expect(found.contains { $0.contains("has no unit") })
    }
}
