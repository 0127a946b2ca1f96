import Model
import Synchronization

/// What devices answer to a request plan, without sockets. Plans are resolved against a make's
/// tables once.
///
/// Safe from any thread: the resolved plans are behind a lock.
final class DeviceAnswers: Sendable {
    private enum Resolved: Sendable {
        case objects(plan: SNMPRequestPlan, [ResolvedObject])
        case registers(plan: ModbusRequestPlan, [ResolvedSpan])
    }
    private struct ResolvedObject: Sendable {
        var oid: ObjectID
        /// Nil where the device does not have it: `absence` is the answer.
        var form: ObjectForm?
        var absence: SNMPValue
    }
    private struct ResolvedSpan: Sendable {
        var span: RegisterSpan
        var forms: Result<[RegisterForm], RegisterException>
    }

    /// By profile: devices of one profile share their tables.
    private let resolved = Mutex<[String: Resolved]>([:])

    func frames(
        _ device: SimulatedDevice, signals: [Double], plan: RequestPlan
    ) -> RawFrames {
        switch plan {
        case .snmp(let plan):
            let binds = objects(device, plan).map { object in
                VarBind(
                    oid: object.oid,
                    value: object.form?.value(signals, own: device.own) ?? object.absence)
            }
            return .snmp(binds)
        case .modbus(let plan):
            return .registers(
                spans(device, plan).map { resolved in
                    switch resolved.forms {
                    case .success(let forms):
                        RegisterBlock(
                            span: resolved.span,
                            content: .words(forms.map { $0.word(signals) }))
                    case .failure(let exception):
                        RegisterBlock(
                            span: resolved.span, content: .exception(exception.code))
                    }
                })
        }
    }

    private func objects(
        _ device: SimulatedDevice, _ plan: SNMPRequestPlan
    ) -> [ResolvedObject] {
        let known = resolved.withLock { $0[device.profile] }
        if case .objects(let knownPlan, let objects) = known, knownPlan == plan { return objects }
        let table = device.objects
        var objects = plan.scalars.map { oid in
            let index = table.index(of: oid)
            return ResolvedObject(
                oid: oid, form: index.map { table.entries[$0].form },
                absence: table.absence(of: oid))
        }
        for root in plan.subtrees {
            for entry in table.entries[table.range(below: root)] {
                objects.append(ResolvedObject(oid: entry.oid, form: entry.form, absence: .null))
            }
        }
        let made = objects
        resolved.withLock { $0[device.profile] = .objects(plan: plan, made) }
        return made
    }

    private func spans(_ device: SimulatedDevice, _ plan: ModbusRequestPlan) -> [ResolvedSpan] {
        let known = resolved.withLock { $0[device.profile] }
        if case .registers(let knownPlan, let spans) = known, knownPlan == plan { return spans }
        let made = plan.spans.map {
            ResolvedSpan(span: $0, forms: device.registers.forms(of: $0))
        }
        resolved.withLock { $0[device.profile] = .registers(plan: plan, made) }
        return made
    }
}
