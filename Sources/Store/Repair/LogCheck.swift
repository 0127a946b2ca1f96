/// What is wrong in a write-ahead log, and where one flipped bit explains it.
///
/// SQLite takes the first frame whose checksum does not match for the place where a commit was cut
/// off, and lets go what follows, however much: nobody is told. The running checksums are linear
/// (https://sqlite.org/fileformat2.html, section 4.2), so a single flipped bit changes both of
/// their words in a way that names it, or a few bits that would do the same: high bits of a word
/// leave few traces. Then the frame is put right only where a later one has its page anew.
struct LogCheck {
    /// Bytes as they should be, by their place in the log.
    private(set) var mends: [(offset: Int, was: UInt8, byte: UInt8)] = []
    /// Where the log ends for SQLite although it goes on; nil where all is well.
    private(set) var brokenAt: Int?
    /// Commits that follow there. A power loss leaves at most one behind the end: each commit is on
    /// the disk before the next begins. Two and more were acknowledged, and are lost.
    private(set) var commitsBehind = 0

    /// Bytes of a header that was half that of a log being begun anew: all frames are in the
    /// database then, and to read them again changes nothing. So it is put right, and is no damage
    /// to be told.
    private var quietMends = 0
    var hasMendsToTell: Bool { mends.count > quietMends }

    var hasLoss: Bool { commitsBehind > 1 }

    /// More flipped bits than this are another kind of damage.
    private static let maximumMends = 16

    private var bytes: [UInt8]
    private var pageSize = 0
    private var isBigEndian = false
    private var frameBytes: Int { LogLayout.frameHeader + pageSize }
    /// Frames put right somehow, which count only when their page comes again.
    private var doubtful: [(frame: Int, mends: Int)] = []
    /// Where each page was last seen, of whole commits.
    private var newest: [UInt32: Int] = [:]
    /// No page of ours has such a number: 256 GiB.
    private static let maximumPage: UInt32 = 1 << 26

