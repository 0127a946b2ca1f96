import Model
import Platform
import Redundancy
import Testing

@testable import Daemon

@Suite("the feed that the other collector copies")
struct PollFeedTests {
    private func entry(_ bytes: Int) -> FeedPage.Entry {
        .poll([UInt8](repeating: 7, count: bytes)[...])
    }

    @Test("entries are numbered from 1, and a page goes on where the last ended")
    func pages() {
        let feed = PollFeed(instance: "i")
        for size in 1...5 { feed.append(entry(size)) }
        let first = feed.page(after: 2, since: 0, trailer: [])
        #expect(first.first == 3 && first.entries.count == 3 && first.isLast && !first.isBroken)
        let next = feed.page(after: first.next - 1, since: 0, trailer: [])
        #expect(next.entries.isEmpty && next.isLast && !next.isBroken && next.first == 6)
    }

    @Test("who asks for more than there is, or for what is gone, hears so")
    func broken() {
        let feed = PollFeed(instance: "i")
        for _ in 0..<40 { feed.append(entry(1 << 20)) }
        #expect(feed.page(after: 1, since: 0, trailer: []).isBroken)
        #expect(feed.page(after: 41, since: 0, trailer: []).isBroken)
        #expect(feed.page(after: -5, since: 0, trailer: []).isBroken)
        #expect(feed.page(after: .min, since: 0, trailer: []).isBroken)
        #expect(!feed.page(after: 40, since: 0, trailer: []).isBroken)
        #expect(feed.page(after: nil, since: 0, trailer: []).isBroken)
    }

    @Test("a page is bounded, and pages together bring everything")
    func bounded() {
        let feed = PollFeed(instance: "i")
        for _ in 0..<20 { feed.append(entry(1 << 20)) }
        var after: Int64 = 0
        var count = 0
        var pages = 0
        while true {
            let page = feed.page(after: after, since: 0, trailer: [])
            #expect(page.entries.count <= 5)
            count += page.entries.count
            after = page.next - 1
            pages += 1
            if page.isLast || pages > 20 { break }
        }
        #expect(count == 20)
    }

    @Test("without a number the feed begins at a time")
    func since() {
        let feed = PollFeed(instance: "i")
        feed.append(entry(1))
        let now = Clocks.wallMilliseconds()
        #expect(feed.page(after: nil, since: now - 60_000, trailer: []).entries.count == 1)
        #expect(feed.page(after: nil, since: now + 60_000, trailer: []).entries.isEmpty)
        #expect(feed.page(after: nil, since: now + 60_000, trailer: []).first == 2)
    }
}
