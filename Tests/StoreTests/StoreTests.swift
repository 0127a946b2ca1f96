import Glibc
import Model
import Platform
import SQLite
import Store
import TestSupport
import Testing

private let gauge = PointDefinition(name: "input.power", kind: .gauge, unit: .watt, scale: 0)
private let temperature = PointDefinition(
    name: "ambient.temperature", kind: .gauge, unit: .celsius, scale: 1, label: "inlet",
    range: -400...1000)
private let start: Int64 = 1_790_000_000_000
private let always = TimeRange(start: Instant(milliseconds: 0), end: Instant(milliseconds: 1 << 50))

private func at(_ offset: Int64) -> Instant { Instant(milliseconds: start + offset) }

private func good(_ values: Int64...) -> [PointValue] {
    values.enumerated().map { PointValue(index: UInt16($0), mantissa: $1, quality: .good) }
}

private func small() -> StoreOptions {
    var options = StoreOptions()
    options.commitMilliseconds = 50
    options.sealMilliseconds = 60_000
    options.sealPolls = 10
    return options
}

private func openStore(
    _ directory: String, _ options: StoreOptions = StoreOptions()
) throws -> SiteStore {
    try SiteStore.open(directory: directory, siteName: "test", options: options)
}

private func waitUntil(_ what: String, _ condition: () throws -> Bool) rethrows {
    let end = Clocks.monotonicNanoseconds() + 20_000_000_000
    while try !condition() {
        guard Clocks.monotonicNanoseconds() < end else {
            Issue.record("did not happen in 20 s: \(what)")
            return
        }
        usleep(5000)
    }
}

@Suite("store")
struct StoreTests {
    @Test("polls that bring some of the points only are kept apart, and slow points are not lost")
    func partialPolls() throws {
        let directory = try temporaryDirectory()
        var options = small()
        options.sealMilliseconds = 20
        let store = try openStore(directory, options)
        let device = store.register(device: "pdu-1", points: [gauge, temperature])
        let slow = PointValue(index: 1, mantissa: 215, quality: .good)
        store.append(device, time: at(0), values: [slow])
        for index in 1...200 {
            store.append(
                device, time: at(Int64(index) * 1000),
                values: [PointValue(index: 0, mantissa: Int64(index), quality: .good)])
            if index % 20 == 0 { try store.commitNow() }
        }
        try store.commitNow()
        waitUntil("chunks") { store.statistics.chunksSealed >= 8 }
        let reader = try StoreReader(directory: directory)
        let power = try reader.range(PointName(device: "pdu-1", point: "input.power"), always)
        #expect(power.samples.map(\.mantissa) == Array(1...200))
        let warm = try reader.range(
            PointName(device: "pdu-1", point: "ambient.temperature"), always)
        #expect(warm.samples.map(\.mantissa) == [215])
        // Twenty chunks ago, and still the last value.
        let last = try reader.last(Glob("pdu-1/*"))
        #expect(last.map(\.sample.mantissa) == [200, 215])
        #expect(last.map(\.sample.time) == [at(200_000), at(0)])
        try store.close()
    }

    @Test("what was committed is read back, from head rows and from chunks alike")
    func readBack() throws {
        let directory = try temporaryDirectory()
        var options = small()
        options.sealMilliseconds = 20
        let store = try openStore(directory, options)
        let device = store.register(device: "pdu-1", points: [gauge, temperature])
        for index in 0..<25 {
            store.append(device, time: at(Int64(index) * 1000), values: good(Int64(index), 215))
        }
        try store.commitNow()
        let reader = try StoreReader(directory: directory)
        func check() throws {
            let power = try reader.range(PointName(device: "pdu-1", point: "input.power"), always)
            #expect(power.samples.map(\.mantissa) == (0..<25).map(Int64.init))
            #expect(power.samples.map(\.time) == (0..<25).map { at($0 * 1000) })
            #expect(power.damage.isEmpty)
            let last = try reader.last(Glob("pdu-1/*"))
            #expect(last.map(\.sample.mantissa) == [24, 215])
            #expect(last[1].series.definition == temperature)
        }
        try check()
        waitUntil("polls are sealed") {
            store.statistics.openPolls == 0 && store.statistics.chunksSealed > 0
        }
        try check()
        let info = try reader.info()
        #expect(info.readings == 50)
        #expect(info.headRows == 0)
        #expect(info.newest == at(24_000))
        #expect(try reader.verify().isEmpty)
        try store.close()
    }

