import ConfigTree
import FoundationEssentials
import Model
import Profiles
import TestSupport
import Testing

@testable import Daemon

/// A product's folder, a site's folder, and what is made of the files in them.
@Suite("what the files say together")
struct ConfigurationLoaderTests {
    private let root: String
    private let resources: Resources

    init() throws {
        root = try temporaryDirectory()
        resources = Resources(root: root + "/product")
        try write(
            "product/DeviceProfiles/NAMES.yaml",
            """
            classes:
              sensor: {about: probe, required: []}
            names:
              ambient.temperature: {unit: "°C", digits: 1, about: t}
              ambient.humidity: {unit: "%RH", digits: 1, about: h}
            """)
        try write("product/DeviceProfiles/a.probe.yaml", Self.profile("a.probe", oid: 1))
    }

    private func write(_ path: String, _ text: String) throws {
        let whole = root + "/" + path
        let folder = String(whole[..<(whole.lastIndex(of: "/") ?? whole.startIndex)])
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        try text.write(toFile: whole, atomically: true, encoding: .utf8)
    }

    private static func profile(_ name: String, oid: Int, head: String = "") -> String {
        """
        profile: \(name)
        vendor: A
        title: from \(oid)
        classes: [sensor]
        source: none
        \(head)
        snmp: {scalars: [{name: ambient.temperature, oid: 1.3.6.1.4.1.9.\(oid).0}]}

        """
    }

    private func site(_ profile: String, _ more: String = "") -> String {
        """
        site: {name: s, offset: "+08:00"}
        defaults: {snmp: {version: 2c, community: public}}
        devices: [{name: d, profile: \(profile), address: "snmp://127.0.0.1:16100"}]
        \(more)
        """
    }

    private func loader(credentials: Bool = true) -> ConfigurationLoader {
        ConfigurationLoader(
            resources: resources, ownProfiles: [root + "/site/profiles"],
            needsCredentials: credentials)
    }

    private func scalars(_ profile: Profile?) throws -> [String] {
        guard case .snmp(let plan)? = profile?.requestPlan else { return [] }
        return plan.scalars.map(\.description)
    }