    /// `bytes` may be anything.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if readHeader() { walk() }
    }

    // MARK: - Header

    private mutating func readHeader() -> Bool {
        guard bytes.count >= LogLayout.header else { return false }
        if !takeHeader() {
            // A log that was being begun has no frame yet.
            guard bytes.count > LogLayout.header else { return false }
            if takeBackStart() { return true }
            guard let bit = headerBit() else { return false }
            flip(bit)
            _ = takeHeader()
        }
        return true
    }

    /// The first half of a header that begins the log anew has the next sequence number; salts and
    /// sums are those of before. SQLite goes on with these salts, and the frames of before would
    /// look as if they followed what it writes.
    private mutating func takeBackStart() -> Bool {
        var trial = self
        let sequence = word(12) &- 1
        for index in 0..<4 {
            let byte = UInt8(truncatingIfNeeded: sequence >> UInt32(24 - 8 * index))
            guard byte != bytes[12 + index] else { continue }
            trial.mends.append((12 + index, bytes[12 + index], byte))
            trial.bytes[12 + index] = byte
        }
        guard trial.takeHeader(), trial.continues(from: trial.stored(24), LogLayout.header) else {
            return false
        }
        trial.quietMends = trial.mends.count
        self = trial
        return true
    }

    /// A bit of a salt changes the sums as a bit of the sums does: the first frame decides.
    private func headerBit() -> Int? {
        var trial = self
        for bit in 0..<LogLayout.header * 8 {
            trial.bytes[bit / 8] ^= 1 << (bit % 8)
            if trial.takeHeader(), trial.continues(from: trial.stored(24), LogLayout.header) {
                return bit
            }
            trial.bytes[bit / 8] ^= 1 << (bit % 8)
        }
        return nil
    }

    private mutating func takeHeader() -> Bool {
        let header = bytes.withUnsafeBytes { bytes -> (size: Int, isBigEndian: Bool)? in
            let magic = bytes.bigEndian32(0)
            let size = bytes.bigEndian32(8)
            guard magic & ~1 == LogLayout.magic, size.nonzeroBitCount == 1,
                (512...65_536).contains(size)
            else { return nil }
            var sum = LogChecksum(isBigEndian: magic & 1 == 1)
            sum.add(UnsafeRawBufferPointer(rebasing: bytes[0..<24]))
            return sum.matches(bytes, 24) ? (Int(size), magic & 1 == 1) : nil
        }
        guard let header else { return false }
        (pageSize, isBigEndian) = header
        return true
    }

    // MARK: - Frames

    private mutating func walk() {
        var sum = stored(24)
        var offset = LogLayout.header
        var end: Int?
        var waiting: [UInt32: Int] = [:]
        while end == nil, offset + frameBytes <= bytes.count {
            var next = self.sum(of: offset, after: sum)
            if !hasSalts(offset) || !isStored(next, offset) {
                guard mends.count < Self.maximumMends, mend(offset, after: sum) else {
                    end = offset
                    continue
                }
                next = self.sum(of: offset, after: sum)
            }
            waiting[word(offset)] = offset
            if word(offset + 4) > 0 {
                newest.merge(waiting) { $1 }
                waiting.removeAll(keepingCapacity: true)
            }
            sum = next
            offset += frameBytes
        }
        for frame in doubtful where newest[word(frame.frame)] ?? 0 <= frame.frame {
            for mend in mends[frame.mends...].reversed() { bytes[mend.offset] = mend.was }
            mends.removeSubrange(frame.mends...)
            end = frame.frame
            break
        }
        if let end { lookBehind(end) }
    }

    /// Puts the frame right where one bit does it.
    private mutating func mend(_ offset: Int, after sum: LogChecksum) -> Bool {
        let computed = self.sum(of: offset, after: sum)
        let salts = (0..<64).filter { bit(offset + 8, $0) != bit(16, $0) }
        if salts.count == 1 {
            guard isStored(computed, offset) else { return false }
            flip((offset + 8) * 8 + salts[0])
            return true
        }
        guard salts.isEmpty else { return false }
        let sums = computed.bytes.enumerated().flatMap { index, byte in
            let difference = byte ^ bytes[offset + 16 + index]
            return (0..<8).filter { difference >> $0 & 1 == 1 }.map { index * 8 + $0 }
        }
        let bits = contentBits(offset, from: computed, to: stored(offset + 16))
        // A high bit of the content may change one bit of the sums: the next frame goes on from
        // what is right of both.
        if sums.count == 1, bits.isEmpty || continues(from: computed, offset + frameBytes) {
            flip((offset + 16) * 8 + sums[0])
            return true
        }
        if sums.count == 1, !continues(from: stored(offset + 16), offset + frameBytes) {
            return false
        }
        if bits.count == 1 {
            flip(bits[0])
            return true
        }
        guard let bit = bits.first(where: { $0 / 8 >= offset + LogLayout.frameHeader }),
            word(offset) <= Self.maximumPage, word(offset + 4) <= Self.maximumPage
        else { return false }
        doubtful.append((offset, mends.count))
        flip(bit)
        return true
    }

    private func continues(from sum: LogChecksum, _ frame: Int) -> Bool {
        frame + frameBytes <= bytes.count && hasSalts(frame)
            && isStored(self.sum(of: frame, after: sum), frame)
    }

    /// The bits of the frame's summed words that turn one checksum into the other.
    ///
    /// A change of x in a word adds x × (a, b) to the two sums, where (a, b) depends only on how
    /// many words follow: (1, 1) in the first of the last pair, (0, 1) in the second, and with each
    /// pair more (a, b) becomes (a + b, a + 2b).
    private func contentBits(
        _ offset: Int, from computed: LogChecksum, to said: LogChecksum
    ) -> [Int] {
        let first = said.first &- computed.first
        let second = said.second &- computed.second
        var weights: [(a: UInt32, b: UInt32)] = [(1, 1), (0, 1)]
        // Words of the page and, before them, the first two of the frame's header.
        var places = Array(
            stride(
                from: offset + frameBytes - 8, through: offset + LogLayout.frameHeader, by: -8))
        places.append(offset)
        var found: [Int] = []
        for place in places {
            for (index, weight) in weights.enumerated() {
                for bit in 0..<32 {
                    let byte = place + index * 4 + (isBigEndian ? 3 - bit / 8 : bit / 8)
                    let isSet = bytes[byte] >> (bit % 8) & 1 == 1
                    let change = isSet ? 0 &- (UInt32(1) << bit) : UInt32(1) << bit
                    if weight.a &* change == first, weight.b &* change == second {
                        found.append(byte * 8 + bit % 8)
                    }
                }
            }
            weights = weights.map { ($0.a &+ $0.b, $0.a &+ 2 &* $0.b) }
        }
        return found
    }

    /// Counts commits of frames that continue one another behind a broken one.
    private mutating func lookBehind(_ broken: Int) {
        var offset = broken + frameBytes
        var commits = 0
        var misses = 0
        while offset + frameBytes <= bytes.count {
            let sum = sum(of: offset, after: stored(offset - frameBytes + 16))
            if hasSalts(offset), isStored(sum, offset) {
                if word(offset + 4) > 0 { commits += 1 }
            } else {
                // The frame behind the broken one has nothing to continue where its sum is lost.
                misses += 1
                if misses > 1 { break }
            }
            offset += frameBytes
        }
        commitsBehind = commits
        if commits > 0 { brokenAt = broken }
    }

    // MARK: - Bytes

    private func sum(of offset: Int, after sum: LogChecksum) -> LogChecksum {
        var sum = sum
        bytes.withUnsafeBytes { bytes in
            sum.add(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + 8]))
            let page = offset + LogLayout.frameHeader
            sum.add(UnsafeRawBufferPointer(rebasing: bytes[page..<page + pageSize]))
        }
        return sum
    }

    private func stored(_ offset: Int) -> LogChecksum {
        bytes.withUnsafeBytes {
            LogChecksum(
                isBigEndian: isBigEndian, first: $0.bigEndian32(offset),
                second: $0.bigEndian32(offset + 4))
        }
    }

    private func isStored(_ sum: LogChecksum, _ frame: Int) -> Bool {
        bytes.withUnsafeBytes { sum.matches($0, frame + 16) }
    }

    private func word(_ offset: Int) -> UInt32 {
        bytes.withUnsafeBytes { $0.bigEndian32(offset) }
    }

    private func hasSalts(_ frame: Int) -> Bool {
        bytes[frame + 8..<frame + 16].elementsEqual(bytes[16..<24])
    }

    private func bit(_ offset: Int, _ bit: Int) -> Bool {
        bytes[offset + bit / 8] >> (bit % 8) & 1 == 1
    }

    private mutating func flip(_ bit: Int) {
        let was = bytes[bit / 8]
        bytes[bit / 8] ^= 1 << (bit % 8)
        mends.append((bit / 8, was, bytes[bit / 8]))
    }
}