    @Test("a store dropped without closing keeps everything committed")
    func dropped() throws {
        let directory = try temporaryDirectory()
        var store: SiteStore? = try openStore(directory)
        let device = try #require(store?.register(device: "d", points: [gauge]))
        for index in 0..<100 {
            store?.append(device, time: at(Int64(index)), values: good(Int64(index)))
        }
        try store?.commitNow()
        store?.append(device, time: at(5000), values: good(7))
        store = nil
        let again = try openStore(directory)
        #expect(again.statistics.headRowsDamaged == 0)
        let result = try StoreReader(directory: directory).range(
            PointName(device: "d", point: "input.power"), always)
        #expect(result.samples.prefix(100).map(\.mantissa) == (0..<100).map(Int64.init))
        #expect(again.register(device: "d", points: [gauge]) == device)
        try again.close()
    }

    /// What a kill at that moment would leave: the files as they are while the writer works.
    @Test("images of the files taken while writing hold every acknowledged poll")
    func crashImages() throws {
        let directory = try temporaryDirectory()
        let store = try openStore(directory, small())
        let device = store.register(device: "d", points: [gauge, temperature])
        var acknowledged = 0
        for round in 0..<12 {
            for _ in 0..<7 {
                store.append(
                    device, time: at(Int64(acknowledged) * 10), values: good(Int64(acknowledged), 1)
                )
                acknowledged += 1
            }
            try store.commitNow()
            // Neither file is copied at one instant with the other: take the log first, so that the
            // database is at least as new as a crash could leave it… only while no checkpoint runs,
            // which at this size of log does not happen.
            let image = directory + "/image\(round)"
            try FileIO.createDirectory(image)
            for name in ["frostline.db", "frostline.db-wal"] {
                let bytes = try FileIO.read(directory + "/" + name, maximumBytes: 1 << 28)
                try FileIO.writeAtomically(bytes, to: image + "/" + name)
            }
            let reopened = try openStore(image, small())
            let result = try StoreReader(directory: image).range(
                PointName(device: "d", point: "input.power"), always)
            #expect(result.samples.map(\.mantissa) == (0..<Int64(acknowledged)).map { $0 })
            #expect(result.damage.isEmpty)
            try reopened.close()
        }
        try store.close()
    }

    @Test("a second writer is refused with the first one's process number")
    func locked() throws {
        let directory = try temporaryDirectory()
        let store = try openStore(directory)
        do {
            _ = try openStore(directory)
            Issue.record("two writers on one store")
        } catch let error as StoreError {
            guard case .locked(let text) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(text.contains("another process ("))
        }
        try store.close()
        try openStore(directory).close()
    }

    @Test("a newer schema, another program's database and an empty folder are refused in words")
    func refusals() throws {
        let newer = try temporaryDirectory()
        try openStore(newer).close()
        do {
            let connection = try Connection(path: newer + "/frostline.db", mode: .readWrite)
            try connection.execute("PRAGMA user_version=99")
        }
        #expect(throws: StoreError.self) { try openStore(newer) }
        do { _ = try StoreReader(directory: newer) } catch {
            #expect("\(error)".contains("schema 99"))
        }
        let foreign = try temporaryDirectory()
        do {
            let connection = try Connection(path: foreign + "/frostline.db", mode: .readWrite)
            try connection.execute("CREATE TABLE other(a)")
        }
        do {
            _ = try openStore(foreign)
            Issue.record("a foreign database was opened")
        } catch {
            #expect("\(error)".contains("another program"))
        }
        #expect(throws: StoreError.self) { try StoreReader(directory: try temporaryDirectory()) }
    }

