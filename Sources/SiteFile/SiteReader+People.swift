import ConfigTree
import Model

/// Under which tariff, and who claims: tariff, subsidiaries.
extension SiteReader {
    func isWebAddress(_ text: String) -> Bool {
        guard text.hasPrefix("https://") || text.hasPrefix("http://"),
            let host = text.split(separator: "/").dropFirst().first, !host.isEmpty
        else { return false }
        return text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    mutating func readTariff(_ node: ConfigNode) {
        var table = TableReader(node, what: "`tariff`", &diagnostics)
        let tableNode = table.required("table", &diagnostics)
        let voltageNode = table.required("voltage", &diagnostics)
        let tableName = tableNode?.text(&diagnostics)
        let voltage = voltageNode?.text(&diagnostics)
        let contract = table.optional("contractPrice").map { $0.price(in: 0...10, &diagnostics) }
        let additions = additions(table.optional("additions"))
        let capacity = table.required("transformerCapacity", &diagnostics)?
            .whole(.voltAmpere, example: "20000 kVA", in: 1000...10_000_000_000, &diagnostics)
        let demand = table.optional("contractDemand")?
            .whole(.watt, example: "8000 kW", in: 1000...10_000_000_000, &diagnostics)
        table.finish(&diagnostics)
        guard let tableName, let tableNode else { return }
        guard let voltages = tariffs[tableName] else {
            reportUnknown(
                "tariff table", tableName, at: tableNode.position, among: tariffs.keys.sorted(),
                otherwise: "use one of \(tariffs.keys.sorted().joined(separator: ", "))")
            return
        }
        guard let voltage, let voltageNode else { return }
        guard voltages.contains(voltage) else {
            reportUnknown(
                "voltage of tariff table `\(tableName)`", voltage, at: voltageNode.position,
                among: voltages, otherwise: "use one of \(voltages.joined(separator: ", "))")
            return
        }
        if case .some(.none) = contract { return }
        guard let capacity else { return }
        site.tariff = TariffChoice(
            table: tableName, voltage: voltage, contractEnergyPrice: contract.flatMap { $0 },
            additions: additions, transformerCapacityKVA: capacity / 1000,
            contractDemandKW: demand.map { $0 / 1000 })
    }

    private mutating func additions(_ node: ConfigNode?) -> [(name: String, price: Int64)] {
        guard let node, let entries = node.entries(&diagnostics) else { return [] }
        // The published list has about ten lines.
        guard entries.count <= 50 else {
            diagnostics.add(node.position, "more than 50 additions", cure: "add them up")
            return []
        }
        return entries.compactMap { entry in
            // Some additions give money back.
            entry.value.price(in: -1...1, &diagnostics).map { (entry.key, $0) }
        }
    }

    mutating func readSubsidiary(_ node: ConfigNode) {
        var table = TableReader(node, what: title(.subsidiary, node), &diagnostics)
        let name = claimName(table.required("name", &diagnostics), .subsidiary)
        let legalName = table.required("legalName", &diagnostics)?
            .text(maximum: 200, &diagnostics)
        let creditCode = creditCode(table.optional("creditCode"))
        let account = table.optional("account")?.text(maximum: 64, &diagnostics)
        let placeNodes = oneOrMany(table.optional("places"))
        let meterNodes = oneOrMany(table.optional("meters"))
        table.finish(&diagnostics)
        let owner = name ?? legalName ?? "?"
        let places = placeNodes.compactMap { claimRacks($0, owner: owner) }
        let meters = meterNodes.compactMap { claimMeter($0, owner: owner) }
        if placeNodes.isEmpty, meterNodes.isEmpty {
            diagnostics.add(
                node.position, "subsidiary `\(owner)` has neither places nor meters",
                cure: "add `places: [h1-r01]` or `meters: [NAME]`, what it claims for")
        }
        guard let name, let legalName else { return }
        site.subsidiaries.append(
            Subsidiary(
                name: name, legalName: legalName, creditCode: creditCode, accountNumber: account,
                places: places, meters: meters))
    }

    /// A place of a subsidiary: it has racks, and no other subsidiary has them.
    private mutating func claimRacks(_ node: ConfigNode, owner: String) -> String? {
        guard let name = place(node) else { return nil }
        let racks = tree.racks.filter { isInside($0.name, name) }
        guard !racks.isEmpty else {
            if placesIncomplete { return name }
            diagnostics.add(
                node.position, "no rack stands in `\(name)`",
                cure: "name a hall, row or rack of this subsidiary")
            return nil
        }
        for rack in racks {
            if let other = rackOwners[rack.name] {
                diagnostics.add(
                    node.position, "rack `\(rack.name)` is claimed by `\(other)` and `\(owner)`",
                    cure: "leave it with one of them: nothing is claimed twice")
                return nil
            }
        }
        for rack in racks { rackOwners[rack.name] = owner }
        return name
    }

    private mutating func claimMeter(_ node: ConfigNode, owner: String) -> String? {
        guard let name = node.text(&diagnostics) else { return nil }
        let known = names[.meter] ?? [:]
        guard known[name] != nil else {
            reportUnknown(.meter, name, at: node.position, otherwise: "add it to `meters`")
            return nil
        }
        if let other = meterOwners[name] {
            diagnostics.add(
                node.position, "meter `\(name)` is claimed by `\(other)` and `\(owner)`",
                cure: "leave it with one of them: nothing is claimed twice")
            return nil
        }
        meterOwners[name] = owner
        return name
    }

    /// 18 characters, the last of which checks the others (GB 32100-2015, annex A).
    private mutating func creditCode(_ node: ConfigNode?) -> String? {
        guard let node, let text = node.text(maximum: 64, &diagnostics) else { return nil }
        let alphabet = Array("0123456789ABCDEFGHJKLMNPQRTUWXY".utf8)
        let values = text.utf8.compactMap { alphabet.firstIndex(of: $0) }
        guard text.utf8.count == 18, values.count == 18 else {
            diagnostics.add(
                node.position, "`\(text.prefix(40))` is no 统一社会信用代码",
                cure: "copy its 18 digits and capital letters from the business licence")
            return nil
        }
        var weight = 1
        var sum = 0
        for value in values.dropLast() {
            sum += value * weight
            weight = weight * 3 % 31
        }
        guard values[17] == (31 - sum % 31) % 31 else {
            diagnostics.add(
                node.position, "the last character of `\(text)` does not fit the others",
                cure: "compare it with the business licence: one character is wrong")
            return nil
        }
        return text
    }
}
