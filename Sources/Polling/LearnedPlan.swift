import Model

/// One request of a `LearnedPlan`.
struct PlannedRequest {
    /// What it asks for.
    var span: RegisterSpan
    /// The span of the plan that it is a part of, by number.
    var origin: Int
    /// The atoms of that span that it covers, by number.
    var atoms: Range<Int>
    /// The refused request that it is one half of, while the reason is looked for.
    var search: RefusalSearch?

    /// Bytes of data in the answer: the measure in which registers and bits can be compared.
    var byteCount: Int { span.table.isBits ? (Int(span.count) + 7) / 8 : 2 * Int(span.count) }
}

/// A request that was refused and has been asked again in two halves.
final class RefusalSearch {
    let parent: RefusalSearch?
    let origin: Int
    /// The first atom of the second half.
    let cut: Int
    let exception: UInt8
    let byteCount: Int
    private(set) var halvesToCome = 2
    private(set) var isExplained = false

    init(halving request: PlannedRequest, at cut: Int, exception: UInt8) {
        parent = request.search
        origin = request.origin
        self.cut = cut
        self.exception = exception
        byteCount = request.byteCount
    }

    /// One half has been answered, or refused for a reason that is known now.
    func ended(explains: Bool) {
        halvesToCome -= 1
        if explains { isExplained = true }
    }
}

/// The requests of one plan to one unit, as its answers have shaped them.
///
/// A plan asks for the fewest spans and so reads along what lies between its fields. What a unit
/// does not have, it refuses with exception 2 or 3, and with it all the rest of the request. Then
/// the request is asked again in two halves, and what is refused of these in halves again, down to
/// single fields:
///
///     0 ····· 10 ··· 20 ····· 30      refused
///     0 ····· 10                      answered
///                    20 ····· 30      answered: so the hole 11…19 is to blame
///
/// Where both halves of a refused request are answered, the cut between them is to blame (a hole,
/// or the border of two blocks), or, for exception 3, the size; where a single field is refused,
/// it is not there. Both are remembered, and the next polls ask for the fewest requests around
/// them. Requests that are not answered at all, of a length that never was, are halved in the same
/// way: some devices ignore what is too long for them.
///
/// What was learned is forgotten after a minute, then two, up to an hour, and learned anew if it
/// still holds: a firmware update may add registers, and a device that starts may refuse what it
/// has later.
// Used on the reactor's thread only.
final class LearnedPlan {
    /// Requests that one poll may ask in search of a reason; the next polls go on.
    static let searchLimit = 48
    /// Answers no longer than this are never the reason for silence: 15 registers.
    static let shortAnswer = 30
    static let firstRelearn: Int64 = 60_000_000_000
    static let lastRelearn: Int64 = 3_600_000_000_000
    /// Bytes of data in the longest answer.
    static let longestAnswer = 250

    private struct Knowledge {
        /// Atoms that are not there.
        private(set) var missing: [Set<Int>]
        /// Atoms that cannot be asked for together with the one before.
        private(set) var barriers: [Set<Int>]
        var maximumBytes = LearnedPlan.longestAnswer
        /// True once anything is in `missing` or `barriers`: asked at every poll.
        private(set) var hasHoles = false
        var isEmpty: Bool { maximumBytes == LearnedPlan.longestAnswer && !hasHoles }
        init(spans: Int) {
            missing = Array(repeating: [], count: spans)
            barriers = missing
        }
        mutating func miss(_ atom: Int, of origin: Int) {
            missing[origin].insert(atom)
            hasHoles = true
        }
        mutating func bar(_ atom: Int, of origin: Int) {
            barriers[origin].insert(atom)
            hasHoles = true
        }
    }

    let plan: ModbusRequestPlan
    /// Holes wider than this are not read along: on a slow line they cost more than a request.
    private let gap: Int
    /// The fewest requests around what is known. Empty where nothing of the plan is there.
    private(set) var requests: [PlannedRequest] = []
    private var atoms: [[Range<Int>]?]
    private var knowledge: Knowledge
    /// What was known before it was forgotten, until the poll that learns it anew has ended.
    private var before: Knowledge?
    private var relearnAt = Int64.max
    private var relearnPause = firstRelearn
    private var largestAnswered = 0
    /// Polls in a row in which a unit that never answered was asked for less and less.
    private var silentPolls = 0
    private var searches = 0
    private var hasShortened = false
    private var hasLearned = false
    private var isUnheeded = false

