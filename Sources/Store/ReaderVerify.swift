import Model
import Platform
import SQLite

extension ReaderState {
    func info() throws(SQLiteError) -> StoreInfo {
        func number(_ sql: String) throws(SQLiteError) -> Int64 { try db.integer(sql) ?? 0 }
        let wal = FileIO.size(path + "-wal") ?? 0
        var oldest = try db.integer("SELECT min(first) FROM device")
        var newest = try db.integer("SELECT max(last) FROM device")
        for device in names.devices {
            guard let extent = try self.device(device.id).open.extent(.min, .max) else { continue }
            oldest = min(oldest ?? extent.first, extent.first)
            newest = max(newest ?? extent.last, extent.last)
        }
        return StoreInfo(
            schema: try number("PRAGMA user_version"), bytes: (FileIO.size(path) ?? 0) + wal,
            walBytes: wal, devices: try number("SELECT count(*) FROM device"),
            series: try number("SELECT count(*) FROM series"),
            chunks: try number("SELECT sum(chunks) FROM device"),
            readings: try number("SELECT sum(readings) FROM device"),
            chunkBytes: try number("SELECT sum(bytes) FROM device"),
            headRows: try number("SELECT count(*) FROM head"),
            headBytes: try number("SELECT sum(length(data)) FROM head"),
            oldest: oldest.map { Instant(milliseconds: $0) },
            newest: newest.map { Instant(milliseconds: $0) },
            incidents: try number("SELECT count(*) FROM incident"), tables: tableSizes())
    }

    /// The newest first.
    func incidents(limit: Int) throws(SQLiteError) -> [StoreIncident] {
        let select = try db.prepare(
            "SELECT time, kind, detail FROM incident ORDER BY rowid DESC LIMIT ?")
        try select.bind(1, Int64(limit))
        var incidents: [StoreIncident] = []
        while try select.step() {
            incidents.append(
                StoreIncident(
                    time: Instant(milliseconds: select.integer(0)), kind: select.text(1),
                    detail: select.text(2)))
        }
        return incidents
    }

    /// Empty where this sqlite3 was built without the dbstat table.
    private func tableSizes() -> [(name: String, bytes: Int64)] {
        var sizes: [(name: String, bytes: Int64)] = []
        do throws(SQLiteError) {
            let select = try db.prepare(
                "SELECT name, sum(pgsize) FROM dbstat WHERE aggregate = TRUE GROUP BY name"
                    + " ORDER BY 2 DESC")
            while try select.step() { sizes.append((select.text(0), select.integer(1))) }
        } catch {
            return []
        }
        return sizes
    }

    // MARK: - Verify

    func verify(_ progress: (Double) -> Void) throws(SQLiteError) -> [Damage] {
        var damage: [Damage] = []
        // The first question decides whether this is a database at all; what follows goes on
        // past damaged pages.
        try snapshot { () throws(SQLiteError) in }
        for row in damagedHeadRows.sorted() {
            damage.append(
                Damage(
                    kind: .head, device: nil, range: nil,
                    detail: "head row \(row) is lost: up to a second of readings of all devices"))
        }
        checkLog(&damage)
        checkStructure(&damage)
        progress(0.1)
        var chunks = ChunkCheck(try chunkList(&damage))
        // A store that no newer program has opened yet has neither.
        let isOld = try db.integer("PRAGMA user_version") ?? 0 <= Schema.checksumStep
        if !isOld { verifyProofs(&chunks, &damage) { progress(0.1 + 0.8 * $0) } }
        while let source = chunks.next() {
            _ = verify(source, &damage)
            progress(0.1 + 0.8 * chunks.share)
        }
        verifyTotals(&damage)
        if try db.integer("PRAGMA user_version") ?? 0 > 1 { verifyRollups(&damage) }
        verifyNames(&damage)
        verifyLedger(&damage)
        verifyJournal(&damage)
        if !isOld { verifyRows(&damage) }
        progress(1)
        return damage
    }

