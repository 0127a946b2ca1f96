import Glibc
import Model
import Platform
import Store
import Synchronization
import Testing
import Views

@testable import Daemon

@Suite("readers that questions borrow")
struct ReaderPoolTests {
    /// Counts how often it was asked what there is.
    private final class Source: MomentSource, Sendable {
        let woken = Mutex(0)
        let asked = Mutex<[MomentQuestion]>([])
        let failure = Mutex<StoreError?>(nil)

        var devicesAtOnce: Int { 3 }
        func namesVersion() throws(StoreError) -> NamesVersion {
            if let failure = failure.withLock({ $0 }) { throw failure }
            woken.withLock { $0 += 1 }
            return NamesVersion()
        }
        func points(matching pattern: Glob) throws(StoreError) -> [KnownPoint] { [] }
        func oldest() throws(StoreError) -> Instant? { Instant(milliseconds: 0) }
        func moment(
            at time: Instant, _ questions: [MomentQuestion],
            isCancelled: @escaping @Sendable () -> Bool
        ) throws(StoreError) -> [DeviceMoment] {
            asked.withLock { $0 += questions }
            return questions.map { question in
                var moment = DeviceMoment(device: question.device)
                moment.lastAnswer = time
                return moment
            }
        }
        func alarms(at time: Instant) throws(StoreError) -> [PastAlarm]? { nil }
        func day(
            of site: Site, midnight: Instant, end: Instant
        ) throws(StoreError) -> PastDay {
            PastDay(site: site, TimeRange(start: midnight, end: end), ledgers: [:])
        }
    }

    private static func site(devices: Int) -> Site {
        var site = Site(
            name: "past", displayName: "past", offsetMinutes: 480, altitudeMetres: 0)
        for index in 0..<devices {
            site.devices.append(
                DeviceSpec(
                    name: "pdu-\(index)", profile: "any",
                    transport: .snmp(
                        SNMPTransport(host: "h", port: 161, access: .v2c(community: Secret("c"))))))
        }
        return site
    }

    private final class Made: Sendable {
        let sources = Mutex<[Source]>([])
        func source() -> Source {
            sources.withLock { sources in
                sources.append(Source())
                return sources[sources.count - 1]
            }
        }
        var count: Int { sources.withLock { $0.count } }
        var woken: [Int] { sources.withLock { $0.map { $0.woken.withLock { $0 } } } }
    }

    @Test("two are kept and woken by turns; one that fails is not used again")
    func kept() throws {
        let made = Made()
        let pool = ReaderPool { () throws(StoreError) in made.source() }
        try pool.lend { _ throws(StoreError) in }
        try pool.lend { _ throws(StoreError) in }
        #expect(made.count == 1, "the one that is there is taken before another is made")
        try pool.wake()
        #expect(made.count == 2)
        try pool.wake()
        #expect(made.count == 2)
        #expect(made.woken == [2, 2])
        try pool.lend { _ throws(StoreError) in
            let second = try pool.lendIfFree { _ throws(StoreError) in
                // Both are at work, and awake.
                try pool.wake()
                let third: Bool? = try pool.lendIfFree { _ throws(StoreError) in true }
                #expect(third == nil)
                // Who cannot do without gets one that is closed after it.
                try pool.lend { _ throws(StoreError) in }
                return true
            }
            #expect(second == true)
        }
        #expect(made.count == 3)
        try pool.wake()
        #expect(made.count == 3)
        made.sources.withLock { sources in
            for source in sources { source.failure.withLock { $0 = .system("gone") } }
        }
        for _ in 0..<4 { try? pool.wake() }
        #expect(made.count == 5, "two more stand in for those that failed")
        try pool.wake()
        #expect(made.count == 5)
    }

    @Test("who has to wait gets the reader that comes back")
    func waiting() throws {
        let made = Made()
        let pool = ReaderPool { () throws(StoreError) in made.source() }
        let gate = ConditionLock((begun: 0, isOpen: false))
        let others = (0..<2).map { _ in
            Pending { () throws(StoreError) in
                try pool.lend { _ throws(StoreError) in
                    gate.update { $0.begun += 1 }
                    _ = gate.wait { $0.isOpen ? true : nil }
                }
            }
        }
        _ = gate.wait { $0.begun == 2 ? true : nil }
        let third = Pending { () throws(StoreError) in
            try pool.lend { _ throws(StoreError) in made.count }
        }
        usleep(50_000)
        gate.update { $0.isOpen = true }
        for other in others { try other.wait() }
        #expect(try third.wait() == 2)
    }

    @Test("several readers ask for every device once")
    func shared() throws {
        let site = Self.site(devices: 10)
        let made = Made()
        let questions = PastQuestions(site: site, builder: SiteViewBuilder(site: site))
        let work = MomentWork(
            at: Instant(milliseconds: 5000), devices: 10, pieceLength: 3, groups: [:],
            isCancelled: { false })
        let rest = Pending { () throws(StoreError) in
            try PastReader(made.source(), questions).share(in: work)
        }
        try PastReader(made.source(), questions).share(in: work)
        try rest.wait()
        let asked = made.sources.withLock { sources in
            sources.flatMap { $0.asked.withLock { $0 } }.map(\.device)
        }
        #expect(asked.sorted() == site.devices.map(\.name).sorted())
        #expect(work.devices.known == 10)
        #expect(work.devices.live.allSatisfy { $0.lastAnswer == Instant(milliseconds: 5000) })
    }

    @Test("what is cancelled leaves the rest out")
    func cancelled() throws {
        let site = Self.site(devices: 10)
        let questions = PastQuestions(site: site, builder: SiteViewBuilder(site: site))
        let work = MomentWork(
            at: Instant(milliseconds: 5000), devices: 10, pieceLength: 3, groups: [:],
            isCancelled: { true })
        try PastReader(Source(), questions).share(in: work)
        #expect(work.devices.known == 0 && work.devices.live.count == 10)
    }
}