    @Test("a site's own profile goes before the product's of that name, and its folder is told")
    func ownGoesFirst() throws {
        try write("site/profiles/mine.yaml", Self.profile("a.probe", oid: 2))
        var diagnostics = Diagnostics()
        let library = loader().profiles(&diagnostics)
        #expect(diagnostics.isEmpty, "\(diagnostics.sorted)")
        #expect(try scalars(library["a.probe"]) == ["1.3.6.1.4.1.9.2.0"])
        #expect(
            ConfigurationLoader.profiles(besideSiteFile: root + "/site/site.yaml")
                == root + "/site/profiles")
        #expect(ConfigurationLoader.profiles(besideSiteFile: "site.yaml") == "./profiles")
        #expect(
            loader().profileFolders
                == [root + "/product/DeviceProfiles", root + "/site/profiles"])
    }

    @Test("another version stands beside the product's, and can be pinned")
    func versions() throws {
        try write("site/profiles/mine.yaml", Self.profile("a.probe", oid: 2, head: "version: 2"))
        var diagnostics = Diagnostics()
        let library = loader().profiles(&diagnostics)
        #expect(diagnostics.isEmpty, "\(diagnostics.sorted)")
        #expect(try scalars(library["a.probe"]) == ["1.3.6.1.4.1.9.2.0"])
        #expect(try scalars(library["a.probe@1"]) == ["1.3.6.1.4.1.9.1.0"])
    }

    @Test("of the profiles only those of the site and their parents are read")
    func onlyNamed() throws {
        try write("product/DeviceProfiles/broken.yaml", "profile: b.broken\nsnmp: 7\n")
        try write(
            "site/profiles/child.yaml",
            "profile: a.child\nextends: a.probe\nsource: none\nsnmp: {scalars: "
                + "[{name: ambient.humidity, oid: 1.3.6.1.4.1.9.3.0}]}\n")
        try write("site/site.yaml", site("a.child"))
        var diagnostics = Diagnostics()
        let loaded = try #require(
            loader().load(siteFile: root + "/site/site.yaml", &diagnostics),
            "\(diagnostics.sorted)")
        #expect(loaded.profiles.names.sorted() == ["a.child", "a.probe"])
        let device = try #require(loaded.site.devices.first)
        #expect(
            try scalars(loaded.profile(of: device))
                == ["1.3.6.1.4.1.9.1.0", "1.3.6.1.4.1.9.3.0"])
        var all = Diagnostics()
        #expect(loader().profiles(&all).names.sorted() == ["a.child", "a.probe"])
        #expect(all.all.contains { $0.position.file.hasSuffix("/broken.yaml") })
    }

    @Test("mistakes of every file are told together, each in its own file")
    func allMistakes() throws {
        try write(
            "product/DeviceProfiles/a.probe.yaml",
            Self.profile("a.probe", oid: 1).replacing("ambient.temperature", with: "ambient.temp"))
        try write("product/Tariffs/t.yaml", "tariff: 7\n")
        try write("site/site.yaml", site("a.probe", "rooms: 5"))
        var diagnostics = Diagnostics()
        #expect(loader().load(siteFile: root + "/site/site.yaml", &diagnostics) == nil)
        let files = Set(
            diagnostics.all.map { $0.position.file.split(separator: "/").last ?? "" })
        #expect(files == ["a.probe.yaml", "t.yaml", "site.yaml"], "\(diagnostics.sorted)")
    }

    @Test("a profile that nobody has, and a file that is not there, are mistakes and no crash")
    func missing() throws {
        try write("site/site.yaml", site("a.prob"))
        var diagnostics = Diagnostics()
        #expect(loader().load(siteFile: root + "/site/site.yaml", &diagnostics) == nil)
        #expect(
            diagnostics.all.contains { $0.description.contains("a.probe") },
            "\(diagnostics.sorted)")
        var none = Diagnostics()
        #expect(loader().load(siteFile: root + "/site/gone.yaml", &none) == nil)
        #expect(none.all.map(\.position.file) == [root + "/site/gone.yaml"])
        #expect(none.all.first?.problem.hasPrefix("the file cannot be read") == true)
        var empty = Diagnostics()
        let nowhere = ConfigurationLoader(resources: Resources(root: root + "/nowhere"))
        #expect(nowhere.profiles(&empty).names.isEmpty && !empty.isEmpty)
    }

    @Test("files of conf.d join the site file, and a key that stands in both is told")
    func parts() throws {
        try write("site/site.yaml", site("a.probe"))
        try write("site/conf.d/rooms.yaml", "rooms: [{name: mv}]\n")
        var diagnostics = Diagnostics()
        let loaded = loader().load(siteFile: root + "/site/site.yaml", &diagnostics)
        #expect(loaded?.site.places.map(\.name) == ["mv"], "\(diagnostics.sorted)")
        try write("site/conf.d/again.yaml", "site: {name: other}\n")
        var twice = Diagnostics()
        #expect(loader().load(siteFile: root + "/site/site.yaml", &twice) == nil)
        #expect(twice.all.contains { $0.problem.contains("stands already") }, "\(twice.sorted)")
    }

    @Test(
        "who computes may leave systemd's credentials unread, and says which; the service may not")
    func credentials() throws {
        let text = site("a.probe").replacing("public", with: "\"${cred:snmp-community}\"")
        try write("site/site.yaml", text)
        var diagnostics = Diagnostics()
        let loaded = loader(credentials: false)
            .load(siteFile: root + "/site/site.yaml", &diagnostics)
        #expect(loaded?.unreadCredentials == ["${cred:snmp-community}"], "\(diagnostics.sorted)")
        var strict = Diagnostics()
        #expect(loader().load(siteFile: root + "/site/site.yaml", &strict) == nil)
        #expect(
            strict.all.contains { $0.problem.contains("systemd credential") }, "\(strict.sorted)")
    }

    @Test("a profile named by its path may lie anywhere and inherits from the library")
    func byPath() throws {
        try write(
            "elsewhere/x.yaml",
            "profile: x.child\nextends: a.probe\nsource: none\ntitle: X\n")
        var diagnostics = Diagnostics()
        let vocabulary = try #require(loader().vocabulary(&diagnostics))
        let profile = loader().profile(at: root + "/elsewhere/x.yaml", vocabulary, &diagnostics)
        #expect(diagnostics.isEmpty, "\(diagnostics.sorted)")
        #expect(profile?.title == "X" && profile?.ancestors == ["a.probe"])
        #expect(try scalars(profile) == ["1.3.6.1.4.1.9.1.0"])
        #expect(loader().catalog.names.contains("x.child") == false)
    }
}
