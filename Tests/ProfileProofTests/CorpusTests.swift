import Model
import ProfileProof
import Profiles
import Testing

/// A corpus made up here: one UPS, its values right, wrong, suspect and missing.
struct CorpusTests {
    private static let recording = """
        1.3.6.1.2.1.1.1.0|4|A standard UPS
        1.3.6.1.2.1.33.1.1.2.0|4|Some UPS
        1.3.6.1.2.1.33.1.2.1.0|2|2
        1.3.6.1.2.1.33.1.2.3.0|2|47
        1.3.6.1.2.1.33.1.2.4.0|2|98
        1.3.6.1.2.1.33.1.2.5.0|2|548
        1.3.6.1.2.1.33.1.4.1.0|2|3
        this is no line
        """
    private static let expected = """
        device_file,sensor_class,sensor_oid,descr,value,unit,divisor,multiplier,raw,raw_tag,suspect
        ups.snmprec,runtime,1.3.6.1.2.1.33.1.2.3.0,Time,47,min,1,1,47,2,
        ups.snmprec,charge,1.3.6.1.2.1.33.1.2.4.0,Charge,97,%,1,1,98,2,
        ups.snmprec,voltage,1.3.6.1.2.1.33.1.2.5.0,"Battery, all",54.8,V,10,1,548,2,
        ups.snmprec,voltage,1.3.6.1.2.1.33.1.2.5.0,Battery,54.8,V,10,1,548,2,volt_range
        ups.snmprec,current,1.3.6.1.2.1.33.1.2.99.0,Battery,3.2,A,10,1,32,2,
        ups.snmprec,frob,1.3.6.1.2.1.33.1.9.9.0,Frobs,3,,1,1,3,2,
        gone.snmprec,current,1.3.6.1.2.1.33.1.2.6.0,Battery,3.2,A,10,1,32,2,
        """

    private func corpus(_ files: [String: String]) -> Corpus {
        Corpus(
            "/c",
            FolderReader(
                read: { files[$0].map { Array($0.utf8) } },
                list: { path in files.keys.filter { $0.hasPrefix(path + "/") }.sorted() }))
    }

    @Test("each value is reproduced, different, unclaimed or suspect, and what is missing is said")
    func fates() throws {
        let library = try Library().profiles
        let proof = CorpusProof(
            corpus([
                "/c/snmp/expected_all.csv": Self.expected,
                "/c/snmp/snmprec/ups.snmprec": Self.recording,
            ]), library)
        let summary = CorpusSummary(proof)
        #expect(proof.devices.map(\.profile) == [nil, "rfc1628.ups"])
        #expect(summary.kinds["runtime"]?.reproduced == 1)
        #expect(summary.kinds["voltage"]?.reproduced == 1)
        #expect(summary.kinds["voltage"]?.suspectReproduced == 1)
        #expect(summary.kinds["charge"]?.differing == 1)
        #expect(summary.kinds["current"]?.unclaimed == 2)
        #expect(summary.total.expected == 5)
        #expect(summary.others["frob"]?.unclaimed == 1)
        for said in ["index.csv", "ident_negative.csv", "not `OID|type|value`", "gone.snmprec"] {
            #expect(proof.problems.contains { $0.contains(said) }, "\(said)")
        }
        #expect(proof.unexplained(CoverageNotes()).count == 1)
        let page = "| ups | 1.3.6.1.2.1.33.1.2.{3,4}.0 | 97 | 98 | the peer is wrong |"
        #expect(proof.unexplained(CoverageNotes([page])).isEmpty)
    }

    @Test("a folder that is no corpus gives problems and no crash")
    func empty() throws {
        let proof = CorpusProof(corpus([:]), try Library().profiles)
        #expect(proof.devices.isEmpty)
        #expect(!proof.problems.isEmpty)
        #expect(CorpusSummary(proof).total.expected == 0)
    }
}