    /// Of a store that nobody writes to: the next start would put right what can be.
    private func checkLog(_ damage: inout [Damage]) {
        let maximum = Int(WriteAheadLog.maximumBytes)
        guard let bytes = try? FileIO.read(path + "-wal", maximumBytes: maximum) else { return }
        let check = LogCheck(bytes)
        if check.hasMendsToTell {
            damage.append(
                file(
                    "\(check.mends.count) flipped bits in the write-ahead log hide what follows;"
                        + " `frostline serve` puts them right when it starts"))
        }
        if check.hasLoss {
            damage.append(
                file("\(check.commitsBehind) commits of the write-ahead log cannot be read"))
        }
    }

    private func checkStructure(_ damage: inout [Damage]) {
        do throws(SQLiteError) {
            // Indexes too: a name that an index does not have is not found.
            let check = try db.prepare("PRAGMA integrity_check(100)")
            while try check.step() {
                let line = check.text(0)
                if line != "ok" { damage.append(file(line)) }
            }
            for name in try Schema.damagedTexts(db) {
                damage.append(file("the text that makes \(name) has changed"))
            }
            let keys = try db.prepare("PRAGMA foreign_key_check")
            while try keys.step() {
                damage.append(
                    Damage(
                        kind: .reference, device: nil, range: nil,
                        detail: "row \(keys.integer(1)) of \(keys.text(0)) names a row of"
                            + " \(keys.text(2)) that is not there"))
            }
        } catch {
            damage.append(file("\(error)"))
        }
    }

    func file(_ detail: String) -> Damage {
        Damage(kind: .file, device: nil, range: nil, detail: detail)
    }

    private func chunkList(_ damage: inout [Damage]) throws(SQLiteError) -> [Source] {
        var list: [Source] = []
        do throws(SQLiteError) {
            let select = try db.prepare(
                "SELECT id, start, end FROM chunk INDEXED BY chunk_by_time WHERE device > 0")
            while try select.step() {
                list.append(
                    Source(
                        content: .chunk(id: select.integer(0)), start: select.integer(1),
                        end: select.integer(2)))
            }
        } catch {
            damage.append(file("\(error)"))
        }
        return list
    }

    /// Returns the chunk's leaf of the hash chain; nil where it is damaged or gone.
    func verify(_ source: Source, _ damage: inout [Damage]) -> [UInt8]? {
        guard case .chunk(let id) = source.content else { return nil }
        do {
            let select = try db.cached(
                """
                SELECT head, data, device, start, end, polls, readings FROM chunk WHERE id = ?
                """)
            defer { select.reset() }
            try select.bind(1, id)
            // Sealed again or removed since the list was made: nothing is lost.
            guard try select.step() else { return nil }
            let blob = select.blob(0)
            let head = try ChunkHead(blob)
            let data = select.blob(1)
            try ChunkDecoder.verify(data, head)
            _ = try ChunkDecoder.times(data, head)
            var readings: Int64 = 0
            for entry in head.columns {
                let column = try ChunkDecoder.column(data, head, entry)
                guard ColumnSummary(of: column) == entry.summary else {
                    throw CodecError.structure("a summary is not that of its values")
                }
                readings += Int64(column.states.count { ValueState.hasNumber($0) })
            }
            let row = (2...6).map { select.integer(Int32($0)) }
            let stated = [
                Int64(head.device), head.start, head.end, Int64(head.polls), readings,
            ]
            guard head.id == UInt64(bitPattern: id), row == stated else {
                throw CodecError.structure("the row and its blob contradict each other")
            }
            return MerkleTree.leaf(blob, data)
        } catch {
            damage.append(self.damage(id, source, "\(error)"))
            return nil
        }
    }

    /// In one look: a writer may merge and remove chunks meanwhile.
    private func verifyTotals(_ damage: inout [Damage]) {
        guard
            let counts = try? db.prepare(
                """
                SELECT (SELECT count(*) FROM chunk INDEXED BY chunk_by_time WHERE device > 0),
                    (SELECT count(*) FROM chunk NOT INDEXED)
                """), (try? counts.step()) == true
        else { return }
        let (found, rows) = (counts.integer(0), counts.integer(1))
        guard rows < found else { return }
        damage.append(file("the index of chunks names \(found), the table has \(rows)"))
    }

