import ConfigTree
import Model

/// `registers: {table: holding, address: 40000, words: [0x5375, 0x6E53]}`, with `masks: [0xFF00]`
/// for words of which some bits count, or `text: PM5` for text, two characters a register.
enum SignatureReader {
    static func read(_ node: ConfigNode, _ d: inout Diagnostics) -> RegisterSignature? {
        var table = TableReader(node, what: "registers", &d)
        let kind = table.required("table", &d)?.choice(ModbusSection.tableNames, &d)
        let address = table.required("address", &d)?.integer(in: 0...65_535, &d)
        let words = table.optional("words").map { numbers($0, &d) }
        let masksNode = table.optional("masks")
        let text = table.optional("text")
        table.finish(&d)
        guard (words == nil) != (text == nil) else {
            d.add(
                node.position, "a signature is either `words` or `text`",
                cure: "write for example `words: [0x5375, 0x6E53]` or `text: SunS`")
            return nil
        }
        guard let kind, let address else { return nil }
        var signature = RegisterSignature(
            table: kind, address: UInt16(address), words: words ?? [], masks: [])
        signature.masks = signature.words.map { _ in 0xFFFF }
        if let text { read(text, &signature, &d) }
        if let masksNode { read(masks: masksNode, &signature, &d) }
        guard signature.bits > 0 else {
            d.add(
                node.position, "there is nothing to compare with",
                cure: "give `words` with bits that `masks` lets through, or `text`")
            return nil
        }
        guard Int(address) + signature.words.count <= 65_536, signature.words.count <= 125 else {
            d.add(node.position, "beyond the last register, or over 125", cure: "mend the address")
            return nil
        }
        return signature
    }

    private static func numbers(_ node: ConfigNode, _ d: inout Diagnostics) -> [UInt16] {
        (node.list(&d) ?? []).compactMap { $0.integer(in: 0...65_535, &d).map { UInt16($0) } }
    }

    /// The text stands at the beginning; of an odd one the last register's second half is free.
    private static func read(
        _ node: ConfigNode, _ signature: inout RegisterSignature, _ d: inout Diagnostics
    ) {
        guard let text = node.text(maximum: 64, &d), !text.isEmpty else { return }
        let bytes = Array(text.utf8)
        for place in stride(from: 0, to: bytes.count, by: 2) {
            let isWhole = place + 1 < bytes.count
            signature.words.append(
                UInt16(bytes[place]) << 8 | (isWhole ? UInt16(bytes[place + 1]) : 0))
            signature.masks.append(isWhole ? 0xFFFF : 0xFF00)
        }
    }

    private static func read(
        masks node: ConfigNode, _ signature: inout RegisterSignature, _ d: inout Diagnostics
    ) {
        let masks = numbers(node, &d)
        guard masks.count == signature.words.count else {
            d.add(
                node.position,
                "`masks` has \(masks.count) numbers, `words` \(signature.words.count)",
                cure: "give one mask for each word; 0xFFFF compares all of it")
            return
        }
        for (place, mask) in masks.enumerated() {
            if signature.words[place] & ~mask != 0 {
                d.add(
                    node.position,
                    "word \(place + 1) has bits that its mask leaves out: it never fits",
                    cure: "clear those bits, or set them in the mask")
            }
            signature.masks[place] = mask
        }
    }
}
