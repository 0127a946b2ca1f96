package import Model

/// What a recording must not tell about the site it was made at: names, places, addresses, serial
/// numbers, communities. Masked text keeps its length and form, so that it decodes as before:
/// letters become `X`, digits `0`.
package struct RecordingMask: Sendable {
    /// Subtrees that are left out: addresses stand in their indexes, or secrets in their values.
    /// IP, TCP, UDP (RFC 4293, 4022, 4113), running software (RFC 2790), snmpModules (RFC 3411),
    /// PowerNet's trap receivers and access lists.
    package static let omitted: [ObjectID] = [
        [1, 3, 6, 1, 2, 1, 3], [1, 3, 6, 1, 2, 1, 4], [1, 3, 6, 1, 2, 1, 5], [1, 3, 6, 1, 2, 1, 6],
        [1, 3, 6, 1, 2, 1, 7], [1, 3, 6, 1, 2, 1, 25, 4], [1, 3, 6, 1, 2, 1, 25, 6],
        [1, 3, 6, 1, 6, 3], [1, 3, 6, 1, 4, 1, 318, 2, 1],
    ].map { ObjectID($0) }

    /// sysContact, sysName, sysLocation (RFC 3418).
    private static let names: Set<ObjectID> = Set(
        [4, 5, 6].map { ObjectID([1, 3, 6, 1, 2, 1, 1, $0, 0]) })
    private static let sysDescr = ObjectID([1, 3, 6, 1, 2, 1, 1, 1, 0])
    /// ifPhysAddress (RFC 2863).
    private static let physicalAddress = ObjectID([1, 3, 6, 1, 2, 1, 2, 2, 1, 6])
    /// entPhysicalSerialNum (RFC 6933); upsAdvIdentSerialNumber, rPDU2IdentSerialNumber (PowerNet).
    private static let serials: [ObjectID] = [
        [1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 11], [1, 3, 6, 1, 4, 1, 318, 1, 1, 1, 1, 2, 3],
        [1, 3, 6, 1, 4, 1, 318, 1, 1, 26, 2, 1, 9],
    ].map { ObjectID($0) }

    private let secrets: [[UInt8]]
    private let masksTexts: Bool

    /// - Parameters:
    ///   - secrets: texts that must not appear anywhere, such as the community.
    ///   - masksTexts: also what people called outlets and sensors.
    package init(secrets: [String] = [], masksTexts: Bool = false) {
        self.secrets = secrets.filter { !$0.isEmpty && $0 != "public" }.map { Array($0.utf8) }
        self.masksTexts = masksTexts
    }

    /// The object as it may be written; nil where it is left out.
    package func masked(_ bind: VarBind) -> VarBind? {
        if Self.omitted.contains(where: { $0.isPrefix(of: bind.oid) }) { return nil }
        var bind = bind
        switch bind.value {
        case .ipAddress: bind.value = .ipAddress([0, 0, 0, 0])
        case .octets(let bytes): bind.value = .octets(octets(bytes, of: bind.oid))
        default: break
        }
        return bind
    }

    private func octets(_ bytes: [UInt8], of oid: ObjectID) -> [UInt8] {
        if Self.physicalAddress.isPrefix(of: oid) {
            return [UInt8](repeating: 0, count: bytes.count)
        }
        let isSerial = Self.serials.contains { $0.isPrefix(of: oid) }
        if Self.names.contains(oid) || isSerial { return bytes.map(Self.blotted) }
        return text(bytes, keepsPlain: !masksTexts || oid == Self.sysDescr)
    }

    /// Words of a text that look like serial numbers, addresses or secrets.
    package func text(_ bytes: [UInt8], keepsPlain: Bool = true) -> [UInt8] {
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7F || (9...13).contains($0) || $0 == 0 })
        else { return bytes }
        var result = bytes
        for secret in secrets { Self.blot(secret, in: &result) }
        if !keepsPlain, !Self.isMeasure(bytes) { return result.map(Self.blotted) }
        var follows = false
        var start = 0
        while start < result.count {
            guard Self.isWordByte(result[start]) else {
                // `SN: 123`, `Serial No. 123`, `S/N=123`: the next word counts still.
                start += 1
                continue
            }
            var end = start
            while end < result.count, Self.isWordByte(result[end]) { end += 1 }
            while end > start + 1, result[end - 1] == UInt8(ascii: ".") { end -= 1 }
            let word = result[start..<end]
            if Self.announcesSerial(word) {
                follows = true
            } else {
                if follows ? word.count > 2 : Self.isPrivate(word) {
                    for index in start..<end { result[index] = Self.blotted(result[index]) }
                    follows = false
                } else if word.count > 2 {
                    follows = false
                }
            }
            start = end
        }
        return result
    }

    private static func blotted(_ byte: UInt8) -> UInt8 {
        switch byte {
        case 0x30...0x39: UInt8(ascii: "0")
        case 0x41...0x5A, 0x61...0x7A: UInt8(ascii: "X")
        case 0x80...: UInt8(ascii: "X")
        default: byte
        }
    }

    private static func blot(_ secret: [UInt8], in bytes: inout [UInt8]) {
        guard secret.count >= 3, bytes.count >= secret.count else { return }
        for start in 0...(bytes.count - secret.count)
        where bytes[start..<(start + secret.count)].elementsEqual(secret) {
            for index in start..<(start + secret.count) { bytes[index] = UInt8(ascii: "X") }
        }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: ".:-_@/".utf8.contains(byte)
        }
    }

    private static func announcesSerial(_ word: ArraySlice<UInt8>) -> Bool {
        let text = String(decoding: word, as: UTF8.self).lowercased()
        return ["sn", "sn:", "s/n", "s/n:", "serial", "serial:", "serialno", "serialno.:"]
            .contains(text)
    }

    /// A serial number, an IPv4 or MAC address, or a mail address. Model names have at most five
    /// digits, dates eight.
    private static func isPrivate(_ word: ArraySlice<UInt8>) -> Bool {
        if word.contains(UInt8(ascii: "@")) { return true }
        let text = String(decoding: word, as: UTF8.self)
        let quads = text.split(separator: ".", omittingEmptySubsequences: false)
        if quads.count == 4, quads.allSatisfy({ UInt8($0) != nil }), word.count >= 9 { return true }
        let pairs = text.split(separator: text.contains(":") ? ":" : "-")
        if pairs.count == 6, pairs.allSatisfy({ $0.count == 2 && UInt8($0, radix: 16) != nil }) {
            return true
        }
        guard !word.contains(UInt8(ascii: ".")), !word.contains(UInt8(ascii: "/")) else {
            return false
        }
        return text.split(whereSeparator: { ":-_".contains($0) }).contains { part in
            let digits = part.count { $0.isNumber }
            let letters = part.count - digits
            return letters > 0 ? part.count >= 8 && digits >= 6 : digits >= 9
        }
    }

    /// A number with or without a unit: nothing that people name.
    private static func isMeasure(_ bytes: [UInt8]) -> Bool {
        let letters = bytes.count { (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) }
        return letters <= 3 && bytes.contains { (0x30...0x39).contains($0) }
    }
}