    init(_ plan: ModbusRequestPlan, gap: Int = 65_536) {
        self.plan = plan
        self.gap = gap
        atoms = Array(repeating: nil, count: plan.spans.count)
        knowledge = Knowledge(spans: plan.spans.count)
        arrange()
    }

    /// The requests of a poll that begins now.
    func begin(at now: Int64) -> [PlannedRequest] {
        searches = 0
        hasShortened = false
        hasLearned = false
        if now >= relearnAt {
            before = knowledge
            knowledge = Knowledge(spans: plan.spans.count)
            relearnAt = .max
            arrange()
        } else if largestAnswered == 0, silentPolls > 0, knowledge.isEmpty {
            // Never heard of: perhaps it ignores long requests. Every fifth poll is whole again.
            knowledge.maximumBytes = Self.longestAnswer >> (silentPolls % 5)
            arrange()
            knowledge.maximumBytes = Self.longestAnswer
        }
        isUnheeded = requests.isEmpty
        // Without a request nobody would notice that the unit is there.
        return isUnheeded ? whole : requests
    }

    func answered(_ request: PlannedRequest) {
        largestAnswered = max(largestAnswered, request.byteCount)
        if silentPolls > 0 {
            if silentPolls % 5 > 0 { limit(to: largestAnswered) }
            silentPolls = 0
        }
        if isUnheeded {
            knowledge = Knowledge(spans: plan.spans.count)
            hasLearned = true
        }
        if let search = request.search { settle(search, explains: false) }
    }

    /// The halves to ask for in place of a refused request; nil where it is refused for good.
    func refused(_ request: PlannedRequest, exception: UInt8) -> [PlannedRequest]? {
        if isUnheeded { return nil }
        guard request.atoms.count > 1 else {
            hasLearned = true
            knowledge.miss(request.atoms.lowerBound, of: request.origin)
            settle(request.search, explains: true)
            return nil
        }
        guard searches < Self.searchLimit else { return nil }
        searches += 2
        let cut = cut(request)
        let search = RefusalSearch(halving: request, at: cut, exception: exception)
        return halves(request, at: cut, search)
    }

    enum Shortened {
        /// Length is not the reason.
        case no
        case halves([PlannedRequest])
        /// The requests from before something was forgotten: ask these.
        case known([PlannedRequest])
    }

    /// What to ask for in place of a request that was not answered, or not with what fits it.
    func unanswered(_ request: PlannedRequest) -> Shortened {
        if let before {
            knowledge = before
            self.before = nil
            relearnAt = .max
            hasLearned = true
            arrange()
            return requests.isEmpty ? .no : .known(requests)
        }
        guard !isUnheeded, request.byteCount > max(largestAnswered, Self.shortAnswer),
            request.atoms.count > 1
        else { return .no }
        hasShortened = true
        return .halves(halves(request, at: cut(request), nil))
    }

    /// Ends a poll. True where it has to be asked once more, because a search has torn apart what
    /// may belong together.
    func end(heard: Bool, at now: Int64) -> Bool {
        if hasShortened, heard { limit(to: largestAnswered) }
        if !heard, largestAnswered == 0 {
            silentPolls = silentPolls < 100 ? silentPolls + 1 : 1
        }
        before = nil
        guard hasLearned else {
            if knowledge.isEmpty, heard { relearnPause = Self.firstRelearn }
            return false
        }
        hasLearned = false
        arrange()
        if knowledge.isEmpty {
            relearnAt = .max
        } else {
            relearnAt = now + relearnPause
            relearnPause = min(2 * relearnPause, Self.lastRelearn)
        }
        return plan.fields.isEmpty && heard
    }

    // MARK: Making requests

    private var whole: [PlannedRequest] {
        plan.spans.indices.map {
            PlannedRequest(span: plan.spans[$0], origin: $0, atoms: atoms($0).indices)
        }
    }

