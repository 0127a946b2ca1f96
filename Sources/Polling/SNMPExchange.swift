import Model
import Platform
import SNMPWire

/// Who asks through an exchange. Called on the reactor's thread.
protocol SNMPExchangeClient: AnyObject {
    /// Appends a request with this number, for the first time or again; false where that cannot be.
    func write(number: UInt32, to bytes: inout [UInt8]) -> Bool
    /// A datagram from the peer, with the number of the request under way. Bytes may be changed.
    func take(_ datagram: UnsafeMutableRawBufferPointer, _ peek: MessagePeek, number: UInt32)
    /// The request is over: no answer, or no way there.
    func fail(_ failure: PollFailure)
    /// True where each try has to have a number of its own.
    var needsNewNumbers: Bool { get }
}

/// One UDP socket for each family of addresses, for all SNMP devices of a poller.
///
/// Requests of one turn of the reactor leave in batches, answers are read in batches. An answer
/// belongs to the request with its number if it comes from the address and port that were asked;
/// numbers cannot be foreseen. Everything else is counted and dropped.
///
/// So many requests are in flight at most that all answers fit the socket's buffer at once. A
/// request that waits longer than answers usually take no longer counts: dead devices do not hold
/// up the others.
// Used on the reactor's thread only.
final class SNMPExchange {
    /// Asked of the kernel for answers not yet read; a process without privileges gets at most
    /// twice net.core.rmem_max, which is 416 KiB by default.
    private static let bufferBytes: Int32 = 2 << 20
    /// What an answer of one Ethernet frame takes of that, with the kernel's own overhead.
    private static let answerBytes = 2304
    private static let windowLimits = 64...512
    /// After so long without an answer a request no longer counts against the window.
    private static let leaseNanoseconds: Int64 = 100_000_000
    /// Batches read in one turn, so that a flood cannot keep timers waiting.
    private static let batchesPerTurn = 16
    /// Waiting requests; more than the devices of any site.
    private static let queueLimit = 1 << 20

    private struct Flight {
        var client: (any SNMPExchangeClient)?
        var peer: PeerAddress
        var number: UInt32 = 0
        var deadline: Int64 = .max
        var timeout: Int64
        var triesLeft: Int
        /// Nothing is repeated after this.
        var repeatsUntil = Int64.max
        /// Counted against the window.
        var isCounted = false
        /// Bytes that were no message came from the peer.
        var heardNonsense = false
        /// Goes up with every use of the place, so that what refers to an earlier one is known.
        var generation: UInt32 = 0
    }
    private struct Mark {
        var time: Int64
        var place: Int
        var number: UInt32
    }

    private let reactor: Reactor
    private let counters: PollCounters
    private var sockets: [DatagramSocket?] = [nil, nil]
    private var flights: [Flight] = []
    private var free: [Int] = []
    private var places: [UInt32: Int] = [:]
    private var numbers = UnpredictableNumbers()
    /// Requests of polls under way go first: what is begun is ended before more is begun, so that
    /// a thousand devices that are due at once are not all half known at once.
    private var waiting = (first: Queue<Int>(), last: Queue<Int>())
    private var leases = Queue<Mark>()
    private var deadlines = DeadlineHeap()
    private var counted = 0
    private var window = SNMPExchange.windowLimits.lowerBound
    private var isPumpQueued = false
    private var timer: TimerToken?
    private var timerDeadline = Int64.max

    init(reactor: Reactor, counters: PollCounters) {
        self.reactor = reactor
        self.counters = counters
    }

    deinit { close() }

    /// Lets go of the sockets; requests under way get no answer.
    func close() {
        if let timer { reactor.cancel(timer) }
        timer = nil
        for socket in sockets { if let socket { reactor.unwatch(socket.descriptor) } }
        sockets = [nil, nil]
        flights = []
        places = [:]
        waiting = (Queue(), Queue())
    }

    // MARK: Asking

    /// A request under way, for `cancel`.
    struct Ticket {
        fileprivate var place: Int
        fileprivate var generation: UInt32
    }

    /// Sends a request as soon as the window allows, and again after `timeout` nanoseconds, but not
    /// at `repeatsUntil` or later. The client gets an answer or a failure, never before this has
    /// returned. The first request of a poll waits behind those of polls under way.
    func ask(
        _ client: any SNMPExchangeClient, _ peer: PeerAddress, timeout: Int64, retries: Int,
        repeatsUntil: Int64, isFirst: Bool
    ) throws(PlatformError) -> Ticket {
        if sockets[peer.isVersion6 ? 1 : 0] == nil { try open(version6: peer.isVersion6) }
        let place: Int
        if let last = free.popLast() {
            place = last
        } else {
            place = flights.count
            flights.append(Flight(peer: peer, timeout: timeout, triesLeft: 0))
        }
        let generation = flights[place].generation &+ 1
        flights[place] = Flight(
            client: client, peer: peer, timeout: timeout, triesLeft: retries,
            repeatsUntil: repeatsUntil, generation: generation)
        wait(place, isFirst: isFirst)
        return Ticket(place: place, generation: generation)
    }

