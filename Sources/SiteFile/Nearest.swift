import ConfigTree

/// The candidate nearest to `word`, the first in the alphabet of several. Of a long list only names
/// that begin alike are compared: edit distance to 20,000 names would take seconds for every
/// mistake. Words of one or two letters are near to everything.
func nearest(to word: String, in candidates: some Collection<String>) -> String? {
    let length = word.utf8.count
    guard length > 2 else { return nil }
    if candidates.count <= 500 { return closest(to: word, in: candidates.sorted()) }
    let beginning = word.utf8.prefix(2)
    let alike = candidates.filter {
        $0.utf8.starts(with: beginning) && abs($0.utf8.count - length) <= 2
    }
    return closest(to: word, in: alike.sorted().prefix(500))
}

/// Whether some name fits both a pattern and a rule's.
///
/// - Parameter stopsAtDots: what `*` and `?` do in a profile's pattern; in a rule's they do not.
func overlaps(pattern: String, glob: String, stopsAtDots: Bool = true) -> Bool {
    let a = Array(pattern.utf8)
    let b = Array(glob.utf8)
    let star = UInt8(ascii: "*")
    let any = UInt8(ascii: "?")
    let stop = stopsAtDots ? UInt8(ascii: ".") : nil
    // row[j]: the part of `a` read so far and the first j bytes of `b` have a common text.
    var row = [Bool](repeating: false, count: b.count + 1)
    row[0] = true
    for j in 0..<b.count where b[j] == star { row[j + 1] = row[j] }
    for i in 0..<a.count {
        var next = [Bool](repeating: false, count: b.count + 1)
        next[0] = a[i] == star && row[0]
        for j in 0..<b.count {
            if b[j] == star {
                next[j + 1] = row[j + 1] || next[j]
            } else if a[i] == star {
                next[j + 1] = row[j + 1] || (next[j] && b[j] != stop)
            } else {
                let same = a[i] == b[j] || (a[i] == any && b[j] != stop)
                next[j + 1] = row[j] && (same || (b[j] == any))
            }
        }
        row = next
    }
    return row[b.count]
}
