import Model
import SNMPWire

/// One poll of one device as a state machine without I/O: it says what to ask next and takes the
/// answers. One request is in flight at a time, which is what small agents manage.
///
/// The first poll learns: it asks for the scalars and walks the subtrees, several columns side by
/// side. From then on the requests of a learned plan bring everything, each answer compared with
/// the names that belong in it. What is not where it was is asked for by name, or its subtree
/// walked, in the same poll, and learned anew. Where another device of the profile was walked
/// before, its plan is tried first, with a check that this one has the same and no more.
struct SNMPPoll {
    enum Step {
        case ask(PreparedPDU)
        case finished(RawPoll.Outcome)
    }
    enum Fate {
        /// A Response PDU to the request last asked for, and the message it is in.
        case answer(UnsafeRawBufferPointer, PDUHeader)
        case failure(PollFailure)
    }
    /// What the request under way is for.
    enum Asking {
        case nothing
        case planned(Int)
        case names([ObjectID])
        case walk(repetitions: Int)
        case check(SNMPLearnedPlan.Check)
    }
    struct Walk {
        var number: Int
        var root: ObjectID
        var cursor: ObjectID
        var found: [VarBind] = []
        var bytes = 0
    }

    /// Variables of one subtree; a table beyond this is no device we know.
    static let walkLimit = 10_000
    /// Requests of one poll, retries not counted.
    private static let stepLimit = 20_000
    /// Requests in a row without an answer after which the rest of the poll is given up.
    static let silenceLimit = 2

    let plan: SNMPRequestPlan
    let isV1: Bool
    let now: Int64
    let plans: SNMPPlanTable
    var memory: SNMPDeviceMemory

    /// Nil while the device is walked.
    var learned: SNMPLearnedPlan?
    var nextPlanned = 0
    /// Requests answered in full before anything went otherwise than planned.
    var plannedDone = 0
    var frames: [VarBind] = []
    /// Places that have a value; nil while everything went as planned.
    var filled: [Bool]?
    /// Subtrees to walk, or walked, instead of believing the plan.
    var dirty: Set<Int> = []

    /// The plan is another device's, or it is time to see whether it still holds.
    var isGuess = false
    var checks: ArraySlice<SNMPLearnedPlan.Check> = []
    /// Of the plan's missing variables the first so many have been seen to be missing.
    var missingSeen = 0

    var asking = Asking.nothing
    var batches: [[ObjectID]] = []
    var scalars: [ObjectID: SNMPValue] = [:]
    /// Unfinished walks: first those under way, then those that wait.
    var walks: [Walk] = []
    var isWalkQueued = false
    var found: [Int: [VarBind]] = [:]

    var answered = false
    var halved = false
    var silences = 0
    var steps = 0
    var givenUp = false
    /// The first thing that went wrong, also where the poll as a whole succeeds.
    var failure: PollFailure?

    init(
        plan: SNMPRequestPlan, memory: SNMPDeviceMemory, isV1: Bool, now: Int64,
        plans: SNMPPlanTable
    ) {
        self.plan = plan
        self.isV1 = isV1
        self.now = now
        self.plans = plans
        self.memory = memory
        if isV1 { self.memory.limits.usesBulk = false }
        learned = memory.learned(plan, at: now)
        if let learned {
            frames = learned.template
            if memory.wasSilent, let first = learned.instances.first { batches = [[first.name]] }
        } else if !guess() {
            beginLearning()
        }
    }

    /// What to do now. After `ask`, `take` is called with the answer, then this again.
    mutating func next() -> Step {
        if givenUp || steps >= Self.stepLimit { return finish() }
        steps += 1
        // The probe of a device that was silent comes before what is planned.
        if let learned, nextPlanned < learned.requests.count, batches.isEmpty || filled != nil {
            asking = .planned(nextPlanned)
            nextPlanned += 1
            return .ask(learned.requests[nextPlanned - 1].pdu)
        }
        if !batches.isEmpty {
            let names = batches.removeFirst()
            asking = .names(names)
            return .ask(PreparedPDU(.get, names))
        }
        if let check = checks.popFirst() {
            asking = .check(check)
            return .ask(check.pdu)
        }
        queueWalks()
        return walks.isEmpty ? finish() : askWalk()
    }

    mutating func take(_ fate: Fate) {
        let asked = asking
        asking = .nothing
        switch (fate, asked) {
        case (_, .nothing): preconditionFailure("BUG: an answer to nothing")
        case (.failure(let reason), _): fail(reason, asked)
        case (.answer(let message, let header), .planned(let number)):
            guard header.errorStatus == 0 else { return refuse(header, asked) }
            do throws(BERError) {
                try takePlanned(number, message, header)
            } catch {
                giveUp(.badReply(error.description))
            }
        case (.answer(let message, let header), _):
            guard header.errorStatus == 0 else { return refuse(header, asked) }
            do throws(BERError) {
                let bindings = try BERReader(message).bindings(header)
                if case .names(let names) = asked {
                    takeScalars(names, bindings, message.count)
                } else if case .walk(let repetitions) = asked {
                    takeRows(bindings, repetitions, message.count)
                } else if case .check(let check) = asked {
                    take(check, bindings)
                }
            } catch {
                giveUp(.badReply(error.description))
            }
        }
    }

