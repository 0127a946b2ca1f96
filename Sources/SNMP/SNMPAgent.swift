import CNetSNMPShims

/// What is wrong with an agent, for tests and demonstrations.
package enum SNMPAgentFault: Hashable, Sendable, CaseIterable {
    case none
    /// Answers nothing.
    case mute
    /// Answers with bytes that are no message.
    case garbage
    /// Answers with the first half of the message.
    case truncated
    /// Sends every answer twice.
    case duplicate
    case wrongRequestID
    /// Answers from another port than it was asked at.
    case otherPort
}

/// The answering side of SNMP: a simulated device on a UDP port.
///
/// It belongs to one thread, which watches `fileDescriptor` and calls `handleReadable`; about a
/// hundred fit on one reactor. It answers GET, GETNEXT and GETBULK; it refuses SET with
/// notWritable, and drops everything else, as well as a wrong community.
///
/// The engine identifier, boots and clock of SNMPv3 are the process's, shared by all its agents;
/// each agent has its own user. Sessions of the same process may ask them.
package final class SNMPAgent {
    /// Datagrams taken in one call, so that one agent cannot hold the thread.
    private static let datagramsPerCall = 16

    package struct Options: Sendable {
        /// Of v1 and v2c; nil: neither is answered.
        package var community: String?
        /// Of v3; nil: it is not answered.
        package var user: SNMPCredentials?
        /// Largest message sent: 1472 fills an Ethernet frame, 484 is what RFC 3417 demands.
        package var maximumMessage: Int
        package init(
            community: String? = "public", user: SNMPCredentials? = nil, maximumMessage: Int = 1472
        ) {
            self.community = community
            self.user = user
            self.maximumMessage = maximumMessage
        }
    }

    package var table: any SNMPObjectTable
    package var fault: SNMPAgentFault = .none {
        didSet { if let raw { cnetsnmp_agent_set_fault(raw, fault.code) } }
    }
    /// Called with each answer when it is ready; to be called back on the same thread when it is
    /// to leave. Nil: at once. At most 64 answers wait, later requests are dropped.
    package var delay: ((_ send: @escaping () -> Void) -> Void)?
    /// True for a request that is to get lost, such as on a bad line.
    package var loses: (() -> Bool)?
    /// Requests that were understood and meant for this agent.
    package private(set) var requestsReceived = 0

    private static let delayedLimit = 64
    private var delayed = 0
    private var raw: OpaquePointer?
    private let maximumMessage: Int
    private let communityLength: Int

    /// Binds `host`:`port`; port 0 takes a free one.
    package init(
        host: String = "127.0.0.1", port: UInt16 = 0, table: any SNMPObjectTable,
        options: Options = Options()
    ) throws(SNMPError) {
        self.table = table
        // Below 484 no device is allowed; above 65507 no datagram exists.
        maximumMessage = min(max(options.maximumMessage, 484), 65_507)
        communityLength = options.community?.utf8.count ?? 0
        let address = try SNMPAddress(host: host, port: port)
        raw = try Self.open(address, options, maximumMessage)
    }

    deinit { close() }

    /// Lets go of the port. Safe to call twice.
    package func close() {
        guard let raw else { return }
        cnetsnmp_agent_close(raw)
        self.raw = nil
    }

    /// -1 after `close`.
    package var fileDescriptor: Int32 { raw.map { cnetsnmp_agent_fd($0) } ?? -1 }
    package var port: UInt16 { raw.map { cnetsnmp_agent_port($0) } ?? 0 }

    /// To be called while the descriptor is readable.
    package func handleReadable() {
        for _ in 0..<Self.datagramsPerCall {
            guard let raw else { return }
            var request: OpaquePointer?
            switch Int(cnetsnmp_agent_receive(raw, &request)) {
            case CNETSNMP_AGENT_IDLE: return
            case CNETSNMP_AGENT_REQUEST:
                if let request { handle(Request(request)) }
            default: break
            }
        }
    }

    /// Frees the library's copy of the request when nobody needs it any more.
    private final class Request {
        let raw: OpaquePointer
        init(_ raw: OpaquePointer) { self.raw = raw }
        deinit { cnetsnmp_request_free(raw) }
    }

    private func handle(_ request: Request) {
        requestsReceived += 1
        if fault == .mute || loses?() == true { return }
        guard let delay else { return answer(request) }
        guard delayed < Self.delayedLimit else { return }
        delayed += 1
        delay { [weak self] in
            self?.delayed -= 1
            self?.answer(request)
        }
    }

    private func answer(_ request: Request) {
        guard let raw else { return }
        let question = Self.question(request.raw)
        let overhead =
            question.version == .v3
            ? BERSize.messageOverheadV3 : BERSize.messageOverhead + communityLength
        let responder = SNMPResponder(table: table, room: maximumMessage - overhead)
        var answer = responder.answer(question)
        // The estimate leaves room; where it was too tight, less of a GETBULK is sent, and for the
        // others it is tooBig.
        while AnswerEncoder(answer.bindings).send(answer, raw, request.raw) == 1 {
            if case .getBulk = question.operation, !answer.bindings.isEmpty {
                answer.bindings.removeLast(max(1, answer.bindings.count / 4))
            } else if answer.errorStatus == 0 {
                answer = SNMPResponder.Answer(errorStatus: 1)
            } else {
                return
            }
        }
    }

    private static func question(_ request: OpaquePointer) -> SNMPResponder.Question {
        var raw = cnetsnmp_question()
        cnetsnmp_request_question(request, &raw)
        let operation: SNMPOperation? =
            switch Int(raw.operation) {
            case CNETSNMP_GET: .get
            case CNETSNMP_GETNEXT: .getNext
            case CNETSNMP_GETBULK:
                .getBulk(nonrepeaters: Int(raw.nonrepeaters), repetitions: Int(raw.repetitions))
            default: nil
            }
        let version: SNMPResponder.Version =
            switch Int(raw.version) {
            case CNETSNMP_V1: .v1
            case CNETSNMP_V2C: .v2c
            default: .v3
            }
        let names = UnsafeBufferPointer(start: raw.varbinds, count: raw.count).map {
            SNMPBinding.arcs($0.name, $0.name_length)
        }
        return SNMPResponder.Question(operation: operation, version: version, names: names)
    }

    private static func open(
        _ address: SNMPAddress, _ options: Options, _ maximumMessage: Int
    ) throws(SNMPError) -> OpaquePointer {
        var config = cnetsnmp_agent_config()
        config.max_message = maximumMessage
        var raw = address.raw
        var kind: Int32 = 0
        var code: Int32 = 0
        let community = options.community.map { Array($0.utf8) + [0] }
        let agent = (community ?? []).withUnsafeBufferPointer { bytes -> OpaquePointer? in
            if community != nil {
                config.community = bytes.baseAddress
                config.community_length = bytes.count - 1
            }
            guard case .user(let name, let proof, let secrecy)? = options.user?.kind else {
                return cnetsnmp_agent_open(&raw, &config, &kind, &code)
            }
            if let proof { config.authentication_key = cnetsnmp_key(proof.bytes) }
            if let secrecy { config.privacy_key = cnetsnmp_key(secrecy.bytes) }
            return withOptionalCStrings(name, proof?.algorithm, secrecy?.algorithm) {
                config.user = $0
                config.authentication = $1
                config.privacy = $2
                return cnetsnmp_agent_open(&raw, &config, &kind, &code)
            }
        }
        guard let agent else {
            if Int(kind) == CNETSNMP_OPEN_SOCKET {
                throw .setup("cannot bind the agent's port (errno \(code)); is it in use?")
            }
            throw openFailure(kind, code)
        }
        return agent
    }
}

extension SNMPAgentFault {
    fileprivate var code: Int32 {
        switch self {
        case .none, .mute: Int32(CNETSNMP_FAULT_NONE)
        case .garbage: Int32(CNETSNMP_FAULT_GARBAGE)
        case .truncated: Int32(CNETSNMP_FAULT_TRUNCATED)
        case .duplicate: Int32(CNETSNMP_FAULT_DUPLICATE)
        case .wrongRequestID: Int32(CNETSNMP_FAULT_WRONG_REQUEST_ID)
        case .otherPort: Int32(CNETSNMP_FAULT_OTHER_PORT)
        }
    }
}
