import ArgumentParser
import FoundationEssentials
import Model
import Store

extension StoreCommand {
    struct Proof: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "The hash chain over days; of a point and a day all that proves its readings.",
            discussion: """
                Without a point: the link of every day. Publish or print the newest now and then: \
                nobody can change what it covers and keep it. docs/FORMAT.md, section 8, says how \
                a third party checks a proof.
                """)

        @Argument(help: "DEVICE/POINT.")
        var point: String?

        @Argument(help: "The local day, as 2026-10-31.")
        var day: TimeArgument?

        @OptionGroup var locations: Locations

        @Flag(help: "Print JSON: with a point, everything that a third party needs.")
        var json = false

        private struct Link: Encodable {
            var id: Int64
            var day: Int64
            var made: Int64
            var previous: String
            var root: String
            var link: String

            init(_ link: ProofSummary) {
                id = link.id
                day = link.day.milliseconds
                made = link.made.milliseconds
                previous = hex(link.previous)
                root = hex(link.root)
                self.link = hex(link.link)
            }
        }

        private struct Answer: Encodable {
            struct Step: Encodable {
                var side: String
                var hash: String

                init(_ step: MerkleTree.Step) {
                    side = step.isSiblingLeft ? "left" : "right"
                    hash = hex(step.sibling)
                }
            }
            struct Chunk: Encodable {
                var number: Int64
                var head: String
                var data: String
                var path: [Step]
            }
            struct Reading: Encodable {
                var time: Int64
                var mantissa: Int64
                var quality: String
            }
            var link: Link
            var point: String
            var device: UInt32
            var series: UInt32
            var names: [[String]]
            var path: [Step]
            var chunks: [Chunk]
            var readings: [Reading]
        }

        func run() throws {
            let links = try withStore(locations) { reader throws(StoreError) in
                try reader.proofLinks()
            }
            guard let point else { return try printChain(links) }
            let offset = locations.offsetMinutes
            guard let slash = point.firstIndex(of: "/"),
                let start = day?.instant(now: currentInstant(), offsetMinutes: offset)
            else { throw CommandFailure(.usage, "give DEVICE/POINT and a day, as 2026-10-31") }
            let name = PointName(
                device: String(point[..<slash]),
                point: String(point[point.index(after: slash)...]))
            let proofs = try withStore(locations) { reader throws(StoreError) in
                try reader.proof(of: name, day: start)
            }
            guard !proofs.isEmpty else {
                throw CommandFailure(
                    .no,
                    "no link of that day has readings of \(point);"
                        + " it is made about an hour after the day's last reading is stored")
            }
            if json {
                try Output.json(proofs.map(answer))
            } else {
                for proof in proofs {
                    Output.line(
                        "\(proof.samples.count) readings in \(proof.chunks.count) chunks lead to "
                            + "link \(proof.link.id), \(hex(proof.link.link))")
                }
            }
            if !proofs.allSatisfy(\.isValid) {
                throw CommandFailure(.no, "they do not: the store is damaged or was changed")
            }
        }

        private func printChain(_ links: [ProofSummary]) throws {
            if json { return try Output.json(links.map(Link.init)) }
            let offset = locations.offsetMinutes
            for link in links {
                Output.line(
                    "\(link.id)  \(link.day.iso8601(offsetMinutes: offset).prefix(10))  "
                        + hex(link.link))
            }
            if links.isEmpty { throw CommandFailure(.no, "no day is over yet") }
        }

        private func answer(_ proof: PointProof) -> Answer {
            Answer(
                link: Link(proof.link), point: "\(proof.point)", device: proof.deviceNumber,
                series: proof.series, names: proof.fields,
                path: proof.devicePath.map(Answer.Step.init),
                chunks: proof.chunks.map {
                    Answer.Chunk(
                        number: $0.number, head: Data($0.head).base64EncodedString(),
                        data: Data($0.data).base64EncodedString(),
                        path: $0.path.map(Answer.Step.init))
                },
                readings: proof.samples.map {
                    Answer.Reading(
                        time: $0.time.milliseconds, mantissa: $0.mantissa, quality: $0.quality.name)
                })
        }
    }
}

private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
