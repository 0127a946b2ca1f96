import CNetSNMPShims

/// What is asked. There is no SET.
package enum SNMPOperation: Hashable, Sendable {
    case get
    case getNext
    /// Not for v1. The first `nonrepeaters` names are asked once, the others `repetitions` times.
    case getBulk(nonrepeaters: Int, repetitions: Int)
}

/// The end of one request.
package struct SNMPReply: Sendable {
    package var token: UInt64
    package var result: Result<[SNMPBinding], SNMPError>
}

/// A session with one device over a UDP socket of its own, without blocking.
///
/// It belongs to one thread, which waits for `fileDescriptor` to become readable and for the
/// deadline, and calls `receive` and `expire`. Retries are made inside. SNMPv3 engine discovery
/// happens before the first request, which waits for it. libsnmp's globals are guarded below, so
/// that sessions and agents may live on several threads.
package final class SNMPSession {
    /// Requests in flight or waiting for discovery.
    package static let maximumPending = 4
    /// Datagrams taken in one call, so that a flood from one device cannot hold the thread.
    private static let datagramsPerCall = 32
    private static let discoveryToken = UInt64.max

    private enum Request {
        case question(SNMPOperation, names: [[UInt32]])
        case notification([SNMPBinding])
    }
    private enum Engine { case known, unknown, asked }

    private var raw: OpaquePointer?
    private var engine: Engine
    private let speaksV1: Bool
    private let usesEngine: Bool
    private var waiting: [(token: UInt64, request: Request)] = []
    private var asked: [UInt64: Request] = [:]

    /// - Parameters:
    ///   - timeoutMilliseconds: for each try.
    ///   - retries: repeats after the first try.
    package init(
        to address: SNMPAddress, credentials: SNMPCredentials, timeoutMilliseconds: Int64,
        retries: Int
    ) throws(SNMPError) {
        engine = credentials.isUser ? .unknown : .known
        speaksV1 = credentials.isV1
        usesEngine = credentials.isUser
        // An hour and a hundred tries bound what arithmetic in the library has to hold.
        let timeout = min(max(1, timeoutMilliseconds), 3_600_000) * 1000
        raw = try Self.open(address, credentials, timeout, min(max(0, retries), 100))
    }

    deinit { close() }

    /// Ends the session; requests under way get no reply. Safe to call twice.
    package func close() {
        guard let raw else { return }
        cnetsnmp_close(raw)
        self.raw = nil
        waiting.removeAll()
        asked.removeAll()
    }

    /// -1 after `close`.
    package var fileDescriptor: Int32 { raw.map { cnetsnmp_fd($0) } ?? -1 }

    /// Datagrams sent so far, retries and discovery included.
    package var datagramsSent: Int {
        raw.map { Int(truncatingIfNeeded: cnetsnmp_sent($0)) } ?? 0
    }

    /// Nanoseconds until `expire` has something to do; nil when nothing is under way.
    package var nanosecondsToDeadline: Int64? {
        guard let raw else { return nil }
        let microseconds = cnetsnmp_next_deadline_us(raw)
        return microseconds < 0 ? nil : microseconds * 1000
    }

    /// Sends a request, or keeps it until the device's engine is known. The reply comes out of
    /// `receive` or `expire` with the same `token`, which is neither 0 nor the largest number.
    package func ask(
        _ operation: SNMPOperation, _ names: [[UInt32]], token: UInt64
    ) throws(SNMPError) {
        try begin(.question(operation, names: names), token)
    }

    /// Notifies a manager (RFC 3416, section 4.2.7), which answers; not for v1. The first two
    /// variables are sysUpTime.0 and snmpTrapOID.0. The reply comes as of `ask`.
    package func inform(_ bindings: [SNMPBinding], token: UInt64) throws(SNMPError) {
        guard !speaksV1 else { throw .setup("SNMPv1 has no informs; use version 2c or 3") }
        try begin(.notification(bindings), token)
    }

    private func begin(_ request: Request, _ token: UInt64) throws(SNMPError) {
        precondition(
            token != 0 && token != Self.discoveryToken && asked[token] == nil,
            "BUG: SNMP request tokens are unique and within bounds; got \(token)")
        guard raw != nil else { throw .setup("the session is closed") }
        guard asked.count + waiting.count < Self.maximumPending else {
            throw .setup("too many requests under way")
        }
        switch engine {
        case .known: try send(request, token)
        case .unknown:
            try discover()
            waiting.append((token, request))
        case .asked: waiting.append((token, request))
        }
    }

    /// To be called while the descriptor is readable.
    package func receive(_ deliver: (SNMPReply) -> Void) {
        for _ in 0..<Self.datagramsPerCall {
            guard let raw, cnetsnmp_receive(raw) == 1 else { break }
            drain(deliver)
        }
    }

    /// To be called at the deadline: repeats or gives up what is overdue.
    package func expire(_ deliver: (SNMPReply) -> Void) {
        guard let raw else { return }
        cnetsnmp_expire(raw)
        drain(deliver)
    }

    private func discover() throws(SNMPError) {
        guard let raw, cnetsnmp_discover(raw, Self.discoveryToken) == 0 else {
            throw .setup("the engine discovery could not be sent")
        }
        engine = .asked
    }

    private func send(_ request: Request, _ token: UInt64) throws(SNMPError) {
        guard let raw else { throw .setup("the session is closed") }
        let result =
            switch request {
            case .question(let operation, let names):
                try ask(raw, operation, names, token)
            case .notification(let bindings):
                AnswerEncoder(bindings).inform(raw, token: token)
            }
        guard result == 0 else {
            // A forged report can leave a v3 session with an engine that its user does not belong
            // to; a new session finds the right one.
            throw usesEngine
                ? .authentication(.unknownEngine) : .setup("the request could not be encoded")
        }
        asked[token] = request
    }

    private func ask(
        _ raw: OpaquePointer, _ asked: SNMPOperation, _ names: [[UInt32]], _ token: UInt64
    ) throws(SNMPError) -> Int32 {
        var operation = CNETSNMP_GET
        var nonrepeaters = 0
        var repetitions = 0
        switch asked {
        case .get: break
        case .getNext: operation = CNETSNMP_GETNEXT
        case .getBulk(let first, let count):
            guard !speaksV1 else { throw .setup("SNMPv1 has no GETBULK") }
            operation = CNETSNMP_GETBULK
            nonrepeaters = min(max(0, first), names.count)
            repetitions = min(max(0, count), 1000)
        }
        guard names.allSatisfy(Self.isEncodable) else {
            throw .setup("an object identifier has 2 to 128 arcs and begins with 0, 1 or 2")
        }
        return cnetsnmp_ask(
            raw, Int32(operation), token, names.flatMap { $0 }, names.map { UInt8($0.count) },
            names.count, Int32(nonrepeaters), Int32(repetitions))
    }

    private static func isEncodable(_ name: [UInt32]) -> Bool {
        guard (2...Int(CNETSNMP_MAX_ARCS)).contains(name.count) else { return false }
        return name[0] < 2 ? name[1] < 40 : name[0] == 2
    }

    private func drain(_ deliver: (SNMPReply) -> Void) {
        var event = cnetsnmp_event()
        while let raw, cnetsnmp_next_event(raw, &event) == 1 {
            if event.token == Self.discoveryToken {
                finishDiscovery(SNMPError(event), deliver)
            } else if let request = asked.removeValue(forKey: event.token) {
                deliver(SNMPReply(token: event.token, result: Self.result(of: event, request)))
            }
        }
    }

    private func finishDiscovery(_ failure: SNMPError?, _ deliver: (SNMPReply) -> Void) {
        let requests = waiting
        waiting.removeAll()
        engine = failure == nil ? .known : .unknown
        for (token, request) in requests {
            if let failure {
                deliver(SNMPReply(token: token, result: .failure(failure)))
                continue
            }
            do throws(SNMPError) {
                try send(request, token)
            } catch {
                deliver(SNMPReply(token: token, result: .failure(error)))
            }
        }
    }

    /// A device that answers to other names than were asked is not believed.
    private static func result(
        of event: cnetsnmp_event, _ request: Request
    ) -> Result<[SNMPBinding], SNMPError> {
        if let failure = SNMPError(event) { return .failure(failure) }
        let raw = UnsafeBufferPointer(start: event.varbinds, count: event.count)
        let bindings = raw.map { SNMPBinding(copying: $0) }
        guard case .question(let operation, let names) = request else { return .success(bindings) }
        switch operation {
        case .get:
            guard bindings.map(\.oid) == names else {
                return .failure(.badReply("other variables than were asked for"))
            }
        case .getNext:
            guard bindings.count == names.count else {
                return .failure(
                    .badReply("\(bindings.count) variables for \(names.count)"))
            }
        case .getBulk(let nonrepeaters, let repetitions):
            let repeating = names.count - min(nonrepeaters, names.count)
            let limit = names.count - repeating + repeating * repetitions
            guard bindings.count <= limit else {
                return .failure(.badReply("more variables than were asked for"))
            }
        }
        return .success(bindings)
    }

    private static func open(
        _ address: SNMPAddress, _ credentials: SNMPCredentials, _ timeout: Int64, _ retries: Int
    ) throws(SNMPError) -> OpaquePointer {
        var config = cnetsnmp_config()
        config.peer = address.raw
        config.timeout_us = timeout
        config.retries = Int32(retries)
        var kind: Int32 = 0
        var code: Int32 = 0
        let session: OpaquePointer?
        switch credentials.kind {
        case .community(let version, let community):
            config.version = Int32(version == .v1 ? CNETSNMP_V1 : CNETSNMP_V2C)
            session = community.withUnsafeBufferPointer { bytes in
                config.community = bytes.baseAddress
                config.community_length = bytes.count
                return cnetsnmp_open(&config, &kind, &code)
            }
        case .user(let name, let authentication, let privacy):
            config.version = Int32(CNETSNMP_V3)
            if let authentication { config.authentication_key = cnetsnmp_key(authentication.bytes) }
            if let privacy { config.privacy_key = cnetsnmp_key(privacy.bytes) }
            session = withOptionalCStrings(
                name, authentication?.algorithm, privacy?.algorithm
            ) { name, authentication, privacy in
                config.user = name
                config.authentication = authentication
                config.privacy = privacy
                return cnetsnmp_open(&config, &kind, &code)
            }
        }
        guard let session else { throw openFailure(kind, code) }
        return session
    }
}

func openFailure(_ kind: Int32, _ code: Int32) -> SNMPError {
    switch Int(kind) {
    case CNETSNMP_OPEN_SOCKET: .unreachable(code: code)
    case CNETSNMP_OPEN_PROTOCOL:
        .setup("unknown v3 algorithm; use MD5, SHA or SHA-224 to SHA-512, and DES or AES")
    default: .setup("the SNMP library refused the session (code \(code))")
    }
}

/// C strings that live as long as `body`.
func withOptionalCStrings<T>(
    _ first: String, _ second: String?, _ third: String?,
    _ body: (UnsafePointer<CChar>, UnsafePointer<CChar>?, UnsafePointer<CChar>?) -> T
) -> T {
    first.withCString { one in
        guard let second else { return body(one, nil, nil) }
        return second.withCString { two in
            guard let third else { return body(one, two, nil) }
            return third.withCString { body(one, two, $0) }
        }
    }
}
