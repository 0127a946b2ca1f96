import Digest
import Energy
import TestSupport
import Testing

@Suite("canonical form and hash of a report")
struct SealVectorTests {
    private func hash(_ text: String) -> String {
        SHA256.of(Array(text.utf8)).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    /// A document as the product makes it, from the fields of the file.
    private func document(_ revision: JSONValue) throws -> SealDocument {
        func text(_ key: String) throws -> String { try #require(revision[key].string) }
        let number = try #require(revision["revision"].int)
        let category = try #require(Int(try text("pue_category")))
        var document = SealDocument(
            site: try text("site"), month: try text("month"), revision: Int(number),
            previousHash: try text("prev_hash"), preparedBy: try text("prepared_by"),
            approvedBy: try text("approved_by"), reason: revision["reason"].string)
        document.schema = try text("schema")
        document.billedKilowattHours = try text("bill_kwh")
        document.itKilowattHours = try text("it_kwh")
        document.category = PUECategory(rawValue: category)
        document.pue = try text("ipue")
        document.measuredPercent = try text("completeness_pct")
        document.meters = try revision["meters"].array.map { row in
            SealDocument.Meter(
                serial: row["serial"].string, multiplier: try #require(row["k"].string),
                opening: row["open"].string, closing: row["close"].string,
                kilowattHours: try #require(row["kwh"].string))
        }
        return document
    }

    @Test("both revisions of the file, their canonical text and their hashes")
    func file() throws {
        guard let file = try VectorFile.document("13_report.json") else { return }
        let first = try document(file["rev0"])
        #expect(first.canonical == file["rev0_canonical"].string)
        #expect(hash(first.canonical) == file["rev0_sha256"].string)
        let second = try document(file["rev1"])
        #expect(hash(second.canonical) == file["rev1_sha256"].string)
        #expect(second.previousHash == hash(first.canonical))
    }

    @Test("the revisions of a month of our own, each with the hash of the one before")
    func own() {
        var document = SealDocument(
            site: "LL-DC1", month: "2026-11", revision: 0, previousHash: "", preparedBy: "张三",
            approvedBy: "李四")
        document.billedKilowattHours = "6543240"
        document.itKilowattHours = "4940000"
        document.category = .basic
        document.pue = "1.2103"
        document.measuredPercent = "99.34"
        document.meters = [
            SealDocument.Meter(
                serial: "1401220012345", multiplier: "44000", opening: "12345.67",
                closing: "12494.38", kilowattHours: "6543240")
        ]
        document.schema = "dcim.energy.month/1"
        #expect(
            hash(document.canonical)
                == "e422c74b17fa6e1ea3916b3a96c9ade3132110a12c5c005330d3143c375d1098")
        document.previousHash = hash(document.canonical)
        document.revision = 1
        document.itKilowattHours = "4941200"
        document.reason = "M-IT-07 倍率更正 60→80, 2026-12-09"
        #expect(
            hash(document.canonical)
                == "84597bc818d56bd66472b6f5a6d76e2f71c1f5b80656d37bd5cd04b8502316bd")
    }

    @Test("keys are sorted by code point, and texts are escaped where JSON needs it")
    func form() {
        let value = CanonicalValue.table([
            "b": .count(-1), "a": .list([.text("\"\\\n\u{1}é🙂"), .list([])]), "\u{FF5E}": .text(""),
            "🙂": .table([:]), "B": .text("/"),
        ])
        #expect(
            value.canonical
                == #"{"B":"/","a":["\"\\\n\u0001é🙂",[]],"b":-1,"～":"","🙂":{}}"#)
    }
}
