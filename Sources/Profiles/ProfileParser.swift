package import ConfigTree
import Model

/// Reads a profile file (docs/PROFILES.md) and compiles it. Every mistake is reported with its
/// place and a cure; a profile with any mistake is not returned.
package enum ProfileParser {
    /// More lines than this for one point list is a mistake, not a device.
    static let maximumSpecs = 1_000

    /// - Parameter family: the files of profiles that this one may extend.
    package static func parse(
        _ node: ConfigNode, vocabulary: Vocabulary, family: ProfileFamily = ProfileFamily([]),
        _ diagnostics: inout Diagnostics
    ) -> Profile? {
        var own = Diagnostics()
        var profile: Profile?
        if let (whole, ancestors) = family.whole(node, &own) {
            profile = compile(whole, vocabulary: vocabulary, &own)
            profile?.ancestors = ancestors
            profile?.hints = own.warnings
        }
        diagnostics.append(contentsOf: own.all)
        return own.isEmpty ? profile : nil
    }

    private static func compile(
        _ node: ConfigNode, vocabulary: Vocabulary, _ d: inout Diagnostics
    ) -> Profile? {
        var table = TableReader(node, what: "a profile", &d)
        let name = table.required("profile", &d)?.identifier(&d) ?? ""
        let version = table.optional("version")?.integer(in: 1...9_999, &d) ?? 1
        _ = table.optional("extends")
        let vendor = table.required("vendor", &d)?.text(&d) ?? ""
        let title = table.required("title", &d)?.text(&d) ?? ""
        let classesNode = table.required("classes", &d)
        let classNames = texts(classesNode, &d)
        let sources = texts(table.required("source", &d), &d)
        let identify = table.optional("identify")?.list(&d) ?? []
        let snmp = table.optional("snmp")
        let modbus = table.optional("modbus")
        let derived = table.optional("derived")?.list(&d) ?? []
        let alarms = table.optional("alarms")?.list(&d) ?? []
        table.finish(&d)

        var compiled: CompiledPoints
        switch (snmp, modbus) {
        case (let node?, nil): compiled = SNMPSection.parse(node, vocabulary: vocabulary, &d)
        case (nil, let node?): compiled = ModbusSection.parse(node, vocabulary: vocabulary, &d)
        default:
            d.add(
                node.position, "a profile speaks one protocol",
                cure: "write either `snmp:` or `modbus:`")
            return nil
        }
        compiled.derived = DerivedSection.parse(
            derived, specs: compiled.allSpecs, vocabulary: vocabulary, &d)
        compiled.checkNames(&d)
        let rules = identify.compactMap { identificationRule($0, &d) }
        var profile = Profile(
            name: name, version: Int(version), ancestors: [], vendor: vendor, title: title,
            classes: classNames, sources: sources,
            identification: rules, requestPlan: compiled.plan,
            groupPlans: compiled.groupPlans, points: compiled.points,
            tables: compiled.tables, derived: compiled.derived, sunspecBases: compiled.sunspecBases)
        profile.alarmRules = ruleTemplates(alarms, profile: name, &d)
        profile.requiredPoints = vocabulary.classes.filter { classNames.contains($0.name) }
            .flatMap { known in known.required.map { (known.name, $0) } }
        checkClasses(profile, node: classesNode ?? node, vocabulary: vocabulary, &d)
        return profile
    }

    /// Rules are read with the site that takes them; here they get their profile and a name by
    /// which to take them.
    private static func ruleTemplates(
        _ nodes: [ConfigNode], profile: String, _ d: inout Diagnostics
    ) -> [ConfigNode] {
        nodes.compactMap { node in
            guard let entries = node.entries(&d) else { return nil }
            for key in ["profile", "class", "place", "template", "overrides"] {
                guard let entry = entries.first(where: { $0.key == key }) else { continue }
                d.add(
                    entry.keyPosition, "an alarm rule of a profile has no `\(key)`",
                    cure: "remove it: the rule is for devices of the profile")
            }
            guard let rule = entries.first(where: { $0.key == "name" }) else {
                d.add(node.position, "an alarm rule has no `name`", cure: "add `name: …`")
                return nil
            }
            guard rule.value.identifier(&d) != nil else { return nil }
            let own = ConfigNode(
                position: rule.keyPosition, content: .scalar(profile, quoted: true))
            return ConfigNode(
                position: node.position,
                content: .mapping(
                    entries + [
                        ConfigNode.Entry(
                            key: "profile", keyPosition: rule.keyPosition, value: own)
                    ]))
        }
    }

    /// A list of texts, or one text.
    static func texts(_ node: ConfigNode?, _ d: inout Diagnostics) -> [String] {
        guard let node else { return [] }
        if case .scalar = node.content { return node.text(&d).map { [$0] } ?? [] }
        return (node.list(&d) ?? []).compactMap { $0.text(&d) }
    }

    static func objectID(_ node: ConfigNode, _ d: inout Diagnostics) -> ObjectID? {
        guard let text = node.text(&d) else { return nil }
        guard let oid = ObjectID(text), oid.arcs.count > 1 else {
            d.add(
                node.position, "`\(text)` is no object identifier",
                cure: "write numbers with dots, as 1.3.6.1.2.1.1.1.0")
            return nil
        }
        return oid
    }

    private static func identificationRule(
        _ node: ConfigNode, _ d: inout Diagnostics
    ) -> IdentificationRule? {
        var table = TableReader(node, what: "an identify rule", &d)
        let objects = table.optional("sysObjectID")?.list(&d) ?? []
        let descriptions = texts(table.optional("sysDescr"), &d)
        let others = texts(table.optional("without"), &d)
        let probes = table.optional("probe")?.list(&d) ?? []
        let registersNode = table.optional("registers")
        let registers = registersNode.flatMap { SignatureReader.read($0, &d) }
        table.finish(&d)
        let rule = IdentificationRule(
            objectIDs: objects.compactMap { objectID($0, &d) }, descriptions: descriptions,
            otherDescriptions: others, probes: probes.compactMap { probe($0, &d) },
            registers: registers, position: node.position)
        // A rule that was meant to say more has been told of its mistake already.
        if objects.isEmpty, descriptions.isEmpty, probes.isEmpty, registersNode == nil {
            d.add(
                node.position, "this rule would claim any device",
                cure: "give `sysObjectID`, `sysDescr`, `probe` or `registers`")
            return nil
        }
        return rule
    }

    /// An object identifier, or `{oid: …, is: […]}` or `{oid: …, contains: […]}`.
    private static func probe(_ node: ConfigNode, _ d: inout Diagnostics) -> IdentificationProbe? {
        guard case .mapping = node.content else {
            return objectID(node, &d).map {
                IdentificationProbe(object: $0, values: [], parts: [])
            }
        }
        var table = TableReader(node, what: "a probe", &d)
        let object = table.required("oid", &d).flatMap { objectID($0, &d) }
        let values = texts(table.optional("is"), &d)
        let parts = texts(table.optional("contains"), &d)
        table.finish(&d)
        return object.map { IdentificationProbe(object: $0, values: values, parts: parts) }
    }

    private static func checkClasses(
        _ profile: Profile, node: ConfigNode, vocabulary: Vocabulary, _ d: inout Diagnostics
    ) {
        /// Where the class is written: an item of the list, or the node itself.
        func position(of name: String) -> SourcePosition {
            guard case .sequence(let items) = node.content else { return node.position }
            let item = items.first {
                if case .scalar(name, _) = $0.content { return true }
                return false
            }
            return item?.position ?? node.position
        }
        for name in profile.classes {
            guard let known = vocabulary.classes.first(where: { $0.name == name }) else {
                let names = vocabulary.classes.map(\.name)
                let cure =
                    closest(to: name, in: names).map { "did you mean `\($0)`?" }
                    ?? "use one of \(names.joined(separator: ", "))"
                d.add(position(of: name), "`\(name)` is no class of devices", cure: cure)
                continue
            }
            for point in known.required where profile.provides(point) == nil {
                d.add(
                    position(of: name), "class `\(name)` needs the point `\(point)`",
                    cure: "add the point, or take the class away")
            }
        }
    }
}

/// What the sections bring together.
struct CompiledPoints {
    var plan: RequestPlan
    /// Empty where all points are of one group.
    var groupPlans: [PollGroup: RequestPlan] = [:]
    var points: [PointSpec] = []
    var tables: [TableSpec] = []
    var derived: [DerivedSpec] = []
    var sunspecBases: [UInt16] = []
    /// Where each spec stands in the file, in the order of `allSpecs`.
    var positions: [SourcePosition] = []

    var allSpecs: [PointSpec] { points + tables.flatMap(\.points) }

    /// A plain name twice means that one of them can never be seen. Rows of tables may share a
    /// name: conditions tell them apart.
    func checkNames(_ d: inout Diagnostics) {
        var seen: Set<String> = []
        for (spec, position) in zip(points, positions) {
            let name = spec.template.description
            if !seen.insert(name).inserted {
                d.add(
                    position, "`\(name)` stands here twice",
                    cure: "keep one, or list both sources below `first:`")
            }
        }
        if allSpecs.isEmpty, let position = positions.first {
            d.add(position, "the profile has no points", cure: "add points")
        }
    }
}
