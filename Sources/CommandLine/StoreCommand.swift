import ArgumentParser
import Model
import Platform
import Store

struct StoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "The store: what it holds, and whether all of it is whole.",
        subcommands: [
            Info.self, Verify.self, TakeBackup.self, Restore.self, RepairStore.self,
            CompactStore.self, Export.self, Proof.self, StoreImportCommand.self,
        ])

    struct Info: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What the store holds.")

        @OptionGroup var locations: Locations

        @Flag(help: "Print JSON.")
        var json = false

        private struct Answer: Encodable {
            struct Table: Encodable {
                var name: String
                var bytes: Int64
            }
            var path: String
            var schema: Int64
            var bytes: Int64
            var walBytes: Int64
            var devices: Int64
            var series: Int64
            var chunks: Int64
            var readings: Int64
            var chunkBytes: Int64
            var bytesPerReading: Double?
            var headRows: Int64
            var headBytes: Int64
            var oldest: String?
            var newest: String?
            struct Incident: Encodable {
                var time: String
                var kind: String
                var detail: String
            }
            /// All there are, and the newest of them.
            var incidents: Int64
            var newestIncidents: [Incident]
            var tables: [Table]
        }
        private static let incidentsShown = 10

        func run() throws {
            let (info, incidents) = try withStore(locations) { reader throws(StoreError) in
                (try reader.info(), try reader.incidents(limit: Self.incidentsShown))
            }
            let answer = Answer(
                path: SiteStore.databasePath(in: locations.dataDirectory), schema: info.schema,
                bytes: info.bytes, walBytes: info.walBytes, devices: info.devices,
                series: info.series, chunks: info.chunks, readings: info.readings,
                chunkBytes: info.chunkBytes, bytesPerReading: info.bytesPerReading,
                headRows: info.headRows, headBytes: info.headBytes,
                oldest: info.oldest?.iso8601(), newest: info.newest?.iso8601(),
                incidents: info.incidents,
                newestIncidents: incidents.map {
                    .init(time: $0.time.iso8601(), kind: $0.kind, detail: $0.detail)
                },
                tables: info.tables.map { Answer.Table(name: $0.name, bytes: $0.bytes) })
            if json {
                try Output.json(answer)
                return
            }
            var table = TextTable([("", .left), ("", .right)])
            table.add(["file", answer.path])
            table.add(["schema", String(info.schema)])
            table.add(["size", mebibytes(info.bytes)])
            table.add(["devices", String(info.devices)])
            table.add(["points", String(info.series)])
            table.add(["readings in chunks", String(info.readings)])
            table.add(["chunks", "\(info.chunks), \(mebibytes(info.chunkBytes))"])
            table.add(["bytes a reading", info.bytesPerReading.map { decimal($0, 3) } ?? "–"])
            table.add(["not yet in chunks", mebibytes(info.headBytes)])
            table.add(["oldest", answer.oldest ?? "–"])
            table.add(["newest", answer.newest ?? "–"])
            table.add(["incidents noted", String(info.incidents)])
            table.write()
            for incident in answer.newestIncidents {
                Output.line("\(incident.time)  \(incident.kind): \(incident.detail)")
            }
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read and check everything; say what is lost. Exit 1 when something is.")

        @OptionGroup var locations: Locations

        @Flag(help: "Print JSON.")
        var json = false

        private struct Answer: Encodable {
            struct Loss: Encodable {
                var kind: String
                var device: String?
                var from: String?
                var to: String?
                var detail: String
            }
            var ok: Bool
            var damage: [Loss]
            var bytes: Int64
            var seconds: Double
        }

        func run() throws {
            let progress = Progress("verifying", quiet: json)
            let begin = Clocks.monotonicNanoseconds()
            let (damage, bytes) = try withStore(locations) { reader throws(StoreError) in
                let damage = try reader.verify(progress: progress.show)
                return (damage, try reader.info().bytes)
            }
            progress.clear()
            let seconds = Double(Clocks.monotonicNanoseconds() - begin) / 1e9
            if json {
                try Output.json(
                    Answer(
                        ok: damage.isEmpty,
                        damage: damage.map {
                            Answer.Loss(
                                kind: $0.kind.rawValue, device: $0.device,
                                from: $0.range?.start.iso8601(), to: $0.range?.end.iso8601(),
                                detail: $0.detail)
                        }, bytes: bytes, seconds: seconds))
            } else if damage.isEmpty {
                Output.line("everything is whole")
            } else {
                for loss in damage { Output.line("\(loss)") }
            }
            if !json {
                let rate = Double(bytes) / 1e6 / max(seconds, 1e-9)
                Output.line(
                    "\(mebibytes(bytes)) read in \(decimal(seconds, 1)) s, \(decimal(rate, 0)) MB/s"
                )
            }
            if !damage.isEmpty {
                throw CommandFailure(.no, "\(damage.count) places are damaged")
            }
        }
    }
}