extension RecordingMask {
    /// Registers that hold text: SunSpec's serial number (model 1, SN), and runs of ASCII.
    package func masked(_ image: [UInt16: UInt16]) -> [UInt16: UInt16] {
        var image = image
        for base in [0, 40_000, 50_000] as [UInt16]
        where image[base] == 0x5375 && image[base + 1] == 0x6E53 && image[base + 2] == 1 {
            let serial = (base + 52)..<(base + 68)
            var bytes = serial.flatMap { address -> [UInt8] in
                let word = image[address] ?? 0
                return [UInt8(word >> 8), UInt8(word & 0xFF)]
            }
            bytes = bytes.map(Self.blotted)
            Self.store(bytes, from: serial.lowerBound, in: &image)
        }
        for run in Self.textRuns(image) {
            let bytes = run.flatMap { address -> [UInt8] in
                let word = image[address] ?? 0
                return [UInt8(word >> 8), UInt8(word & 0xFF)]
            }
            Self.store(text(bytes), from: run.lowerBound, in: &image)
        }
        return image
    }

    private static func store(_ bytes: [UInt8], from: UInt16, in image: inout [UInt16: UInt16]) {
        for (index, pair) in stride(from: 0, to: bytes.count - 1, by: 2).enumerated() {
            let address = from + UInt16(index)
            guard image[address] != nil else { continue }
            image[address] = UInt16(bytes[pair]) << 8 | UInt16(bytes[pair + 1])
        }
    }

    /// Runs of four registers or more whose bytes are printable, as no numbers are by chance.
    private static func textRuns(_ image: [UInt16: UInt16]) -> [ClosedRange<UInt16>] {
        func isText(_ word: UInt16) -> Bool {
            [UInt8(word >> 8), UInt8(word & 0xFF)].allSatisfy { (0x20..<0x7F).contains($0) }
        }
        var runs: [ClosedRange<UInt16>] = []
        for address in image.keys.sorted() {
            guard let word = image[address], isText(word) else { continue }
            if let last = runs.last, Int(last.upperBound) + 1 == Int(address) {
                runs[runs.count - 1] = last.lowerBound...address
            } else {
                runs.append(address...address)
            }
        }
        return runs.filter { $0.count >= 4 }
    }
}