    func cancel(_ ticket: Ticket) {
        guard flights.indices.contains(ticket.place),
            flights[ticket.place].generation == ticket.generation
        else { return }
        _ = end(ticket.place)
    }

    /// Sends the request anew, with the tries that were left, because the client has learned
    /// something that the first one lacked.
    func askAgain(_ ticket: Ticket) {
        guard flights.indices.contains(ticket.place),
            flights[ticket.place].generation == ticket.generation,
            flights[ticket.place].client != nil
        else { return }
        land(ticket.place)
        wait(ticket.place, isFirst: false)
    }

    private func open(version6: Bool) throws(PlatformError) {
        let socket = try DatagramSocket(
            version6: version6, receiveBufferBytes: Self.bufferBytes)
        try reactor.watch(socket.descriptor, interest: .read) { [unowned self] _ in
            receive(from: socket)
        }
        sockets[version6 ? 1 : 0] = socket
        let fits = socket.receiveBufferBytes / Self.answerBytes
        window = min(max(fits, Self.windowLimits.lowerBound), Self.windowLimits.upperBound)
    }

    private var waitingCount: Int { waiting.first.count + waiting.last.count }

    private func wait(_ place: Int, isFirst: Bool) {
        precondition(waitingCount < Self.queueLimit, "BUG: too many SNMP requests wait")
        if isFirst { waiting.last.append(place) } else { waiting.first.append(place) }
        queuePump()
    }

    private func queuePump() {
        if isPumpQueued { return }
        isPumpQueued = true
        reactor.atEndOfTurn { [unowned self] in
            isPumpQueued = false
            pump()
        }
    }

    /// Sends what the window allows.
    private func pump() {
        guard waitingCount > 0 else { return }
        let now = Clocks.monotonicNanoseconds()
        endLeases(now)
        while counted < window, let place = waiting.first.popFirst() ?? waiting.last.popFirst() {
            guard flights[place].client != nil, flights[place].number == 0 else { continue }
            launch(place, now)
        }
        for socket in sockets { if let socket, socket.hasQueued { flush(socket) } }
        if waitingCount > 0, let first = leases.first { arm(first.time, now) }
        armForDeadline(now)
    }

    private func endLeases(_ now: Int64) {
        while let first = leases.first, first.time <= now {
            _ = leases.popFirst()
            let place = first.place
            guard places[first.number] == place, flights[place].isCounted else { continue }
            flights[place].isCounted = false
            counted -= 1
        }
    }

    private func launch(_ place: Int, _ now: Int64) {
        guard let client = flights[place].client,
            let socket = sockets[flights[place].peer.isVersion6 ? 1 : 0]
        else { return }
        let number = newNumber()
        flights[place].number = number
        places[number] = place
        flights[place].isCounted = true
        counted += 1
        leases.append(Mark(time: now + Self.leaseNanoseconds, place: place, number: number))
        send(place, client, socket, now)
    }

    private func send(
        _ place: Int, _ client: any SNMPExchangeClient, _ socket: DatagramSocket, _ now: Int64
    ) {
        let flight = flights[place]
        // Up to a tenth more, so that what was lost together is not asked for again together.
        let jitter = Int64(flight.number & 0xFF) * (flight.timeout / 2560)
        flights[place].deadline = now + flight.timeout + jitter
        deadlines.add(flights[place].deadline, place, flight.number)
        var written = false
        let fill = { (bytes: inout [UInt8]) in
            written = client.write(number: flight.number, to: &bytes)
        }
        if !socket.queue(to: flight.peer, place: place, fill) {
            flush(socket)
            _ = socket.queue(to: flight.peer, place: place, fill)
        }
        if !written { failLater(place, .badReply("the request could not be written")) }
    }

    private func flush(_ socket: DatagramSocket) {
        var failed: [(Int, Int32)] = []
        _ = socket.flush { place, code in failed.append((place, code)) }
        // A full send buffer is like a datagram lost: it is sent again in time. Anything else is
        // the network's answer for this peer.
        for (place, code) in failed where !DatagramSocket.isPassing(code) {
            failLater(place, .unreachable)
        }
    }

    private func newNumber() -> UInt32 {
        while true {
            let number = numbers.next() & PreparedPDU.largestRequestID
            if number >= PreparedPDU.smallestRequestID, places[number] == nil { return number }
        }
    }