    @Test("points that appear later, and polls that lack some, keep their places")
    func growth() throws {
        let directory = try temporaryDirectory()
        let store = try openStore(directory, small())
        var device = store.register(device: "d", points: [gauge])
        for index in 0..<7 {
            store.append(device, time: at(Int64(index)), values: good(Int64(index)))
        }
        device = store.register(device: "d", points: [gauge, temperature])
        for index in 7..<14 {
            store.append(device, time: at(Int64(index)), values: good(Int64(index), 200))
        }
        store.append(
            device, time: at(14), values: [PointValue(index: 1, mantissa: 5, quality: .absent)])
        store.append(
            device, time: at(15), values: [PointValue(index: 9, mantissa: 5, quality: .good)])
        try store.commitNow()
        let reader = try StoreReader(directory: directory)
        let grown = try reader.range(PointName(device: "d", point: "ambient.temperature"), always)
        #expect(grown.samples.map(\.time) == (7...14).map { at(Int64($0)) })
        #expect(grown.samples.last == Sample(time: at(14), mantissa: 0, quality: .absent))
        #expect(
            try reader.range(PointName(device: "d", point: "input.power"), always).samples.count
                == 14)
        #expect(throws: StoreError.self) {
            try reader.range(PointName(device: "d", point: "x"), always)
        }
        try store.close()
    }

    @Test("a point whose scale changes goes on as a new series, and both are read in the new scale")
    func generations() throws {
        let directory = try temporaryDirectory()
        let store = try openStore(directory, small())
        var device = store.register(device: "d", points: [gauge])
        for index in 0..<12 { store.append(device, time: at(Int64(index) * 1000), values: good(5)) }
        var finer = gauge
        finer.scale = 2
        device = store.register(device: "d", points: [finer])
        for index in 12..<20 {
            store.append(device, time: at(Int64(index) * 1000), values: good(525))
        }
        try store.commitNow()
        let name = PointName(device: "d", point: "input.power")
        let reader = try StoreReader(directory: directory)
        let result = try reader.range(name, always)
        #expect(result.series.generation == 2)
        #expect(
            result.samples.map(\.mantissa) == [Int64](repeating: 500, count: 12)
                + [Int64](repeating: 525, count: 8))
        let grid = try reader.downsample(
            [name], TimeRange(start: at(0), end: at(20_000)), stepMS: 20_000)
        #expect(grid[0].values(.max) == [5.25])
        #expect(grid[0].values(.min) == [5.0])
        var other = gauge
        other.unit = .voltAmpere
        device = store.register(device: "d", points: [other])
        store.append(device, time: at(30_000), values: good(9))
        try store.commitNow()
        let last = try reader.range(name, always)
        #expect(last.samples.map(\.mantissa) == [9])
        #expect(last.samplesLeftOut == 20)
        try store.close()
    }

    @Test("late and repeated batches are merged by time, and the one written last counts")
    func late() throws {
        let directory = try temporaryDirectory()
        var options = small()
        options.sealMilliseconds = 20
        let store = try openStore(directory, options)
        let device = store.register(device: "d", points: [gauge])
        for index in 0..<10 { store.append(device, time: at(Int64(index) * 1000), values: good(1)) }
        try store.commitNow()
        waitUntil("first polls are sealed") { store.statistics.openPolls == 0 }
        store.append(device, time: at(4500), values: good(2))
        store.append(device, time: at(3000), values: good(3))
        store.append(device, time: at(20_000), values: good(4))
        store.append(device, time: at(15_000), values: good(5))
        let name = PointName(device: "d", point: "input.power")
        let reader = try StoreReader(directory: directory)
        let expected: [Int64] = [1, 1, 1, 3, 1, 2, 1, 1, 1, 1, 1, 5, 4]
        try store.commitNow()
        #expect(try reader.range(name, always).samples.map(\.mantissa) == expected)
        waitUntil("late polls are sealed") { store.statistics.openPolls == 0 }
        #expect(try reader.range(name, always).samples.map(\.mantissa) == expected)
        let sum = try reader.downsample(
            [name], TimeRange(start: at(0), end: at(30_000)), stepMS: 30_000)
        #expect(sum[0].values(.sum) == [Double(expected.reduce(0, +))])
        #expect(sum[0].values(.last) == [4])
        #expect(try reader.verify().isEmpty)
        try store.close()
    }

    @Test(
        "a full disk loses nothing that fits the buffer, and alarms are written when there is room")
    func diskFull() throws {
        let directory = try temporaryDirectory()
        var options = small()
        options.maximumPages = 60
        options.sealPolls = 100_000
        let store = try openStore(directory, options)
        let device = store.register(
            device: "d",
            points: (0..<200).map {
                PointDefinition(name: "p\($0)", kind: .gauge, unit: .watt, scale: 0)
            })
        var random = Seeded(1)
        var appended = 0
        while case .ok = store.health, appended < 2000 {
            for _ in 0..<5 {
                store.append(
                    device, time: at(Int64(appended) * 1000),
                    values: (0..<200).map {
                        PointValue(
                            index: $0, mantissa: Int64(bitPattern: random.next()), quality: .good)
                    })
                appended += 1
            }
            try? store.commitNow()
        }
        guard case .diskFull = store.health else {
            Issue.record("the disk did not fill: \(store.health)")
            return
        }
        #expect(throws: StoreError.self) { try store.commitNow() }
        let told = ConditionLock<Bool>(false)
        store.enqueue(events: [event(1)], records: [], outbox: []) { _ in told.update { $0 = true }
        }
        for _ in 0..<20 {
            store.append(device, time: at(Int64(appended) * 1000), values: good(1))
            appended += 1
        }
        #expect(store.statistics.waitingBytes > 0)
        try store.setMaximumPages(1 << 20)
        waitUntil("the store is well again") {
            if case .ok = store.health { return store.statistics.waitingBytes == 0 }
            return false
        }
        try store.commitNow()
        #expect(store.statistics.pollsDropped == 0)
        let reader = try StoreReader(directory: directory)
        let result = try reader.range(PointName(device: "d", point: "p0"), always)
        #expect(result.samples.count == appended)
        #expect(try reader.journal(always).count == 1)
        #expect(told.wait(forMilliseconds: 5000) { $0 ? true : nil } == true)
        try store.close()
    }

    @Test("when the buffer is full the oldest batches go, are counted, and the gap is written down")
    func overflow() throws {
        let directory = try temporaryDirectory()
        var options = StoreOptions()
        options.bufferBytes = 10_000
        options.commitMilliseconds = 60_000
        let store = try openStore(directory, options)
        let device = store.register(device: "d", points: [gauge])
        for index in 0..<1000 {
            store.append(device, time: at(Int64(index)), values: good(Int64(index)))
        }
        let dropped = store.statistics.pollsDropped
        #expect(dropped > 500)
        try store.commitNow()
        let reader = try StoreReader(directory: directory)
        let result = try reader.range(PointName(device: "d", point: "input.power"), always)
        #expect(result.samples.map(\.mantissa) == (dropped..<1000).map { $0 })
        #expect(try reader.info().incidents == 1)
        try store.close()
    }
}

