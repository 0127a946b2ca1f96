import CPlatform
import Glibc

/// An IP address and port in numbers: cheap to compare, without text.
package struct PeerAddress: Hashable, Sendable {
    let high: UInt64
    let low: UInt64
    let scope: UInt32
    package let port: UInt16
    let family: UInt16

    package init?(_ address: SocketAddress) {
        var raw = cplatform_peer()
        guard cplatform_peer_of(address.bytes, address.bytes.count, &raw) == 0 else { return nil }
        self.init(raw)
    }

    init(_ raw: cplatform_peer) {
        high = raw.high
        low = raw.low
        scope = raw.scope
        port = raw.port
        family = raw.family
    }

    package var isVersion6: Bool { family == 6 }

    @inline(__always)
    package static func == (a: PeerAddress, b: PeerAddress) -> Bool {
        a.low == b.low && a.port == b.port && a.high == b.high && a.family == b.family
            && a.scope == b.scope
    }

    fileprivate var raw: cplatform_peer {
        cplatform_peer(high: high, low: low, scope: scope, port: port, family: family)
    }
}

/// A UDP socket for many peers: datagrams leave and arrive in batches, a system call for up to 64.
///
/// It belongs to one thread.
package final class DatagramSocket {
    /// Datagrams of one system call.
    package static let batchLimit = 64
    /// Largest payload of UDP over IPv4; a slot for each datagram of a batch. Only the pages that
    /// answers reach take memory.
    private static let slotBytes = 65_536

    package let descriptor: Int32
    /// What the kernel keeps of datagrams not yet read, its own overhead counted.
    package let receiveBufferBytes: Int
    private let slots: UnsafeMutablePointer<UInt8>
    private let received: UnsafeMutablePointer<cplatform_datagram>
    private var outgoing: [UInt8] = []
    private var queue: [cplatform_datagram] = []
    private var places: [Int] = []

    /// - Parameter receiveBufferBytes: what is asked for; the kernel gives an unprivileged process
    ///   at most twice net.core.rmem_max.
    package init(version6: Bool, receiveBufferBytes wanted: Int32) throws(PlatformError) {
        var granted: Int32 = 0
        descriptor = try checked(
            "socket", version6 ? "UDP over IPv6" : "UDP over IPv4",
            cplatform_datagram_open(version6 ? 6 : 4, wanted, &granted))
        receiveBufferBytes = Int(granted)
        slots = .allocate(capacity: Self.batchLimit * Self.slotBytes)
        received = .allocate(capacity: Self.batchLimit)
        received.initialize(repeating: cplatform_datagram(), count: Self.batchLimit)
    }

    deinit {
        close(descriptor)
        slots.deallocate()
        received.deallocate()
    }

    /// Queues a datagram; `fill` appends its bytes to what it is given. False, and nothing queued,
    /// when a whole batch is waiting: `flush` first.
    ///
    /// - Parameter place: names the datagram to `flush`'s `failed`.
    package func queue(
        to peer: PeerAddress, place: Int = 0, _ fill: (inout [UInt8]) -> Void
    ) -> Bool {
        guard queue.count < Self.batchLimit else { return false }
        let start = outgoing.count
        fill(&outgoing)
        var datagram = cplatform_datagram()
        datagram.peer = peer.raw
        datagram.offset = UInt32(start)
        datagram.length = UInt32(outgoing.count - start)
        queue.append(datagram)
        places.append(place)
        return true
    }

    package var hasQueued: Bool { !queue.isEmpty }

    /// Sends what is queued. A datagram that does not leave is given to `failed`, with its errno,
    /// and the others go on.
    /// - Returns: datagrams that left.
    package func flush(_ failed: (_ place: Int, _ code: Int32) -> Void) -> Int {
        var first = 0
        var left = 0
        var attempts = 0
        while first < queue.count {
            let sent = queue.withUnsafeBufferPointer { list in
                outgoing.withUnsafeBufferPointer { bytes in
                    guard let base = bytes.baseAddress, let start = list.baseAddress else {
                        return Int32(0)
                    }
                    return cplatform_datagrams_send(
                        descriptor, base, start + first, Int32(list.count - first))
                }
            }
            if sent > 0 {
                first += Int(sent)
                left += Int(sent)
                attempts = 0
                continue
            }
            // An ICMP error of an earlier datagram stops one call; the error queue keeps it too.
            // A refusal to send this one comes again.
            if Self.mayBeOfAnother(-sent), attempts < Self.sendAttempts {
                attempts += 1
                continue
            }
            failed(places[first], -sent)
            attempts = 0
            first += 1
        }
        queue.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
        outgoing.removeAll(keepingCapacity: true)
        return left
    }

    /// The peer is there, and nobody listens at the port.
    package static func isRefusal(_ code: Int32) -> Bool { code == ECONNREFUSED }

    /// Says nothing of the peer: the kernel had no room just now.
    package static func isPassing(_ code: Int32) -> Bool {
        code == EAGAIN || code == ENOBUFS || code == ENOMEM
    }

    /// Errors of earlier datagrams come one a call, and there may be some.
    private static let sendAttempts = 8

    private static func mayBeOfAnother(_ code: Int32) -> Bool {
        code == ECONNREFUSED || code == EHOSTUNREACH || code == ENETUNREACH || code == ENOPROTOOPT
    }

    /// Takes up to a batch of datagrams. The bytes are good during the call only.
    /// - Returns: how many there were; a full batch means that there may be more.
    package func receive(_ take: (PeerAddress, UnsafeMutableRawBufferPointer) -> Void) -> Int {
        let count = cplatform_datagrams_receive(
            descriptor, slots, UInt32(Self.slotBytes), received, Int32(Self.batchLimit))
        guard count > 0 else { return 0 }
        for index in 0..<Int(count) {
            let datagram = received[index]
            let bytes = UnsafeMutableRawBufferPointer(
                start: slots + Int(datagram.offset), count: Int(datagram.length))
            take(PeerAddress(datagram.peer), bytes)
        }
        return Int(count)
    }

    /// Takes up to a batch of ICMP errors, each with its errno and the peer it tells of.
    @discardableResult
    package func takeErrors(_ take: (PeerAddress, Int32) -> Void) -> Int {
        var taken = 0
        while taken < Self.batchLimit {
            var peer = cplatform_peer()
            let code = cplatform_datagram_error(descriptor, &peer)
            guard code >= 0 else { break }
            taken += 1
            if code > 0 { take(PeerAddress(peer), code) }
        }
        return taken
    }
}

/// Numbers that nobody can guess, 64 for each system call.
package struct UnpredictableNumbers: Sendable {
    private var numbers: [UInt32] = []

    package init() {}

    package mutating func next() -> UInt32 {
        if let number = numbers.popLast() { return number }
        numbers = [UInt32](repeating: 0, count: 64)
        let result = numbers.withUnsafeMutableBytes { buffer in
            buffer.baseAddress.map {
                cplatform_random($0.assumingMemoryBound(to: UInt8.self), buffer.count)
            } ?? -1
        }
        precondition(result == 0, "BUG: the kernel has no random numbers")
        return numbers.removeLast()
    }
}
