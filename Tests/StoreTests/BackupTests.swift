import Glibc
import Model
import Platform
import Store
import TestSupport
import Testing

@Suite("backups")
struct BackupTests {
    @Test("a backup and those of changes restore the store as it was at each of them")
    func moments() throws {
        let directory = try temporaryDirectory()
        let folder = directory + "/backups"
        let data = directory + "/data"
        var site = try TestSite(data)
        var states: [(time: Instant, answers: [String])] = []
        for round in 0..<4 {
            try site.fill(polls: round == 0 ? 3000 : 60)
            let summary = try Backup.take(of: data, to: folder)
            #expect(summary.isFull == (round == 0))
            #expect(round == 0 || summary.newPages < summary.pages)
            states.append((summary.time, try #require(storeAnswers(data))))
            usleep(2000)
        }
        try site.store.close()
        for (index, state) in states.enumerated() {
            let target = directory + "/restored\(index)"
            let summary = try Backup.restore(from: folder, until: state.time, to: target)
            #expect(summary.file.number == UInt32(index + 1))
            #expect(summary.damage.isEmpty)
            #expect(storeAnswers(target) == state.answers)
        }
        #expect(throws: BackupError.self) {
            try Backup.restore(from: folder, to: directory + "/restored0")
        }
        let before = states[0].time.advanced(byMilliseconds: -1)
        #expect(throws: BackupError.self) {
            try Backup.restore(from: folder, until: before, to: directory + "/none")
        }
    }

    @Test("backups beside a busy writer hold everything that was committed when they began")
    func busy() throws {
        let directory = try temporaryDirectory()
        let folder = directory + "/backups"
        let data = directory + "/data"
        var site = try TestSite(data)
        try site.fill(polls: 3000)
        let stop = ConditionLock(false)
        let committed = ConditionLock(0)
        let thread = try NativeThread(name: "busy") { [site] in
            var site = site
            while !stop.update({ $0 }) {
                guard (try? site.fill(polls: 40)) != nil else { return }
                committed.update { $0 += 40 }
            }
        }
        for round in 0..<8 {
            let before = committed.update { $0 } + 3000
            let full = round % 3 == 0
            let summary = try Backup.take(of: data, to: folder, full: full)
            let target = directory + "/restored\(round)"
            let restored = try Backup.restore(from: folder, until: summary.time, to: target)
            #expect(restored.damage.isEmpty, "round \(round)")
            let count = try StoreReader(directory: target)
                .range(PointName(device: "d", point: "t0"), TestSite.always).samples.count
            #expect(count >= before, "round \(round)")
        }
        stop.update { $0 = true }
        thread.join()
        try site.store.close()
    }

    @Test("a store after a restore, and one made smaller, goes on in the same folder")
    func goesOn() throws {
        let directory = try temporaryDirectory()
        let folder = directory + "/backups"
        var site = try TestSite(directory + "/a")
        try site.fill(polls: 3000)
        try site.store.close()
        let first = try Backup.take(of: directory + "/a", to: folder)
        // Much less than before, so that what changes stays smaller than the whole, whatever was
        // sealed and merged meanwhile.
        site = try TestSite(directory + "/a", start: 1_795_000_000_000)
        try site.fill(polls: 30)
        try site.store.close()
        _ = try Backup.take(of: directory + "/a", to: folder)
        _ = try Backup.restore(from: folder, until: first.time, to: directory + "/b")
        let summary = try Backup.take(of: directory + "/b", to: folder)
        #expect(!summary.isFull)
        _ = try Backup.restore(from: folder, to: directory + "/c")
        #expect(storeAnswers(directory + "/c") == storeAnswers(directory + "/b"))
        // Without the sums the files themselves tell what they have.
        unlink(folder + "/sums")
        let again = try Backup.take(of: directory + "/b", to: folder)
        #expect(!again.isFull && again.newPages == 0)
        let other = try TestSite(directory + "/other")
        try other.store.close()
        #expect(throws: BackupError.self) {
            try Backup.take(of: directory + "/other", to: folder)
        }
    }

    @Test("a flipped bit in a backup is found, or changes nothing", arguments: 0..<4)
    func flips(part: Int) throws {
        let directory = try temporaryDirectory()
        let folder = directory + "/backups"
        let data = directory + "/data"
        var site = try TestSite(data)
        try site.fill(polls: 100)
        _ = try Backup.take(of: data, to: folder)
        try site.fill(polls: 20)
        _ = try Backup.take(of: data, to: folder)
        let expected = try #require(storeAnswers(data))
        try site.store.close()
        let names = FileIO.list(folder).filter { $0.hasSuffix(".frostbackup") }
        #expect(names.count == 2)
        var random = Seeded(UInt64(part))
        for round in 0..<faultRounds {
            let name = folder + "/" + (names.randomElement(using: &random) ?? "")
            let original = try FileIO.read(name, maximumBytes: 1 << 24)
            let bit = Int.random(in: 0..<original.count * 8, using: &random)
            try flip(name, bit)
            var isFound = BackupFolder(folder).files.count < 2
            BackupFolder(folder).check { _, problem in isFound = isFound || problem != nil }
            if !isFound || round % 100 == 0 {
                let target = directory + "/restored\(round)"
                if (try? Backup.restore(from: folder, to: target))?.file.number == 2 {
                    #expect(storeAnswers(target) == expected, "bit \(bit) of \(name)")
                }
            }
            #expect(isFound, "bit \(bit) of \(name)")
            try flip(name, bit)
        }
    }

    @Test("a backup that is cut off leaves the ones before, and the next goes on")
    func cutOff() throws {
        let directory = try temporaryDirectory()
        let folder = directory + "/backups"
        let data = directory + "/data"
        var site = try TestSite(data)
        try site.fill(polls: 3000)
        let first = try Backup.take(of: data, to: folder)
        let expected = try #require(storeAnswers(data))
        // What a power cut may leave: an unfinished file, and a finished one that lost its end.
        try FileIO.writeAtomically([1, 2, 3], to: folder + "/00000002.frostbackup.part")
        let whole = try FileIO.read(folder + "/00000001.frostbackup", maximumBytes: 1 << 28)
        try FileIO.writeAtomically(
            Array(whole.dropLast(1000)), to: folder + "/00000002.frostbackup")
        let restored = try Backup.restore(from: folder, to: directory + "/a")
        #expect(restored.file.number == 1 && restored.file.time == first.time)
        #expect(storeAnswers(directory + "/a") == expected)
        let next = try Backup.take(of: data, to: folder)
        #expect(next.isFull)
        #expect(!FileIO.list(folder).contains { $0.hasSuffix(".part") })
        _ = try Backup.restore(from: folder, to: directory + "/b")
        #expect(storeAnswers(directory + "/b") == expected)
        try site.store.close()
    }

    @Test("old backups are forgotten with what builds on them, and the rest stays whole")
    func prune() throws {
        let directory = try temporaryDirectory()
        let folder = directory + "/backups"
        let data = directory + "/data"
        var site = try TestSite(data)
        for round in 0..<6 {
            try site.fill(polls: 50)
            _ = try Backup.take(of: data, to: folder, full: round % 2 == 0)
        }
        try site.store.close()
        #expect(try Backup.prune(folder, keepingFull: 2) == 2)
        #expect(BackupFolder(folder).moments.map(\.number) == [3, 4, 5, 6])
        _ = try Backup.restore(from: folder, to: directory + "/a")
        #expect(storeAnswers(directory + "/a") == storeAnswers(data))
    }
}