    mutating func noteAnswer() {
        answered = true
        silences = 0
    }

    mutating func giveUp(_ reason: PollFailure) {
        failure = failure ?? reason
        givenUp = true
    }

    // MARK: Failures

    private mutating func fail(_ reason: PollFailure, _ asked: Asking) {
        guard reason == .timeout else { return giveUp(reason) }
        silences += 1
        failure = failure ?? reason
        let mayBeTooLarge = exceedsProven(asked)
        guard answered || mayBeTooLarge, silences < Self.silenceLimit else {
            // What was silent was smaller before: the next poll begins there.
            givenUp = true
            return
        }
        shrink(asked, reason)
    }

    /// A larger request than any that was answered, to a device that answered smaller ones.
    private func exceedsProven(_ asked: Asking) -> Bool {
        guard case .planned(let number) = asked, let request = learned?.requests[number],
            memory.proven.variables > 1
        else { return false }
        return request.names.count > memory.proven.variables
            || request.answerBytes > memory.proven.bytes
            || request.repetitions > memory.proven.repetitions
    }

    /// An error-status of RFC 3416.
    private mutating func refuse(_ header: PDUHeader, _ asked: Asking) {
        silences = 0
        let code = header.errorStatus
        let reason = PollFailure.deviceException(UInt8(clamping: code))
        if code == ErrorStatus.tooBig {
            answered = true
            if case .names(let names) = asked, names.count == 1 {
                failure = failure ?? reason
            } else {
                shrink(asked, reason)
            }
            return
        }
        switch asked {
        case .nothing: break
        case .names(let names): refuseNames(names, header, reason)
        case .planned(let number): askSingly(number)
        case .walk(let repetitions): refuseWalk(repetitions, header, reason)
        case .check(let check): distrust(check)
        }
    }

    private mutating func shrink(_ asked: Asking, _ reason: PollFailure) {
        switch asked {
        case .nothing: break
        case .names(let names): if names.count > 1 { halve(names) }
        case .planned(let number): shrinkPlanned(number)
        case .walk(let repetitions): shrinkWalk(repetitions, reason)
        case .check(let check): distrust(check)
        }
    }

    // MARK: The end

    private mutating func finish() -> Step {
        memory.wasSilent = !answered && failure == .timeout
        var result = learned.map { assemble($0) } ?? assembleLearning()
        learn(&result)
        memory.endPoll(halved: halved, calm: failure == nil && !givenUp)
        resize()
        // What is known to be missing is no sign of life.
        if result.frames.isEmpty || !answered, let failure { return .finished(.failure(failure)) }
        return .finished(.frames(.snmp(result.frames)))
    }

    struct Result {
        var frames: [VarBind]
        /// Nil where something is missing, or nothing has changed.
        var draft: SNMPPlanDraft?
        var wasWalked = false
        /// The guess was right.
        var isConfirmed = false
    }

    private mutating func learn(_ result: inout Result) {
        if result.isConfirmed, let learned {
            return memory.learn(plan, learned, at: now, spread: spread, wasWalked: true)
        }
        guard let draft = result.draft else {
            // A subtree has changed and could not be walked.
            if !dirty.isEmpty { memory.forget(plan) }
            return
        }
        // Without anything to ask for, a device that is gone would look well.
        guard !draft.instances.isEmpty else { return }
        let made = plans.plan(draft, memory.limits, of: plan)
        if result.wasWalked { plans.noteWalked(made, of: plan) }
        memory.learn(plan, made, at: now, spread: spread, wasWalked: result.wasWalked)
        // The same names as all polls to come will have, in the same memory: to see that nothing
        // has changed then takes a comparison of addresses.
        guard made.template.count == result.frames.count else { return }
        for place in result.frames.indices
        where made.template[place].oid == result.frames[place].oid {
            result.frames[place].oid = made.template[place].oid
        }
    }

    /// Larger requests, where they are allowed now and there is more than one; smaller ones, where
    /// those of the plan are too large now.
    private mutating func resize() {
        guard let current = memory.learned(plan, at: now), current.limits != memory.limits,
            current.requests.count > 1 || halved
        else { return }
        memory.learn(
            plan, plans.resized(current, memory.limits, of: plan), at: now, spread: 0,
            wasWalked: false)
    }

    /// Where a device's walks fall in time, from the nanosecond at which it was polled: a step of
    /// splitmix64.
    private var spread: UInt8 {
        var sum = UInt64(bitPattern: now)
        sum = (sum ^ sum >> 30) &* 0xBF58_476D_1CE4_E5B9
        sum = (sum ^ sum >> 27) &* 0x94D0_49BB_1331_11EB
        return UInt8(truncatingIfNeeded: sum >> 56)
    }
}

enum ErrorStatus {
    static let tooBig: Int64 = 1
    /// How v1 says that there is no such variable, or nothing after this one.
    static let noSuchName: Int64 = 2
}
