import Model
import Testing

@testable import Interchange

@Suite("what an engine answers")
struct RemoteAnswerTests {
    private static let labels = #""site":"s","device":"ups-1","point":"#

    private func answer(_ rows: [String]) -> [UInt8] {
        Array(
            (#"{"status":"success","data":{"resultType":"vector","result":["#
                + rows.joined(separator: ",") + "]}}").utf8)
    }

    private func row(_ name: String?, _ point: String, _ value: String, _ more: String = "")
        -> String
    {
        let metric = name.map { #""__name__":"\#($0)","# } ?? ""
        let labels = #"\#(metric)\#(Self.labels)"\#(point)"\#(more)"#
        return #"{"metric":{\#(labels)},"value":[1700000100,"\#(value)"]}"#
    }

    @Test("a newest value has the time of its sample, and not that of the question")
    func timesOfSamples() throws {
        let found = try RemoteAnswer.latest(
            values: answer([
                row(PointMetric(kind: .gauge, unit: .watt).name, "output.power", "1234.5"),
                row(
                    PointMetric(kind: .state, unit: .none).name, "output.state", "1",
                    #","code":"2","state":"on""#),
                row(PointMetric(kind: .gauge, unit: .volt).name, "input.voltage", "230"),
            ]),
            times: answer([
                row(nil, "output.power", "1700000095.25"),
                row(nil, "output.state", "1700000090", #","code":"2","state":"on""#),
            ]))
        #expect(found.map { "\($0.name)" } == ["ups-1/output.power", "ups-1/output.state"])
        #expect(found.map { $0.samples.map(\.time) } == [[1_700_000_095_250], [1_700_000_090_000]])
        #expect(found[0].definition.decimal(found[0].samples[0].mantissa).description == "1234.5")
        #expect(found[1].definition.stateName(found[1].samples[0].mantissa) == "on")
    }

    @Test(
        "an answer that is none is refused",
        arguments: [
            "", "[]", "{}", #"{"status":"error","error":"no"}"#, #"{"status":"success"}"#,
            #"{"status":"success","data":{"result":7}}"#,
        ])
    func refused(_ body: String) {
        let good = answer([])
        #expect(throws: RemoteAnswerProblem.self) {
            try RemoteAnswer.latest(values: good, times: Array(body.utf8))
        }
        #expect(throws: RemoteAnswerProblem.self) {
            try RemoteAnswer.latest(values: Array(body.utf8), times: good)
        }
    }
}