    // MARK: Answers

    private func receive(from socket: DatagramSocket) {
        socket.takeErrors { peer, code in
            failAll(peer, DatagramSocket.isRefusal(code) ? .refused : .unreachable)
        }
        for _ in 0..<Self.batchesPerTurn {
            let count = socket.receive { peer, datagram in take(peer, datagram) }
            if count < DatagramSocket.batchLimit { break }
        }
        if waitingCount > 0 { queuePump() }
    }

    private func take(_ peer: PeerAddress, _ datagram: UnsafeMutableRawBufferPointer) {
        let peek: MessagePeek
        do throws(BERError) {
            peek = try MessagePeek(UnsafeRawBufferPointer(datagram))
        } catch {
            return noteNonsense(from: peer)
        }
        let claimed: Int64
        switch peek {
        case .community(let header): claimed = header.requestID
        case .secured(let messageID): claimed = messageID
        }
        guard let number = UInt32(exactly: claimed), let place = places[number],
            flights[place].peer == peer, let client = flights[place].client
        else { return counters.update { $0.staleReplies += 1 } }
        client.take(datagram, peek, number: number)
    }

    /// The client has its answer.
    func finish(_ ticket: Ticket) {
        guard flights[ticket.place].generation == ticket.generation else { return }
        _ = end(ticket.place)
    }

    /// The request that waits for an answer of this peer hears of it when its time is up: what is
    /// no message may as well be another's forgery as the device's reply.
    private func noteNonsense(from peer: PeerAddress) {
        counters.update { $0.garbageReplies += 1 }
        for place in flights.indices where flights[place].number != 0 && flights[place].peer == peer
        {
            flights[place].heardNonsense = true
        }
    }

    private func failAll(_ peer: PeerAddress, _ failure: PollFailure) {
        for place in flights.indices where flights[place].number != 0 && flights[place].peer == peer
        {
            fail(place, failure)
        }
    }

    // MARK: The end of a request

    private func failLater(_ place: Int, _ failure: PollFailure) {
        let generation = flights[place].generation
        reactor.atEndOfTurn { [weak self] in
            guard let self, flights.indices.contains(place),
                flights[place].generation == generation
            else { return }
            fail(place, failure)
        }
    }

    private func fail(_ place: Int, _ failure: PollFailure) {
        end(place)?.fail(failure)
    }

    /// The number is no longer waited for.
    private func land(_ place: Int) {
        let flight = flights[place]
        if flight.isCounted { counted -= 1 }
        flights[place].isCounted = false
        if flight.number != 0 { places[flight.number] = nil }
        flights[place].number = 0
        if waitingCount > 0 { queuePump() }
    }

    private func end(_ place: Int) -> (any SNMPExchangeClient)? {
        guard let client = flights[place].client else { return nil }
        land(place)
        flights[place].client = nil
        flights[place].generation &+= 1
        free.append(place)
        return client
    }

    // MARK: Time

    private func armForDeadline(_ now: Int64) {
        deadlines.compact(beyond: places.count) { places[$0.number] == $0.place }
        while let first = deadlines.first, places[first.number] != first.place {
            deadlines.removeFirst()
        }
        if let first = deadlines.first { arm(first.deadline, now) }
    }

    private func arm(_ deadline: Int64, _ now: Int64) {
        if timer != nil, timerDeadline <= deadline { return }
        if let timer { reactor.cancel(timer) }
        timerDeadline = deadline
        timer = reactor.schedule(afterNanoseconds: max(0, deadline - now)) { [unowned self] in
            timer = nil
            timerDeadline = .max
            expire()
        }
    }

    private func expire() {
        let now = Clocks.monotonicNanoseconds()
        while let first = deadlines.first, first.deadline <= now {
            deadlines.removeFirst()
            guard places[first.number] == first.place,
                flights[first.place].deadline == first.deadline
            else { continue }
            retry(first.place, now)
        }
        for socket in sockets { if let socket, socket.hasQueued { flush(socket) } }
        armForDeadline(now)
        if waitingCount > 0 { queuePump() }
    }

    private func retry(_ place: Int, _ now: Int64) {
        let flight = flights[place]
        guard flight.triesLeft > 0, now < flight.repeatsUntil, let client = flight.client,
            let socket = sockets[flight.peer.isVersion6 ? 1 : 0]
        else {
            let isNonsense = flight.heardNonsense
            return fail(place, isNonsense ? .badReply("bytes that are no SNMP message") : .timeout)
        }
        flights[place].triesLeft -= 1
        if client.needsNewNumbers {
            places[flight.number] = nil
            let number = newNumber()
            flights[place].number = number
            places[number] = place
        }
        send(place, client, socket, now)
    }
}
