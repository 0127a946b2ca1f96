package import Model

/// A recorded SNMP agent: one `OID|type|value` a line, as snmpsim and LibreNMS keep them.
///
/// Types are the ASN.1 tags in decimal: 2 integer, 4 octets, 5 null, 6 OID, 64 address,
/// 65 Counter32, 66 Gauge32, 67 TimeTicks, 68 opaque, 70 Counter64; 40 to 46 are the last six in
/// hexadecimal. A letter after the tag says how the value is written: `x` hexadecimal, `e` with
/// backslash escapes.
package struct SNMPRecording: Sendable {
    /// In the order of object identifiers, each once.
    package private(set) var varBinds: [VarBind] = []
    /// Lines that stood out of order, and OIDs that came twice (the first one counts).
    package private(set) var outOfOrder = 0
    package private(set) var repeated = 0

    /// The largest recordings of chassis agents have some 16,000 objects.
    package static let objectLimit = 500_000

    /// - Throws: the first mistake.
    package init(_ bytes: [UInt8], file: String) throws(RecordingError) {
        var mistakes: [RecordingError] = []
        self.init(bytes, file: file, &mistakes)
        if let first = mistakes.first { throw first }
    }

    /// Reads what can be read and notes every line that cannot.
    package init(_ bytes: [UInt8], file: String, _ mistakes: inout [RecordingError]) {
        var objects: [VarBind] = []
        var number = 0
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for var line in lines {
            number += 1
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
            guard objects.count < Self.objectLimit else {
                mistakes.append(
                    RecordingError(
                        file: file, line: number, problem: "more than \(Self.objectLimit) objects",
                        cure: "split the recording"))
                break
            }
            do {
                let object = try Self.object(line, file: file, number: number)
                if let last = objects.last, object.oid < last.oid { outOfOrder += 1 }
                objects.append(object)
            } catch {
                mistakes.append(error)
            }
        }
        if objects.isEmpty, mistakes.isEmpty {
            mistakes.append(
                RecordingError(
                    file: file, line: nil, problem: "no objects",
                    cure: "a recording has lines like `1.3.6.1.2.1.1.1.0|4|text`"))
        }
        if outOfOrder > 0 { objects = Self.sorted(objects) }
        varBinds.reserveCapacity(objects.count)
        for object in objects {
            if varBinds.last?.oid == object.oid { repeated += 1 } else { varBinds.append(object) }
        }
    }

    /// Stable, so that the first of two equal OIDs stays first.
    private static func sorted(_ objects: [VarBind]) -> [VarBind] {
        objects.enumerated()
            .sorted { a, b in
                a.element.oid == b.element.oid
                    ? a.offset < b.offset : a.element.oid < b.element.oid
            }
            .map(\.element)
    }

    private static func object(
        _ line: ArraySlice<UInt8>, file: String, number: Int
    ) throws(RecordingError) -> VarBind {
        let parts = line.split(
            separator: UInt8(ascii: "|"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else {
            throw RecordingError(
                file: file, line: number, problem: "not `OID|type|value`",
                cure: "write three parts with | between them")
        }
        guard let oid = ObjectID(String(decoding: parts[0], as: UTF8.self)) else {
            throw RecordingError(
                file: file, line: number,
                problem: "`\(String(decoding: parts[0], as: UTF8.self))` is no OID",
                cure: "write numbers with dots between them")
        }
        let type = String(decoding: parts[1], as: UTF8.self)
        guard let value = SNMPRecordedValue.decode(type: type, parts[2]) else {
            throw RecordingError(
                file: file, line: number,
                problem: "value does not fit type `\(type)`",
                cure: "types are 2, 4, 5, 6, 64, 65, 66, 67, 70, also with x (hex) or e (escapes)")
        }
        return VarBind(oid: oid, value: value)
    }
}

extension SNMPRecording {
    private static let sysDescr = ObjectID([1, 3, 6, 1, 2, 1, 1, 1, 0])
    private static let sysObjectID = ObjectID([1, 3, 6, 1, 2, 1, 1, 2, 0])

    /// The first object at or after an identifier.
    private func lowerBound(_ oid: ObjectID) -> Int {
        var low = 0
        var high = varBinds.count
        while low < high {
            let middle = (low + high) / 2
            if varBinds[middle].oid < oid { low = middle + 1 } else { high = middle }
        }
        return low
    }

    package subscript(oid: ObjectID) -> SNMPValue? {
        let index = lowerBound(oid)
        return index < varBinds.count && varBinds[index].oid == oid ? varBinds[index].value : nil
    }

    package func first(below oid: ObjectID) -> ObjectID? {
        varBinds[lowerBound(oid)...].first { $0.oid != oid }
            .flatMap { oid.isPrefix(of: $0.oid) ? $0.oid : nil }
    }

    /// What RFC 3418 calls sysObjectID; nil where the recording was trimmed of it.
    package var systemObjectID: ObjectID? {
        if case .objectID(let oid) = self[Self.sysObjectID] { oid } else { nil }
    }

    package var systemDescription: String {
        guard case .octets(let bytes) = self[Self.sysDescr] else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What a poll with this plan would bring: GET of each scalar, a walk of each subtree.
    package func answers(to plan: SNMPRequestPlan) -> [VarBind] {
        var result: [VarBind] = []
        for oid in plan.scalars {
            let value = self[oid]
            result.append(VarBind(oid: oid, value: value ?? .noSuchInstance))
        }
        for root in plan.subtrees {
            var index = lowerBound(root)
            if index < varBinds.count, varBinds[index].oid == root { index += 1 }
            while index < varBinds.count, root.isPrefix(of: varBinds[index].oid) {
                result.append(varBinds[index])
                index += 1
            }
        }
        return result
    }
}