    private func verifyRollups(_ damage: inout [Damage]) {
        do throws(SQLiteError) {
            let offsetMS = try RollupTable.offsetMS(db)
            let select = try db.prepare("SELECT id, head, data FROM rollup WHERE length(head) > 0")
            while try select.step() {
                guard let window = RollupTable.window(select.integer(0)) else {
                    damage.append(file("rollup \(select.integer(0)) is of no level"))
                    continue
                }
                do {
                    _ = try RollupCodec.decode(
                        head: select.blob(1), data: select.blob(2), window, offsetMS: offsetMS)
                } catch {
                    damage.append(self.damage(window, offsetMS, "\(error)"))
                }
            }
        } catch {
            damage.append(file("\(error)"))
        }
    }

    private func verifyNames(_ damage: inout [Damage]) {
        do throws(SQLiteError) {
            for text in try SeriesTable.damage(db) {
                damage.append(Damage(kind: .reference, device: nil, range: nil, detail: text))
            }
        } catch {
            damage.append(file("\(error)"))
        }
    }

    private func verifyLedger(_ damage: inout [Damage]) {
        do throws(SQLiteError) {
            let names = try db.prepare("SELECT id, name, crc FROM meter")
            var meters: [Int64: String] = [:]
            while try names.step() {
                meters[names.integer(0)] = names.text(1)
                if RowChecksum.of([names.text(1)]) == names.integer(2) { continue }
                damage.append(
                    Damage(
                        kind: .ledger, device: names.text(1), range: nil,
                        detail: "the meter has another name than it was given"))
            }
            let rows = try db.prepare("SELECT id, wh, flag, crc FROM ledger")
            while try rows.step() {
                let meter = rows.integer(0) >> 32
                if meters[meter] != nil, LedgerTable.entry(rows, meter) != nil { continue }
                let interval = QuarterHour(number: rows.integer(0) & 0xFFFF_FFFF)
                damage.append(
                    Damage(
                        kind: .ledger, device: meters[meter],
                        range: TimeRange(start: interval.start, end: interval.end),
                        detail: "the energy of this quarter hour is lost"))
            }
            for name in meters.values.sorted() {
                let state = try db.prepare("SELECT state IS NULL FROM meter WHERE name = ?")
                try state.bind(1, name)
                guard try state.step(), state.integer(0) == 0 else { continue }
                if try LedgerTable.state(name, db) == nil {
                    damage.append(
                        Damage(
                            kind: .ledger, device: name, range: nil,
                            detail: "the integrator's state is lost: it starts afresh"))
                }
            }
        } catch {
            damage.append(file("\(error)"))
        }
    }

    private func verifyJournal(_ damage: inout [Damage]) {
        let always = TimeRange(
            start: Instant(milliseconds: .min), end: Instant(milliseconds: .max))
        do throws(SQLiteError) {
            let damaged = try AlarmTables.events(always, limit: .max, db).damaged
            guard damaged > 0 else { return }
            damage.append(
                Damage(
                    kind: .journal, device: nil, range: nil,
                    detail: "\(damaged) lines of the journal are damaged"))
        } catch {
            damage.append(file("\(error)"))
        }
    }

    private func verifyRows(_ damage: inout [Damage]) {
        do throws(SQLiteError) {
            for row in try LedgerEditTable.broken(db) {
                damage.append(
                    Damage(
                        kind: .row, device: nil, range: nil,
                        detail: "ledger_edit \(row) does not follow from the edit before"))
            }
            for row in try LedgerSealTable.broken(db) {
                damage.append(
                    Damage(
                        kind: .row, device: nil, range: nil,
                        detail: "ledger_seal \(row) does not follow from the seal before"))
            }
        } catch {
            damage.append(file("\(error)"))
        }
        for table in RowChecks.allCases {
            do throws(SQLiteError) {
                for key in try table.damaged(db) {
                    damage.append(
                        Damage(
                            kind: .row, device: nil, range: nil,
                            detail: "\(table.rawValue) \(key.joined(separator: " "))"
                                + " is not as it was written"))
                }
            } catch {
                damage.append(file("\(error)"))
            }
        }
    }
}
