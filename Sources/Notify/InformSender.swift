import Glibc
import Model
import Platform
import SNMP

/// SNMP informs (RFC 3416, section 4.2.7): a manager answers each. The objects are those of
/// docs/mib/FROSTLINE-MIB.txt.
struct InformSender: Sender {
    private static let timeoutMilliseconds: Int64 = 2_000
    private static let retries = 2
    private static let root: [UInt32] = [1, 3, 6, 1, 4, 1, 32473, 77]

    let hook: Hook
    let target: ManagerTarget

    func send(_ message: Message) -> DeliveryQueue.Outcome {
        guard let notice = message.notices.first else {
            return .refused("it is of an older version, which only webhooks can read")
        }
        do {
            let address = try SNMPAddress(host: target.host, port: target.port)
            let session = try SNMPSession(
                to: address, credentials: try Self.credentials(target.access),
                timeoutMilliseconds: Self.timeoutMilliseconds, retries: Self.retries)
            defer { session.close() }
            try session.inform(
                Self.bindings(
                    notice, hook.name, upMS: Clocks.monotonicNanoseconds() / 1_000_000), token: 1)
            return Self.outcome(of: session)
        } catch {
            return .retry("\(error)")
        }
    }

    private static func outcome(of session: SNMPSession) -> DeliveryQueue.Outcome {
        var result: DeliveryQueue.Outcome?
        func deliver(_ reply: SNMPReply) {
            switch reply.result {
            case .success: result = .delivered("the manager has answered")
            case .failure(let error): result = .retry("\(error)")
            }
        }
        // Discovery and the request, each with its repeats.
        let end =
            Clocks.monotonicNanoseconds() / 1_000_000
            + 2 * timeoutMilliseconds * Int64(retries + 1) + 1_000
        while result == nil, Clocks.monotonicNanoseconds() / 1_000_000 < end {
            var descriptor = pollfd(fd: session.fileDescriptor, events: Int16(POLLIN), revents: 0)
            let wait = min(max(1, (session.nanosecondsToDeadline ?? 0) / 1_000_000), 500)
            if poll(&descriptor, 1, Int32(wait)) > 0 { session.receive(deliver) }
            if session.nanosecondsToDeadline == 0 { session.expire(deliver) }
        }
        return result ?? .retry("the manager does not answer")
    }

    private static func credentials(
        _ access: SNMPTransport.Access
    ) throws(SNMPError) -> SNMPCredentials {
        switch access {
        case .v1: throw .setup("SNMPv1 has no informs; use version 2c or 3")
        case .v2c(let community): return .community(community.reveal, .v2c)
        case .v3(let user):
            func service(
                _ part: (algorithm: String, passphrase: Secret)?
            ) -> SNMPCredentials.Service? {
                part.map { .init(algorithm: $0.algorithm, passphrase: $0.passphrase.reveal) }
            }
            return try .user(
                user.name,
                authentication: service(
                    user.authentication.map { ($0.algorithm.rawValue, $0.passphrase) }),
                privacy: service(user.privacy.map { ($0.algorithm.rawValue, $0.passphrase) }))
        }
    }

    /// sysUpTime.0 and snmpTrapOID.0 first (RFC 3416, section 4.2.6), then the objects in the order
    /// of the MIB.
    static func bindings(_ notice: Notice, _ receiver: String, upMS: Int64) -> [SNMPBinding] {
        func text(_ value: String?) -> SNMPDatum {
            .octets(Array(cleaned(value ?? "", limit: 250).utf8))
        }
        let values: [SNMPDatum] = [
            text(notice.site), text(notice.key.description), text(notice.device),
            text(notice.point), .integer(Int64(notice.level.rawValue) + 1), text(notice.state),
            text(notice.kind), .gauge32(UInt32(clamping: notice.episode)),
            .gauge32(UInt32(clamping: notice.sequence)), text(notice.value), text(notice.place),
            text(notice.raisedAt.iso8601()), text(notice.time.iso8601()),
            text(NoticeText(language: .english).headline(notice)),
            text(notice.idempotencyKey(receiver: receiver)),
        ]
        let ticks = UInt32(truncatingIfNeeded: upMS / 10)
        var bindings = [
            SNMPBinding(oid: [1, 3, 6, 1, 2, 1, 1, 3, 0], value: .timeTicks(ticks)),
            SNMPBinding(
                oid: [1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0],
                value: .objectID(root + [0, notice.isTest ? 2 : 1])),
        ]
        for (index, value) in values.enumerated() {
            bindings.append(SNMPBinding(oid: root + [1, UInt32(index + 1), 0], value: value))
        }
        return bindings
    }
}