private func event(_ sequence: Int64) -> AlarmEvent {
    AlarmEvent(
        key: AlarmKey(rule: "hot", device: "d", point: "t"), episode: 1, sequence: sequence,
        time: at(sequence), state: .unacknowledged, previous: .normal, priority: .high,
        valueText: "31.0 °C", actor: nil, comment: "火", notice: .active)
}

private func notice(_ key: String, receiver: String = "hook") -> OutboxItem {
    OutboxItem(
        id: 0, receiver: receiver, idempotencyKey: key, payload: Array(key.utf8), createdAt: at(0),
        attempts: 0, nextAttemptAt: at(0))
}

@Suite("alarms, notices and ledger in the store")
struct StoreTablesTests {
    @Test("alarms, journal and notices survive together")
    func alarms() throws {
        let directory = try temporaryDirectory()
        var store: SiteStore? = try openStore(directory)
        let record = AlarmRecord(
            key: event(1).key, state: .unacknowledged, priority: .high, episode: 1, sequence: 1,
            raisedAt: at(1), changedAt: at(1), valueText: "31.0 °C")
        try store?.record(
            events: [event(1)], records: [record], outbox: [notice("a"), notice("b")])
        try store?.record(events: [event(2)], records: [], outbox: [notice("a")])
        store = nil
        let again = try openStore(directory)
        let records = try again.alarmRecords()
        #expect(records.map(\.key.description) == ["hot:d/t"])
        #expect(records[0].state == .unacknowledged)
        let pending = try again.pendingNotices(limit: 10)
        #expect(pending.map(\.idempotencyKey) == ["a", "b"])
        #expect(pending[0].id < pending[1].id)
        let journal = try StoreReader(directory: directory).journal(always)
        #expect(journal.map(\.sequence) == [1, 2])
        #expect(journal[0].comment == "火")
        #expect(journal[0].notice == .active)
        try again.close()
    }