    /// The fewest requests around what is known, by going as far as allowed with each: what may be
    /// read together may be read in parts, so no other way needs fewer.
    private func arrange() {
        requests.removeAll(keepingCapacity: true)
        for origin in plan.spans.indices {
            let all = atoms(origin)
            var first: Int?
            for atom in all.indices {
                if knowledge.missing[origin].contains(atom) {
                    if let begin = first { append(origin, begin..<atom) }
                    first = nil
                } else if let begin = first, !mayJoin(origin, all, begin, atom) {
                    append(origin, begin..<atom)
                    first = atom
                } else if first == nil {
                    first = atom
                }
            }
            if let begin = first { append(origin, begin..<all.count) }
        }
    }

    private func mayJoin(_ origin: Int, _ all: [Range<Int>], _ first: Int, _ atom: Int) -> Bool {
        let count = all[atom].upperBound - all[first].lowerBound
        let isBits = plan.spans[origin].table.isBits
        return all[atom].lowerBound - all[atom - 1].upperBound <= gap
            && !knowledge.barriers[origin].contains(atom)
            && (isBits ? (count + 7) / 8 : 2 * count) <= knowledge.maximumBytes
    }

    private func append(_ origin: Int, _ range: Range<Int>) {
        requests.append(request(origin, range, nil))
    }

    private func request(
        _ origin: Int, _ range: Range<Int>, _ search: RefusalSearch?
    ) -> PlannedRequest {
        let all = atoms(origin)
        var span = plan.spans[origin]
        let start = all[range.lowerBound].lowerBound
        span.start = UInt16(start)
        span.count = UInt16(all[range.upperBound - 1].upperBound - start)
        return PlannedRequest(span: span, origin: origin, atoms: range, search: search)
    }

    private func halves(
        _ whole: PlannedRequest, at cut: Int, _ search: RefusalSearch?
    ) -> [PlannedRequest] {
        [
            request(whole.origin, whole.atoms.lowerBound..<cut, search),
            request(whole.origin, cut..<whole.atoms.upperBound, search),
        ]
    }

    /// Where to halve: at the hole that is nearest to the middle, because holes are what is most
    /// often not there; without one, between the fields in the middle.
    private func cut(_ request: PlannedRequest) -> Int {
        let all = atoms(request.origin)
        let middle = Int(request.span.start) + Int(request.span.count) / 2
        var best = request.atoms.lowerBound + 1
        var bestRank = (2, Int.max)
        for atom in request.atoms.dropFirst() {
            let hasHole = all[atom - 1].upperBound < all[atom].lowerBound
            let rank = (hasHole ? 0 : 1, abs(all[atom].lowerBound - middle))
            if rank < bestRank { (best, bestRank) = (atom, rank) }
        }
        return best
    }

    /// The parts of a span that are not divided: its fields; where these are not known, each
    /// register.
    private func atoms(_ origin: Int) -> [Range<Int>] {
        if let known = atoms[origin] { return known }
        let span = plan.spans[origin]
        let all = Int(span.start)..<Int(span.start) + Int(span.count)
        var result: [Range<Int>] = []
        for field in plan.fields where field.table == span.table {
            let range = Int(field.start)..<Int(field.start) + Int(field.count)
            if all.lowerBound <= range.lowerBound, range.upperBound <= all.upperBound {
                result.append(range)
            }
        }
        if result.isEmpty { result = all.map { $0..<$0 + 1 } }
        atoms[origin] = result
        return result
    }

    // MARK: Finding reasons

    private func settle(_ search: RefusalSearch?, explains: Bool) {
        var explains = explains
        var current = search
        while let search = current {
            search.ended(explains: explains)
            guard search.halvesToCome == 0 else { return }
            if !search.isExplained { blame(search) }
            // Whatever it was explains the refusal of the whole as well.
            explains = true
            current = search.parent
        }
    }

    private func blame(_ search: RefusalSearch) {
        hasLearned = true
        if search.exception == 3, search.byteCount > largestAnswered {
            limit(to: max(largestAnswered, search.byteCount / 2))
        } else {
            knowledge.bar(search.cut, of: search.origin)
        }
    }

    private func limit(to byteCount: Int) {
        hasLearned = true
        knowledge.maximumBytes = min(knowledge.maximumBytes, byteCount)
    }
}