    @Test("the journal refuses to be changed")
    func appendOnly() throws {
        let directory = try temporaryDirectory()
        let store = try openStore(directory)
        try store.record(events: [event(1)], records: [], outbox: [])
        try store.close()
        let connection = try Connection(path: directory + "/frostline.db", mode: .readWrite)
        #expect(throws: SQLiteError.self) {
            try connection.execute("UPDATE journal SET value = 'x'")
        }
        #expect(throws: SQLiteError.self) { try connection.execute("DELETE FROM journal") }
    }

    @Test("ledger entries and the state of their meter are replaced together and kept exactly")
    func ledger() throws {
        let directory = try temporaryDirectory()
        let store = try openStore(directory)
        func entry(_ number: Int64, _ wh: Int64?, _ flag: LedgerFlag) -> LedgerEntry {
            LedgerEntry(interval: QuarterHour(number: number), wattHours: wh, flag: flag)
        }
        try store.putLedger(
            [entry(100, 5, .estimated), entry(101, .max, .measured), entry(102, nil, .missing)],
            meter: "main", state: [1, 2, 3])
        try store.putLedger([entry(100, -6, .measured)], meter: "main", state: [4])
        try store.putLedger([entry(100, 1, .measured)], meter: "other")
        #expect(try store.ledgerState(meter: "main") == [4])
        #expect(try store.ledgerState(meter: "other") == nil)
        #expect(try store.ledger(meter: "nobody", always) == [])
        let flags = LedgerFlag.allCases.enumerated().map { place, flag in
            entry(200 + Int64(place), flag == .missing ? nil : 1, flag)
        }
        try store.putLedger(flags, meter: "flags")
        #expect(try store.ledger(meter: "flags", always) == flags)
        let range = TimeRange(
            start: QuarterHour(number: 100).start, end: QuarterHour(number: 102).start)
        #expect(
            try store.ledger(meter: "main", range) == [
                entry(100, -6, .measured), entry(101, .max, .measured),
            ])
        try store.close()
        // One flipped bit in a stored number is found, and gives no number.
        let connection = try Connection(path: directory + "/frostline.db", mode: .readWrite)
        try connection.execute(
            "UPDATE ledger SET wh = wh + 1 WHERE id & 4294967295 = 100 AND wh < 0")
        let reader = try StoreReader(directory: directory)
        #expect(try reader.ledger(meter: "main", range) == [entry(101, .max, .measured)])
        #expect(try reader.verify().map(\.kind) == [.ledger])
    }
}
